"""`ProxyJump` of an ssh_config becomes the gateway of a zone, as if the inventory said it (section 8).

Orch's ways are the zones': what is reached the same way goes down before that way does. So:

- A zone that names its gateway keeps it: the inventory wins, and `ProxyJump` of its hosts is passed over.
- In any other zone all hosts must be reached through the same host, which becomes the gateway; a gateway inside the
  zone is reached directly. A host that stands in no zone can't have a `ProxyJump`.
- `ProxyJump a,b` says that the host is reached through b, and b through a.
- A hop is a host of the inventory, by its id or its address: its key is pinned, its user and port are its own. Another
  user or port in the jump is a problem.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from orchestrator.model.errors import Problem
from orchestrator.model.inventory import Host, Inventory, Zone
from orchestrator.model.source import Ref, Source
from orchestrator.workspace.reader import shorten
from orchestrator.workspace.ssh_config_file import Line

_HOP = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@\s]+)@)?(?:\[(?P<six>[^\]]+)\]|(?P<name>[^:\[\]/@\s]+))(?::(?P<port>\d+))?/?\Z"
)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A host is reached through another: where that is said."""

    through: str
    source: Source


def with_jumps(
    inventory: Inventory, jumps: Mapping[str, Line], resolve: Callable[[str], str | None], problems: list[Problem]
) -> Inventory:
    """`inventory` with the gateways that `jumps` (host -> its ProxyJump) give to zones that name none.

    `resolve`: the HostName of a name that is no host of the inventory.
    """
    hops = _Hops(inventory, resolve)
    open_zones = {id for id, zone in inventory.zones.items() if not zone.gateways}
    claims: dict[str, _Claim] = {}
    for id, line in jumps.items():
        zone = inventory.hosts[id].zone
        if zone is not None and zone.id not in open_zones:
            continue
        _claim(id, line, hops, claims, problems)
    members: dict[str, list[Host]] = {}
    for host in inventory.hosts.values():
        if host.zone is not None and host.zone.id in open_zones:
            members.setdefault(host.zone.id, []).append(host)
        elif host.zone is None and host.id in claims:
            claim = claims[host.id]
            what = f"host {host.id} ({host.source}) is reached through {claim.through}, and stands in no zone."
            advice = "Put it into a zone with all that is reached the same way."
            problems.append(Problem(claim.source, what, advice, ("hosts", host.id)))
    zones = dict(inventory.zones)
    for id, hosts in members.items():
        gateway = _gateway_of(inventory.zones[id], hosts, claims, problems)
        if gateway is not None:
            zones[id] = replace(zones[id], gateways=(gateway,))
    return replace(inventory, zones=zones)


def _claim(id: str, line: Line, hops: "_Hops", claims: dict[str, _Claim], problems: list[Problem]) -> None:
    """Notes what one ProxyJump says, from the host outwards."""
    if [value.lower() for value in line.values] == ["none"]:
        return
    behind = id
    for hop in reversed(" ".join(line.values).split(",")):
        found = hops.host(hop, id, line)
        if isinstance(found, Problem):
            problems.append(found)
            return
        before = claims.get(behind)
        if hops.has_a_gateway(behind):
            return  # from here on the inventory says the way
        if before is not None and before.through != found:
            what = f"{behind} is reached through {found} here, and through {before.through} in {before.source}."
            problems.append(Problem(line.source, what, "A host has one way in.", ("hosts", id)))
            return
        claims.setdefault(behind, _Claim(found, line.source))
        behind = found


class _Hops:
    """What the words of a ProxyJump stand for."""

    def __init__(self, inventory: Inventory, resolve: Callable[[str], str | None]) -> None:
        self._inventory = inventory
        self._resolve = resolve
        self._by_address: dict[str, list[str]] = {}
        for host in inventory.hosts.values():
            self._by_address.setdefault(host.address, []).append(host.id)

    def has_a_gateway(self, host: str) -> bool:
        """Whether the inventory itself says how `host` is reached."""
        zone = self._inventory.hosts[host].zone
        return zone is not None and bool(self._inventory.zones[zone.id].gateways)

    def host(self, hop: str, behind: str, line: Line) -> str | Problem:
        """The host of the inventory that a hop to `behind` is, or what is wrong with it."""

        def wrong(what: str, advice: str = "") -> Problem:
            return Problem(line.source, f"{line.written} of {behind}: {what}", advice, ("hosts", behind))

        match = _HOP.match(hop)
        if match is None:
            return wrong(f'"{shorten(hop)}" is no hop; expected [user@]host[:port].')
        name = match["six"] or match["name"]
        found = [name] if name in self._inventory.hosts else self._at(name)
        if not found:
            return wrong(f"{shorten(name)} is no host of the inventory.", "Every hop is pinned: add it to hosts.")
        if len(found) > 1:
            return wrong(f"{shorten(name)} is the address of {' and '.join(sorted(found))}.", "Name one by its id.")
        host = self._inventory.hosts[found[0]]
        user, port = match["user"] or host.user, match["port"] or str(host.port)
        if (user, port) != (host.user, str(host.port)):
            its = f"host {host.id} ({host.source}) has {host.user}, port {host.port}"
            return wrong(f"it says {shorten(user)}, port {port}, but {its}.", "Write it with the host.")
        return host.id

    def _at(self, name: str) -> list[str]:
        return self._by_address.get(name) or self._by_address.get(self._resolve(name) or name, [])


def _gateway_of(zone: Zone, hosts: list[Host], claims: Mapping[str, _Claim], problems: list[Problem]) -> Ref | None:
    """The gateway of a zone that names none; None where no host of it has a way of its own, or after a problem."""
    through = {claims[host.id].through: claims[host.id].source for host in reversed(hosts) if host.id in claims}
    if not through:
        return None
    found = [*_several_ways(zone, hosts, claims), *_without_a_way(zone, hosts, claims, through)]
    if found:
        problems += found[:1]
        return None
    ((gateway, source),) = through.items()
    return Ref(gateway, source)


def _several_ways(zone: Zone, hosts: list[Host], claims: Mapping[str, _Claim]) -> Iterator[Problem]:
    first = next(host for host in hosts if host.id in claims)
    way = claims[first.id]
    for host in hosts:
        other = claims.get(host.id, way)
        if other.through != way.through:
            what = (
                f"zone {zone.id} ({zone.source}) would be reached two ways: {host.id} through {other.through}, "
                f"{first.id} through {way.through} ({way.source})."
            )
            advice = "Give the zone its gateway, a list where any of them will do, or make two zones of it."
            yield Problem(other.source, what, advice, ("zones", zone.id))


def _without_a_way(
    zone: Zone, hosts: list[Host], claims: Mapping[str, _Claim], through: Mapping[str, Source]
) -> Iterator[Problem]:
    for host in hosts:
        if host.id not in claims and host.id not in through:
            gateway, source = next(iter(through.items()))
            what = (
                f"zone {zone.id} ({zone.source}) is reached through {gateway}, but its host {host.id} has no ProxyJump."
            )
            advice = f"Give the zone `gateway: {gateway}`, or {host.id} another zone."
            yield Problem(source, what, advice, ("zones", zone.id))
