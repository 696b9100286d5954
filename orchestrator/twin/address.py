"""Where the simulated hosts live: one loopback address each, in the order of the inventory. Pure.

127.77.1.1 up to 127.77.1.250, then 127.77.2.1 and so on: no address that anything else on the machine is likely to
use, and none that ends in 0 or 255. All hosts share one unprivileged port.
"""

from collections.abc import Iterable, Mapping

PER_NET = 250
NETS = 254
DEFAULT_PORT = 2222
MOST_HOSTS = PER_NET * NETS


def addresses(hosts: Iterable[str]) -> Mapping[str, str]:
    """An address for every host id, the same for the same order. Raises ValueError past `MOST_HOSTS`."""
    given = {host: f"127.77.{1 + n // PER_NET}.{1 + n % PER_NET}" for n, host in enumerate(hosts)}
    if len(given) > MOST_HOSTS:
        raise ValueError(f"{len(given)} hosts, and the twin has room for {MOST_HOSTS}")
    return given
