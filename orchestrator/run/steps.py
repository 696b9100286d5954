"""Which step of a task comes next, on which host (contract sections 3, 6).

* A step runs on each host before the next step begins, one after the other or at once (`serial: false`); what a person
  has to do on several hosts in a row is asked of them at once.
* A host that was found right in a mode gets no step of it. If orch itself had begun that mode there, before a retry,
  the steps that follow the one which changes the state are still owed to it.
* A retry begins at the first step that is not ok, host by host. What the new probe plainly denies was not ok: "a stop
  whose probe still says online has failed, whatever it returned".
* On the force rung the force steps are done in the same way, but for those whose acting host can't be reached.
"""

from collections.abc import Sequence
from itertools import groupby, takewhile

from orchestrator.model.plan import PlanStep, PlanTask
from orchestrator.model.terms import Mode, StepState
from orchestrator.run.task_run import Attempt, TaskRun, place_of

_MODES = {mode.value: mode for mode in Mode}


def mode_of(task: PlanTask, step: PlanStep) -> Mode | None:
    """The mode that a step takes a system to, or undoes; a force step leaves the task's, unless it says another."""
    return _MODES.get(step.phase) or step.leaves or task.mode


def is_settled(step: PlanStep, attempt: Attempt | None, life: int) -> bool:
    """Whether nothing more is to be done at this place; `life` is the task's present one."""
    if attempt is None:
        return False
    match attempt.state:
        case StepState.OK | StepState.GONE:
            return True
        case StepState.FAILED:
            return step.continue_on_failure and attempt.sent and attempt.life == life
        case StepState.INTENT | StepState.UNKNOWN | StepState.NEVER | StepState.SUPERSEDED:
            return False


def due_steps(run: TaskRun) -> tuple[PlanStep, ...]:
    """The steps to do now: of the first step that is not settled everywhere, its next host, or all that are left."""
    for _, group in groupby(run.steps, key=lambda step: step.id):
        left = tuple(step for step in group if _is_due(run, step))
        if left:
            return left if not run.task.serial else by_hand(left, leading=True) or left[:1]
    return ()


def by_hand(steps: Sequence[PlanStep], *, leading: bool = False) -> tuple[PlanStep, ...]:
    """Those of `steps` that a person does; `leading`: only as many as stand at the head."""
    if leading:
        return tuple(takewhile(lambda step: step.manual is not None, steps))
    return tuple(step for step in steps if step.manual is not None)


def doubtful_steps(run: TaskRun) -> tuple[PlanStep, ...]:
    """Steps whose outcome is unknown since the task was last probed from the start."""
    return tuple(step for step in run.steps if present_state(run, step) is StepState.UNKNOWN)


def is_watched(run: TaskRun, step: PlanStep) -> bool:
    """Whether the host's port can say how a disconnecting step ended: not of one that comes back still cut off."""
    back = run.task.mode is None
    cut_off = back and any(
        mode_of(run.task, other) is Mode.ISOLATE and other.host == step.host and _is_due(run, other)
        for other in run.steps
    )
    return step.disconnects and not cut_off


def present_state(run: TaskRun, step: PlanStep) -> StepState | None:
    """The state of the step's attempt since the task was last probed from the start."""
    attempt = run.present(place_of(step))
    return attempt.state if attempt else None


def is_work_owed(run: TaskRun) -> bool:
    """Whether steps are left even where every host is as wanted: those that follow the change that orch made."""
    return any(_is_owed(run, step) for step in run.steps)


def _is_due(run: TaskRun, step: PlanStep) -> bool:
    attempt, mode = run.attempts.get(place_of(step)), mode_of(run.task, step)
    if run.forced:
        if any(host == step.host for host, _ in run.right) or _passed(run, step):
            return False
    elif (step.host, run.left.get(step.host)) in run.right:
        return False  # force left it in another mode, and it still is
    elif mode is not None and (step.host, mode) in run.right:
        return _is_owed(run, step)
    denied = step.changes_state and mode is not None and (step.host, mode) in run.disproven
    if denied and attempt is not None and attempt.life < run.life:
        return True
    return not is_settled(step, attempt, run.life)


def _is_owed(run: TaskRun, step: PlanStep) -> bool:
    """Whether `step` follows the one that changes the state, in a mode that was begun for its host, and is not done."""
    if is_settled(step, run.attempts.get(place_of(step)), run.life):
        return False
    begun = any(place[1] == step.host and place[0].rpartition(".")[0] == step.phase for place, _ in run.begun)
    before = takewhile(lambda other: other.id != step.id, run.steps)
    return begun and any(other.changes_state and other.phase == step.phase for other in before)


def _passed(run: TaskRun, step: PlanStep) -> bool:
    """Whether a force step is gone past: its acting host could not be reached, and nothing was sent."""
    attempt = run.present(place_of(step))
    return attempt is not None and attempt.state is StepState.FAILED and not attempt.sent


def is_any_done(run: TaskRun) -> bool:
    """Whether some force step of this life was not gone past."""
    return any(run.present(place_of(step)) is not None and not _passed(run, step) for step in run.task.force)
