"""What a person's word does to a task, and when it is refused (contract section 6, "People decide").

`done | retry | skip | hold | waive-evidence`, with a name and a reason; refused while the task is being worked on, and
at its end. `done` for a task that is held for a manual step confirms that step, on every host that it was asked for.
After a crash between the word and all that follows from it, the rest follows.
"""

from orchestrator.model.events import OperatorDid
from orchestrator.model.terms import Proof, StepState, TaskState
from orchestrator.run.steps import by_hand, due_steps
from orchestrator.run.task_run import TaskRun, place_of
from orchestrator.run.transitions import Happened
from orchestrator.run.turn import Turn


def words_for(state: TaskState, held_from: TaskState | None) -> tuple[str, ...]:
    """The words of `resolve` for a task in `state`; `held_from` is the state that it was in before it was held."""
    if state is TaskState.HELD and held_from is TaskState.EVIDENCE:
        return ("waive-evidence", "retry", "skip")  # not done: nothing was done to it
    if state in {TaskState.HELD, TaskState.UNKNOWN}:
        return ("done", "retry", "skip")
    return ("retry", "skip", "done")


def objection(run: TaskRun, decision: OperatorDid) -> str | None:
    """Why a decision can't be taken for this task now, or None."""
    task, state = run.task.id, run.state
    if not decision.reason.strip():
        return f"{task}: a reason must be given"
    if decision.did == "escalate":
        return _objection_to_force(run)
    if run.pending is not None:
        return f"{task}: what {run.pending.by} decided before is still to be followed"
    if state.is_end:
        return f"{task} is over ({state}): nothing can be decided about it"
    if state.is_busy:
        return f"{task} is {state}: wait for it, or pause the run first"
    if decision.resolution == "waive-evidence" and not (
        state is TaskState.HELD and run.held_from is TaskState.EVIDENCE
    ):
        return f"{task} does not wait for evidence"
    if decision.resolution == "hold" and state is TaskState.HELD:
        return f"{task} is held already"
    if decision.resolution == "retry" and state is TaskState.WAITING:
        return f"{task} has not been tried yet"
    return None


def _objection_to_force(run: TaskRun) -> str | None:
    """Why a task can't go on to its force steps now, or None."""
    task, state = run.task.id, run.state
    if state.is_end:
        return f"{task} is over ({state}): nothing can be decided about it"
    if not run.task.force:
        what = "coming back is never forced" if run.task.mode is None else "its playbook has no force steps"
        return f"{task} can't be forced: {what}"
    if run.pending is not None:
        return f"{task}: what {run.pending.by} decided before is still to be followed"
    if run.escalated and state is TaskState.HELD and run.held_from is TaskState.EVIDENCE:
        return f"{task} is held for its evidence, and is forced once that is waived (resolve waive-evidence)"
    if (run.escalated and state is not TaskState.HELD) or (run.forced and state.is_busy):
        return f"{task} is being forced already"
    return None


def follow(turn: Turn, run: TaskRun, decision: OperatorDid) -> None:
    """Do what a decision says that is already in the journal; called again after a crash in between.

    What would send a step is left pending while the run starts nothing new: the next process follows it.
    """
    manual = decision.resolution == "done" and run.state is TaskState.HELD and run.held_from is TaskState.RUNNING
    if manual:
        _write_by_hand(turn, run)
    sends = decision.resolution == "waive-evidence" or (manual and any(s.manual is None for s in due_steps(run)))
    if sends and turn.pausing:
        return
    run.pending = None
    reason = f"{decision.by}: {decision.reason}"
    match decision.resolution:
        case "done" if manual:
            turn.move(run, Happened.MANUAL_DONE)
        case "done":
            turn.move(run, Happened.PERSON_DONE, why=reason, proof=Proof.PERSON)
        case "skip":
            turn.move(run, Happened.PERSON_SKIP, why=reason)
        case "hold":
            turn.move(run, Happened.PERSON_HOLD, why=reason)
        case "waive-evidence":
            turn.move(run, Happened.EVIDENCE_WAIVED, why=reason)
        case "retry" | None:
            return


def _write_by_hand(turn: Turn, run: TaskRun) -> None:
    """A person did the manual step that the task is held for; a part, or all, of that may be in the journal already."""
    begun = {step for step, _, _ in run.confirmed}
    for step in by_hand(due_steps(run)):
        if not begun or step.id in begun:
            place = place_of(step)
            earlier = run.attempts.get(place)
            turn.step(run, place, StepState.OK, attempt=earlier.n + 1 if earlier else 1, why="done by hand")
