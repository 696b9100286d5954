"""Systems folded together: those of one zone, kind and owner into one knot, or all of a zone.

By kind, a need that leaves its zone begins at the zone as a whole, and ends at what is needed there; but where two
zones need each other, even in a circle, it ends at the other zone as a whole: no order could be read from more.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import networkx as nx

from orchestrator.graph.reduction import Pair
from orchestrator.model.inventory import INTERNAL, Inventory, System

Zones = tuple[str, ...]
"""Where a system stands; several where its hosts do."""


@dataclass(frozen=True, slots=True)
class Knot:
    """What is drawn as one. `is_zone`: it stands for all systems of its zone that are drawn; `within`: so many needs
    are among its own systems, and not drawn."""

    id: str
    zones: Zones
    systems: tuple[str, ...]
    is_zone: bool = False
    within: int = 0


def zones_of(inventory: Inventory, system: System) -> Zones:
    """The zones of a system's hosts, sorted."""
    return tuple(sorted({zone.id for ref in system.hosts if (zone := inventory.hosts[ref.id].zone) is not None}))


def zone_id(zones: Zones) -> str:
    """The id of a zone's knot: it holds a space, which no system's does."""
    return f"zone {' '.join(zones)}"


class Folding:
    """Which knot each system belongs to, and between which knots a need is drawn."""

    def __init__(
        self, inventory: Inventory, zones: Mapping[str, Zones], needs: Collection[Pair], *, by_kind: bool
    ) -> None:
        self._zones = zones
        self._by_kind = by_kind
        self._members: dict[str, list[str]] = {}
        for id, where in zones.items():
            knot = _kind_id(inventory.systems[id], where) if by_kind else zone_id(where)
            self._members.setdefault(knot, []).append(id)
        if by_kind:  # one of its kind is itself
            self._members = {ids[0] if len(ids) == 1 else knot: ids for knot, ids in self._members.items()}
        self._knot_of = {id: knot for knot, ids in self._members.items() for id in ids}
        self._several = {
            where for where, number in Counter(zones[ids[0]] for ids in self._members.values()).items() if number > 1
        }
        self._circle_of = _circles((zones[a], zones[b]) for a, b in needs)
        self._within = Counter(self._knot_of[a] for a, b in needs if self._knot_of[a] == self._knot_of[b])

    def ends(self, need: Pair) -> Pair | None:
        """Between which knots a need is drawn; None: within one."""
        of, needed = self._knot_of[need[0]], self._knot_of[need[1]]
        here, there = self._zones[need[0]], self._zones[need[1]]
        if self._by_kind and here != there:
            if here in self._several:
                of = zone_id(here)
            if there in self._several and self._circle_of[here] == self._circle_of[there]:
                needed = zone_id(there)
        return None if of == needed else (of, needed)

    def knots(self, drawn: Collection[str]) -> dict[str, Knot]:
        """All knots by id; `drawn`: what needs are drawn between, so that a zone as a whole is there if it is used."""
        found = {}
        for knot, ids in sorted(self._members.items()):
            where = self._zones[ids[0]]
            found[knot] = Knot(knot, where, tuple(ids), not self._by_kind, self._within[knot])
        for where in sorted(self._several):
            if (tag := zone_id(where)) in drawn:
                found[tag] = Knot(tag, where, tuple(id for id in self._zones if self._zones[id] == where), True)
        return found


def _kind_id(system: System, zones: Zones) -> str:
    owner = "internal" if system.owner == INTERNAL else "customer"
    apart = f"{' external' * system.external}{' protected' * (system.protected is not None)}"
    return f"kind {system.kind} {owner}{apart} in {' '.join(zones)}"


def _circles(needs: Iterable[tuple[Zones, Zones]]) -> dict[Zones, int]:
    """Which zones need each other: the same number for those of one circle."""
    graph = nx.DiGraph()
    graph.add_edges_from(needs)
    circles: dict[Zones, int] = nx.condensation(graph).graph["mapping"]
    return circles
