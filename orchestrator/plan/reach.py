"""How every host of a plan is reached: address, chains of gateways, pinned keys, all that SSH needs (sections 4, 8)."""

from collections.abc import Iterable

from orchestrator.graph.ways import Ways
from orchestrator.model.plan import NO_HOST, PlanHost
from orchestrator.model.workspace import Workspace


def hosts_of(ws: Workspace, ways: Ways, used: Iterable[str]) -> dict[str, PlanHost]:
    """The hosts that are used and every gateway on a chain to them, by id."""
    chains = {host: ways.chains(host) for host in set(used) - {NO_HOST}}
    gateways = {gateway for way in set(chains.values()) for chain in way for gateway in chain}
    chains.update({gateway: ways.chains(gateway) for gateway in gateways})
    return {host: _host(ws, host, chains[host]) for host in sorted(chains)}


def _host(ws: Workspace, id: str, chains: tuple[tuple[str, ...], ...]) -> PlanHost:
    host = ws.inventory.hosts[id]
    keys = ws.known_hosts.keys_for(id, host.address, host.port)
    return PlanHost(
        address=host.address,
        port=host.port,
        user=host.user,
        platform=host.platform,
        zone=None if host.zone is None else host.zone.id,
        identity=host.identity,
        receipts=host.receipts,
        via=chains,
        keys=tuple([key.fingerprint for key in keys]),
        key_types=tuple(dict.fromkeys(key.type for key in keys)),
    )
