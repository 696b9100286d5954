"""A run of one plan against a script: what each host answers stands in a table, what is decided comes out as text.

A script maps what is done to how it ends: `"stop.1 db-0": "fail"`, `"ask stop.1 db-0": "running, ok"` (one word after
the other, the last one stays), `"halt stop.1 db-0": "ended"`, `"state db-0": "online, offline"`. What it does not name
ends well, and a state is `online` until a step that changes it has ended well.
"""

from collections.abc import Callable, Mapping

from orchestrator.hosts.port import Outcome, OutcomeState, Result, Spec, SpecKind
from orchestrator.model.events import BudgetSpent, Event, EvidenceKept, OperatorDid, Probed, StepChanged, TaskChanged
from orchestrator.model.plan import Plan
from orchestrator.model.terms import Found
from orchestrator.run.scheduler import Scheduler, Standing
from orchestrator.run.turn import Ask, Halt, Heard, Submit
from tests.simulate.world import NO_OUTPUT

O = OutcomeState  # noqa: E741

_PORT = {"silent": Found.SILENT, "answers": Found.ANSWERS}
_STATES: Mapping[str, Callable[[], Outcome]] = {
    "lost": lambda: Outcome(O.UNKNOWN, why="connection lost"),
    "late": lambda: Outcome(O.UNKNOWN, why="no end within 60 s"),
    "never": lambda: Outcome(O.NEVER, by_receipt=True),
    "running": lambda: Outcome(O.RUNNING, by_receipt=True),
    "stale": lambda: Outcome(O.STALE, by_receipt=True),
    "silence": lambda: Outcome(O.NO_ANSWER),
    "unreachable": lambda: Outcome(O.UNREACHABLE, why="no route", refusal=Found.UNREACHABLE),
    "ended": lambda: Outcome(O.DONE, Result(143, b"", b"", (0, 0)), by_receipt=True),
}
_TAKES = {"late": 60.0, "hang": 1e9}


class Played:
    """One run as it was played: its trace, one line an event, and the scheduler as it stands."""

    def __init__(self, plan: Plan, script: Mapping[str, str], now: float = 1000.0) -> None:
        self.scheduler = Scheduler(plan)
        self.events: list[tuple[float, Event]] = []
        self.sent: list[str] = []
        self.specs: dict[str, Spec] = {}
        self.generation = "g"
        self.now = now
        self._script: dict[str, list[str]] = {}
        for what, words in script.items():
            self.script(what, words)
        self._down = plan.tasks[0].mode is not None
        self._changed = {step.id for task in plan.tasks for step in (*task.steps, *task.force) if step.changes_state}
        self._other: set[str] = set()
        self._news: list[tuple[float, str, Outcome]] = []

    def go(self, *decisions: OperatorDid, seconds: float = 1e6) -> "Played":
        """Go on until nothing is under way, or `seconds` are over."""
        until, heard, said = self.now + seconds, list[Heard](), decisions
        for _ in range(2000):
            decided = self.scheduler.advance(self.now, heard, said)
            self.events += [(self.now, event) for event in decided.events]
            for effect in decided.effects:
                match effect:
                    case Submit(key, spec):
                        self._does("", key, spec)
                    case Ask(key, spec):
                        self._does("ask ", key, spec)
                    case Halt(key, spec):
                        self._does("halt ", key, spec)
            if self.scheduler.standing() is not Standing.BUSY:
                return self
            heard, said = self._next(until), ()
            if self.now >= until:
                return self
        raise AssertionError("it never comes to rest: " + "; ".join(self.trace[-5:]))

    def script(self, what: str, words: str) -> None:
        """From here on `what` ends like this."""
        self._script[what] = [word.strip() for word in words.split(",")]

    @property
    def trace(self) -> list[str]:
        """What was decided, but for intents and what each probe said."""
        return [text for _, event in self.events if (text := _text(event))]

    def _does(self, how: str, key: str, spec: Spec) -> None:
        _, _, step, host, acting, _ = key.split("/")
        what = step.lstrip("?").removesuffix(":")
        place = host if acting == "-" else f"{host} by {acting}"
        if spec.kind is SpecKind.STEP:
            self.sent.append(f"{how}{what} {place}")
            self.specs[f"{how}{what} {place}"] = spec
        words = self._script.get(f"{how}{what} {place}", ["well"])
        word = words.pop(0) if len(words) > 1 else words[0]
        if spec.kind is SpecKind.PORT:
            at, outcome = 0.1, Outcome(O.DONE, port=_PORT.get(word, Found.ANSWERS))
        else:
            at, outcome = _TAKES.get(word, 1.0), self._outcome(how, what, place, word, spec)
        self._news.append((self.now + at, key, outcome))

    def _outcome(self, how: str, what: str, place: str, word: str, spec: Spec) -> Outcome:
        if word in _STATES:
            return _STATES[word]()
        if spec.kind is SpecKind.READ and what.startswith("evidence"):
            return Outcome(O.DONE, Result(0 if word == "well" else 1, b"", b"", (0, 0)), generation=self.generation)
        if spec.kind is SpecKind.READ:
            other = {
                "well": place.split(maxsplit=1)[0] in self._other,
                "online": not self._down,
                "offline": self._down,
            }.get(word)
            text = b"?" if other is None else b"down" if other is self._down else b"up"
            return Outcome(O.DONE, Result(0, text, b"", (len(text), 0)), generation=self.generation)
        good = word in {"well", "ok"}
        if good and what in self._changed:
            self._other.add(place.split(maxsplit=1)[0])
        return Outcome(
            O.DONE, Result(0 if good else 1, b"", b"", (0, 0)), by_receipt=bool(how), generation=self.generation
        )

    def _next(self, until: float) -> list[Heard]:
        times = [at for at, _, _ in self._news if at < 1e8]
        wake = self.scheduler.wake_at()
        self.now = min([*times, until, *([wake] if wake is not None else [])])
        due = [news for news in self._news if news[0] <= self.now]
        self._news = [news for news in self._news if news[0] > self.now]
        return [Heard(key, outcome, NO_OUTPUT if outcome.result else None) for _, key, outcome in due]


def escalated(task: str) -> OperatorDid:
    """A person escalates."""
    return OperatorDid(did="escalate", task=task, by="o.lang", reason="it hangs")


def resolved(task: str, word: str) -> OperatorDid:
    """A person resolves."""
    return OperatorDid.model_validate({"did": "resolve", "task": task, "as": word, "by": "o.lang", "reason": "so"})


def of_the_run(did: str) -> OperatorDid:
    """A person's word about the whole run."""
    return OperatorDid.model_validate({"did": did, "by": "o.lang", "reason": "so"})


def _text(event: Event) -> str:
    match event:
        case TaskChanged():
            rung = f" on {event.rung}" if event.rung else ""
            return f"{event.task} {event.state}{rung}" + (f" ({event.proof})" if event.proof else "")
        case StepChanged(state="intent"):
            return ""
        case StepChanged():
            place = event.host if event.on_host is None else f"{event.host} by {event.on_host}"
            return f"{event.step} {place} {event.state}" + ("" if event.sent else ", not sent")
        case EvidenceKept():
            return f"evidence {event.name} {event.host} {'kept' if event.why is None else 'not kept'}"
        case BudgetSpent():
            return f"budget {event.which} {event.count} of {event.limit}"
        case OperatorDid():
            return f"{event.by}: {event.did} {event.resolution or ''}".rstrip()
        case Probed():
            return ""
        case _:
            return ""
