"""Processes by the hundred: an interpreter that has imported all of orch forks one for each command.

`python -m tests.kill.forks` reads one JSON line for each life, forks it, and says on a line how it ended. It has one
thread and no state of a run, so that a fork of it is the command from its first line on: its own process, files, lock
and sockets, all of which go with it. `Forks` is the other end. A life that does not end is ended, and said to hang.
"""

import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

import orchestrator
from tests.kill.child import Life, live

REPOSITORY = Path(__file__).resolve().parents[2]
LIMIT_S = 90.0
HANGS = 999
"""The code of a life that did not end by itself."""


# --- the server


@dataclass
class _Alive:
    """One life: which it is, and when it is killed; `hangs`: if it lives so long, it did not end by itself."""

    number: int
    pid: int
    until: float
    hangs: bool
    code: int | None = None

    def kill(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGKILL)
        self.code = HANGS if self.hangs else None
        self.until = time.monotonic() + LIMIT_S


def serve() -> None:
    """Forks until its standard input ends; then ends what still lives."""
    for module in pkgutil.walk_packages(orchestrator.__path__, "orchestrator."):
        importlib.import_module(module.name)
    gc.collect()
    gc.freeze()
    alive: dict[int, _Alive] = {}  # by pidfd
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        while True:
            now = time.monotonic()
            until = min((life.until for life in alive.values()), default=now + 60)
            for key, _ in selector.select(max(0.0, until - now)):
                if key.fd != 0:
                    selector.unregister(key.fd)
                    _ended(alive.pop(key.fd), key.fd)
                    continue
                data = os.read(0, 65536)
                if not data:
                    for life in alive.values():
                        life.kill()
                    return
                *lines, rest = (rest + data).split(b"\n")
                for life in map(_begun, lines):
                    fd = os.pidfd_open(life.pid)
                    selector.register(fd, selectors.EVENT_READ)
                    alive[fd] = life
            for life in alive.values():
                if time.monotonic() >= life.until:
                    life.kill()


def _begun(line: bytes) -> _Alive:
    """Begins the life that a line asks for."""
    order = json.loads(line)
    pid = _fork(Life(**order["life"] | {"words": tuple(order["life"]["words"])}))
    after_s = order["after_s"]
    return _Alive(order["number"], pid, time.monotonic() + (LIMIT_S if after_s is None else after_s), after_s is None)


def _ended(life: _Alive, fd: int) -> None:
    """Says how a life ended."""
    os.close(fd)
    code = os.waitstatus_to_exitcode(os.waitpid(life.pid, 0)[1])
    said = {"number": life.number, "code": code if life.code is None else life.code}
    os.write(1, json.dumps(said).encode() + b"\n")


def _fork(life: Life) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        said = os.open(life.out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for fd, to in ((nothing, 0), (said, 1), (said, 2)):
            os.dup2(fd, to)
        live(life)
    finally:
        os._exit(70)


# --- its other end


class Forks:
    """The server's process, and the lives that it was asked for."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.forks"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._asked = 0
        self._codes: dict[int, int] = {}

    def __enter__(self) -> "Forks":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def start(self, life: Life, *, after_s: float | None = None) -> int:
        """Begins a life; its number. `after_s`: it is killed so many seconds later, if it lives so long."""
        assert self._process.stdin is not None
        self._asked += 1
        order = {"number": self._asked, "life": asdict(life), "after_s": after_s}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return self._asked

    def wait(self, number: int) -> int:
        """How a life ended: its exit code, -9 for a killed one, HANGS."""
        assert self._process.stdout is not None
        while number not in self._codes:
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError("the process that forks has ended")
            said = json.loads(line)
            self._codes[said["number"]] = said["code"]
        return self._codes.pop(number)

    def run(self, life: Life, *, after_s: float | None = None) -> int:
        """Begins a life and waits for its end."""
        return self.wait(self.start(life, after_s=after_s))


@dataclass(frozen=True)
class Fresh:
    """The same, but each life begins with a new interpreter, as at a shell's prompt."""

    def run(self, life: Life, *, after_s: float | None = None) -> int:
        """Begins a life and waits for its end."""
        environment = (
            os.environ | life.environment() | {"ORCH_KILL_PASSAGES": life.passages, "ORCH_KILL_DIARY": life.diary}
        )
        command = [sys.executable, "-m", "tests.kill.child", life.point or "-", str(life.nth), "--", *life.words]
        with open(life.out, "ab") as said:
            process = subprocess.Popen(
                command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
            try:
                return process.wait(timeout=LIMIT_S if after_s is None else after_s)
            except subprocess.TimeoutExpired:
                process.kill()
                return process.wait() if after_s is not None else HANGS


if __name__ == "__main__":
    serve()
