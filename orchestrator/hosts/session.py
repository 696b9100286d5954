"""One command on one session, to the end of its output or of its time (contract sections 6 and 7).

- Both streams are kept up to the cap and drained past it until the deadline, so that a flood neither fills our memory
  nor stops the command.
- It is *whole* only if the host closed both streams itself and told an exit code. A lost connection looks like the end
  of a stream to who reads carelessly; the exit code may have come before the rest of the output.
- It waits in one poll(2), never in a loop of naps.
"""

import select
import time
from contextlib import suppress
from dataclasses import dataclass, field

import paramiko

from orchestrator.hosts.port import Times

_CHUNK = 65536


@dataclass(slots=True)
class Kept:
    """One stream: what was kept of it, and how much there was."""

    cap: int
    data: bytearray = field(default_factory=bytearray)
    sent: int = 0

    def add(self, chunk: bytes) -> None:
        """Keep what still fits."""
        self.sent += len(chunk)
        if len(self.data) < self.cap:
            self.data += chunk[: self.cap - len(self.data)]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `exit` is None, and `why` says more, where it is not whole."""

    exit: int | None
    stdout: Kept
    stderr: Kept
    why: str = ""
    timed_out: bool = False
    times: Times | None = None


def carry(channel: paramiko.Channel, line: str, stdin: bytes | None, cap: int, timeout_s: float) -> Answer:
    """Have the host run `line` and collect what it answers. Never raises for what happens after something was sent."""
    began = time.monotonic()
    deadline = began + timeout_s
    out, err = Kept(cap), Kept(cap)

    def unknown(why: str, *, timed_out: bool = False) -> Answer:
        return Answer(None, out, err, why, timed_out)

    def lost() -> Answer:
        passed = int(time.monotonic() - began)
        if time.monotonic() >= deadline:
            return unknown(f"no end within {timeout_s:g} s", timed_out=True)
        return unknown(f"connection lost after {passed // 60}:{passed % 60:02}")

    try:
        channel.exec_command(line)
        channel.settimeout(max(timeout_s, 0.1))
    except (paramiko.SSHException, EOFError, OSError):
        transport = channel.get_transport()
        return unknown("the host would not run it") if transport.is_active() and not _late(deadline) else lost()
    with suppress(OSError, EOFError):  # it may end without reading; what came back tells
        if stdin:
            channel.sendall(stdin)
        channel.shutdown_write()
    poller = select.poll()
    poller.register(channel.fileno(), select.POLLIN)
    while True:
        ended = channel.eof_received or channel.closed
        got = False
        if channel.recv_ready():
            out.add(channel.recv(_CHUNK))
            got = True
        if channel.recv_stderr_ready():
            err.add(channel.recv_stderr(_CHUNK))
            got = True
        if _late(deadline):
            return unknown(f"no end within {timeout_s:g} s", timed_out=True)
        if not got:
            if ended:
                break
            poller.poll(max(1, (deadline - time.monotonic()) * 1000))
    if not channel.eof_received:
        return lost()
    channel.status_event.wait(max(0.0, deadline - time.monotonic()))
    if channel.exit_status < 0:
        if not channel.get_transport().is_active() or not channel.closed:
            return lost()
        return unknown("it ended without an exit code (killed by a signal?)")
    return Answer(channel.exit_status, out, err)


def _late(deadline: float) -> bool:
    return time.monotonic() >= deadline
