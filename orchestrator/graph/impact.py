"""Who notices a plan: services that its tasks take something away from, and through them customers (sections 2, 4).

A service is hit when one of its requirements can no longer be met: its systems are taken down, or no longer work
because of what they require or run on. It is hit *because* of the systems of the plan that lie behind that. What is
offline already, and what does not work without that, can't stand in. A customer is hit by a service of theirs that is,
or by a system of theirs (owned, or given as theirs) that no longer works.
"""

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass

from orchestrator.graph.closure import Membership, falling, path_to
from orchestrator.graph.needs import Needs, group_of
from orchestrator.graph.serves import customers_of_service
from orchestrator.model.inventory import Inventory
from orchestrator.model.terms import Reason

BREAKS = frozenset({Reason.REQUIRES, Reason.RUNS_ON})
"""By these a system no longer works; the way by which we reach it, and what is only an order, are no concern of it."""


@dataclass(frozen=True, slots=True)
class ServiceHit:
    """A service that is hit, whom it serves, and the systems of the plan that it is hit by."""

    service: str
    customers: tuple[str, ...]
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CustomerHit:
    """A customer that is hit: their services that are, and those that stay untouched."""

    customer: str
    services: tuple[str, ...]
    untouched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """Services and customers that are hit, by id, and every system that no longer works."""

    services: tuple[ServiceHit, ...]
    customers: tuple[CustomerHit, ...]
    broken: tuple[str, ...]


def hits_of(inventory: Inventory, needs: Needs, down: Collection[str], gone: Collection[str] = ()) -> Hits:
    """What taking `down` offline means. `gone`: what is offline already and so can't stand in."""
    dead, broken = broken_by(needs, down, gone)
    services = []
    by_customer: dict[str, list[str]] = {}
    untouched: dict[str, list[str]] = {}
    for id, service in sorted(inventory.services.items()):
        because: set[str] = set()
        for group in map(group_of, service.requires):
            lost = [member for member in group.members if member in broken]
            left = sum(1 for member in group.members if member not in broken and member not in dead)
            if lost and left < group.at_least:
                because.update(path_to(broken, member)[0] for member in lost)
        customers = customers_of_service(inventory, service)
        for customer in customers:
            (by_customer if because else untouched).setdefault(customer, []).append(id)
        if because:
            services.append(ServiceHit(id, customers, tuple(sorted(because))))
    for customer in systems_of_customers(inventory, broken):
        by_customer.setdefault(customer, [])
    customers_hit = tuple(
        CustomerHit(id, tuple(hit), tuple(untouched.get(id, ()))) for id, hit in sorted(by_customer.items())
    )
    return Hits(tuple(services), customers_hit, tuple(sorted(broken)))


def broken_by(needs: Needs, down: Collection[str], gone: Collection[str]) -> tuple[Set[str], Membership]:
    """What does not work already, by what is `gone`; and what no longer works when `down` goes too, with why."""
    before = falling(needs, [id for id in gone if id not in down], reasons=BREAKS).keys()
    return before, falling(needs, down, gone=before, reasons=BREAKS, immovable=before - set(down))


def systems_of_customers(inventory: Inventory, systems: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The customers that own some of `systems`, or whose they are said to be; with which."""
    found: dict[str, dict[str, None]] = {}
    for id in sorted(systems):
        system = inventory.systems[id]
        for customer in (system.owner, *(system.customers or ())):
            if customer in inventory.customers:
                found.setdefault(customer, {})[id] = None
    return {customer: tuple(own) for customer, own in found.items()}
