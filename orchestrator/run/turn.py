"""One turn of the core: what it has decided so far, at one moment.

Events are taken into the state as they are decided and are durable before any effect of the same turn is carried out:
intent first (contract section 6).
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from orchestrator.hosts.port import Outcome, Spec
from orchestrator.model.events import Event, OutputRef, StepChanged, TaskChanged
from orchestrator.model.plan import NO_HOST, PlanStep
from orchestrator.model.terms import Proof, StepState
from orchestrator.run.questions import Question
from orchestrator.run.specs import Specs
from orchestrator.run.task_run import Place, TaskRun
from orchestrator.run.transitions import Happened, after


@dataclass(frozen=True, slots=True)
class EvidencePiece:
    """One piece of evidence of a task."""

    host: str
    on_host: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The receipt of the attempt at `place` is asked."""

    place: Place


@dataclass(frozen=True, slots=True)
class Watched:
    """The port of the host that the step at `place` disconnects is asked."""

    place: Place


@dataclass(frozen=True, slots=True)
class Stopped:
    """The attempt at `place` is to end on its host, before the force rung."""

    place: Place


@dataclass(frozen=True, slots=True)
class Late:
    """What became of a superseded attempt; nothing waits for it."""

    place: Place
    attempt: int


@dataclass(frozen=True, slots=True)
class Awaited:
    """The port of a host is asked that was powered on while it was cut off."""

    host: str


Errand = Question | EvidencePiece | Place | Asked | Watched | Stopped | Late | Awaited
"""What a key that is under way is for; a bare place is the attempt itself."""


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand a spec to the carrier."""

    key: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the receipt of a key on its host."""

    key: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class Halt:
    """End what still runs of a key on its host, through its receipt, and say how it ended."""

    key: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class Release:
    """The task needs its connections no more."""

    task: str


Effect = Submit | Ask | Halt | Release


@dataclass(frozen=True, slots=True)
class Heard:
    """News of a key, its output already kept."""

    key: str
    outcome: Outcome
    output: OutputRef | None = None


@dataclass(slots=True)
class Flight:
    """What this process has under way for one task; gone with the process, and never in the journal."""

    keys: dict[Errand, str] = field(default_factory=dict)
    since: dict[Errand, float] = field(default_factory=dict)
    asked_at: dict[Place, float] = field(default_factory=dict)
    watching: dict[Place, str | None] = field(default_factory=dict)  # place -> why it was lost, if it was
    intended: set[Place] = field(default_factory=set)  # attempts that this process began itself
    settled_doubt: set[Place] = field(default_factory=set)  # nothing more can be learnt of them by asking
    still_runs: set[Place] = field(default_factory=set)  # their receipt said so when it was last asked
    watched: dict[Place, str] = field(default_factory=dict)  # their host did not go or come: why they are in doubt
    asked_late: set[Late] = field(default_factory=set)
    awaited_at: dict[str, float] = field(default_factory=dict)  # when a host was last asked whether it is back
    silent_since: dict[Place, float] = field(default_factory=dict)  # ports that fell silent after a step
    back: set[str] = field(default_factory=set)  # hosts that have answered since they were powered on
    gathers_since: float | None = None  # when its evidence was first asked for, before its turn

    def begun(self, place: Place) -> None:
        """A new attempt at `place` starts: what was known of the one before no longer counts."""
        self.intended.add(place)
        self._forget(place)

    def anew(self, *, again: bool) -> None:
        """The task is probed from the start (`again`: not for the first time): its attempts may have ended since.

        Evidence that failed early has its whole time once more; what still hangs since then has not.
        """
        if again or not any(isinstance(errand, EvidencePiece) for errand in self.keys):
            self.gathers_since = None
        self.back.clear()
        for place in {*self.asked_at, *self.watching, *self.settled_doubt}:
            self._forget(place)

    def _forget(self, place: Place) -> None:
        self.settled_doubt.discard(place)
        self.still_runs.discard(place)
        self.asked_at.pop(place, None)
        self.watching.pop(place, None)
        self.silent_since.pop(place, None)
        self.watched.pop(place, None)

    def has_steps(self) -> bool:
        """Whether an attempt, an asked receipt or a watched port is under way."""
        return bool(self.watching) or any(not isinstance(e, Question | EvidencePiece) for e in self.keys)


