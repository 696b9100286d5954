"""The JSON documents of `orch explain` and `orch impact`: everything, where the screens shorten."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from orchestrator.graph.explain import Absence, Explanation, Relation
from orchestrator.graph.plan_waits import Hop, Rule
from orchestrator.graph.what_if import CustomerLevel, Impact, Level, ServiceLevel
from orchestrator.model.inventory import Inventory
from orchestrator.model.plan import Plan, Request
from orchestrator.model.terms import Mode
from orchestrator.show.service_names import name_in

EXPLAIN = "orch-explain/1"
IMPACT = "orch-impact/1"
_REQUEST = TypeAdapter(Request)


def explanation_document(
    plan: Plan, one: Explanation | Absence, *, path: Sequence[Hop] = (), why: str = ""
) -> dict[str, Any]:
    """A system in a plan; or not in it, with the reason and what keeps it up."""
    start = {"format": EXPLAIN, **_plan(plan)}
    if isinstance(one, Absence):
        return {**start, "system": one.system, "in_plan": False, "why": why, "path": _hops(path)}
    task = one.task
    return {
        **start,
        "system": task.system,
        "in_plan": True,
        "stage": task.stage,
        "stages": one.stages,
        "mode": task.mode,
        "undoes": task.undoes,
        "estimate_s": task.estimate_s,
        "came_along": _hops(one.along),
        "after": _hops(one.after),
        "after_rules": [_rule(rule) for rule in one.held_by],
        "before": _hops(one.before),
        "before_rules": [_rule(one.holds)] if one.holds else [],
        "longest_wait": [{"system": each.task, "seconds": each.seconds} for each in one.chain],
        "starts_s": one.starts_s,
    }


def relation_document(
    plan: Plan, names: tuple[str, str], down: Relation, back: Relation | None, *, apart: str | None, no_back: str
) -> dict[str, Any]:
    """Two systems of a plan. `back`: of a shutdown, as they come back."""
    found: dict[str, Any] = {
        "format": EXPLAIN,
        **_plan(plan),
        "systems": list(names),
        "first_goes": down.place,
        "path": _hops(down.path),
        "at_once": down.place is None and apart is None,
    }
    if back is not None:
        found |= {"back": {"first_goes": back.place, "path": _hops(back.path)}}
    elif no_back:
        found |= {"back": {"why_not": no_back}}
    return found


def impact_document(
    inventory: Inventory, impact: Impact, selection: Sequence[str], modes: Mapping[str, Mode]
) -> dict[str, Any]:
    """Systems, services and customers, hit or not."""
    return {
        "format": IMPACT,
        "select": list(selection),
        "systems": [_system(inventory, impact, id, modes[id]) for id in sorted(impact.members)],
        "cut_off": list(impact.cut_off),
        "services": [
            {**_service(one), "names": dict(inventory.services[one.service].names), "customers": list(one.customers)}
            for one in impact.services
        ],
        "customers": [_customer(inventory, one) for one in impact.customers],
    }


def _plan(plan: Plan) -> dict[str, Any]:
    return {"action": plan.action, "request": _REQUEST.dump_python(plan.request, mode="json", by_alias=True)}


def _hops(hops: Iterable[Hop]) -> list[dict[str, Any]]:
    """Each X (`system`) needs Y (`needs`); by an order rule X goes down before Y, or comes back after it."""
    return [
        {"system": hop.system, "needs": hop.other, "reason": hop.reason, "source": hop.source or None}
        | ({"barrier": hop.barrier} if hop.barrier else {})
        for hop in hops
    ]


def _rule(rule: Rule) -> dict[str, Any]:
    return {"barrier": rule.barrier, "source": rule.source, "systems": rule.systems}


def _system(inventory: Inventory, impact: Impact, id: str, mode: Mode) -> dict[str, Any]:
    joined = impact.members[id]
    along = None if joined is None else {"reason": joined.reason, "of": joined.of, "source": str(joined.source)}
    already = id in impact.already
    return {
        "id": id,
        "mode": mode,
        "came_along": along,
        "protected": inventory.systems[id].protected,
        "already": already,
    }


def _service(one: ServiceLevel) -> dict[str, Any]:
    return {
        "id": one.service,
        "state": one.level,
        "already": one.already,
        "lost": list(one.lost),
        "because": list(one.because),
    }


def _customer(inventory: Inventory, one: CustomerLevel) -> dict[str, Any]:
    customer = inventory.customers[one.customer]
    services = [
        {
            "id": each.service,
            "name": name_in(inventory.services[each.service].names, customer.language, each.service),
            "state": each.level,
            "already": each.already,
        }
        for each in one.services
    ]
    return {
        "id": one.customer,
        "name": customer.name,
        "language": customer.language,
        "hit": one.is_hit,
        "counts": {level.value: len(one.at(level)) for level in Level},
        "systems": list(one.systems),
        "services": services,
    }
