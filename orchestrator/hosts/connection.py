"""One SSH connection, pinned, by fabric (contract section 8).

- Fabric gets everything from us: a Config of its own for each connection (a shared one races), no ssh_config, no
  environment, no fabric.yaml, no agent forwarding. X11 is never asked for.
- The key is judged before we log in (`pins`), the login is by key (`login`), time is always limited.
- At most 8 handshakes at a time go to one address: OpenSSH drops connections at random past 10 that are not logged in.
  One that is dropped nevertheless is tried again, because nothing has been sent.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from threading import BoundedSemaphore, Lock

import fabric
import paramiko

from orchestrator.hosts.login import KeyRing
from orchestrator.hosts.pins import PinnedKey, disabled_algorithms
from orchestrator.hosts.port import HostSpec
from orchestrator.hosts.refusal import Refusal
from orchestrator.hosts.sockets import Wire
from orchestrator.hosts.told import TellingTransport
from orchestrator.model.terms import Found

HANDSHAKES = 8
KEEPALIVE_S = 15
_AUTH_S = 30.0
_PAUSES = (0.3, 1.0)

_log = logging.getLogger("paramiko")
_log.addHandler(logging.NullHandler())
_log.setLevel(logging.CRITICAL + 1)  # its threads log tracebacks; what matters of them is in our outcomes


class Opened:
    """An open connection: fabric's, and the wire beneath it by which any thread can end it."""

    def __init__(self, host: str, connection: fabric.Connection, wire: Wire) -> None:
        self.host = host
        self._connection = connection
        self._wire = wire
        self.login_s = 0.0

    @property
    def transport(self) -> paramiko.Transport:
        """The transport, on which sessions and channels are opened."""
        transport: paramiko.Transport = self._connection.transport
        return transport

    @property
    def is_alive(self) -> bool:
        """Whether it has not been seen to end."""
        return bool(self._connection.is_connected)

    def end(self) -> None:
        """End it from any thread, without waiting; whoever waits for an answer on it learns that it is lost."""
        self._wire.end()

    def close(self) -> None:
        """Close it and free what it holds."""
        with suppress(OSError, EOFError, paramiko.SSHException):
            self._connection.close()
        self._wire.end()
        self._wire.close()


class Opener:
    """Opens connections on wires."""

    def __init__(self, keys: KeyRing, connect_timeout_s: float) -> None:
        self.connect_timeout_s = connect_timeout_s
        self._keys = keys
        self._lock = Lock()
        self._slots: dict[tuple[str, int], BoundedSemaphore] = defaultdict(lambda: BoundedSemaphore(HANDSHAKES))

    def open(self, spec: HostSpec, dial: Callable[[], Wire]) -> Opened:
        """Log in to `spec` on a wire that `dial` gives. Raises Refusal."""
        if not spec.keys:
            raise Refusal(Found.KEY, spec.id, f"{spec.id}: known_hosts has no key for it")
        login = self._keys.login(spec)
        with self._lock:
            slot = self._slots[spec.address, spec.port]
        for pause in (*_PAUSES, None):
            try:
                with slot:
                    began = time.monotonic()
                    opened = self._handshake(spec, dial(), login)
                    opened.login_s = time.monotonic() - began
                    return opened
            except Refusal as refusal:
                if not refusal.brief or pause is None:
                    raise
                time.sleep(pause)
        raise AssertionError("unreachable")

    def _handshake(self, spec: HostSpec, wire: Wire, login: object) -> Opened:
        connection = fabric.Connection(
            spec.address,
            user=spec.user,
            port=spec.port,
            config=fabric.Config(lazy=True, overrides={"load_ssh_configs": False}),
            forward_agent=False,
            connect_kwargs={
                "sock": wire,
                "transport_factory": TellingTransport,
                "timeout": self.connect_timeout_s,
                "banner_timeout": self.connect_timeout_s,
                "auth_timeout": _AUTH_S,
                "disabled_algorithms": disabled_algorithms(spec.key_types),
                "auth_strategy": login,
            },
        )
        connection.client.set_missing_host_key_policy(PinnedKey(spec.id, spec.keys))
        opened = Opened(spec.id, connection, wire)
        try:
            connection.open()
        except Refusal:
            opened.close()
            raise
        except (paramiko.SSHException, EOFError, OSError) as error:
            opened.close()
            raise _of_handshake(spec, error) from None
        except BaseException:
            opened.close()
            raise
        connection.transport.set_keepalive(KEEPALIVE_S)
        return opened


def _of_handshake(spec: HostSpec, error: Exception) -> Refusal:
    where = f"{spec.id}: {spec.address} port {spec.port}"
    if isinstance(error, paramiko.AuthenticationException):
        return Refusal(Found.LOGIN, spec.id, f"{spec.id}, as {spec.user}: {error}")
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        types = ", ".join(spec.key_types)
        if "key" in str(error).lower() and spec.key_types:
            return Refusal(Found.KEY, spec.id, f"{where}: it has no host key of the pinned type ({types})")
        return Refusal(Found.UNREACHABLE, spec.id, f"{where}: no common algorithms ({error})")
    why = str(error) or "the connection was closed"
    return Refusal(Found.UNREACHABLE, spec.id, f"{where}: no SSH handshake ({why})", brief="imeout" not in why)
