"""The twin's inventory as one file: the same values as the real one, but where every host is and how one logs in. Pure.

Written from the values, not copied from the files, so that no host of the real inventory can be left in it: address,
port and identity of all hosts are the twin's own. ssh_config is not carried over.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from orchestrator.model.inventory import After, Host, Inventory, Requirement, SecretRef, Service, System, Zone

DEFAULT_PRIORITY = 50


def inventory_text(inventory: Inventory, addresses: Mapping[str, str], port: int, identity: str, origin: str) -> str:
    """The file's text."""
    head = (
        f"# REHEARSAL: the twin of {origin}, inventory {inventory.name}. Never the real one.\n"
        "# Written by `orch twin up`; every host in it is simulated on this machine.\n"
    )
    document = _without_empty(
        {
            "defaults": {"hosts": {"port": port, "identity": identity}},
            "customers": {c.id: {"name": c.name, "language": c.language} for c in inventory.customers.values()},
            "zones": {zone.id: _zone(zone) for zone in inventory.zones.values()},
            "hosts": {host.id: _host(host, addresses[host.id]) for host in inventory.hosts.values()},
            "systems": {system.id: _system(system) for system in inventory.systems.values()},
            "operator": {"control_path": [ref.id for ref in inventory.operator_control_path]},
            "services": {service.id: _service(service) for service in inventory.services.values()},
        }
    )
    if not inventory.operator_control_path:
        document.pop("operator")
    return head + yaml.dump(
        document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=118, default_flow_style=None
    )


class _Plain(yaml.SafeDumper):
    """No anchors or aliases: orch reads none."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _without_empty(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value not in (None, {}, [])}


def _zone(zone: Zone) -> dict[str, Any]:
    gateways = [ref.id for ref in zone.gateways]
    return _without_empty(
        {
            "gateway": gateways[0] if len(gateways) == 1 else gateways,
            "control_path": [ref.id for ref in zone.control_path],
            "requires": _requires(zone.requires),
            "parallel": zone.parallel,
        }
    )


def _host(host: Host, address: str) -> dict[str, Any]:
    return _without_empty(
        {
            "address": address,
            "user": host.user,
            "zone": None if host.zone is None else host.zone.id,
            "platform": host.platform.value,
            "runs_on": None if host.runs_on is None else host.runs_on.id,
            "way": None if host.way is None else host.way.id,
            "receipts": None if host.receipts else False,
        }
    )


def _system(system: System) -> dict[str, Any]:
    return _without_empty(
        {
            "kind": system.kind,
            "hosts": [ref.id for ref in system.hosts],
            "owner": system.owner,
            "requires": _requires(system.requires),
            "after": [_after(after) for after in system.after],
            "vars": {k: {"secret": v.ref} if isinstance(v, SecretRef) else v for k, v in system.vars.items()},
            "labels": dict(system.labels),
            "priority": None if system.priority == DEFAULT_PRIORITY else system.priority,
            "protected": system.protected,
            "managed": "external" if system.external else None,
            "serial": None if system.serial else False,
        }
    ) | ({} if system.customers is None else {"customers": list(system.customers)})


def _service(service: Service) -> dict[str, Any]:
    name = service.names[""] if set(service.names) == {""} else dict(service.names)
    return _without_empty(
        {
            "name": name,
            "customers": "all" if service.customers is None else list(service.customers),
            "requires": _requires(service.requires),
        }
    )


def _requires(requirements: tuple[Requirement, ...]) -> list[Any]:
    return [
        one.alternatives[0]
        if len(one.alternatives) == 1 and one.at_least == 1
        else {"any": list(one.alternatives), "at_least": one.at_least}
        for one in requirements
    ]


def _after(after: After) -> Any:
    return after.system if after.when is None else {"system": after.system, "when": after.when.value}
