"""What a command means to a simulated host: values only.

A line that a host is told may mean several things at once (two playbook entries, two systems): the host does the same
whoever asks, so all their effects happen; only the log names the one that was most likely meant.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.model.plan import PlanProbe
from orchestrator.model.terms import Mode, ProbeKind
from orchestrator.plan.answer import answer_of

Answer = tuple[int, str]
"""Exit code and standard output."""


BOOT_S = 20.0


class Kind(StrEnum):
    """What sort of playbook entry a command comes from."""

    STEP = "step"
    PROBE = "probe"
    EVIDENCE = "evidence"
    HEALTH = "health"


class Effect(StrEnum):
    """What a step does, at its end, to the system (or the host) it is for."""

    DOWN = "down"  # the service stops
    UP = "up"
    CUT = "cut"  # off the network, still running
    JOIN = "join"
    OFF = "off"  # the host loses its power
    ON = "on"
    AS_ASKED = "as-asked"  # of a force step: whatever the mode of the task does


TAKES_DOWN = {Mode.STOP: Effect.DOWN, Mode.ISOLATE: Effect.CUT, Mode.POWEROFF: Effect.OFF}
BRINGS_BACK = {Mode.STOP: Effect.UP, Mode.ISOLATE: Effect.JOIN, Mode.POWEROFF: Effect.ON}
OPPOSITES = (
    frozenset({Effect.DOWN, Effect.UP}),
    frozenset({Effect.CUT, Effect.JOIN}),
    frozenset({Effect.OFF, Effect.ON}),
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a line means on one acting host. `owns` are the system's hosts it is about."""

    system: str
    owns: tuple[str, ...]
    kind: Kind
    action: str  # as in twin.jsonl: shutdown, restore, force, probe, evidence, health
    step: str  # stop.1, force.1; or what a probe asks, or the name of an evidence or a check
    takes_s: float
    exits: tuple[int, ...] = (0,)  # of success
    effect: Effect | None = None
    boots_s: float = BOOT_S  # of a step that gives power: from then until the host answers
    ask: ProbeKind | None = None
    probe: PlanProbe | None = None
    answers: Mapping[bool | None, Answer] = field(default_factory=dict)  # of a probe, by what is true

    @property
    def phase(self) -> str:
        """The mode (or `force`) of a step."""
        return self.step.rpartition(".")[0]

    @property
    def number(self) -> int:
        """The place of a step in its phase, from 1; 0 for what is no step."""
        tail = self.step.rpartition(".")[2]
        return int(tail) if self.kind is Kind.STEP and tail.isdigit() else 0

    @property
    def success(self) -> int:
        """The exit code of success that is most usual."""
        return 0 if 0 in self.exits or not self.exits else self.exits[0]

    @property
    def failure(self) -> int:
        """An exit code that is none of success: 1 where it can be."""
        return next(code for code in range(1, 256) if code not in self.exits)

    def allows(self, answer: Answer, truth: bool | None) -> bool:
        """Whether `answer` says `truth` to whoever asked this."""
        if self.probe is not None:
            return answer_of(self.probe, *answer) is truth
        if self.kind is Kind.HEALTH:
            return (answer[0] in self.exits) == (truth is True)
        return True

    def says(self, truth: bool | None) -> Iterable[Answer]:
        """Answers that say `truth`."""
        if self.probe is not None:
            return (self.answers[truth],) if truth in self.answers else ()
        if self.kind is Kind.HEALTH:
            return ((self.success, "ok") if truth else (self.failure, ""),)
        return ()


def common_answer(truths: Iterable[tuple[Meaning, bool | None]]) -> Answer | None:
    """One answer that tells every one who asked the truth; None where the truths can't be said in one."""
    asked = [(meaning, truth) for meaning, truth in truths if meaning.kind in {Kind.PROBE, Kind.HEALTH}]
    for meaning, truth in asked:
        for answer in meaning.says(truth):
            if all(other.allows(answer, what) for other, what in asked):
                return answer
    return None


def likeliest(meanings: Iterable[Meaning], system: str | None, last: Meaning | None) -> Meaning:
    """The one that was meant: of the system that this connection spoke of, and following what came last."""

    def score(meaning: Meaning) -> tuple[bool, bool, bool]:
        follows = (
            last is not None
            and meaning.kind is Kind.STEP
            and (meaning.action, meaning.phase) == (last.action, last.phase)
            and meaning.number in {last.number, last.number + 1}
        )
        return meaning.system == system, follows, meaning.number == 1

    return max(meanings, key=score)  # the first of equals, as the playbook lists them


def effects_of(meanings: Iterable[Meaning], meant: Meaning) -> tuple[tuple[Meaning, Effect], ...]:
    """What happens: the effects of all meanings, or where they contradict each other, of the one that was meant."""
    every = [(meaning, meaning.effect) for meaning in meanings if meaning.effect is not None]
    kinds = {effect for _, effect in every}
    if any(pair <= kinds for pair in OPPOSITES):
        return ((meant, meant.effect),) if meant.effect is not None else ()
    plain = {meaning.system for meaning, effect in every if effect is not Effect.AS_ASKED}
    return tuple((m, effect) for m, effect in every if effect is not Effect.AS_ASKED or m.system not in plain)
