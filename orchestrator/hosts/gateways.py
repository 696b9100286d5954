"""The ways through gateways: each opened once, shared by all that lies behind it (contract section 8).

- A gateway is pinned, logged in to and limited in time like any host. Its connection is opened before anything uses it
  and kept until the end; one that was lost is opened again by who needs it next.
- Who waits while somebody else opens a gateway shares that one's failure, so that two hundred hosts behind a dead
  gateway wait for it once, not two hundred times.
- One that failed is not tried again for two seconds: who comes next hears the same at once. So those who wait for a
  gateway need not hold a thread while somebody opens it; they come when it is settled.
- A chain is opened from the outside in; chains are tried in the order given. A host that refuses key or login is not
  tried by another chain: it is the same host.
"""

import math
import time
from contextlib import suppress
from functools import partial
from threading import Lock

from orchestrator.hosts.connection import Opened, Opener
from orchestrator.hosts.port import HostSpec
from orchestrator.hosts.refusal import Refusal, of_all_chains
from orchestrator.hosts.sockets import GIVE_UP_S, Wire, open_tcp, open_through
from orchestrator.model.terms import Found

REFUSED_S = 2.0
Chain = tuple[HostSpec, ...]


class _Gateway:
    """A place for one gateway's connection."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.opened: Opened | None = None
        self.refusal: Refusal | None = None
        self.refused_at = -math.inf
        self.attempts = 0

    @property
    def is_open(self) -> bool:
        """Whether it stands open."""
        opened = self.opened
        return opened is not None and opened.is_alive

    @property
    def is_refused(self) -> bool:
        """Whether it has just been found that it can't be opened."""
        return self.refusal is not None and time.monotonic() < self.refused_at + REFUSED_S


class Gateways:
    """All gateways of one carrier."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._lock = Lock()
        self._gateways: dict[Chain, _Gateway] = {}
        self._mute: dict[Opened, float] = {}  # since when nothing has come by it
        self._closed = False

    def unsettled(self, spec: HostSpec) -> Chain | None:
        """The chain that must be opened, or found not to open, before anything goes to `spec`; None: nothing must."""
        for chain in spec.via:
            with self._lock:
                place = self._gateways.get(chain)
            if place is None or not (place.is_open or place.is_refused):
                return chain
            if place.is_open:
                return None
        return None

    def settle(self, chain: Chain) -> None:
        """Open `chain`, or find out that it does not open."""
        with suppress(Refusal):
            self._gateway(chain)

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
        try:
            wire = open_through(gateway.host, gateway.transport, spec.id, spec.address, spec.port, timeout)
        except Refusal as refusal:
            self._heard(gateway, mute=refusal.mute)
            raise
        self._heard(gateway, mute=False)
        return wire

    def _heard(self, gateway: Opened, *, mute: bool) -> None:
        """Give a gateway up that has said nothing for long: its process hangs, which the network doesn't notice."""
        now = time.monotonic()
        with self._lock:
            since = self._mute.setdefault(gateway, now) if mute else self._mute.pop(gateway, now)
        if mute and now >= since + GIVE_UP_S:
            gateway.end()

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
            if place.refusal is not None and (place.attempts != seen or place.is_refused):
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
                place.refused_at = time.monotonic()
                raise place.refusal from None
            finally:
                place.attempts += 1
            place.refusal = None
            return place.opened

    def _open(self, chain: Chain) -> Opened:
        *before, last = chain
        return self._opener.open(last, partial(self.dial, last, tuple(before)))
