"""Whether a plan is still fresh: planned again, it must come out the same in what matters (section 4).

What matters: tasks, needs, commands, gates, hosts and host keys, and the protocol's own bytes. Lines at which
something is written, estimates, stages, impact, warnings and other changes of the inputs do not. Whatever is not named
in `UNHEEDED` matters, so that a field that is added to the format refuses until somebody has thought about it.

`compare` finds every difference and says of each whether it matters; `differences` are those that do. There is no
other judge: the refusal of `orch apply` and `orch plan diff` both stand on these values.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel

from orchestrator.model.plan import Barrier, EvidencePolicy, Need, Plan, PlanGate, PlanHost, PlanStep, PlanTask

PROTOCOL = "protocol.yaml"

T = TypeVar("T")
Value = BaseModel | PlanTask | PlanHost | PlanGate | Barrier | EvidencePolicy

UNHEEDED: Mapping[str, frozenset[str]] = {
    "plan": frozenset(
        {"id", "created_at", "author", "request", "estate_head", "left_out", "estimate", "impact", "warnings"}
    ),
    "task": frozenset({"stage", "customers", "came_along", "estimate_s"}),
    "step": frozenset({"expect_s"}),
    "barrier": frozenset({"source"}),
}
"""What does not matter, by the thing it is a field of."""

_LOOKED_INTO = frozenset({"inputs", "summary", "policy", "hosts", "gates", "barriers", "tasks"})

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
    "stage": "its stage",
    "came_along": "why it is in the plan",
    "customers": "whom it serves",
    "estimate_s": "how long it takes",
}


class Change(StrEnum):
    """How something differs."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `what` is plan, input, task, host, gate, barrier or policy, `id` which one, `field` what
    of it ("": all of it); of what is new there is no `before`, of what is gone no `after`."""

    what: str
    id: str
    field: str
    change: Change
    before: Any
    after: Any
    matters: bool = True

    def __str__(self) -> str:
        if self.what == "input":
            return f"{self.id} has changed" if self.change is Change.CHANGED else f"{self.id} is {self.change}"
        name = f"{self.what} {self.id}" if self.id else self.what
        if not self.field:
            return f"{name} is {self.change}"
        if self.what == "task" and self.field == "needs" and self.change is not Change.CHANGED:
            return f"{name}: {'now' if self.change is Change.NEW else 'no longer'} waits for {need_text(self.need)}"
        says = _SAYS.get(self.field, self.field) if self.what == "task" else self.field
        return f"{name}: {says} changed{_from_to(self.before, self.after)}"

    @property
    def need(self) -> Need:
        """The need that a difference of a task's `needs` is about, as it is where it is."""
        found = self.before if self.change is Change.GONE else self.after
        assert isinstance(found, Need)
        return found


def differences(old: Plan, again: Plan) -> tuple[Difference, ...]:
    """What planning again changed that matters; empty: the plan is fresh."""
    return tuple(one for one in compare(old, again) if one.matters)


def other_inputs(old: Plan, again: Plan) -> tuple[str, ...]:
    """Files that changed without changing the plan: shown and recorded, no refusal."""
    return tuple(one.id for one in _inputs(old, again))


def compare(old: Plan, again: Plan) -> tuple[Difference, ...]:
    """Every difference between two plans, in the order of the file, what matters and what does not."""
    return (
        *_plan(old, again),
        *_inputs(old, again),
        *_gone_and_new("task", _by(old.tasks, _id), _by(again.tasks, _id), _task),
        *_order(old, again),
        *_gone_and_new("host", old.hosts, again.hosts, _host),
        *_gone_and_new("gate", _by(old.gates, _gate_id), _by(again.gates, _gate_id), _gate),
        *_gone_and_new("barrier", _by(old.barriers, _id), _by(again.barriers, _id), _barrier),
        *_fields("policy", "", old.policy, again.policy),
        *_summary(old, again),
    )


def need_text(need: Need) -> str:
    """`core-db (requires)`."""
    return f"{need.task or need.barrier} ({need.reason})"


def need_key(need: Need) -> tuple[str | None, str | None, str]:
    """What makes a need the same need, wherever it is written."""
    return (need.task, need.barrier, need.reason.value)


