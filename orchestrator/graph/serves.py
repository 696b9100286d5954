"""Whom a system serves: the customers given, or derived from what depends on it (section 3).

Derived: the customer that owns it, the customers of the services that require it, and whom the systems serve that
require it or run on it. What is given for a system is what its own needs derive from, too.
"""

from collections.abc import Iterable, Mapping

from orchestrator.graph.needs import Needs
from orchestrator.model.inventory import Inventory, Service
from orchestrator.model.terms import Reason

_CARRIES_ON = frozenset({Reason.REQUIRES, Reason.RUNS_ON})


def customers_of_service(inventory: Inventory, service: Service) -> tuple[str, ...]:
    """Whom a service is for; without a word all customers."""
    return tuple(sorted(inventory.customers if service.customers is None else service.customers))


def customers_of(inventory: Inventory, needs: Needs) -> Mapping[str, tuple[str, ...]]:
    """The customers of every system, sorted."""
    ids = sorted(inventory.customers)
    bit = {id: 1 << n for n, id in enumerate(ids)}
    given = {
        id: _mask(system.customers, bit) for id, system in inventory.systems.items() if system.customers is not None
    }
    masks = {id: given.get(id, bit.get(system.owner, 0)) for id, system in inventory.systems.items()}
    for service in inventory.services.values():
        mask = _mask(customers_of_service(inventory, service), bit)
        for requirement in service.requires:
            for id in requirement.alternatives:
                if id not in given:
                    masks[id] |= mask
    _hand_down(needs, masks, given)
    names: dict[int, tuple[str, ...]] = {}
    for mask in set(masks.values()):
        names[mask] = tuple(id for id in ids if mask & bit[id])
    return {id: names[mask] for id, mask in masks.items()}


def _mask(customers: Iterable[str], bit: Mapping[str, int]) -> int:
    mask = 0
    for id in customers:
        mask |= bit.get(id, 0)
    return mask


def _hand_down(needs: Needs, masks: dict[str, int], given: Mapping[str, int]) -> None:
    """Give every mask to what its system needs: in one pass where there is no loop, repeating only within loops."""
    ids = list(needs.of)
    number = {id: n for n, id in enumerate(ids)}  # numbers lie close together in memory, ids do not
    below = [
        [number[member] for group in groups if group.reason in _CARRIES_ON for member in group.members]
        for groups in needs.of.values()
    ]
    mask = [masks[id] for id in ids]
    open_users = [0] * len(ids)
    for reached in below:
        for member in reached:
            open_users[member] += 1
    fixed = [id in given for id in ids]
    ready = [n for n, count in enumerate(open_users) if count == 0]
    done = [False] * len(ids)
    while ready:
        n = ready.pop()
        done[n] = True
        for member in below[n]:
            if not fixed[member]:
                mask[member] |= mask[n]
            open_users[member] -= 1
            if open_users[member] == 0:
                ready.append(member)
    again = [n for n, passed in enumerate(done) if not passed]
    while again:
        n = again.pop()
        for member in below[n]:
            if not fixed[member] and mask[member] | mask[n] != mask[member]:
                mask[member] |= mask[n]
                again.append(member)
    masks.update(zip(ids, mask, strict=True))
