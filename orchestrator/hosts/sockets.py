"""The ways to a host's SSH port: a socket of our own, or a channel through a gateway (contract section 8).

- A socket sends at once (TCP_NODELAY: without it every command takes 50 ms more) and gives up on a peer that no longer
  acknowledges anything (TCP_USER_TIMEOUT), which keepalives alone do not notice for a quarter of an hour.
- A channel has the largest window there is, and closes last (`last_word`): a byte sent after the close of one channel
  makes OpenSSH drop the gateway's whole connection, and everybody else's with it.
- What fails here is a Refusal that says where, and whether the port itself is silent. A host behind a gateway is silent
  only while the gateway answers: a cut on the way to the gateway looks the same from behind it, for 45 seconds.
"""

import errno
import socket
from contextlib import suppress
from typing import Protocol

import paramiko

from orchestrator.hosts.last_word import closing_last
from orchestrator.hosts.refusal import Refusal
from orchestrator.model.terms import Found

GIVE_UP_S = 45
_ANSWER_S = 5.0
_WINDOW = 2**31 - 1
_OUR_SIDE = {
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.EACCES,
    errno.EPERM,
    errno.EMFILE,
    errno.ENFILE,
    errno.EADDRNOTAVAIL,
}


class Wire(Protocol):
    """What paramiko needs of a socket, and how another thread ends it."""

    def send(self, data: bytes, /) -> int: ...
    def recv(self, size: int, /) -> bytes: ...
    def settimeout(self, seconds: float | None, /) -> None: ...
    def close(self) -> None: ...
    def end(self) -> None:
        """End it from any thread: whoever waits on it wakes up."""


class TcpWire(socket.socket):
    """A TCP connection of our own."""

    def end(self) -> None:
        """End it from any thread."""
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)


class ChannelWire:
    """A connection forwarded by a gateway."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._closed = False  # paramiko's Transport looks at it by this name

    def send(self, data: bytes, /) -> int:
        """Send some of `data`; never after the close."""
        return self._channel.send(data)

    def recv(self, size: int, /) -> bytes:
        """What has come; b"" at the end."""
        return self._channel.recv(size)

    def settimeout(self, seconds: float | None, /) -> None:
        """For `send` and `recv`."""
        self._channel.settimeout(seconds)

    def close(self) -> None:
        """Close the channel, once."""
        self._closed = True
        with suppress(paramiko.SSHException, EOFError, OSError):  # the gateway is lost: paramiko's thread would say so
            self._channel.close()

    end = close


def open_tcp(host: str, address: str, port: int, timeout: float) -> TcpWire:
    """A TCP connection to `host`."""
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = f"{host}: its address {address} can't be found ({_text(error)})"
        raise Refusal(Found.UNREACHABLE, host, why) from None
    refusal = Refusal(Found.UNREACHABLE, host, f"{host}: no address")
    for family, kind, protocol, _, where in found:
        wire: TcpWire | None = None
        try:
            wire = TcpWire(family, kind, protocol)
            wire.settimeout(timeout)
            wire.connect(where)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GIVE_UP_S * 1000)
        except OSError as error:
            if wire is not None:
                wire.close()
            what = f"no answer within {timeout:g} s" if isinstance(error, TimeoutError) else _text(error)
            why = f"{host}: {address} port {port}: {what}"
            refusal = Refusal(Found.UNREACHABLE, host, why, silent=error.errno not in _OUR_SIDE)
        else:
            return wire
    raise refusal


def open_through(
    gateway: str, transport: paramiko.Transport, host: str, address: str, port: int, timeout: float
) -> ChannelWire:
    """A connection to `host` forwarded by `gateway`, on whose `transport` we are."""
    way = f"{host}: {address} port {port}, through {gateway}"
    for _ in range(3):
        try:
            channel = transport.open_channel(
                "direct-tcpip", (address, port), ("127.0.0.1", 0), window_size=_WINDOW, timeout=timeout
            )
        except paramiko.ChannelException as error:
            if error.code == 2:  # connect failed: the gateway works, the host does not answer
                why = f"{way}: it does not answer"
                raise Refusal(Found.UNREACHABLE, host, why, silent=True) from None
            why = f"{way}: the gateway does not forward ({error.text or error.code})"
            raise Refusal(Found.UNREACHABLE, gateway, why) from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            if not transport.is_active():
                why = f"{host}: the connection to its gateway {gateway} was lost"
                raise Refusal(Found.UNREACHABLE, gateway, why) from None
            if "imeout" in str(error):
                if not _answers(transport):
                    why = f"{host}: its gateway {gateway} has stopped answering"
                    raise Refusal(Found.UNREACHABLE, gateway, why, mute=True) from None
                why = f"{way}: no answer within {timeout:g} s"
                raise Refusal(Found.UNREACHABLE, host, why, silent=True) from None
            # Paramiko keeps one error per connection, and another thread took ours away: only asking again tells.
        else:
            return ChannelWire(closing_last(channel))
    raise Refusal(Found.UNREACHABLE, host, f"{way}: could not be opened")


def _answers(transport: paramiko.Transport) -> bool:
    """Whether the gateway on whose `transport` we are still says anything."""
    try:
        closing_last(transport.open_session(timeout=_ANSWER_S)).close()
    except paramiko.ChannelException:
        return True  # a no is an answer
    except (paramiko.SSHException, EOFError, OSError):
        return False
    return True


def _text(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
