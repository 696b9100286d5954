"""The ways through gateways: each opened once, shared by all that lies behind it (contract section 8).

- A gateway is pinned, logged in to and limited in time like any host. Its connection is opened before anything uses it
  and kept until the end; one that was lost is opened again by who needs it next.
- Who waits while somebody else opens a gateway shares that one's failure, so that two hundred hosts behind a dead
  gateway wait for it once, not two hundred times.
- A chain is opened from the outside in; chains are tried in the order given. A host that refuses key or login is not
  tried by another chain: it is the same host.
"""

from functools import partial
from threading import Lock

from orchestrator.hosts.connection import Opened, Opener
from orchestrator.hosts.port import HostSpec
from orchestrator.hosts.refusal import Refusal, of_all_chains
from orchestrator.hosts.sockets import Wire, open_tcp, open_through
from orchestrator.model.terms import Found

Chain = tuple[HostSpec, ...]


class _Gateway:
    """A place for one gateway's connection."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.opened: Opened | None = None
        self.refusal: Refusal | None = None
        self.attempts = 0


class Gateways:
    """All gateways of one carrier."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._lock = Lock()
        self._gateways: dict[Chain, _Gateway] = {}
        self._closed = False

    def connect(self, spec: HostSpec) -> Opened:
        """A new connection to `spec`, by the first chain that leads there. Raises Refusal."""
        refusals: list[Refusal] = []
        for chain in spec.via or ((),):
            try:
                if chain:
                    self._gateway(chain)  # whoever waits for it must not hold one of the host's handshakes
                return self._opener.open(spec, partial(self.dial, spec, chain))
            except Refusal as refusal:
                if refusal.at == spec.id and refusal.found in {Found.KEY, Found.LOGIN}:
                    raise
                refusals.append(refusal)
        raise of_all_chains(refusals)

    def dial(self, spec: HostSpec, chain: Chain) -> Wire:
        """A wire to the SSH port of `spec` through `chain`. Raises Refusal."""
        timeout = self._opener.connect_timeout_s
        if not chain:
            return open_tcp(spec.id, spec.address, spec.port, timeout)
        gateway = self._gateway(chain)
        return open_through(gateway.host, gateway.transport, spec.id, spec.address, spec.port, timeout)

    def close(self) -> None:
        """Close all gateways, the innermost first."""
        with self._lock:
            self._closed = True
            gateways = sorted(self._gateways.items(), key=lambda item: -len(item[0]))
        for _, gateway in gateways:
            if gateway.opened is not None:
                gateway.opened.close()

    def _gateway(self, chain: Chain) -> Opened:
        with self._lock:
            place = self._gateways.setdefault(chain, _Gateway())
            seen = place.attempts
        with place.lock:
            if place.opened is not None and place.opened.is_alive:
                return place.opened
            if place.attempts != seen and place.refusal is not None:
                raise place.refusal
            if self._closed:
                raise Refusal(Found.UNREACHABLE, chain[-1].id, "everything was given up")
            if place.opened is not None:
                place.opened.close()
            place.opened = None
            try:
                place.opened = self._open(chain)
            except Refusal as refusal:
                # To whom is behind it, a gateway that is silent is no host that is silent.
                place.refusal = Refusal(refusal.found, refusal.at, f"gateway {refusal.why}")
                raise place.refusal from None
            finally:
                place.attempts += 1
            return place.opened

    def _open(self, chain: Chain) -> Opened:
        *before, last = chain
        return self._opener.open(last, partial(self.dial, last, tuple(before)))
