"""A command on a terminal of its own: what it shows can be read, keys can be pressed, and the terminal can go away."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.orch import LIMIT_S, REPOSITORY, SECRETS

CTRL_C = b"\x03"


@dataclass
class Terminal:
    """A process on a pseudo terminal. `shown` is what it has written so far."""

    process: "subprocess.Popen[bytes]"
    master: int
    shown: bytes = b""
    gone: bool = field(default=False)

    def read(self, seconds: float = 0.1) -> None:
        """Take in what it writes for a moment."""
        until = time.monotonic() + seconds
        while not self.gone and (left := until - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                return
            try:
                data = os.read(self.master, 65536)
            except OSError:  # nobody holds the other end any more
                return
            if not data:
                return
            self.shown += data

    def until(self, ready: Callable[[], bool]) -> None:
        """Read on until `ready` holds."""
        limit = time.monotonic() + LIMIT_S
        while not ready():
            assert time.monotonic() < limit, f"it never came to that; on the screen: {self.shown[-3000:]!r}"
            assert self.process.poll() is None or ready(), f"ended too early: {self.shown[-3000:]!r}"
            self.read()

    def press(self, keys: bytes) -> None:
        """Type on its keyboard."""
        os.write(self.master, keys)

    def hang_up(self) -> None:
        """The terminal goes away: a closed window, a lost login."""
        self.gone = True
        os.close(self.master)

    def end(self) -> int:
        """Wait for its end; the exit code."""
        limit = time.monotonic() + LIMIT_S
        while self.process.poll() is None:
            assert time.monotonic() < limit, f"it does not end; on the screen: {self.shown[-3000:]!r}"
            if self.gone:
                time.sleep(0.05)
            else:
                self.read()
        return self.process.returncode


@contextmanager
def on_terminal(
    workspace: Path, *words: str, controlling: bool = True, size: tuple[int, int] = (24, 80)
) -> Iterator[Terminal]:
    """`orch WORDS` on a terminal of `size` lines and columns.

    `controlling`: it is the process's own, so that its keys are signals and its end a SIGHUP. Otherwise it is only
    written to, as by a process that outlived its login.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))

    def take_it() -> None:
        os.setsid()
        if controlling:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    env = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestrator.cli.main", *words],
        cwd=REPOSITORY,
        env=env | SECRETS | {"ORCH_WORKSPACE": str(workspace), "ORCH_AS": "o.lang", "TERM": "xterm"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        preexec_fn=take_it,  # noqa: PLW1509  (pytest's process has one thread here, and execs at once)
    )
    os.close(slave)
    terminal = Terminal(process, master)
    try:
        yield terminal
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=LIMIT_S)
        if not terminal.gone:
            with contextlib.suppress(OSError):
                os.close(master)
