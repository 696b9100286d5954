"""What a picture of the needs shows: every system, or systems folded together until a person can take it in.

- `EVERY`: a knot is a system. What all systems of a zone need by themselves, at least `SHARED_BY` of them and all in
  the same way, is one need of the zone: its gateway, its `requires`, its `control_path` are not drawn from each again.
- `KIND`: the systems of one zone, one kind and one owner (internal, or a customer's) are one knot, those managed
  elsewhere or protected apart. What they need in other zones is needed by their zone as a whole; and of zones that need
  each other, even in a circle, by whole zones (`graph/folding.py`).
- `ZONE`: a knot is a zone.
- Needs that another brings along are left out (`graph/reduction.py`); those that are left are counted where systems
  are folded together, and a knot's needs within itself only there.
- What everybody needs because the operator comes in by it is no need of one system for another, and not in it.
- A picture has a size that a person can take in: `fold_for` says which fold, and of very many links the lightest go.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from orchestrator.graph.folding import Folding, Knot, Zones, zone_id, zones_of
from orchestrator.graph.order import Edge
from orchestrator.graph.reduction import UP_TO, Pair, reduced
from orchestrator.model.inventory import Inventory
from orchestrator.model.source import Source
from orchestrator.model.terms import Reason

SHARED_BY = 3


class Fold(Enum):
    """How much is folded together."""

    EVERY = "system"
    KIND = "zone and kind"
    ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Link:
    """`of` needs `needed`: for these reasons, the weightiest first, `count` times; `choice`: for that first one another
    would do as well."""

    of: str
    needed: str
    reasons: tuple[Reason, ...]
    count: int
    choice: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """Knots by id, links in their order; `left_out`: how many needs between systems others bring along; `lightest`:
    how many links were left out because they stand for few needs, each for at most `at_most`."""

    knots: Mapping[str, Knot]
    links: Sequence[Link]
    fold: Fold
    left_out: int
    lightest: int = 0
    at_most: int = 0


EVERY_UP_TO = 150
"""Systems that are drawn one by one, and knots that are drawn at all, unless somebody asks for it."""
MOST_LINKS = 300
"""Of a folded overview; above it the lightest are left out."""

WEIGHT = (Reason.REQUIRES, Reason.RUNS_ON, Reason.CONTROL_PATH, Reason.ACTUATOR, Reason.AFTER, Reason.PROTOCOL)
"""Which reason a link is drawn by, where it has several."""


def overview(
    inventory: Inventory, all_needs: Mapping[Pair, list[Edge]], systems: Collection[str], fold: Fold
) -> Overview:
    """The needs among `systems`, folded."""
    chosen = sorted(systems)
    zones = {id: zones_of(inventory, inventory.systems[id]) for id in chosen}
    needs = {pair: edges for pair, edges in all_needs.items() if pair[0] in zones and pair[1] in zones}
    shared = _shared_needs(needs, zones) if fold is Fold.EVERY else {}
    tags = {of for of, _ in shared}
    inside = {(id, tag) for id, where in zones.items() if (tag := zone_id(where)) in tags}
    kept = essential({**needs, **shared}, sorted(inside))
    left_out = len(needs) - sum(pair in needs for pair in kept)
    if fold is not Fold.EVERY:
        folding = Folding(inventory, zones, kept, by_kind=fold is Fold.KIND)
        links = _links(kept, needs, folding.ends)
        heavy, at_most = _heaviest(links)
        drawn = {end for link in heavy for end in (link.of, link.needed)}
        return Overview(folding.knots(drawn), heavy, fold, left_out, len(links) - len(heavy), at_most)
    knots = {id: Knot(id, zones[id], (id,)) for id in chosen}
    for tag in sorted({of for of, _ in shared}.intersection(of for of, _ in kept)):
        members = tuple(id for id in chosen if zone_id(zones[id]) == tag)
        knots[tag] = Knot(tag, zones[members[0]], members, is_zone=True)
    return Overview(knots, _links(kept, {**needs, **shared}, lambda pair: pair), fold, left_out)


def fold_for(inventory: Inventory, systems: Collection[str]) -> Fold:
    """How much must be folded, so that a person can take the picture in."""
    if len(systems) <= EVERY_UP_TO:
        return Fold.EVERY
    zones = {id: zones_of(inventory, inventory.systems[id]) for id in systems}
    knots = Folding(inventory, zones, (), by_kind=True).knots(())
    return Fold.KIND if len(knots) <= EVERY_UP_TO else Fold.ZONE


def _heaviest(links: list[Link]) -> tuple[list[Link], int]:
    """At most `MOST_LINKS`, and how many needs each of the others stands for at most."""
    by_weight = sorted(links, key=lambda link: -link.count)
    heavy = {(link.of, link.needed) for link in by_weight[:MOST_LINKS]}
    lightest = max((link.count for link in by_weight[MOST_LINKS:]), default=0)
    return [link for link in links if (link.of, link.needed) in heavy], lightest


def _shared_needs(needs: Mapping[Pair, list[Edge]], zones: Mapping[str, Zones]) -> dict[Pair, list[Edge]]:
    """What all systems of a zone need of a system elsewhere: (the zone's knot, the system) -> one edge per reason."""
    size = Counter(zones.values())
    by_all: dict[tuple[Zones, str], list[list[Edge]]] = {}
    for (system, other), edges in needs.items():
        if zones[system] != zones[other] and zones[system]:
            by_all.setdefault((zones[system], other), []).append(edges)
    found: dict[Pair, list[Edge]] = {}
    for (where, other), alike in sorted(by_all.items()):
        if len(alike) < max(SHARED_BY, size[where]) or len({all(e.choice for e in edges) for edges in alike}) > 1:
            continue
        common = set.intersection(*({edge.reason for edge in edges} for edges in alike))
        if common:
            found[zone_id(where), other] = [edge for edge in alike[0] if edge.reason in common]
    return found


def essential(needs: Mapping[Pair, Sequence[Edge]], inside: Collection[Pair] = ()) -> list[Pair]:
    """The needs that no other brings along; `inside`: what counts as a need on the way, but is none."""
    if len({system for pair in needs for system in pair}) > UP_TO:
        return list(needs)
    choices = {pair: all(edge.choice for edge in edges) for pair, edges in needs.items()}
    groups: dict[tuple[str, Source, Reason], list[Pair]] = {}
    for pair, edges in needs.items():
        for edge in edges if choices[pair] else ():
            groups.setdefault((pair[0], edge.source, edge.reason), []).append(pair)
    left = reduced({**dict.fromkeys(inside, False), **choices}, groups.values())
    return [pair for pair in left if pair in needs]


def by_pair(edges: Iterable[Edge], own_way: Collection[tuple[str, Source]] = ()) -> dict[Pair, list[Edge]]:
    """The needs of one system for another, each with all its reasons; but not what everything needs because the
    operator comes in by it (system and source)."""
    needs: dict[Pair, list[Edge]] = {}
    for edge in edges:
        if (edge.other, edge.source) not in own_way:
            needs.setdefault((edge.system, edge.other), []).append(edge)
    return needs


def _links(kept: Iterable[Pair], edges: Mapping[Pair, list[Edge]], ends: Callable[[Pair], Pair | None]) -> list[Link]:
    """One link for each two knots, with all reasons between their systems."""
    between: dict[Pair, list[Pair]] = {}
    for pair in sorted(kept):
        if drawn := ends(pair):
            between.setdefault(drawn, []).append(pair)
    links = []
    for (of, needed), pairs in sorted(between.items()):
        found = [edge for pair in pairs for edge in edges[pair]]
        reasons = tuple(reason for reason in WEIGHT if any(edge.reason is reason for edge in found))
        choice = all(edge.choice for edge in found if edge.reason is reasons[0])
        links.append(Link(of, needed, reasons, len(pairs), choice))
    return links
