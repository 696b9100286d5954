"""An inventory that is partly wrong, as far as one can plan by it: it mentions nothing that is not there (section 4).

Rules:

- A broken system keeps what its entry says and can be read: hosts, needs, owner, protection. What it names and is not
  there falls away; of an `any` group the rest counts. An entry of which nothing can be read leaves a system without
  hosts and needs, known by its id.
- One that says `protected` in any form is protected. One that may name an owner whom nobody can read has an unknown
  owner: a customer's consent is asked for, and nobody can give it before the error is mended.
- A broken host keeps its place: zone and carrier, as far as they are there.
- A customer whose entry is wrong is known by the id; a service that can't be read is gone, like a service's requirement
  that is not there.
- `unfit`: systems whose hosts could not all be read, or are wrong: nothing acts through them.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from orchestrator.model.identifiers import is_id
from orchestrator.model.inventory import INTERNAL, Customer, Host, Inventory, Requirement, Service, System
from orchestrator.model.source import Ref, Source
from orchestrator.workspace.broken import Blame, name_of
from orchestrator.workspace.decode_inventory import RESERVED_CUSTOMERS, Draft
from orchestrator.workspace.protection import slipped_from_protected

UNKNOWN_KIND = "?"
UNKNOWN_OWNER = "?"
SAYS_PROTECTED = "its entry is wrong, and says protected"


def salvaged(draft: Draft, inventory: Inventory, blame: Blame) -> Inventory:
    """What is left of an inventory whose errors are passed over."""
    customers = {
        **{id: Customer(id, id, "de", source) for id, source in draft.places["customers"].items() if is_id(id)},
        **inventory.customers,
    }
    for id in RESERVED_CUSTOMERS & customers.keys():
        del customers[id]
    partial = {name_of(written, draft): got for written, got in draft.partial.items()}
    protected = {name_of(written, draft) for written in draft.say_protected}
    owned = {name_of(written, draft) for written in draft.say_owner}
    systems = dict(inventory.systems)
    for id, problems in blame.systems.items():
        if id not in systems:
            systems[id] = _made(id, partial.get(id, {}), draft.places["systems"].get(id, problems[0].source))
    known = systems.keys()
    for id in blame.systems:
        one = _without_what_is_not_there(systems[id], known, inventory.hosts, customers)
        if one.protected is None and (id in protected or any(map(slipped_from_protected, one.vars))):
            one = replace(one, protected=SAYS_PROTECTED)
        if one.owner == INTERNAL and id in owned:
            one = replace(one, owner=UNKNOWN_OWNER)
        systems[id] = one
    hosts = {id: _placed(host, known, inventory) if id in blame.hosts else host for id, host in inventory.hosts.items()}
    services = {id: _service(one, known, customers) for id, one in inventory.services.items()}
    return replace(inventory, customers=customers, hosts=hosts, systems=systems, services=services)


def unfit(draft: Draft, inventory: Inventory, blame: Blame) -> frozenset[str]:
    """Broken systems that nothing may act through. `inventory`: as it was read."""
    lost = {name_of(written, draft) for written in draft.partial} | {
        name_of(written, draft) for section, written in draft.lost if section == "systems"
    }
    wrong = lost | draft.wrong_hosts | (blame.systems.keys() - inventory.systems.keys())
    wrong_hosts = (
        id
        for id in blame.systems.keys() - wrong
        if any(ref.id in blame.hosts or ref.id not in inventory.hosts for ref in inventory.systems[id].hosts)
    )
    return frozenset(blame.systems.keys() & wrong) | frozenset(wrong_hosts)


def _made(id: str, got: Mapping[str, Any], source: Source) -> System:
    """A system of which not even the kind, or the id, can be read as it should be."""
    return System(id, source=source, **{"kind": UNKNOWN_KIND, **got})


def _without_what_is_not_there(
    system: System, systems: Collection[str], hosts: Collection[str], customers: Collection[str]
) -> System:
    served = system.customers
    return replace(
        system,
        hosts=tuple(ref for ref in system.hosts if ref.id in hosts),
        requires=_requirements(system.requires, systems),
        after=tuple(one for one in system.after if one.system in systems),
        customers=None if served is None else tuple(id for id in served if id in customers),
    )


def _requirements(requires: Collection[Requirement], systems: Collection[str]) -> tuple[Requirement, ...]:
    found = []
    for one in requires:
        there = tuple(id for id in one.alternatives if id in systems)
        if there:
            found.append(replace(one, alternatives=there, at_least=min(one.at_least, len(there))))
    return tuple(found)


def _placed(host: Host, systems: Collection[str], inventory: Inventory) -> Host:
    def there(ref: Ref | None, known: Collection[str]) -> Ref | None:
        return ref if ref is not None and ref.id in known else None

    return replace(
        host,
        zone=there(host.zone, inventory.zones),
        runs_on=there(host.runs_on, systems),
        way=there(host.way, systems),
    )


def _service(service: Service, systems: Collection[str], customers: Collection[str]) -> Service:
    served = service.customers
    return replace(
        service,
        customers=None if served is None else tuple(id for id in served if id in customers),
        requires=_requirements(service.requires, systems),
    )
