"""Who notices when systems are down: services, and through them customers (sections 2, 4, 9).

A service is hit when one of its requirements can no longer be met: its systems are taken down, or no longer work
because of what they require or run on. It is hit *because* of the systems of the plan that lie behind that. A
customer is hit by a service of theirs that is, or by a system that they own or that is given as theirs.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from orchestrator.graph.closure import Membership, falling
from orchestrator.graph.needs import Needs, group_of
from orchestrator.graph.serves import customers_of_service
from orchestrator.model.inventory import Inventory
from orchestrator.model.terms import Reason

BREAKS = frozenset({Reason.REQUIRES, Reason.RUNS_ON})


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
    broken = falling(needs, down, gone=gone, reasons=BREAKS)
    services = []
    by_customer: dict[str, list[str]] = {}
    untouched: dict[str, list[str]] = {}
    for id, service in sorted(inventory.services.items()):
        because: set[str] = set()
        for group in map(group_of, service.requires):
            lost = [member for member in group.members if member in broken]
            left = sum(1 for member in group.members if member not in broken and member not in gone)
            if lost and left < group.at_least:
                because.update(root for member in lost for root in _roots(broken, member))
        customers = customers_of_service(inventory, service)
        for customer in customers:
            (by_customer if because else untouched).setdefault(customer, []).append(id)
        if because:
            services.append(ServiceHit(id, customers, tuple(sorted(because))))
    for id in sorted(down):
        system = inventory.systems[id]
        for customer in (system.owner, *(system.customers or ())):
            if customer in inventory.customers:
                by_customer.setdefault(customer, [])
    customers_hit = tuple(
        CustomerHit(id, tuple(hit), tuple(untouched.get(id, ()))) for id, hit in sorted(by_customer.items())
    )
    return Hits(tuple(services), customers_hit, tuple(sorted(broken)))


def _roots(broken: Membership, system: str) -> Iterable[str]:
    joined = broken[system]
    while joined is not None:
        system = joined.of
        joined = broken[system]
    return (system,)
