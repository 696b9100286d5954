"""One command on one session, to the end of its output or of its time (contract sections 6 and 7).

- Both streams are kept up to the cap and drained past it until the deadline, so that a flood neither fills our memory
  nor stops the command. Past 1 MiB they are kept in a file without a name: fifty pieces of evidence of 64 MiB at once
  fit into no memory. What the disk does not take counts as cut.
- It is *whole* only if the host closed both streams itself and told an exit code. A lost connection looks like the end
  of a stream to who reads carelessly; the exit code may have come before the rest of the output.
- "The host would not run it" is said only where the host itself said so; anything else before its answer is a lost
  connection.
- It waits in one poll(2), never in a loop of naps.
"""

import os
import select
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO

import paramiko

from orchestrator.hosts.port import Times
from orchestrator.hosts.told import closed_by_host, refused_by_host

_CHUNK = 65536
IN_MEMORY = 1024 * 1024
"""Bytes of a stream that are kept in memory; what comes after them lies in a file until it is wanted."""
_BIG = "/var/tmp"  # no name is made in it; /tmp is memory on many systems


@dataclass(slots=True)
class Kept:
    """One stream: what was kept of it, and how much there was."""

    cap: int
    data: bytearray = field(default_factory=bytearray)  # its first megabyte
    sent: int = 0
    _rest: BinaryIO | None = None
    _in_rest: int = 0
    _is_full: bool = False

    @property
    def kept(self) -> int:
        """How many bytes were kept."""
        return len(self.data) + self._in_rest

    @property
    def is_cut(self) -> bool:
        """Whether there was more than was kept."""
        return self.sent > self.kept

    @property
    def is_large(self) -> bool:
        """Whether not all of it is in memory."""
        return self._rest is not None

    def add(self, chunk: bytes) -> None:
        """Keep what still fits."""
        self.sent += len(chunk)
        fits = chunk[: max(0, self.cap - self.kept)]
        if len(self.data) < IN_MEMORY:
            room = IN_MEMORY - len(self.data)
            self.data += fits[:room]
            fits = fits[room:]
        if fits and not self._is_full:
            self._spill(fits)

    def whole(self) -> bytes:
        """All that was kept."""
        if self._rest is None:
            return bytes(self.data)
        self._rest.seek(0)
        return bytes(self.data) + self._rest.read(self._in_rest)

    def _spill(self, chunk: bytes) -> None:
        try:
            if self._rest is None:
                folder = _BIG if os.access(_BIG, os.W_OK) else None
                self._rest = tempfile.TemporaryFile(buffering=0, dir=folder)  # noqa: SIM115 (gone with this stream)
            self._in_rest += self._rest.write(chunk)
        except OSError:
            self._is_full = True
            return
        self._is_full = self.is_cut  # a short write: nothing may follow after a gap


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
        return unknown("the host would not run it") if refused_by_host(channel) else lost()
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
    if not channel.eof_received and not closed_by_host(channel):
        return lost()
    channel.status_event.wait(max(0.0, deadline - time.monotonic()))
    if channel.exit_status < 0:
        if not closed_by_host(channel):
            return lost()
        return unknown("it ended without an exit code (killed by a signal?)")
    return Answer(channel.exit_status, out, err)


def _late(deadline: float) -> bool:
    return time.monotonic() >= deadline
