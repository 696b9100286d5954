"""A run in a few figures, for `orch runs`, `show` and `status` (pure): plan and events in, values out.

* A task's state is its last `task` event. `waiting` is never written: a task without an event waits, and so does one
  that a person wants tried again, until the journal says more.
* What was found offline (a shutdown's `already`, where no step was begun), what is done without proof, what was
  forced, and what only a person can move are listed by name, in the plan's order.
* What stops a run (`stopped`) is told with who said so, also after it is over.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.model.errors import Broken
from orchestrator.model.events import (
    Event,
    Left,
    Opened,
    OperatorDid,
    Probed,
    Resumed,
    Sealed,
    StepChanged,
    TaskChanged,
)
from orchestrator.model.plan import Plan
from orchestrator.model.terms import Action, Found, Proof, StepState, TaskState
from orchestrator.run.forcing import ESCALATED
from orchestrator.run.people import words_for
from orchestrator.run.run_view import budgets_of, still_to_follow
from orchestrator.run.scheduler import Scheduler
from orchestrator.run.stopped_by import StoppedBy, stopped_by
from orchestrator.run.view import Budget

_NEEDS_A_PERSON = {TaskState.FAILED, TaskState.UNKNOWN, TaskState.HELD}


@dataclass(frozen=True, slots=True)
class TaskNote:
    """One task: where it stands, why, since when."""

    task: str
    system: str
    state: TaskState
    proof: Proof | None
    why: str
    at: str
    words: tuple[str, ...] = ()  # what a person may say about it, where only a person can move it
    may_force: bool = False  # and it has force steps that have not been tried since it was last begun
    forced: str = ""  # why it went on to its force steps, if it ever did
    superseded: tuple[str, ...] = ()  # its steps that may still have been running when force followed


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as its journal stands. `counts` has the states that occur, waiting included."""

    run: str
    action: Action
    summary: str
    opened_at: str
    opened_by: str
    last_at: str
    entries: int
    total: int
    counts: Mapping[TaskState, int]
    result: str | None  # done or aborted, once sealed
    left: str | None  # why the last process stopped; None: it has not said so (it works, or it was killed)
    needs_you: tuple[TaskNote, ...]
    found_offline: tuple[TaskNote, ...]
    settled: tuple[TaskNote, ...]  # already as wanted when asked again, after a step of ours
    unproven: tuple[TaskNote, ...]
    by_person: tuple[TaskNote, ...]
    skipped: tuple[TaskNote, ...]
    forced: tuple[TaskNote, ...]
    stopped: StoppedBy
    budgets: tuple[Budget, ...]

    @property
    def is_open(self) -> bool:
        """Not sealed: its unfinished tasks hold their systems."""
        return self.result is None


def summarise(plan: Plan, events: Sequence[Event]) -> RunSummary:
    """The summary of a run after `events`."""
    opened = next((event for event in events if isinstance(event, Opened)), None)
    sealed = events[-1] if events and isinstance(events[-1], Sealed) else None
    notes = tuple(task_notes(plan, events).values())
    begun = {event.task for event in events if isinstance(event, StepChanged)}
    already = [note for note in notes if note.state is TaskState.ALREADY]
    return RunSummary(
        run=plan.id,
        action=plan.action,
        summary=plan.summary,
        opened_at=opened.at if opened else "",
        opened_by=opened.by if opened else "",
        last_at=events[-1].at if events else "",
        entries=len(events),
        total=len(plan.tasks),
        counts=Counter(note.state for note in notes),
        result=sealed.result if sealed else None,
        left=_left(events),
        needs_you=tuple(note for note in notes if note.state in _NEEDS_A_PERSON),
        found_offline=tuple(n for n in already if n.task not in begun and plan.action is Action.SHUTDOWN),
        settled=tuple(note for note in already if note.task in begun),
        unproven=tuple(note for note in notes if note.proof is Proof.UNPROVEN),
        by_person=tuple(note for note in notes if note.proof is Proof.PERSON),
        skipped=tuple(note for note in notes if note.state is TaskState.SKIPPED),
        forced=tuple(note for note in notes if note.forced),
        stopped=stopped_by(events),
        budgets=_budgets(plan, events),
    )


