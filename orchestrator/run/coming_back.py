"""A host that was powered on while it was still cut off starts unseen (contract section 6). Pure.

Its port says nothing until the isolation is lifted; then it may still be starting. So before the next step acts on the
host itself its port is asked, until it answers or the time of the power-on is over: the step then finds out for itself.
"""

from orchestrator.model.terms import Found, Mode
from orchestrator.run.reconcile import WATCH_EVERY_S
from orchestrator.run.specs import question_key
from orchestrator.run.task_run import TaskRun, place_of
from orchestrator.run.turn import Awaited, Flight, Heard, Turn


def starts_unseen(run: TaskRun) -> bool:
    """Whether the task brings a host back that is powered on before its isolation is lifted."""
    return {Mode.POWEROFF, Mode.ISOLATE} <= set(run.task.undoes or ())


def powered_on_until(run: TaskRun, host: str) -> float:
    """Until when `host` may be starting (epoch seconds): the end of its power-on's time; 0.0: it was not powered on."""
    until = 0.0
    for step in run.task.steps:
        attempt = run.present(place_of(step))
        if step.disconnects and step.host == host and attempt is not None:
            until = max(until, attempt.began + step.timeout_s)
    return until


def wait_for_host(turn: Turn, run: TaskRun, flight: Flight, host: str) -> bool:
    """Ask whether `host` answers again, every 2 s; whether there is still something to wait for."""
    if not starts_unseen(run) or host in flight.back or turn.now >= powered_on_until(run, host):
        return False
    if Awaited(host) in flight.keys:
        return True
    last = flight.awaited_at.get(host)
    if last is not None and turn.now < last + WATCH_EVERY_S:
        turn.wake(run, last + WATCH_EVERY_S)
        return True
    flight.awaited_at[host] = turn.now
    key = question_key(turn.run, run.task.id, "port", "comes back", host, None, turn.number())
    turn.submit(run, flight, Awaited(host), key, turn.specs.port(run.task.id, host))
    return True


def hear_awaited(flight: Flight, host: str, heard: Heard) -> None:
    """Take in whether a host answers again."""
    if heard.outcome.port is Found.ANSWERS:
        flight.back.add(host)