class Turn:
    """Collects what one advance decides; the scheduler makes one for each."""

    def __init__(self, now: float, apply: Callable[[Event, float], None], specs: Specs, run: str) -> None:
        self.now = now
        self.specs = specs
        self.run = run
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.errands: dict[str, tuple[str, Errand]] = {}
        self.timers: list[tuple[float, str]] = []
        self._alarms: dict[str, float] = {}  # the nearest timer of each task
        self.pausing = False
        self.forces = False  # the protocol says on_failure: force
        self._apply = apply
        self._asked = 0

    def begin(self, now: float) -> None:
        """Start the next turn."""
        self.now, self.events, self.effects = now, [], []

    def write(self, event: Event) -> None:
        """Decide an event: it is in the state at once and in the journal before any effect."""
        self.events.append(event)
        self._apply(event, self.now)

    def move(
        self,
        run: TaskRun,
        happened: Happened,
        *,
        why: str | None = None,
        proof: Proof | None = None,
        rung: Literal["force"] | None = None,
    ) -> None:
        """Let `happened` happen to a task; a new state, or a new rung, is written."""
        state = after(run.state, happened)
        if state is not run.state or rung is not None:
            self.write(TaskChanged(task=run.task.id, state=state, rung=rung, proof=proof, why=why))
            if state.is_end or not state.is_busy:
                self.effects.append(Release(run.task.id))

    def step(
        self,
        run: TaskRun,
        place: Place,
        state: StepState,
        *,
        heard: Heard | None = None,
        why: str | None = None,
        sent: bool = True,
        by_receipt: bool = False,
        attempt: int | None = None,
    ) -> None:
        """Write what became of the attempt at `place` (or of a new one, numbered `attempt`)."""
        outcome = heard.outcome if heard else None
        result = outcome.result if outcome else None
        step, host, on_host = place
        self.write(
            StepChanged(
                task=run.task.id,
                step=step,
                host=host,
                on_host=on_host,
                attempt=attempt if attempt is not None else run.attempts[place].n,
                state=state,
                exit=result.exit if result else None,
                output=heard.output if heard else None,
                generation=outcome.generation if outcome else None,
                why=why,
                by_receipt=by_receipt,
                sent=sent,
            )
        )

    def submit(self, run: TaskRun, flight: Flight, errand: Errand, key: str, spec: Spec) -> None:
        """Hand a spec to the carrier once this turn's events are durable."""
        self.under_way(run, flight, errand, key)
        self.effects.append(Submit(key, spec))

    def ask(self, run: TaskRun, flight: Flight, errand: Asked | Late | Stopped, key: str, spec: Spec) -> None:
        """Ask a receipt, or have its attempt stopped, once this turn's events are durable."""
        self.under_way(run, flight, errand, key)
        flight.asked_at[errand.place] = self.now
        self.effects.append(Halt(key, spec) if isinstance(errand, Stopped) else Ask(key, spec))

    def ignore(self, flight: Flight, errands: Iterable[Errand]) -> None:
        """Wait no more for what is under way; news of it is nobody's."""
        for errand in tuple(errands):
            self.errands.pop(flight.keys.pop(errand, ""), None)
            flight.since.pop(errand, None)

    def number(self) -> int:
        """A number that no question of this process had before."""
        self._asked += 1
        return self._asked

    def wake(self, run: TaskRun, at: float) -> None:
        """Look at the task again at `at` (epoch seconds), or before."""
        task = run.task.id
        if self._alarms.get(task, at + 1) > at:
            self._alarms[task] = at
            heapq.heappush(self.timers, (at, task))

    def rung(self) -> Iterator[str]:
        """The tasks whose time has come."""
        while self.timers and self.timers[0][0] <= self.now:
            at, task = heapq.heappop(self.timers)
            if self._alarms.get(task) == at:
                del self._alarms[task]
            yield task

    def under_way(self, run: TaskRun, flight: Flight, errand: Errand, key: str) -> None:
        """Wait for news of `key`."""
        self.errands[key] = (run.task.id, errand)
        flight.keys[errand] = key
        flight.since[errand] = self.now


def watched_host(step: PlanStep) -> str:
    """The host that a disconnecting step takes off or brings back: the task's own, where it has one."""
    return step.host if step.host != NO_HOST else step.acting
