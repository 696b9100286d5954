"""Which step of a task comes next, on which host (contract sections 3, 6).

A step runs on each host before the next step begins, one after the other or at once (`serial: false`). A host that was
found right in a mode gets no step of it; a retry begins at the first step that is not ok, host by host.
"""

from itertools import groupby

from orchestrator.model.plan import PlanStep
from orchestrator.model.terms import Mode, StepState
from orchestrator.run.task_run import Attempt, TaskRun, place_of

_MODES = {mode.value: mode for mode in Mode}


def mode_of(step: PlanStep) -> Mode | None:
    """The mode that a step takes a system to, or undoes; None for `force`."""
    return _MODES.get(step.phase)


def is_settled(step: PlanStep, attempt: Attempt | None) -> bool:
    """Whether nothing more is to be done at this place."""
    if attempt is None:
        return False
    match attempt.state:
        case StepState.OK | StepState.GONE:
            return True
        case StepState.FAILED:
            return step.continue_on_failure and attempt.sent
        case StepState.INTENT | StepState.UNKNOWN | StepState.NEVER | StepState.SUPERSEDED:
            return False


def due_steps(run: TaskRun) -> tuple[PlanStep, ...]:
    """The steps to run now: of the first step that is not settled everywhere, its next host, or all that are left."""
    for _, group in groupby(run.task.steps, key=lambda step: step.id):
        left = tuple(s for s in group if not _is_right(run, s) and not is_settled(s, run.attempts.get(place_of(s))))
        if left:
            return left[:1] if run.task.serial else left
    return ()


def doubtful_steps(run: TaskRun) -> tuple[PlanStep, ...]:
    """Steps whose outcome is unknown since the task was last probed from the start."""
    return tuple(step for step in run.task.steps if present_state(run, step) is StepState.UNKNOWN)


def present_state(run: TaskRun, step: PlanStep) -> StepState | None:
    """The state of the step's attempt since the task was last probed from the start."""
    attempt = run.present(place_of(step))
    return attempt.state if attempt else None


def _is_right(run: TaskRun, step: PlanStep) -> bool:
    mode = mode_of(step)
    return mode is not None and (step.host, mode) in run.right
