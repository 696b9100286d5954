"""What happened to a task, as rows for `orch log` (pure): time, what, where, the command, how it ended, how long.

* One row for an attempt of a step, at its intent, with its last word and the time until then; an attempt without a
  last word is `no outcome`. Commands come from the plan, never from the journal or a host.
* One row for the answers of one probe to all hosts of a task, one for each piece of evidence, one for what a person
  decided, one for the force rung with its reason, one for the end of a task. States that only say what the next row
  shows are left out.
* What stops the run as a whole (a pause, an abort, a spent budget) has rows of its own, and so has its end.
* Rows stand in the journal's order. Nothing here is neutralised: `show` does that.
"""

import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from orchestrator.model.events import (
    BudgetSpent,
    Event,
    EvidenceKept,
    Left,
    OperatorDid,
    OutputRef,
    Probed,
    Resumed,
    Sealed,
    StepChanged,
    TaskChanged,
)
from orchestrator.model.plan import Plan, PlanEvidence, PlanStep, PlanTask
from orchestrator.model.terms import ProbeKind, StepState, TaskState

_SHOWN = {
    TaskState.DONE,
    TaskState.ALREADY,
    TaskState.FAILED,
    TaskState.UNKNOWN,
    TaskState.SKIPPED,
    TaskState.HELD,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the log. `n` is the journal's entry, `task` is "" for what concerns the run as a whole."""

    n: int
    at: str
    task: str
    what: str  # "stop.1 stop", "probe", "evidence sockets", "retry", "FORCE", "done"
    host: str = ""
    command: str = ""
    result: str = ""
    seconds: float | None = None
    outputs: tuple[OutputRef, ...] = ()


def timeline(plan: Plan, events: Sequence[Event], tasks: Collection[str] | None = None) -> tuple[Row, ...]:
    """The rows of `tasks` (None: of all), with those of the run as a whole (resumed, paused, left) between them."""
    return tuple(_Rows(plan, tasks).of(events))


def waits_for(task: PlanTask) -> tuple[str, ...]:
    """What a task had to wait for, once each, in the plan's order: tasks, barriers, gates."""
    needs = (need.task or need.barrier or "" for need in task.needs)
    return tuple(dict.fromkeys([*needs, *(f"gate {gate}" for gate in task.gates)]))


def person_text(event: OperatorDid) -> str:
    """Who decided, for whom, and why: `o.lang on behalf of k.sued: the reason`."""
    who = event.by + (f" on behalf of {event.on_behalf_of}" if event.on_behalf_of else "")
    return f"{who}: {event.reason}" if event.reason else who


def budget_text(event: BudgetSpent) -> str:
    """`5 hosts failed, and the limit is 5: spent`."""
    what = "failed" if event.which == "failed" else "could not be reached"
    return f"{event.count} host{'' if event.count == 1 else 's'} {what}, and the limit is {event.limit}: spent"


def seconds_between(start: str, end: str) -> float | None:
    """Seconds from one journal time to another; None where one of them is none."""
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except ValueError:
        return None


class _Rows:
    """Makes rows in one pass; an attempt's row is completed when its last word comes."""

    def __init__(self, plan: Plan, wanted: Collection[str] | None) -> None:
        chosen = [task for task in plan.tasks if wanted is None or task.id in wanted]
        self._tasks = {task.id: task for task in chosen}
        self._steps = {(t.id, s.id, s.host, s.on_host): s for t in chosen for s in (*t.steps, *t.force)}
        self._evidence = {(t.id, e.name, e.host): e for t in chosen for e in t.evidence}
        self._rows: list[Row] = []
        self._open: dict[tuple[str, str, str, str | None, int], int] = {}
        self._probe: dict[str, tuple[int, ProbeKind, str | None]] = {}
        self._begun: set[str] = set()

    def of(self, events: Sequence[Event]) -> Iterator[Row]:
        for event in events:
            match event:
                case Resumed():
                    self._of_run(event, "resumed", f"by {event.by}")
                case Left():
                    self._of_run(event, "left", event.reason)
                case BudgetSpent():
                    self._of_run(event, "budget", budget_text(event))
                case OperatorDid(task=None):
                    self._of_run(event, event.did, person_text(event))
                case Sealed():
                    ends = ", ".join(f"{number} {state}" for state, number in event.tasks.items())
                    self._of_run(event, "sealed", f"{event.result}: {ends}")
                case TaskChanged() | Probed() | EvidenceKept() | StepChanged() | OperatorDid():
                    self._of_task(event)
                case _:
                    continue
        yield from self._rows

    def _of_run(self, event: Event, what: str, result: str) -> None:
        self._rows.append(Row(event.n, event.at, "", what, result=result))

    def _of_task(self, event: TaskChanged | Probed | EvidenceKept | StepChanged | OperatorDid) -> None:
        if event.task is None or event.task not in self._tasks:
            return
        if not isinstance(event, Probed):
            self._probe.pop(event.task, None)
        match event:
            case TaskChanged():
                self._state(event)
            case Probed():
                self._probed(event)
            case StepChanged():
                self._step(event)
            case EvidenceKept():
                self._kept(event)
            case OperatorDid():
                what = event.resolution or event.did
                self._rows.append(Row(event.n, event.at, event.task, what, result=person_text(event)))

    def _state(self, event: TaskChanged) -> None:
        waited = waits_for(self._tasks[event.task])
        if event.task not in self._begun and waited:
            self._rows.append(Row(event.n, event.at, event.task, "waited for", result=", ".join(waited)))
        self._begun.add(event.task)
        if event.rung is not None:
            why = (event.why or "").removeprefix("force: ")
            self._rows.append(Row(event.n, event.at, event.task, "FORCE", result=f"force steps follow: {why}"))
        if event.state in _SHOWN:
            texts = (event.proof.value if event.proof else "", event.why or "")
            self._rows.append(Row(event.n, event.at, event.task, event.state, result=", ".join(t for t in texts if t)))

    def _probed(self, event: Probed) -> None:
        answer = f"{event.host} {event.found}" + (f" ({event.why})" if event.why else "")
        outputs = (event.output,) if event.output else ()
        at, kind, name = self._probe.get(event.task, (-1, None, None))
        if at >= 0 and (kind, name) == (event.probe, event.name):
            row = self._rows[at]
            self._rows[at] = replace(row, result=f"{row.result}, {answer}", outputs=row.outputs + outputs)
            return
        self._probe[event.task] = (len(self._rows), event.probe, event.name)
        self._rows.append(Row(event.n, event.at, event.task, _probe_name(event), result=answer, outputs=outputs))

    def _step(self, event: StepChanged) -> None:
        step = self._steps.get((event.task, event.step, event.host, event.on_host))
        key = (event.task, event.step, event.host, event.on_host, event.attempt)
        place = self._open.get(key)
        if place is None:
            what = f"{event.step} {step.name}" if step else event.step
            what += f" (attempt {event.attempt})" if event.attempt > 1 else ""
            host = event.host + (f" on {event.on_host}" if event.on_host else "")
            place = self._open[key] = len(self._rows)
            self._rows.append(Row(event.n, event.at, event.task, what, host, _command(step), "no outcome"))
        if event.state is not StepState.INTENT:
            row = self._rows[place]
            seconds = seconds_between(row.at, event.at) if row.n != event.n else None
            outputs = (event.output,) if event.output else ()
            result = _outcome(event)
            if row.result.startswith("superseded") and event.state is not StepState.SUPERSEDED:
                result = f"superseded, then {result}"
            self._rows[place] = replace(row, result=result, seconds=seconds, outputs=outputs)

    def _kept(self, event: EvidenceKept) -> None:
        command = _command(self._evidence.get((event.task, event.name, event.host)))
        host = event.host + (f" on {event.on_host}" if event.on_host else "")
        result = "kept"
        if event.output is None or event.why is not None:
            whole = " whole" if event.output is not None and event.exit is None else ""
            result = f"not kept{whole}: {event.why or 'no reason given'}"
        outputs = (event.output,) if event.output else ()
        self._rows.append(
            Row(event.n, event.at, event.task, f"evidence {event.name}", host, command, result, None, outputs)
        )


def _probe_name(event: Probed) -> str:
    if event.probe is ProbeKind.STATE:
        return "probe"
    if event.probe is ProbeKind.HEALTH:
        return f"health {event.name or ''}".rstrip()
    return f"probe {event.probe}"


def _command(step: PlanStep | PlanEvidence | None) -> str:
    """The command as the plan has it, to be read, not to be run."""
    if step is None:
        return ""
    if isinstance(step, PlanStep) and step.manual is not None:
        return f"by hand: {step.manual}"
    if step.shell is None:
        text = shlex.join(step.argv or ())
    else:
        text = f"sh -c {shlex.quote(step.shell)}" if step.sudo else step.shell
    return f"sudo {text}" if step.sudo else text


def _outcome(event: StepChanged) -> str:
    text = event.state.value
    said = (event.why or "").startswith(f"exit {event.exit}")
    if event.exit is not None and event.state is StepState.FAILED and not said:
        text += f", exit {event.exit}"
    if event.why:
        text += f": {event.why}"
    return text + (" (by its receipt)" if event.by_receipt else "")
