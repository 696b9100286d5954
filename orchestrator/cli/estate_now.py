"""Who notices what is offline now, and the JSON document of `orch status`."""

from collections.abc import Sequence
from typing import Any

from orchestrator.graph.impact import hits_of
from orchestrator.graph.needs import needs_of
from orchestrator.model.estate import Deed, Estate
from orchestrator.model.inventory import Inventory
from orchestrator.model.terms import EstateState
from orchestrator.show.status_view import Hit


def hits_now(inventory: Inventory, estate: Estate) -> tuple[Hit, ...]:
    """The services that what is not known to be online takes down."""
    down = [id for id in inventory.systems if estate.record(id).state is not EstateState.ONLINE]
    if not down:
        return ()
    hits = hits_of(inventory, needs_of(inventory), down)
    return tuple(Hit(hit.service, hit.customers, hit.because) for hit in hits.services)


def status_document(
    inventory: Inventory, estate: Estate, systems: Sequence[str], hits: Sequence[Hit]
) -> dict[str, Any]:
    """What is known of `systems`, who notices, and which runs are open."""
    return {
        "format": "orch-status/1",
        "estate_head": estate.head,
        "systems": [_system(inventory, estate, id) for id in systems],
        "services_hit": [
            {"id": hit.service, "customers": list(hit.customers), "because": list(hit.because)} for hit in hits
        ],
        "open_runs": [
            {"run": run.run, "action": run.action.value, "holds": sorted(run.holds)} for run in estate.open_runs
        ],
    }


def _system(inventory: Inventory, estate: Estate, id: str) -> dict[str, Any]:
    record, system = estate.record(id), inventory.systems[id]
    return {
        "id": id,
        "kind": system.kind,
        "owner": system.owner,
        "state": record.state.value,
        "deeds": [_deed(deed) for deed in record.deeds],
        "found_offline": record.found_offline,
        "since": record.last_at,
        "run": record.last_run,
        "why": record.why,
    }


def _deed(deed: Deed) -> dict[str, Any]:
    return {
        "mode": deed.mode.value,
        "hosts": list(deed.hosts),
        "run": deed.run,
        "at": deed.at,
        "complete": deed.complete,
    }
