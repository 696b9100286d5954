"""Whether a plan is still fresh: planned again, it must come out the same in what matters (section 4).

What matters: tasks, needs, commands, gates, hosts and host keys, and the protocol's own bytes. Lines at which
something is written, estimates, impact, warnings and other changes of the inputs do not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel

from orchestrator.model.plan import Plan, PlanTask

PROTOCOL = "protocol.yaml"

T = TypeVar("T")

_SAYS: Mapping[str, str] = {
    "kind": "its kind",
    "owner": "its owner",
    "mode": "its mode",
    "undoes": "what is undone",
    "hosts": "its hosts",
    "gates": "the gates it waits for",
    "serial": "whether its hosts go one after the other",
    "priority": "its priority",
    "probe": "the probes",
    "evidence": "the evidence kept",
    "steps": "the commands",
    "force": "the force commands",
    "health": "the health checks",
}


def differences(old: Plan, again: Plan) -> tuple[str, ...]:
    """What planning again changed, one line each; empty: the plan is fresh."""
    return (
        *_protocol(old, again),
        *_gone_and_new("task", {task.id: task for task in old.tasks}, {task.id: task for task in again.tasks}, _task),
        *_gone_and_new("host", old.hosts, again.hosts, _fields),
        *_gone_and_new(
            "gate",
            {f"{gate.id}:{gate.scope}": gate for gate in old.gates},
            {f"{gate.id}:{gate.scope}": gate for gate in again.gates},
            _fields,
        ),
        *_gone_and_new(
            "barrier",
            {one.id: one.model_copy(update={"source": ""}) for one in old.barriers},
            {one.id: one.model_copy(update={"source": ""}) for one in again.barriers},
            _fields,
        ),
        *(f"policy: {text}" for text in _fields(old.policy, again.policy)),
    )


def other_inputs(old: Plan, again: Plan) -> tuple[str, ...]:
    """Files that changed without changing the plan: shown and recorded, no refusal."""
    before = {one.path: one.sha256 for one in old.inputs}
    after = {one.path: one.sha256 for one in again.inputs}
    return tuple(path for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path))


def _protocol(old: Plan, again: Plan) -> Iterator[str]:
    if PROTOCOL in other_inputs(old, again):
        yield f"{PROTOCOL} has changed"


def _gone_and_new(
    what: str, old: Mapping[str, T], again: Mapping[str, T], compare: Callable[[T, T], Iterator[str]]
) -> Iterator[str]:
    for id in sorted(old.keys() | again.keys()):
        if id not in again:
            yield f"{what} {id} is gone"
        elif id not in old:
            yield f"{what} {id} is new"
        elif old[id] != again[id]:
            yield from (f"{what} {id}: {text}" for text in compare(old[id], again[id]))


def _task(old: PlanTask, again: PlanTask) -> Iterator[str]:
    for field, says in _SAYS.items():
        before, after = getattr(old, field), getattr(again, field)
        if before != after:
            yield f"{says} changed{_from_to(before, after)}"
    before_needs, after_needs = _needs(old), _needs(again)
    for text in sorted(before_needs - after_needs):
        yield f"no longer waits for {text}"
    for text in sorted(after_needs - before_needs):
        yield f"now waits for {text}"


def _needs(task: PlanTask) -> set[str]:
    return {f"{need.task or need.barrier} ({need.reason})" for need in task.needs}


def _fields(old: BaseModel, again: BaseModel) -> Iterator[str]:
    for field in type(old).model_fields:
        before, after = getattr(old, field), getattr(again, field)
        if before != after:
            yield f"{field} changed{_from_to(before, after)}"


def _from_to(before: object, after: object) -> str:
    texts = [_text(before), _text(after)]
    return f" from {texts[0]} to {texts[1]}" if all(0 < len(text) <= 60 for text in texts) else ""


def _text(value: object) -> str:
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, Sequence) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or "nothing"
    return ""