def field_names(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a value of the plan, in the order of the file."""
    if issubclass(kind, BaseModel):
        return tuple(kind.model_fields)
    return tuple(field.name for field in fields(kind))


def _id(one: PlanTask | Barrier) -> str:
    return one.id


def _gate_id(gate: PlanGate) -> str:
    return f"{gate.id}:{gate.scope}"


def _by(items: Iterable[T], key: Callable[[T], str]) -> dict[str, T]:
    """Things by id. What stands twice, which no planner writes, is told apart and never hides behind the other."""
    found: dict[str, T] = {}
    for item in items:
        id, times = key(item), 1
        while (name := id if times == 1 else f"{id} (stands {times} times)") in found:
            times += 1
        found[name] = item
    return found


def _plan(old: Plan, again: Plan) -> Iterator[Difference]:
    for field in field_names(Plan):
        if field in _LOOKED_INTO:
            continue
        before, after = getattr(old, field), getattr(again, field)
        if before != after:
            yield Difference("plan", "", field, Change.CHANGED, before, after, field not in UNHEEDED["plan"])


def _summary(old: Plan, again: Plan) -> Iterator[Difference]:
    """Approvals repeat this line, so it must say what is done to how many; how many customers notice may change."""
    if old.summary != again.summary:
        matters = old.summary.rpartition(", ")[0] != again.summary.rpartition(", ")[0]
        yield Difference("plan", "", "summary", Change.CHANGED, old.summary, again.summary, matters)


def _inputs(old: Plan, again: Plan) -> Iterator[Difference]:
    before = {one.path: one.sha256 for one in old.inputs}
    after = {one.path: one.sha256 for one in again.inputs}
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            change = Change.NEW if path not in before else Change.GONE if path not in after else Change.CHANGED
            yield Difference("input", path, "", change, before.get(path), after.get(path), path == PROTOCOL)


def _order(old: Plan, again: Plan) -> Iterator[Difference]:
    """Among tasks that are ready, a run goes by the order of the file."""
    there = {task.id for task in old.tasks} & {task.id for task in again.tasks}
    before = tuple(task.id for task in old.tasks if task.id in there)
    after = tuple(task.id for task in again.tasks if task.id in there)
    if before != after:
        yield Difference("plan", "", "order of the tasks", Change.CHANGED, before, after)


def _gone_and_new(
    what: str, old: Mapping[str, T], again: Mapping[str, T], compare: Callable[[str, T, T], Iterator[Difference]]
) -> Iterator[Difference]:
    for id in sorted(old.keys() | again.keys()):
        if id not in again:
            yield Difference(what, id, "", Change.GONE, old[id], None)
        elif id not in old:
            yield Difference(what, id, "", Change.NEW, None, again[id])
        elif old[id] != again[id]:
            yield from compare(id, old[id], again[id])


def _task(id: str, old: PlanTask, again: PlanTask) -> Iterator[Difference]:
    for one in _fields("task", id, old, again):
        if one.field == "needs":
            yield from _needs(id, old.needs, again.needs)
        elif one.field in {"steps", "force"}:
            yield replace(one, matters=_heeded(one.before) != _heeded(one.after))
        else:
            yield one


def _heeded(steps: Sequence[PlanStep]) -> list[PlanStep]:
    """Steps without what does not matter about them."""
    unheeded: dict[str, Any] = dict.fromkeys(UNHEEDED["step"], 0)
    return [replace(step, **unheeded) for step in steps]


def _needs(id: str, old: Sequence[Need], again: Sequence[Need]) -> Iterator[Difference]:
    before, after = {need_key(need): need for need in old}, {need_key(need): need for need in again}
    for key in sorted(before.keys() - after.keys(), key=str):
        yield Difference("task", id, "needs", Change.GONE, before[key], None)
    for key in sorted(after.keys() - before.keys(), key=str):
        yield Difference("task", id, "needs", Change.NEW, None, after[key])
    for key, need in before.items():
        if key in after and need != after[key]:
            yield Difference("task", id, "needs", Change.CHANGED, need, after[key], matters=False)


def _host(id: str, old: PlanHost, again: PlanHost) -> Iterator[Difference]:
    return _fields("host", id, old, again)


def _gate(id: str, old: PlanGate, again: PlanGate) -> Iterator[Difference]:
    return _fields("gate", id, old, again)


def _barrier(id: str, old: Barrier, again: Barrier) -> Iterator[Difference]:
    return _fields("barrier", id, old, again)


def _fields(what: str, id: str, old: Value, again: Value, prefix: str = "") -> Iterator[Difference]:
    unheeded = UNHEEDED.get(what, frozenset())
    for field in field_names(type(old)):
        before, after = getattr(old, field), getattr(again, field)
        if before == after:
            continue
        if what == "policy" and isinstance(before, EvidencePolicy) and isinstance(after, EvidencePolicy):
            yield from _fields(what, id, before, after, f"{field}.")
        else:
            yield Difference(what, id, prefix + field, Change.CHANGED, before, after, field not in unheeded)


def _from_to(before: object, after: object) -> str:
    texts = [_text(before), _text(after)]
    return f" from {texts[0]} to {texts[1]}" if all(0 < len(text) <= 60 for text in texts) else ""


def _text(value: object) -> str:
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, Sequence) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or "nothing"
    return ""
