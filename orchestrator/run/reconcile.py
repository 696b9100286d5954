"""What happens on a lost connection, a timeout, a cut answer, a crash (contract section 6).

* Unknown is a state: the host's receipt is asked, then the state probe (`verifying`), then a person. Asking fences, so
  what is found not begun never begins any more and may be attempted anew.
* A receipt is asked also where the folder's generation was never seen: then it proves only what it has (an end, or
  that the step still runs); that it has nothing proves nothing.
* A step that disconnects its host is judged by the host's port: its receipt dies with it (but not of a host that comes
  back still isolated: there its port says nothing until the isolation is lifted). Where the port has not done
  by the deadline what it should, the receipt is asked once: perhaps the step never began.
* Before a person's retry begins an attempt, the one before it is asked: what ended is not done twice, what still runs
  is not joined by a second one.
"""

from orchestrator.hosts.port import OutcomeState
from orchestrator.model.plan import NO_HOST, PlanStep
from orchestrator.model.terms import Action, Found, Platform, StepState
from orchestrator.run.specs import attempt_key, question_key
from orchestrator.run.steps import is_watched
from orchestrator.run.task_run import Attempt, Place, TaskRun, place_of
from orchestrator.run.turn import Asked, Flight, Heard, Late, Stopped, Turn, Watched, watched_host

ASK_EVERY_S = 5.0
"""How often a receipt is asked whose host doesn't answer, or says that the step still runs."""

WATCH_EVERY_S = 2.0
"""How often the port of a host is asked that goes away or comes back."""

STAYS_SILENT_S = 5.0
"""How long it has to stay silent where nothing but the port tells: an SSH server that restarts is silent, too."""


def tell_outcome(turn: Turn, run: TaskRun, step: PlanStep, heard: Heard, *, asked: bool = False) -> None:
    """Write what an attempt's outcome says of it; `asked`: it was learnt by asking the receipt."""
    outcome, place = heard.outcome, place_of(step)
    if outcome.state is OutcomeState.DONE and outcome.result is not None:
        good = outcome.result.exit in step.exits
        state = StepState.OK if good else StepState.FAILED
        why = None if good else _exit_text(heard)
        turn.step(run, place, state, heard=heard, why=why, by_receipt=asked)
    elif outcome.state is OutcomeState.NEVER:
        turn.step(run, place, StepState.NEVER, heard=heard, why=outcome.why or None, by_receipt=asked)
    else:
        turn.step(run, place, StepState.UNKNOWN, heard=heard, why=outcome.why or "its outcome did not come back")


def reconcile(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep, attempt: Attempt) -> bool:
    """Find out about an attempt that has begun; whether there is still something to wait for."""
    place = place_of(step)
    if any(errand in flight.keys for errand in (place, Asked(place), Watched(place))):
        return True
    if place in flight.settled_doubt:
        return False
    if is_watched(run, step) and (place in flight.watching or place not in flight.intended):
        return _watch(turn, run, flight, step)
    if attempt.state is StepState.INTENT:
        turn.step(run, place, StepState.UNKNOWN, why="orch ended before its outcome came back")
    return _ask(turn, run, flight, step, attempt, until=attempt.began + step.timeout_s)


def ask_earlier(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep, attempt: Attempt) -> bool:
    """Find out about the unknown attempt before a retry; whether something is still to wait for."""
    place = place_of(step)
    if Asked(place) in flight.keys:
        return True
    if is_watched(run, step) or place in flight.settled_doubt:
        return False
    if _ask(turn, run, flight, step, attempt, until=run.since + step.timeout_s):
        return True
    if place not in flight.still_runs:
        return False
    why = f"attempt {attempt.n} of it still runs there"
    turn.step(run, place, StepState.FAILED, attempt=attempt.n + 1, why=why, sent=False)
    return True


def _ask(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep, attempt: Attempt, *, until: float) -> bool:
    """Ask the receipt, again every 5 s until `until`, at least once; whether there is still something to wait for."""
    place = place_of(step)
    if not can_be_asked(turn, step):
        return False
    asked = flight.asked_at.get(place)
    if asked is not None and turn.now >= until:
        return False
    if asked is not None and turn.now < asked + ASK_EVERY_S:
        turn.wake(run, min(asked + ASK_EVERY_S, until))
        return True
    put_question(turn, run, flight, step, attempt, Asked(place))
    return True


