"""A disk on which the Nth call of a kind goes wrong: full, broken, or taking only a part of what is written.

Only files below one folder count. What an fsync makes durable is only noted, so that a test can ask what would be left.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Fault:
    """What goes wrong. `stays`: from then on nothing new finds room; `half`: a part of the bytes is taken first;
    `loses`: what a failed fsync should have made durable is gone, though a second one succeeds."""

    name: str
    errno: int
    stays: bool = False
    half: bool = False
    loses: bool = False


FULL = Fault("full", errno.ENOSPC, stays=True)
SHORT = Fault("short", errno.ENOSPC, stays=True, half=True)
BROKEN = Fault("broken", errno.EIO)
LOSING = Fault("losing", errno.EIO, loses=True)

GROWING = frozenset({"write", "create", "mkdir"})
"""Calls that need room: those that a full disk goes on refusing."""


@dataclass
class FaultyDisk:
    """The `nth` passage of `call` below `root` fails; 0: none does."""

    root: Path
    call: str = "write"
    nth: int = 0
    fault: Fault = FULL
    passed: int = 0
    fired: bool = False
    working: bool = True
    durable: dict[int, int] = field(default_factory=dict)  # inode -> bytes
    lost: dict[int, str] = field(default_factory=dict)  # inode -> where it lies

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """From here on, until the patch is undone."""
        self._wrap_write(patch, "write")
        self._wrap_write(patch, "pwrite")
        self._wrap_open(patch)
        self._wrap_fsync(patch)
        for name, call in (("rename", "rename"), ("mkdir", "mkdir"), ("unlink", "unlink")):
            self._wrap_path(patch, name, call)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Nothing fails meanwhile, and nothing counts."""
        before, self.working = self.working, False
        try:
            yield
        finally:
            self.working = before

    def mend(self) -> None:
        """There is room again, and nothing fails any more; what was lost is missed now."""
        self.working = False
        for inode, path in self.lost.items():
            if os.path.isfile(path):
                os.truncate(path, self.durable.get(inode, 0))
        self.lost.clear()

    def durable_bytes(self, path: Path) -> bytes:
        """What is left of a file should the power go now."""
        return path.read_bytes()[: self.durable.get(path.stat().st_ino, 0)] if path.exists() else b""

    def _check(self, call: str, path: str) -> bool:
        """Whether this call goes wrong now."""
        if not self.working or not path.startswith(str(self.root)):
            return False
        if self.fired and self.fault.stays and call in GROWING:
            return True
        if call != self.call:
            return False
        self.passed += 1
        if self.passed != self.nth:
            return False
        self.fired = True
        return True

    def _error(self) -> OSError:
        return OSError(self.fault.errno, os.strerror(self.fault.errno))

    def _path(self, fd: int) -> str:
        return os.readlink(f"/proc/self/fd/{fd}")

    def _wrap_write(self, patch: pytest.MonkeyPatch, name: str) -> None:
        real = getattr(os, name)

        def write(fd: int, data: Any, *rest: Any) -> int:
            first = not self.fired
            if not self._check("write", self._path(fd)):
                return int(real(fd, data, *rest))
            if self.fault.half and first:
                return int(real(fd, bytes(data)[: len(data) // 2], *rest))
            raise self._error()

        patch.setattr(os, name, write)

    def _wrap_fsync(self, patch: pytest.MonkeyPatch) -> None:
        def fsync(fd: int) -> None:
            path, inode = self._path(fd), os.fstat(fd).st_ino
            if self._check("fsync", path):
                if self.fault.loses:
                    self.lost[inode] = path
                raise self._error()
            if inode not in self.lost:
                self.durable[inode] = os.fstat(fd).st_size

        patch.setattr(os, "fsync", fsync)

    def _wrap_open(self, patch: pytest.MonkeyPatch) -> None:
        real = os.open

        def opened(path: Any, flags: int, *rest: Any, **more: Any) -> int:
            if flags & os.O_CREAT and not os.path.exists(path) and self._check("create", os.path.abspath(path)):
                raise self._error()
            return int(real(path, flags, *rest, **more))

        patch.setattr(os, "open", opened)

    def _wrap_path(self, patch: pytest.MonkeyPatch, name: str, call: str) -> None:
        real: Callable[..., None] = getattr(os, name)

        def done(path: Any, *rest: Any, **more: Any) -> None:
            where = os.path.abspath(rest[0] if name == "rename" else path)
            if not (call == "mkdir" and os.path.isdir(where)) and self._check(call, where):
                raise self._error()
            real(path, *rest, **more)

        patch.setattr(os, name, done)
