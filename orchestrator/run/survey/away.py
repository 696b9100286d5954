"""Which hosts can't be reached as things stand, because of what runs left offline. Pure.

A host may be away when a run powered it off or cut it off, when what carries it is down, when its zone's control path
is, or when every chain of gateways to it passes one that is away or forwards nothing. If it answers all the same,
nothing follows from this.
"""

from collections.abc import Mapping

from orchestrator.graph.ways import Ways
from orchestrator.model.estate import Estate
from orchestrator.model.inventory import Host, Inventory
from orchestrator.model.terms import EstateState, Mode

_GONE = {EstateState.OFFLINE, EstateState.ISOLATED}


class Away:
    """Asks, for one inventory and estate, why a host may be away."""

    def __init__(self, inventory: Inventory, ways: Ways, estate: Estate) -> None:
        self._inventory = inventory
        self._ways = ways
        self._estate = estate
        self._known: dict[str, str | None] = {}
        self._cut = _cut_hosts(inventory, estate)

    def why(self, host: str) -> str | None:
        """Why `host` may be out of reach; None: nothing that a run did explains it."""
        if host not in self._known:
            self._known[host] = None  # a loop explains nothing
            self._known[host] = self._found(self._inventory.hosts[host])
        return self._known[host]

    def _found(self, host: Host) -> str | None:
        if host.id in self._cut:
            return self._cut[host.id]
        if host.runs_on is not None and self._is_gone(host.runs_on.id):
            return f"{host.runs_on.id}, which carries it, is {self._state(host.runs_on.id)}"
        zone = self._ways.zone_of(host.id)
        if zone is None:
            return None
        for ref in zone.control_path:
            if self._is_gone(ref.id):
                return f"{ref.id}, on the way to its zone, is {self._state(ref.id)}"
        blocked = [self._blocks(chain) for chain in self._ways.chains(host.id)]
        return blocked[0] if blocked and all(blocked) else None

    def _blocks(self, chain: tuple[str, ...]) -> str | None:
        for gateway in chain:
            keepers = self._ways.through(gateway)
            shut = [next((id for id in way if self._is_gone(id)), None) for way in keepers]
            if shut and all(shut):
                return f"its gateway {gateway} leads nowhere: {shut[0]} is {self._state(shut[0] or '')}"
            if (why := self.why(gateway)) is not None:
                return f"its gateway {gateway} is out of reach: {why}"
        return None

    def _is_gone(self, system: str) -> bool:
        return self._estate.record(system).state in _GONE

    def _state(self, system: str) -> str:
        return self._estate.record(system).state.value


def _cut_hosts(inventory: Inventory, estate: Estate) -> Mapping[str, str]:
    """The hosts that runs themselves powered off or cut off."""
    found: dict[str, str] = {}
    for system, record in estate.systems.items():
        for deed in record.deeds:
            if deed.mode is Mode.STOP:
                continue
            for host in deed.hosts:
                if host in inventory.hosts:
                    did = "powered it off" if deed.mode is Mode.POWEROFF else f"cut {system} off"
                    found[host] = f"run {deed.run} {did}"
    return found
