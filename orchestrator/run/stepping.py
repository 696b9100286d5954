"""Doing the steps of a task that is `running` (contract section 6).

The intent of an attempt is written before its spec is submitted. Only an exit code that came back with its whole
output makes an attempt ok or failed; everything else is for `reconcile`.
"""

from collections.abc import Sequence

from orchestrator.hosts.port import OutcomeState
from orchestrator.model.plan import PlanStep
from orchestrator.model.terms import StepState
from orchestrator.run.coming_back import wait_for_host
from orchestrator.run.forcing import begin_force, is_stopping, may_force
from orchestrator.run.reconcile import ask_earlier, reconcile, tell_outcome
from orchestrator.run.specs import attempt_key
from orchestrator.run.steps import by_hand, due_steps, is_any_done, is_watched, present_state
from orchestrator.run.task_run import Attempt, TaskRun, place_of
from orchestrator.run.transitions import Happened
from orchestrator.run.turn import Flight, Heard, Stopped, Turn

MAX_RERUNS = 2
"""How often orch begins a step anew by itself when it is proven that it never began."""


def run_steps(turn: Turn, run: TaskRun, flight: Flight) -> None:
    """Move a task that is `running`."""
    if run.escalated and may_force(turn, run):
        begin_force(turn, run, flight, None)
        return
    due = due_steps(run)
    hands = by_hand(due)
    waiting = False
    for step in due:
        if step not in hands:
            waiting |= _advance_step(turn, run, flight, step)
    if waiting or flight.has_steps():
        return
    failed = [step for step in due if present_state(run, step) is StepState.FAILED]
    doubtful = [step for step in due if present_state(run, step) is StepState.UNKNOWN]
    given_up = [step for step in due if present_state(run, step) is StepState.SUPERSEDED]
    why = " ".join(_failure_text(run, step) for step in failed + doubtful + given_up)
    too_late = given_up or any(_has_overrun(turn, run, flight, step) for step in doubtful)
    if (failed or too_late) and may_force(turn, run):
        begin_force(turn, run, flight, why)
    elif failed:
        turn.move(run, Happened.STEP_FAILED, why=why)
    elif doubtful or given_up:
        turn.move(run, Happened.STEP_IN_DOUBT, why=why)
    elif not due and run.forced and not is_any_done(run):
        why = f"{run.why}; " if run.why else ""
        turn.move(run, Happened.STEP_FAILED, why=f"{why}no host that its force steps act from can be reached.")
    elif hands:
        turn.move(run, Happened.MANUAL_REACHED, why=_manual_text(hands))
    elif not due:
        turn.move(run, Happened.STEPS_ENDED)


def hear_attempt(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep, heard: Heard) -> None:
    """Write what became of an attempt."""
    outcome = heard.outcome
    match outcome.state:
        case OutcomeState.UNREACHABLE | OutcomeState.CANCELLED:
            turn.step(run, place_of(step), StepState.FAILED, heard=heard, why=outcome.why or None, sent=False)
        case OutcomeState.DONE if is_watched(run, step) and outcome.result and outcome.result.exit in step.exits:
            flight.watching[place_of(step)] = None
        case OutcomeState.UNKNOWN if is_watched(run, step):
            flight.watching[place_of(step)] = outcome.why or "connection lost"
        case _:
            tell_outcome(turn, run, step, heard)


def _advance_step(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep) -> bool:
    """Do what can be done about one step now; whether it is still to be waited for."""
    place = place_of(step)
    attempt = run.present(place)
    if attempt is None:
        earlier = run.attempts.get(place)
        open_end = earlier is not None and earlier.state in {StepState.UNKNOWN, StepState.SUPERSEDED}
        if earlier is not None and open_end and ask_earlier(turn, run, flight, step, earlier):
            return True
        return _begin(turn, run, flight, step, run.attempts[place].n + 1 if earlier else 1)
    match attempt.state:
        case StepState.INTENT | StepState.UNKNOWN if Stopped(place) in flight.keys:
            return is_stopping(turn, run, flight, step, attempt)
        case StepState.INTENT | StepState.UNKNOWN:
            if reconcile(turn, run, flight, step, attempt):
                return True
            return _is_rerun_safe(turn, step, attempt) and _begin(turn, run, flight, step, attempt.n + 1)
        case StepState.NEVER if attempt.reruns < MAX_RERUNS:
            return _begin(turn, run, flight, step, attempt.n + 1)
        case StepState.NEVER:
            why = f"it never began, in {attempt.reruns + 1} attempts"
            turn.step(run, place, StepState.FAILED, why=why, sent=False)
            return False
        case StepState.FAILED | StepState.OK | StepState.GONE | StepState.SUPERSEDED:
            return False


def _is_rerun_safe(turn: Turn, step: PlanStep, attempt: Attempt) -> bool:
    """An idempotent step whose connection was lost is done once more; one that ran out of time may still run."""
    in_time = turn.now < attempt.began + step.timeout_s
    return step.idempotent and not step.disconnects and attempt.reruns == 0 and in_time


def _has_overrun(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep) -> bool:
    """Whether a doubtful step had all its time, and its receipt did not say that it proves nothing."""
    attempt = run.attempts[place_of(step)]
    return place_of(step) not in flight.settled_doubt and turn.now >= attempt.began + step.timeout_s


def _begin(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep, n: int) -> bool:
    if step.on_host is None and wait_for_host(turn, run, flight, step.host):
        return True
    place = place_of(step)
    generation = run.generations.get(step.acting)
    turn.step(run, place, StepState.INTENT, attempt=n)
    key = attempt_key(turn.run, run.task.id, step.id, step.host, step.on_host, n)
    flight.begun(place)
    turn.submit(run, flight, place, key, turn.specs.step(run.task.id, step, generation))
    return True


def _failure_text(run: TaskRun, step: PlanStep) -> str:
    attempt = run.attempts[place_of(step)]
    unsent = "" if attempt.sent else " Nothing was sent."
    return f"{step.name} on {step.acting}: {(attempt.why or attempt.state).rstrip('.')}.{unsent}"


def _manual_text(steps: Sequence[PlanStep]) -> str:
    """What a person has to do, each text once: one word of theirs confirms it for all hosts that it names."""
    texts = dict.fromkeys(step.manual or "" for step in steps)
    return f"{steps[0].name}: {'; '.join(texts)}"