def task_notes(plan: Plan, events: Sequence[Event]) -> Mapping[str, TaskNote]:
    """Where every task of the plan stands, in the plan's order. Raises Broken for an entry of another plan."""
    last = {task.id: TaskNote(task.id, task.system, TaskState.WAITING, None, "", "") for task in plan.tasks}
    tried: set[str] = set()  # on their force steps since they were last begun
    wanted: dict[str, str] = {}  # who wanted a task forced, and why
    can = {task.id for task in plan.tasks if task.force}
    for event in events:
        if isinstance(event, TaskChanged | OperatorDid) and event.task is not None and event.task not in last:
            raise Broken(
                f"entry {event.n} of the journal of {plan.id} does not belong to its plan: no task is {event.task}.",
                "The journal was not written by orch for this plan. Keep the folder as it is.",
            )
        if isinstance(event, TaskChanged):
            before, task = last[event.task], event.task
            if event.state is TaskState.PROBING:
                tried.discard(task)
            if event.rung is not None:
                tried.add(task)
            needy = event.state in _NEEDS_A_PERSON
            last[task] = replace(
                before,
                state=event.state,
                proof=event.proof,
                why=event.why or "",
                at=event.at,
                words=words_for(event.state, before.state) if needy else (),
                may_force=needy and task in can and task not in tried,
                forced=_why_forced(event, wanted) if event.rung is not None else before.forced,
            )
        elif isinstance(event, OperatorDid) and event.task is not None:
            last[event.task] = _after_word(last[event.task], event)
            if event.did == "escalate":
                wanted[event.task] = f"{event.by}: {event.reason}"
            elif event.resolution == "retry":
                wanted.pop(event.task, None)
        elif isinstance(event, StepChanged) and event.state is StepState.SUPERSEDED and event.task in last:
            before = last[event.task]
            last[event.task] = replace(before, superseded=(*before.superseded, f"{event.step} on {event.host}"))
    return last


def _why_forced(event: TaskChanged, wanted: Mapping[str, str]) -> str:
    """What failed, or who wanted it."""
    why = (event.why or "").removeprefix("force: ")
    said = wanted.get(event.task)
    return f"{said} ({why})" if said and why != ESCALATED else said or why or "force"


def _after_word(note: TaskNote, word: OperatorDid) -> TaskNote:
    """A task after a person's word that makes it wait again; what follows from any other is written, but perhaps not
    at once."""
    if word.did == "escalate" and not note.state.is_busy:
        why = f"{word.by} wants it forced: {word.reason}"
    elif word.resolution == "retry":
        why = f"{word.by} wants it tried again: {word.reason}"
    elif word.did == "resolve" and note.state in _NEEDS_A_PERSON and not _is_held_already(note, word):
        return replace(note, why=still_to_follow(word), words=(), may_force=False)
    else:
        return note
    waits = replace(note, state=TaskState.WAITING, proof=None, why=why, at=word.at)
    return replace(waits, words=(), may_force=False)


def _is_held_already(note: TaskNote, word: OperatorDid) -> bool:
    return word.resolution == "hold" and note.state is TaskState.HELD


def _budgets(plan: Plan, events: Sequence[Event]) -> tuple[Budget, ...]:
    """How much of each budget is spent, where the plan has any: counted by the core itself."""
    if plan.policy.failed_limit is None and plan.policy.unreachable_limit is None:
        return ()
    scheduler = Scheduler(plan)
    for event in events:
        scheduler.replay(event, 0.0)
    return budgets_of(scheduler)


def refused_by_keys(events: Sequence[Event]) -> bool:
    """Whether nothing was done, because every host that was tried showed a key that is not pinned (section 8)."""
    states: dict[str, TaskState] = {}
    found: dict[str, Found] = {}
    for event in events:
        if isinstance(event, StepChanged):
            return False
        if isinstance(event, TaskChanged):
            states[event.task] = event.state
        elif isinstance(event, Probed):
            found[event.task] = event.found
    return bool(states) and all(
        state is TaskState.FAILED and found.get(task) is Found.KEY for task, state in states.items()
    )


def _left(events: Sequence[Event]) -> str | None:
    for event in reversed(events):
        if isinstance(event, Left):
            return event.reason
        if isinstance(event, Opened | Resumed):
            return None
    return None
