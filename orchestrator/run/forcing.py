"""The force rung: when it follows the graceful steps, and what has to end before it (contract sections 3, 6). Pure.

* It follows where the protocol says `on_failure: force` or a person escalates, once between two probings, and only
  where the playbook has force steps (going down).
* Before it begins, what still runs of the graceful steps is stopped on its host through its receipt. What can't be
  stopped, or asked, is `superseded`: nothing waits for it any more, and its outcome is still written when it comes.
* Of the force steps those are done whose acting host can be reached; where that is none, the task has failed.
"""

from orchestrator.hosts.port import OutcomeState
from orchestrator.model.plan import PlanStep
from orchestrator.model.terms import StepState
from orchestrator.run.questions import Question
from orchestrator.run.reconcile import can_be_asked, put_question, tell_outcome
from orchestrator.run.task_run import Attempt, Place, TaskRun, place_of
from orchestrator.run.transitions import Happened
from orchestrator.run.turn import Asked, Flight, Heard, Late, Stopped, Turn, Watched

STOP_S = 60.0
"""How long the answer to a stop is waited for; the carrier has less time for it."""

ESCALATED = "a person escalated"
_MAY_STILL_RUN = {StepState.INTENT, StepState.UNKNOWN}


def may_force(turn: Turn, run: TaskRun) -> bool:
    """Whether the force rung is the next one for what has failed."""
    return bool(run.task.force) and not run.forced and (turn.forces or run.escalated)


def begin_force(turn: Turn, run: TaskRun, flight: Flight, why: str | None) -> None:
    """Go on to the force rung as soon as nothing of the graceful steps runs any more; called until then."""
    waiting = False
    for step in run.task.steps:
        attempt = run.present(place_of(step))
        if attempt is not None and attempt.state in _MAY_STILL_RUN and step.manual is None:
            waiting |= _end_attempt(turn, run, flight, step, attempt)
    if not waiting:
        flight.watching.clear()
        turn.ignore(flight, (errand for errand in flight.keys if isinstance(errand, Question)))
        turn.move(run, Happened.FORCED, why=f"force: {why or ESCALATED}", rung="force")


def _end_attempt(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep, attempt: Attempt) -> bool:
    """Stop an attempt, or give it up; whether there is an answer to wait for."""
    place = place_of(step)
    if Stopped(place) in flight.keys:
        return is_stopping(turn, run, flight, step, attempt)
    key = flight.keys.get(place)
    turn.ignore(flight, (place, Asked(place), Watched(place)))
    if step.disconnects or place in flight.settled_doubt or not can_be_asked(turn, step):
        _supersede(turn, run, place, attempt, "it can't be stopped: no receipt of it can be asked", key)
        return False
    put_question(turn, run, flight, step, attempt, Stopped(place))
    turn.wake(run, turn.now + STOP_S)
    return True


def is_stopping(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep, attempt: Attempt) -> bool:
    """Whether the answer to a stop is still waited for; one that does not come in time is given up."""
    place = place_of(step)
    key = flight.keys.get(Stopped(place))
    if key is None:
        return False
    if turn.now < flight.asked_at[place] + STOP_S:
        turn.wake(run, flight.asked_at[place] + STOP_S)
        return True
    turn.ignore(flight, (Stopped(place),))
    _supersede(turn, run, place, attempt, "its host does not say whether it has ended", key)
    return False


def hear_stop(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep, heard: Heard) -> None:
    """Take in how an attempt ended that was told to stop."""
    place, outcome = place_of(step), heard.outcome
    match outcome.state:
        case OutcomeState.DONE | OutcomeState.NEVER:
            tell_outcome(turn, run, step, heard, asked=outcome.by_receipt)
        case OutcomeState.QUEUED | OutcomeState.RUNNING | OutcomeState.UNKNOWN if not outcome.by_receipt:
            turn.under_way(run, flight, Stopped(place), heard.key)  # the attempt's own connection: not the answer yet
        case OutcomeState.RUNNING:
            _supersede(turn, run, place, run.attempts[place], "it still runs there and can't be stopped", heard.key)
        case _:
            why = outcome.why or "its host does not say whether it has ended"
            _supersede(turn, run, place, run.attempts[place], why, heard.key)


def _supersede(turn: Turn, run: TaskRun, place: Place, attempt: Attempt, why: str, key: str | None) -> None:
    """Wait no more for an attempt; news of `key`, should they come, are still written."""
    turn.step(run, place, StepState.SUPERSEDED, why=f"force follows: {why}")
    if key is not None:
        turn.errands[key] = (run.task.id, Late(place, attempt.n))


def ask_superseded(turn: Turn, run: TaskRun, flight: Flight) -> bool:
    """Ask once what became of superseded attempts, after the force steps; whether there is an answer to wait for."""
    waiting = False
    for step in run.task.steps:
        place = place_of(step)
        attempt = run.present(place)
        if attempt is None or attempt.state is not StepState.SUPERSEDED:
            continue
        late = Late(place, attempt.n)
        if late in flight.keys:
            waiting = True
        elif late not in flight.asked_late and can_be_asked(turn, step):
            flight.asked_late.add(late)
            put_question(turn, run, flight, step, attempt, late)
            waiting = True
    return waiting


def hear_late(turn: Turn, run: TaskRun, step: PlanStep, late: Late, heard: Heard) -> None:
    """Write the outcome of an attempt that was superseded; what is no outcome changes nothing."""
    result = heard.outcome.result
    if heard.outcome.state is OutcomeState.DONE and result is not None:
        state = StepState.OK if result.exit in step.exits else StepState.FAILED
        turn.step(run, late.place, state, heard=heard, why="after force had followed", attempt=late.attempt)
