"""The screens of `orch explain` and `orch impact`, drawn from small estates."""

from collections.abc import Callable
from dataclasses import replace

from orchestrator.graph.explain import Absence, Explanation, between, explain, kept_by
from orchestrator.graph.needs import needs_of
from orchestrator.graph.plan_waits import PlanWaits
from orchestrator.graph.way_back import estate_after
from orchestrator.graph.what_if import Impact, impact_of
from orchestrator.model.estate import Estate, SystemRecord
from orchestrator.model.inventory import Customer, Inventory, Service
from orchestrator.model.source import Source
from orchestrator.model.terms import Mode
from orchestrator.model.workspace import Workspace
from orchestrator.show.explain_view import absence_lines, explanation_lines, relation_lines
from orchestrator.show.impact_view import impact_lines
from orchestrator.show.layout import Line
from tests.builders import back, down, inventory, protocol, workspace
from tests.unit.show.fixtures import HOSTILE

NIGHT = """
    portal-nord requires app-nord
    portal-sued requires app-sued
    app-nord requires core-db mq any(1) dns-a dns-b
    app-sued requires core-db mq
    batch after core-db
    batch requires mq
    core-db on db-1 db-2
    db-1 runs-on hv-1
    db-2 runs-on hv-1
    db-1 in data
    data gateway gate
    bastion on gate
    hv-1 requires san
    vault requires dns-b
    vault protected the backups
    portal-nord owner nord
    portal-sued owner sued
    uplink kind uplink
    operator bastion
    member service portal-nord portal-sued
    eau service app-nord
    kim service batch any(1) dns-a dns-b
    sued owner sued
"""
GROUPS = protocol(
    modes={"kind=uplink": Mode.ISOLATE}, shutdown=("kind=uplink", "portal-* app-*", "core-db mq hv-1 san")
)
LONG = "inventories/rechenzentrum-muenchen"


def night() -> Workspace:
    return workspace(NIGHT, protocol=GROUPS)


def one(width: int, system: str, *select: str, every: bool = False, way_back: bool = False) -> list[Line]:
    plan = down(night(), *select)
    if way_back:
        plan = back(night(), estate_after(Estate(), plan))
    found = explain(PlanWaits(plan), system)
    if isinstance(found, Explanation):
        return explanation_lines(plan, found, width, every=every, then=[f"orch explain {system} uplink"])
    kept = kept_by(needs_of(night().inventory), found.left_out.path if found.left_out else ())
    return absence_lines(plan, found, kept, SystemRecord(), width)


def two(width: int, first: str, second: str, ws: Workspace | None = None) -> list[Line]:
    ws = ws or night()
    plan = down(ws)
    waits, coming = PlanWaits(plan), PlanWaits(back(ws, estate_after(Estate(), plan)))
    relation = between(waits, first, second)
    same = relation.place is not None and all(coming.has(hop) for hop in relation.path)
    back_too = between(coming, first, second)
    limit = waits.apart(first, second)
    return relation_lines((first, second), plan, relation, width, back=back_too, same_back=same, apart=limit)


def no_way_back(width: int) -> list[Line]:
    plan = down("app requires db\ndb after(restore) app")
    relation = between(PlanWaits(plan), "app", "db")
    loop = "loop on the way back, of 2 systems, each waits for the next:\n    app  requires db  estate:1"
    return relation_lines(("app", "db"), plan, relation, width, no_back=f"it can't be planned: {loop}")


def far_away(width: int) -> list[Line]:
    """A path whose places are long, and whose names are hostile."""
    plan = down(night())
    hops = between(PlanWaits(plan), "hv-1", "portal-nord").path
    hops = tuple(hop._replace(source=f"{LONG}/{hop.system}.yaml:{at}") for at, hop in enumerate(hops))
    hops = (*hops[:-1], hops[-1]._replace(other=HOSTILE))
    found = between(PlanWaits(plan), "hv-1", "portal-nord")
    lines = relation_lines(("hv-1", "portal-nord"), plan, replace(found, path=hops), width)
    evil = Absence(HOSTILE, None, left_online=True)
    return [*lines, *absence_lines(plan, evil, (), SystemRecord(), width)]


def hit(*asked: str, gone: tuple[str, ...] = (), isolates: str = "") -> tuple[Inventory, Impact]:
    known = inventory(NIGHT)
    here = Source("inventories/rz.yaml", 1)
    customers = {id: Customer(id, id.upper(), "en" if id == "nord" else "de", here) for id in ("nord", "sued")}
    customers |= {f"ost-{n}": Customer(f"ost-{n}", f"Ost {n}", "de", here) for n in range(12)}
    customers["west"] = Customer("west", HOSTILE, "fr", here)
    names = {
        "member": {"de": "Mitgliederportal", "en": "member portal"},
        "eau": {"de": "eAU-Datenaustausch", "en": "eAU data exchange"},
        "kim": {"": "KIM"},
    }
    services = {
        id: Service(id, names[id], here, ("nord", "sued") if id == "member" else None, service.requires)
        for id, service in known.services.items()
    }
    known = replace(known, customers=customers, services=services)
    found = impact_of(known, needs_of(known), asked, gone=gone, isolates=lambda id: id == isolates)
    return known, found


def impact(width: int, *asked: str, every: bool = False, gone: tuple[str, ...] = (), isolates: str = "") -> list[Line]:
    known, found = hit(*asked, gone=gone, isolates=isolates)
    return impact_lines(known, found, asked, width, every=every, then=[f"orch impact {' '.join(asked)} --csv"])


QUESTIONS: dict[str, Callable[[int], list[Line]]] = {
    "explain": lambda width: one(width, "core-db"),
    "explain-all": lambda width: one(width, "bastion", every=True),
    "explain-along": lambda width: one(width, "portal-nord", "san"),
    "explain-left-out": lambda width: one(width, "dns-b"),
    "explain-back": lambda width: one(width, "core-db", way_back=True),
    "explain-two": lambda width: two(width, "core-db", "portal-nord"),
    "explain-two-rule": lambda width: two(width, "uplink", "core-db"),
    "explain-two-free": lambda width: two(width, "portal-nord", "portal-sued"),
    "explain-two-other-way": lambda width: two(
        width, "app", "ntp", workspace("app after(restore) ntp\nntp after(shutdown) app")
    ),
    "explain-two-far": far_away,
    "explain-two-no-way-back": no_way_back,
    "impact": lambda width: impact(width, "core-db", "vault"),
    "impact-all": lambda width: impact(width, "core-db", every=True, gone=("dns-a",)),
    "impact-cut-off": lambda width: impact(width, "core-db", isolates="core-db", gone=("batch",)),
    "impact-none": lambda width: impact(width, "uplink"),
}