def put_question(
    turn: Turn, run: TaskRun, flight: Flight, step: PlanStep, attempt: Attempt, errand: Asked | Late | Stopped
) -> None:
    """Ask the receipt of an attempt; `errand` says what for."""
    key = attempt_key(turn.run, run.task.id, step.id, step.host, step.on_host, attempt.n)
    spec = turn.specs.step(run.task.id, step, attempt.generation)
    turn.ask(run, flight, errand, key, spec)


def hear_receipt(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep, heard: Heard) -> None:
    """Take in what a receipt says."""
    place, outcome = place_of(step), heard.outcome
    flight.still_runs.discard(place)
    if place in flight.watched:
        _hear_after_watch(turn, run, flight, step, heard)
        return
    match outcome.state:
        case OutcomeState.DONE | OutcomeState.NEVER:
            tell_outcome(turn, run, step, heard, asked=True)
        case OutcomeState.RUNNING:
            flight.still_runs.add(place)
        case OutcomeState.NO_ANSWER if outcome.by_receipt:
            flight.settled_doubt.add(place)  # the host says that it can keep none
        case OutcomeState.NO_ANSWER | OutcomeState.UNREACHABLE | OutcomeState.UNKNOWN:
            return
        case _:
            flight.settled_doubt.add(place)
            tell_outcome(turn, run, step, heard)


def _hear_after_watch(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep, heard: Heard) -> None:
    """Take in the receipt of a step whose host did not go or come: it failed, never began, or nobody knows."""
    place, outcome = place_of(step), heard.outcome
    why = flight.watched.pop(place)
    failed = outcome.state is OutcomeState.DONE and outcome.result and outcome.result.exit not in step.exits
    if failed or outcome.state is OutcomeState.NEVER:
        tell_outcome(turn, run, step, heard, asked=True)
    else:
        flight.settled_doubt.add(place)
        turn.step(run, place, StepState.UNKNOWN, why=why)


def hear_port(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep, heard: Heard, action: Action) -> None:
    """Take in whether the host that a step disconnects still, or again, answers."""
    place = place_of(step)
    down = action is Action.SHUTDOWN
    port = heard.outcome.port
    if port is not Found.SILENT:
        flight.silent_since.pop(place, None)
    elif down and turn.now < flight.silent_since.setdefault(place, turn.now) + stays_silent_s(run, step):
        return
    if port is (Found.SILENT if down else Found.ANSWERS):
        turn.step(run, place, StepState.GONE if down else StepState.OK, why=flight.watching.pop(place, None))
    elif turn.now >= run.attempts[place].began + step.timeout_s:
        lost = flight.watching.pop(place, None)
        still = "still answers" if port is Found.ANSWERS else "does not answer" if port else "can't be asked"
        why = f"{watched_host(step)} {still} after {step.timeout_s} s" + (f"; {lost}" if lost else "")
        if can_be_asked(turn, step):
            flight.watched[place] = why
            put_question(turn, run, flight, step, run.attempts[place], Asked(place))
        else:
            flight.settled_doubt.add(place)
            turn.step(run, place, StepState.UNKNOWN, why=why)


def stays_silent_s(run: TaskRun, step: PlanStep) -> float:
    """How long the port must be silent before the host counts as gone; a probe of its power is asked afterwards."""
    probed = any(probe.host == watched_host(step) for probe in run.task.probe.poweroff)
    return 0.0 if probed else STAYS_SILENT_S


def _watch(turn: Turn, run: TaskRun, flight: Flight, step: PlanStep) -> bool:
    place: Place = place_of(step)
    flight.watching.setdefault(place, None)
    last = flight.asked_at.get(place)
    if last is not None and turn.now < last + WATCH_EVERY_S:
        turn.wake(run, last + WATCH_EVERY_S)
        return True
    host = watched_host(step)
    flight.asked_at[place] = turn.now
    key = question_key(turn.run, run.task.id, "port", step.id, host, None, turn.number())
    turn.submit(run, flight, Watched(place), key, turn.specs.port(run.task.id, host))
    return True


def can_be_asked(turn: Turn, step: PlanStep) -> bool:
    """Whether the acting host keeps receipts, as far as the plan knows."""
    if step.acting == NO_HOST:
        return False
    host = turn.specs.host(step.acting)
    return host.platform is Platform.LINUX and host.receipts


def _exit_text(heard: Heard) -> str:
    """`exit 1: last line of what it said`, for the operator; shown neutralised."""
    result = heard.outcome.result
    if result is None:
        return "failed"
    said = (result.stderr.strip() or result.stdout.strip()).decode("utf-8", "replace")
    last = said.splitlines()[-1].strip()[:200] if said else ""
    return f"exit {result.exit}" + (f": {last}" if last else "")
