"""Everything that a system needs to stay up and reachable, with reason and source (section 4).

- `requires`: its own, and its zone's (which do not bind the systems that the zone lists to each other).
- `control-path`: its hosts' gateways (`graph/ways.py`), and the `control_path` of its zones (likewise not among
  those listed). A gateway inside its own zone is not bound to what lives behind it. `managed: external` is not
  reached by us.
- `runs-on`: what carries its hosts.

A need is a group of alternatives, of which `at_least` must stand; a plain need is a group of one. `after`,
`actuator`, `protocol` and the operator's own way are order only, or depend on the action: `graph/order.py` adds
them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from orchestrator.graph.ways import Ways
from orchestrator.model.inventory import Inventory, Requirement, System, Zone
from orchestrator.model.source import Source
from orchestrator.model.terms import Action, Reason

PHYSICAL = frozenset({Reason.CONTROL_PATH, Reason.RUNS_ON})
"""Needs that reach on through systems outside a plan."""

PHRASES: Mapping[Reason, str] = {
    Reason.REQUIRES: "requires",
    Reason.AFTER: "comes up after",
    Reason.CONTROL_PATH: "is reached through",
    Reason.RUNS_ON: "runs on",
    Reason.ACTUATOR: "is acted on through",
    Reason.PROTOCOL: "is ordered by the protocol against",
}
"""X ... Y, as an operator reads it, the way back in mind."""


def phrase(reason: Reason, action: Action) -> str:
    """X ... Y, on the way of `action`: what comes up after another goes down before it."""
    return "goes down before" if reason is Reason.AFTER and action is Action.SHUTDOWN else PHRASES[reason]


class Group(NamedTuple):
    """One need: at least `at_least` of the alternatives must stand, each a set of systems that must all be up."""

    alternatives: tuple[tuple[str, ...], ...]
    at_least: int
    reason: Reason
    source: Source
    slack: int  # how many alternatives may be lost
    members: tuple[str, ...]  # every system of every alternative


def group(alternatives: tuple[tuple[str, ...], ...], at_least: int, reason: Reason, source: Source) -> Group:
    """A need for `at_least` of some alternatives."""
    members = alternatives[0] if len(alternatives) == 1 else tuple(dict.fromkeys(chain.from_iterable(alternatives)))
    return Group(alternatives, at_least, reason, source, max(0, len(alternatives) - at_least), members)


def plain(system: str, reason: Reason, source: Source) -> Group:
    """A need for one system."""
    return Group(((system,),), 1, reason, source, 0, (system,))


class User(NamedTuple):
    """Somebody who needs a system: whose need, the how manieth of their groups, the how manieth alternative in it."""

    system: str
    group: int
    alternative: int


@dataclass(frozen=True)
class Needs:
    """The needs of every system, each list in a fixed order, whatever the order of the files."""

    of: Mapping[str, tuple[Group, ...]]
    ways: Ways

    @cached_property
    def users(self) -> Mapping[str, list[User]]:
        """Who needs a system: the same edges the other way round."""
        found: dict[str, list[User]] = {}
        for system, groups in self.of.items():
            for g, one in enumerate(groups):
                for a, alternative in enumerate(one.alternatives):
                    for member in alternative:
                        found.setdefault(member, []).append(User(system, g, a))
        return found


def needs_of(inventory: Inventory) -> Needs:
    """All needs of all systems."""
    ways = Ways(inventory)
    zones = {id: _ZoneNeeds(inventory, ways, zone) for id, zone in inventory.zones.items()}
    return Needs(
        {id: tuple(_groups(inventory, ways, zones, inventory.systems[id])) for id in sorted(inventory.systems)}, ways
    )


def group_of(requirement: Requirement) -> Group:
    """A `requires` entry as a group."""
    if len(requirement.alternatives) == 1:
        return plain(requirement.alternatives[0], Reason.REQUIRES, requirement.source)
    alternatives = tuple([(id,) for id in requirement.alternatives])
    return group(alternatives, requirement.at_least, Reason.REQUIRES, requirement.source)


class _ZoneNeeds:
    """What a zone asks of everything in it, worked out once."""

    def __init__(self, inventory: Inventory, ways: Ways, zone: Zone) -> None:
        self.requires = tuple(group_of(requirement) for requirement in zone.requires)
        self.control_path = tuple(plain(ref.id, Reason.CONTROL_PATH, ref.source) for ref in zone.control_path)
        self.gateways: tuple[Group, ...] = ()
        if zone.gateways:
            through = tuple(way for gateway in zone.gateways for way in ways.through(gateway.id))
            self.gateways = (group(through, 1, Reason.CONTROL_PATH, zone.gateways[0].source),) if any(through) else ()
        self.listed = frozenset(id for requirement in zone.requires for id in requirement.alternatives)
        self.on_the_way = frozenset(ref.id for ref in zone.control_path)
        self.inside = frozenset(ref.id for ref in zone.control_path if _is_in(inventory, ref.id, zone.id))


def _groups(inventory: Inventory, ways: Ways, zones: Mapping[str, _ZoneNeeds], system: System) -> Iterator[Group]:
    for requirement in system.requires:
        yield group_of(requirement)
    in_zones: set[str] = set()
    ways_in: set[tuple[str, bool]] = set()
    for ref in system.hosts:
        host = inventory.hosts[ref.id]
        if host.zone is None:
            continue
        zone = zones[host.zone.id]
        if host.zone.id not in in_zones and system.id not in zone.listed:
            yield from zone.requires
        in_zones.add(host.zone.id)
        way = (host.zone.id, ways.is_gateway_of_its_zone(host.id))
        if way not in ways_in and not system.external:
            yield from _way_in(zone, system.id, direct=way[1])
        ways_in.add(way)
    carriers: set[str] = set()
    for ref in system.hosts:
        runs_on = inventory.hosts[ref.id].runs_on
        if runs_on is not None and runs_on.id != system.id and runs_on.id not in carriers:
            carriers.add(runs_on.id)
            yield plain(runs_on.id, Reason.RUNS_ON, runs_on.source)


def _way_in(zone: _ZoneNeeds, system: str, *, direct: bool) -> Iterator[Group]:
    listed = () if system in zone.on_the_way else zone.control_path
    for one in (*(() if direct else zone.gateways), *listed):
        if direct and one.members[0] in zone.inside:
            continue
        if system not in one.members:
            yield one
            continue
        others = tuple(tuple(id for id in alternative if id != system) for alternative in one.alternatives)
        if any(others):
            yield group(others, one.at_least, one.reason, one.source)


def _is_in(inventory: Inventory, system: str, zone: str) -> bool:
    hosts = (inventory.hosts[ref.id] for ref in inventory.systems[system].hosts)
    return any(host.zone is not None and host.zone.id == zone for host in hosts)
