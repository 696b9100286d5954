"""How SSH gets to a host, and which systems keep that way open (section 4, *Control path*).

- A zone's gateways are alternatives: any of them reaches the zone. A gateway inside its own zone is reached
  directly.
- The systems that keep the way through a gateway open: its `way`, otherwise every system on that host.
- Where nothing of the inventory lives on a gateway, the way leads on outwards: to what carries it, and to its own
  way in.
- Gateways behind gateways multiply; the first `MOST` combinations are kept, in the order listed.
- A combination that comes back to a gateway it has passed, or leads through the host itself, is none.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice

from orchestrator.model.errors import FilesError, Problem
from orchestrator.model.inventory import Host, Inventory, Zone

MOST = 8

Alternative = tuple[str, ...]


class Ways:
    """Ways to the hosts of one inventory; everything is worked out once and kept."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._on: Mapping[str, tuple[str, ...]] = _systems_by_host(inventory)
        self._gateways = frozenset(ref.id for zone in inventory.zones.values() for ref in zone.gateways)
        self._chains: dict[str, tuple[Alternative, ...]] = {}  # of a zone, for all that is no gateway
        self._through: dict[str, tuple[Alternative, ...]] = {}

    def zone_of(self, host: str) -> Zone | None:
        """The zone that one has to get into to reach `host`; None: it is reached directly."""
        one = self._inventory.hosts[host]
        if one.zone is None:
            return None
        zone = self._inventory.zones[one.zone.id]
        return zone if zone.gateways and not self.is_gateway_of_its_zone(host) else None

    def is_gateway_of_its_zone(self, host: str) -> bool:
        """Whether `host` is a gateway inside its own zone, so reached directly."""
        one = self._inventory.hosts[host]
        return one.zone is not None and any(ref.id == host for ref in self._inventory.zones[one.zone.id].gateways)

    def chains(self, host: str) -> tuple[Alternative, ...]:
        """Chains of gateways to `host`, tried in order, each from the outside in; () where it is reached directly."""
        zone = self.zone_of(host)
        if zone is None:
            return ()
        known = self._chains.get(zone.id) if host not in self._gateways else None
        if known is not None:
            return known
        chains = self._chains_to(host, (host,))
        if not chains:
            raise FilesError([self._circle(host, zone)])
        if host not in self._gateways:
            self._chains[zone.id] = chains
        return chains

    def through(self, gateway: str) -> tuple[Alternative, ...]:
        """What keeps the way through `gateway` open: alternatives, each a set of systems that must all be up."""
        return self._ways_through(gateway, ())

    def _chains_to(self, host: str, passed: tuple[str, ...]) -> tuple[Alternative, ...]:
        zone = self.zone_of(host)
        if zone is None:
            return ((),)
        found = (
            (*chain, gateway.id)
            for gateway in zone.gateways
            if gateway.id not in passed and gateway.id in self._lead_out
            for chain in self._chains_to(gateway.id, (*passed, gateway.id))
        )
        return tuple(islice(found, MOST))

    def _ways_through(self, gateway: str, passed: tuple[str, ...]) -> tuple[Alternative, ...]:
        if gateway in passed:
            return ()
        known = self._through.get(gateway)
        if known is not None:
            return known
        host = self._inventory.hosts[gateway]
        own = self._own(gateway)
        if self._is_kept(gateway):
            ways: tuple[Alternative, ...] = (own,)
        else:
            ways = tuple(islice(self._outwards(host, own, (*passed, gateway)), MOST))
        if not passed:
            self._through[gateway] = ways
        return ways

    def _outwards(self, host: Host, own: Alternative, passed: tuple[str, ...]) -> Iterator[Alternative]:
        zone = None if host.zone is None else self._inventory.zones[host.zone.id]
        here = own if host.runs_on is None else (*own, host.runs_on.id)
        if zone is not None:
            here = (*here, *(ref.id for ref in zone.control_path))
        if self.zone_of(host.id) is None or zone is None:
            yield here
            return
        for gateway in zone.gateways:
            if gateway.id in self._lead_to_keepers:
                yield from ((*here, *way) for way in self._ways_through(gateway.id, passed))

    def _own(self, gateway: str) -> Alternative:
        """What the inventory says keeps the way through a gateway open; () where it says nothing."""
        way = self._inventory.hosts[gateway].way
        return self._on.get(gateway, ()) if way is None else (way.id,)

    def _is_kept(self, gateway: str) -> bool:
        """Whether what keeps the way open lives on the gateway itself, so that the search ends there."""
        return any(system in self._on.get(gateway, ()) for system in self._own(gateway))

    @cached_property
    def _lead_out(self) -> frozenset[str]:
        """The gateways from which some way leads out of all zones: the only ones worth a search."""
        return self._leading_to(gateway for gateway in self._gateways if self.zone_of(gateway) is None)

    @cached_property
    def _lead_to_keepers(self) -> frozenset[str]:
        """The gateways that are kept open by something, or lead to one that is, or out."""
        kept = (gateway for gateway in self._gateways if self.zone_of(gateway) is None or self._is_kept(gateway))
        return self._leading_to(kept)

    def _leading_to(self, ends: Iterable[str]) -> frozenset[str]:
        behind: dict[str, list[str]] = {}
        for gateway in self._gateways:
            zone = self.zone_of(gateway)
            for other in () if zone is None else zone.gateways:
                behind.setdefault(other.id, []).append(gateway)
        found = set(ends)
        queue = list(found)
        for gateway in queue:
            fresh = [other for other in behind.get(gateway, ()) if other not in found]
            found.update(fresh)
            queue += fresh
        return frozenset(found)

    @staticmethod
    def _circle(host: str, zone: Zone) -> Problem:
        names = ", ".join(gateway.id for gateway in zone.gateways)
        what = f"{host} can't be reached: the gateways of zone {zone.id} ({names}) lead back to each other."
        return Problem(zone.gateways[0].source, what, "Give one of them another way in.")


def _systems_by_host(inventory: Inventory) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for id in sorted(inventory.systems):
        for ref in inventory.systems[id].hosts:
            found.setdefault(ref.id, []).append(id)
    return {host: tuple(ids) for host, ids in found.items()}
