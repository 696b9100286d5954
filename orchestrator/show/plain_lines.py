"""A run where there is no terminal: one line for each event that a reader of a log file cares for, with its UTC time.

What is only on the way (probing, capturing evidence, verifying, a step that went well) is left to `orch log`.
"""

from orchestrator.model.events import (
    BudgetSpent,
    Event,
    Left,
    Opened,
    OperatorDid,
    Resumed,
    Sealed,
    StepChanged,
    TaskChanged,
)
from orchestrator.model.terms import StepState, TaskState
from orchestrator.run.timeline import budget_text, person_text
from orchestrator.show.layout import Line, line
from orchestrator.show.theme import BAD, DOUBT, TASK_STYLE
from orchestrator.show.words import numbered

_STEPS = {StepState.FAILED, StepState.UNKNOWN, StepState.SUPERSEDED}
_QUIET = {TaskState.PROBING, TaskState.EVIDENCE, TaskState.VERIFYING}
LEFT = {
    "paused": "paused; orch resume goes on",
    "waiting": "nothing left to do but wait for people",
    "ended": "nothing more to do by itself",
    "interrupted": "interrupted; what ran is unknown",
    "durability": "stopped: the journal could not be made durable",
}


def plain_line(event: Event) -> Line | None:
    """The line of an event, or None where it says nothing to a reader."""
    task, what, style = "-", "", ""
    match event:
        case TaskChanged(rung="force"):
            task, what, style = event.task, f"FORCE{_because((event.why or '').removeprefix('force: '))}", DOUBT
        case TaskChanged() if event.state not in _QUIET:
            proof = f", {event.proof}" if event.proof else ""
            word = "started" if event.state is TaskState.RUNNING else event.state.value
            task, what, style = event.task, f"{word}{proof}{_because(event.why)}", TASK_STYLE[event.state]
        case StepChanged() if event.state in _STEPS:
            where = event.host if event.on_host is None else f"{event.on_host} for {event.host}"
            said = event.exit is None or (event.why or "").startswith(f"exit {event.exit}")
            code = "" if said else f", exit {event.exit}"
            task, style = event.task, BAD if event.state is StepState.FAILED else DOUBT
            what = f"step {event.step} on {where} {event.state}{code}{_because(event.why)}"
        case OperatorDid():
            did = f"{event.did} {event.resolution}" if event.resolution else event.did
            task, what = event.task or "-", f"{did} by {person_text(event)}"
            style = DOUBT if event.did in {"pause", "abort"} else ""
        case BudgetSpent():
            what, style = f"budget: {budget_text(event)}; the run pauses", DOUBT
        case Opened():
            what = f"run {event.run} opened by {event.by}"
        case Resumed():
            what = f"resumed by {event.by}"
        case Left():
            what = LEFT[event.reason]
        case Sealed():
            what = f"sealed, {event.result}: {numbered((n, state) for state, n in event.tasks.items())}"
        case _:
            return None
    return line(f"{event.at[:19]}Z  {task:<24}  ", (what, style))


def _because(why: str | None) -> str:
    return f": {why}" if why else ""
