"""Which gates a plan has, and which tasks wait for them (sections 3, 4, 5).

A gate holds the tasks of its action that match `of` (without it, all). It has one scope `all`, or with `each` one
scope for each owning customer (`customer=ID`) or each system (`system=ID`). A gate that holds no task is not in the
plan. A system without an owning customer has no place in a gate of `each: customer`. One whose files are wrong is held
by every gate of the action: what its entry was meant to say could be what a gate selects by.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.graph.selection import Selection
from orchestrator.model.inventory import INTERNAL, Inventory
from orchestrator.model.plan import PlanGate
from orchestrator.model.protocol import Each, GateRule, Protocol
from orchestrator.model.terms import Action

ALL = "all"


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of a plan, what each task names, and the tasks that a gate meant but has no scope for."""

    gates: tuple[PlanGate, ...]
    of_task: Mapping[str, tuple[str, ...]]
    no_scope: Mapping[str, tuple[str, ...]]  # gate -> systems


def gates_of(
    protocol: Protocol,
    selection: Selection,
    inventory: Inventory,
    action: Action,
    tasks: Sequence[str],
    wrong: Collection[str] = (),
) -> Gates:
    """The gates before `action` on `tasks`, in the protocol's order, scopes by id. `wrong`: whose files are wrong."""
    gates: list[PlanGate] = []
    of_task: dict[str, list[str]] = {}
    no_scope: dict[str, tuple[str, ...]] = {}
    for rule in protocol.gates:
        if rule.before is not action:
            continue
        meant = selection.matching(rule.of) if rule.of else None
        held = sorted(task for task in tasks if meant is None or task in meant or task in wrong)
        scopes: dict[str, list[str]] = {}
        left = []
        for task in held:
            scope = _scope(rule, task, inventory.systems[task].owner)
            if scope is None:
                left.append(task)
            else:
                scopes.setdefault(scope, []).append(task)
        if left:
            no_scope[rule.id] = tuple(left)
        for scope, members in sorted(scopes.items()):
            gate = PlanGate(
                id=rule.id,
                scope=scope,
                approvals=dict(sorted(rule.approvals.items())),
                checks=rule.checks,
                valid_s=rule.valid_s,
                tasks=tuple(members),
            )
            gates.append(gate)
            name = gate_name(gate.id, gate.scope)
            for task in members:
                of_task.setdefault(task, []).append(name)
    return Gates(tuple(gates), {task: tuple(names) for task, names in of_task.items()}, no_scope)


def gate_name(id: str, scope: str) -> str:
    """How a task names a gate: its id, with its scope where that is not everything."""
    return id if scope == ALL else f"{id}:{scope}"


def _scope(rule: GateRule, system: str, owner: str) -> str | None:
    if rule.each is Each.SYSTEM:
        return f"system={system}"
    if rule.each is Each.CUSTOMER:
        return None if owner == INTERNAL else f"customer={owner}"
    return ALL
