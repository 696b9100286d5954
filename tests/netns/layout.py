"""Which machines there are, and how their cables run. The inventory (site/inventory.yaml) tells orch the same.

    operator --- core --- gw-app ---- web-1, app-1
                   |
                   +----- gw-data --- db-1, cache-1, gw-deep --- hv-1 --- vault-1, batch-1 (guests of hv-1)

The operator has a cable to the core and no route further: every host but the two outer gateways is reached through a
gateway, the deep zone through two.
"""

from dataclasses import dataclass

OPERATOR = "operator"
CORE = "core"


@dataclass(frozen=True)
class Plug:
    """One machine: where its cable ends, its address there, and what runs on it."""

    name: str
    at: str  # the machine, or the core, whose bridge its cable is in
    address: str
    router: str
    service: str  # what host/bin/service starts
    inside: str = ""  # of a gateway: its address in the zone behind it
    routes: tuple[tuple[str, str], ...] = ()  # of a gateway: (net, by which address)
    arguments: str = ""  # of the application


APP, DATA, DEEP = "10.90.1.0/24", "10.90.2.0/24", "10.90.3.0/24"
GW_APP, GW_DATA, GW_DEEP = "10.90.0.11", "10.90.0.12", "10.90.2.14"

PLUGS = (
    Plug("gw-app", CORE, GW_APP, "10.90.0.1", "gate", "10.90.1.1", ((DATA, GW_DATA), (DEEP, GW_DATA))),
    Plug("gw-data", CORE, GW_DATA, "10.90.0.1", "gate", "10.90.2.1", ((APP, GW_APP), (DEEP, GW_DEEP))),
    Plug("gw-deep", "gw-data", GW_DEEP, "10.90.2.1", "gate", "10.90.3.1"),
    Plug("web-1", "gw-app", "10.90.1.11", "10.90.1.1", "nginx"),
    Plug("app-1", "gw-app", "10.90.1.12", "10.90.1.1", "app", arguments="8000 /srv/app.pid 10.90.2.12 10.90.2.11"),
    Plug("db-1", "gw-data", "10.90.2.11", "10.90.2.1", "postgresql"),
    Plug("cache-1", "gw-data", "10.90.2.12", "10.90.2.1", "redis"),
    Plug("hv-1", "gw-deep", "10.90.3.11", "10.90.3.1", "hypervisor"),
    Plug("vault-1", "hv-1", "10.90.3.21", "10.90.3.1", "redis"),
    Plug("batch-1", "hv-1", "10.90.3.22", "10.90.3.1", "app", arguments="8000 /srv/app.pid 10.90.3.21 10.90.2.11"),
)
PLUG = {plug.name: plug for plug in PLUGS}
HYPERVISORS = ("hv-1",)
HOST_OF = {
    "gate-app": "gw-app",
    "gate-data": "gw-data",
    "gate-deep": "gw-deep",
    "web": "web-1",
    "app": "app-1",
    "db": "db-1",
    "cache": "cache-1",
    "hv": "hv-1",
    "vault": "vault-1",
    "batch": "batch-1",
}
"""The host of each system."""


def net_of(address: str) -> str:
    """The net that an address is in."""
    return f"{address.rpartition('.')[0]}.0/24"
