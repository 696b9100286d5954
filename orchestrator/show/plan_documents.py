"""The JSON documents of `orch plan`: one task with all that concerns it, and the difference of two plans (section 9).

`orch-plan-task/1`: the tasks as they stand in the plan file, each with its hosts, gates, barriers and who waits for it.
`orch-plan-diff/1`: `fresh`, then what a person reads (added, gone, moved, commands, needs), and `differences`: every
one of them, field by field, with `matters`; nothing is bounded.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from orchestrator.graph.plan_waits import PlanWaits
from orchestrator.model.plan import Need, Plan, PlanTask
from orchestrator.plan.diff import PlanDiff, headline
from orchestrator.plan.diff_commands import parts_of
from orchestrator.plan.diff_moves import Cause
from orchestrator.plan.freshness import Difference
from orchestrator.plan.gates import gate_name


def task_document(plan: Plan, digest: str, tasks: Iterable[PlanTask]) -> dict[str, Any]:
    """`orch-plan-task/1`."""
    waits = PlanWaits(plan)
    return {
        "format": "orch-plan-task/1",
        "plan": plan.id,
        "plan_sha256": digest,
        "action": plan.action.value,
        "policy": as_json(plan.policy),
        "tasks": [_task(waits, task) for task in tasks],
    }


def _task(waits: PlanWaits, task: PlanTask) -> dict[str, Any]:
    plan = waits.plan
    hosts = {*task.hosts, *(item.acting for _, items in parts_of(task) for item in items)}
    hosts |= {gateway for id in hosts if id in plan.hosts for chain in plan.hosts[id].via for gateway in chain}
    barriers = {need.barrier for need in task.needs if need.barrier}
    return {
        "task": as_json(task),
        "needed_by": [
            {"task": waits.ends(hop)[0], "reason": hop.reason.value, "source": hop.source}
            for hop in waits.thens(task.id)
        ],
        "barriers": [as_json(barrier) for barrier in plan.barriers if barrier.id in barriers],
        "holds_barriers": [rule.barrier for rule in waits.rules_after(task.id)],
        "gates": [as_json(gate) for gate in plan.gates if gate_name(gate.id, gate.scope) in task.gates],
        "hosts": {id: as_json(plan.hosts[id]) for id in sorted(hosts) if id in plan.hosts},
    }


def diff_document(found: PlanDiff, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`orch-plan-diff/1`. `old` and `new` say which plans these are, beside what is in them."""
    return {
        "format": "orch-plan-diff/1",
        "old": {**_head(found.old), **old},
        "new": {**_head(found.again), **new},
        "fresh": found.fresh,
        "headline": headline(found),
        "added": [_brief(task) for task in found.added],
        "gone": [_brief(task) for task in found.gone],
        "moved": [
            {"task": one.task, "from": one.before, "to": one.after, "because": _cause(one.cause)} for one in found.moved
        ],
        "commands": [
            {
                "task": one.task,
                "part": one.part,
                "host": one.host,
                "before": as_json(one.before),
                "after": as_json(one.after),
            }
            for one in found.commands
        ],
        "needs": [
            {"task": one.task, "change": "gained" if one.gained else "lost", "need": as_json(one.need)}
            for one in found.needs
        ],
        "differences": [_difference(one) for one in found.found],
    }


def _head(plan: Plan) -> dict[str, Any]:
    return {
        "id": plan.id,
        "created_at": plan.created_at,
        "author": plan.author,
        "action": plan.action.value,
        "summary": plan.summary,
        "tasks": len(plan.tasks),
    }


def _brief(task: PlanTask) -> dict[str, Any]:
    return {"task": task.id, "stage": task.stage, "hosts": list(task.hosts), "came_along": as_json(task.came_along)}


def _cause(cause: Cause | None) -> dict[str, Any] | None:
    if cause is None:
        return None
    need: Need = cause.need
    change = "gained" if cause.gained else "lost"
    return {"task": cause.task, "change": change, "other": cause.other, "need": as_json(need)}


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "what": one.what,
        "id": one.id,
        "field": one.field,
        "change": one.change.value,
        "matters": one.matters,
        "before": as_json(one.before),
        "after": as_json(one.after),
        "says": str(one),
    }


def as_json(value: Any) -> Any:
    """A value of a plan as its file has it."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    kind = type(value)
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind].dump_python(value, mode="json", by_alias=True)


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}
"""One for each kind of value: to make one takes longer than to use it a thousand times."""
