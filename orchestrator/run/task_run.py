"""One task of a run as its journal tells it: the fold of its events (contract sections 6, 7).

Nothing is in here that the journal does not say, so a resume rebuilds it exactly. Changes of state come from the
one table in `transitions`; a journal with another change is not one that orch wrote.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from orchestrator.model.errors import Broken
from orchestrator.model.events import EvidenceKept, OperatorDid, Probed, StepChanged, TaskChanged
from orchestrator.model.plan import PlanStep, PlanTask
from orchestrator.model.terms import Mode, Proof, StepState, TaskState
from orchestrator.run.questions import Answer, Left, Question, disproven_places, right_places
from orchestrator.run.transitions import TABLE, Happened, after

Place = tuple[str, str, str | None]
"""Where a step runs: (step id, the task's own host, the acting host where that is another)."""


_MAY_HAVE_LEFT = {StepState.OK, StepState.GONE, StepState.UNKNOWN}


def place_of(step: PlanStep) -> Place:
    """The place of one step."""
    return (step.id, step.host, step.on_host)


@dataclass(slots=True)
class Attempt:
    """The latest attempt at one place. Times are epoch seconds."""

    n: int
    state: StepState
    began: float
    at: float
    why: str | None = None
    sent: bool = True
    life: int = 0  # of the task when the attempt was made; a retry begins another
    reruns: int = 0  # earlier attempts in the same life: those that orch made by itself
    generation: str | None = None  # of the acting host's receipt folder, as it was known when the attempt began


@dataclass(slots=True)
class TaskRun:
    """One task. `answers` are those of the present visit to `probing` or `verifying`."""

    task: PlanTask
    state: TaskState = TaskState.WAITING
    since: float = 0.0
    why: str | None = None
    proof: Proof | None = None
    life: int = 0  # how often it has been probed from the start
    answers: dict[Question, Answer] = field(default_factory=dict)
    right: frozenset[tuple[str, Mode]] = frozenset()  # as found at the last probing
    disproven: frozenset[tuple[str, Mode]] = frozenset()  # plainly not as wanted then
    generations: dict[str, str] = field(default_factory=dict)  # acting host -> receipt folder seen first in this life
    attempts: dict[Place, Attempt] = field(default_factory=dict)
    begun: set[tuple[Place, int]] = field(default_factory=set)  # attempts that may have had an effect
    evidence: dict[tuple[str, str | None, str], bool] = field(default_factory=dict)  # kept or not
    waived: bool = False
    unsent: bool = False  # failed before anything was sent in this life of it
    untouched: bool = False  # found as wanted on the way back; nothing was sent
    by_person: bool = False  # a person did a step of it
    forced: bool = False  # on the force rung since it was last probed from the start
    escalated: bool = False  # a person wants the force rung, and it has not begun yet
    held_from: TaskState | None = None
    confirmed: set[Place] = field(default_factory=set)  # manual steps that a person confirmed while it is held
    pending: OperatorDid | None = None  # a person's word that has not yet been followed

    @property
    def steps(self) -> tuple[PlanStep, ...]:
        """The steps of the rung that it is on."""
        return self.task.force if self.forced else self.task.steps

    @property
    def every_step(self) -> Iterator[PlanStep]:
        """The steps of both rungs."""
        return chain(self.task.steps, self.task.force)

    @property
    def left(self) -> Left:
        """The hosts that a force step may have left in another mode than the task's, as long as no probe denies it."""
        left: dict[str, Mode] = {}
        for step in self.task.force:
            attempt = self.attempts.get(place_of(step))
            if step.leaves is None or attempt is None or attempt.state not in _MAY_HAVE_LEFT:
                continue
            if attempt.life == self.life or (step.host, step.leaves) not in self.disproven:
                left[step.host] = step.leaves
        return left

    def happen(self, happened: Happened, at: float) -> None:
        """A change of state that is not written as a task event of its own."""
        self._enter(after(self.state, happened), at)

    def task_changed(self, event: TaskChanged, at: float) -> None:
        """Enter the state that the journal says. Raises Broken where no transition leads there."""
        if event.state not in TABLE[self.state].values():
            raise Broken(
                f"entry {event.n} of the journal: {event.task} can't go from {self.state} to {event.state}",
                "The journal was not written by orch, or by another version of it. Keep the folder as it is.",
            )
        verified = self.state is TaskState.VERIFYING
        self._enter(event.state, at)
        self.why, self.proof, self.pending = event.why, event.proof, None
        if event.rung is not None:
            self.forced = True
            if verified:  # what has come out as wanted is not forced; what is plainly up again is
                right = self.right | right_places(self.task, self.answers, self.left)
                self.right = right - disproven_places(self.task, self.answers)
        if self.forced and self.state is TaskState.RUNNING:  # not before: a crash while evidence is kept begins anew
            self.escalated = False

    def _enter(self, state: TaskState, at: float) -> None:
        before, self.state, self.since, self.why = self.state, state, at, None
        if before is TaskState.PROBING:
            self.right = right_places(self.task, self.answers, self.left)
            self.disproven = disproven_places(self.task, self.answers)
            self.untouched = state is TaskState.VERIFYING
        match state:
            case TaskState.PROBING:
                self.life += 1
                self.forced = False
                self.answers.clear()
                self.generations.clear()
                self.evidence = {piece: True for piece, kept in self.evidence.items() if kept}
            case TaskState.VERIFYING:
                self.answers.clear()
            case TaskState.FAILED if before is not TaskState.FAILED:
                self.unsent = before is TaskState.PROBING or not self.begun
            case TaskState.HELD if before is not TaskState.HELD:
                self.held_from = before
                self.confirmed.clear()

    def is_in_doubt(self) -> bool:
        """Whether the outcome of a step is unknown since the task was last probed from the start."""
        return any(a.state is StepState.UNKNOWN and a.life == self.life for a in self.attempts.values())

    def probed(self, event: Probed, at: float) -> None:
        """Take in an answer."""
        question = Question(event.probe, event.host, event.on_host, event.name)
        self.answers[question] = Answer(event.found, at, event.why)
        self._saw_folder(event.on_host or event.host, event.generation)

    def evidence_kept(self, event: EvidenceKept) -> None:
        """Take in a piece of evidence."""
        self.evidence[event.host, event.on_host, event.name] = event.output is not None and event.why is None

    def step_changed(self, event: StepChanged, at: float) -> None:
        """Take in what became of an attempt."""
        place = (event.step, event.host, event.on_host)
        before = self.attempts.get(place)
        if before is not None and event.attempt < before.n:
            return  # the late outcome of a superseded attempt that a newer one has followed
        began, reruns, life = at, 0, self.life
        generation = self.generations.get(event.on_host or event.host)
        if before is not None and before.n == event.attempt:
            began, reruns, life = before.began, before.reruns, before.life
            generation = before.generation
            if event.state in {StepState.OK, StepState.GONE}:
                life = self.life  # learnt now: a probe before it denies nothing
        elif before is not None and before.life == self.life:
            reruns = before.reruns + 1
        if before is not None and before.state is StepState.INTENT:  # what came back to its sending, not to a question
            generation = generation or event.generation
        self.attempts[place] = Attempt(
            event.attempt, event.state, began, at, event.why, event.sent, life, reruns, generation
        )
        self._saw_folder(event.on_host or event.host, event.generation, anew=event.state is StepState.NEVER)
        if event.state is StepState.NEVER or not event.sent:
            self.begun.discard((place, event.attempt))
        else:
            self.begun.add((place, event.attempt))
        if event.state is StepState.OK and any(s.manual is not None for s in self.every_step if place_of(s) == place):
            self.by_person = True
            if self.state is TaskState.HELD:
                self.confirmed.add(place)

    def _saw_folder(self, host: str, generation: str | None, *, anew: bool = False) -> None:
        """Take in the generation of a receipt folder; `anew`: of what never began, and is sent again into this one."""
        if generation is not None and (anew or host not in self.generations):
            self.generations[host] = generation

    def present(self, place: Place) -> Attempt | None:
        """The attempt at `place` since the task was last probed from the start."""
        attempt = self.attempts.get(place)
        return attempt if attempt is not None and attempt.life == self.life else None

    def operator_did(self, event: OperatorDid, at: float) -> None:
        """Take in a person's word; what leads to `waiting` takes effect at once, since that is never written."""
        if event.did == "escalate":
            self.escalated, self.pending = True, None
            state = after(self.state, Happened.PERSON_ESCALATE)
            if state is not self.state:  # else it goes on where it is: nothing is asked, or given its time, anew
                self._enter(state, at)
            return
        self.pending = event
        if event.resolution == "retry":
            self.escalated = False
            self.happen(Happened.PERSON_RETRY, at)
            self.pending = None
        elif event.resolution == "waive-evidence":
            self.waived = True

    def resumed(self, at: float) -> None:
        """A process took the run up again: what was asked is asked anew, patience starts anew."""
        if self.state.is_end:
            return
        since, why = self.since, self.why
        before = self.state
        match before:
            case TaskState.FAILED if self.unsent:
                self.happen(Happened.RESUMED_UNSENT, at)
            case TaskState.VERIFYING if self.is_in_doubt():
                self.happen(Happened.RESUMED_IN_DOUBT, at)
            case _:
                self.happen(Happened.RESUMED, at)
        if self.state is before and not before.is_busy:
            self.since, self.why = since, why
