"""A disk that loses what was not made durable: the system calls of this process, watched and broken on purpose.

The files are real (in a folder in memory); what is simulated is how they survive. While a `Disk` is at work, writes,
fsyncs, renames and removals go through it:

* Every call, and every dispatch of a command, is a boundary, before it and after it: at one of them the process may
  be killed (`Crashed`, which nothing in orch catches). A dead process touches nothing any more.
* A cut of the power loses what was not fsynced, bytes as well as names: all of it, none of it, or torn anywhere.
* A fault fails one call: no space (before the write or in the midst of it), or an error of the device. What a failed
  fsync did not write may be gone, though a later fsync "succeeds". A full disk stays full until it is mended.

Nothing is really fsynced: that would only cost time.
"""

import errno
import os
import random
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WATCHED = ("write", "pwrite", "fsync", "ftruncate", "rename", "unlink", "mkdir", "posix_fadvise")
_SHADOWS = "shadows"


class Crashed(BaseException):
    """The process was killed here."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A rename or a removal whose folder has not been fsynced since."""

    folders: frozenset[int]
    was: str
    now: str


class Disk:
    """What lies under `root`, and what of it would survive."""

    def __init__(self, root: Path, rng: random.Random) -> None:
        self._rng = rng
        self._root = root
        self._shadows = root / _SHADOWS
        self._shadows.mkdir()
        self._real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in _WATCHED}
        self._durable: dict[int, int] = {}  # files with bytes that were not fsynced -> how many were
        self._doomed: dict[int, int] = {}  # files whose fsync failed -> how many bytes are really there
        self._cut: dict[int, bytes] = {}  # what was cut off a file and may come back
        self._names: list[_Name] = []
        self._n = 0
        self.calls = 0
        self.crash_at: int | None = None
        self.fault_at: int | None = None
        self.is_full = False
        self.has_failed = False
        self.dead = False
        self.elsewhere = 0
        self.trail: list[str] | None = None

    # -- who is at work ----------------------------------------------------------------------------------------

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Watch the system calls of this process."""
        for name in _WATCHED:
            setattr(os, name, getattr(self, f"_{name}"))
        try:
            yield
        finally:
            for name in _WATCHED:
                setattr(os, name, self._real[name])

    def begin(self, crash_at: int | None = None, fault_at: int | None = None) -> None:
        """A new process: killed at boundary `crash_at`; its call at `fault_at`, or the next that can, fails."""
        self.calls, self.crash_at, self.fault_at = 0, crash_at, fault_at
        self.dead = self.is_full = self.has_failed = False

    @contextmanager
    def of_another(self) -> Iterator[None]:
        """What another process does meanwhile is neither counted nor broken."""
        self.elsewhere += 1
        try:
            yield
        finally:
            self.elsewhere -= 1

    def boundary(self, what: str) -> None:
        """Here the process may be killed. Raises Crashed."""
        if self.elsewhere:
            return
        if self.dead:
            raise Crashed(what)
        self.calls += 1
        if self.trail is not None:
            self.trail.append(what)
        if self.calls == self.crash_at:
            self.dead = True
            raise Crashed(what)

    def crash_soon(self, calls: int) -> None:
        """The process is killed some calls from here, unless it is to be killed anyway."""
        if self.crash_at is None:
            self.crash_at = self.calls + calls

    def kill(self) -> None:
        """Kill the process now. Raises Crashed."""
        self.dead = True
        raise Crashed("killed")

    def durable_size(self, fd: int) -> int:
        """How many bytes of a file would survive a cut of the power."""
        found = os.fstat(fd)
        known = (self._durable.get(found.st_ino), self._doomed.get(found.st_ino))
        return min([found.st_size, *(size for size in known if size is not None)])

    # -- what survives -----------------------------------------------------------------------------------------

    def cut_power(self) -> None:
        """What was not made durable is lost, kept, or torn."""
        for name in reversed(self._names):
            if self._rng.random() < 0.5 and os.path.lexists(name.now) and not os.path.lexists(name.was):
                self._real["rename"](name.now, name.was)
        paths = {path.lstat().st_ino: path for path in self._root.rglob("*")}
        for inode, durable in self._durable.items():  # in the order in which they were written
            if inode in paths:
                self._tear(paths[inode], durable)
        for inode, durable in self._doomed.items():
            if inode in paths and inode not in self._durable:
                os.truncate(paths[inode], durable)
        for inode, tail in self._cut.items():
            if inode in paths and inode not in self._durable and self._rng.random() < 0.5:
                with paths[inode].open("ab") as file:
                    file.write(tail)
        self._settle()

    def _settle(self) -> None:
        """What is there now is what the next process finds."""
        for shadow in self._shadows.iterdir():
            self._real["unlink"](shadow)
        self._names.clear()
        for known in (self._durable, self._doomed, self._cut):
            known.clear()

    def _tear(self, path: Path, durable: int) -> None:
        size = path.stat().st_size
        kept = self._rng.choice([durable, self._rng.randint(durable, max(durable, size)), size])
        os.truncate(path, kept)
        if kept < size and self._rng.random() < 0.2:  # the length was written, the bytes were not
            os.truncate(path, size)

    # -- the calls ---------------------------------------------------------------------------------------------

    def _fails(self, code: int = errno.EIO) -> None:
        if self.elsewhere:
            return
        if self.fault_at is not None and self.calls >= self.fault_at and not self.has_failed:
            self.has_failed = True
            raise OSError(code, os.strerror(code))

    def _write(self, fd: int, data: bytes) -> int:
        self.boundary("write")
        data = bytes(data)
        try:
            if self.is_full and not self.elsewhere:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._fails(errno.ENOSPC)
        except OSError:
            self.is_full = True
            if len(data) < 2 or self._rng.random() < 0.5:
                raise
            data = data[: self._rng.randint(1, len(data) - 1)]
        before = os.fstat(fd)
        written: int = self._real["write"](fd, data)
        self._durable.setdefault(before.st_ino, before.st_size)
        self.boundary("written")
        return written

    def _pwrite(self, fd: int, data: bytes, offset: int) -> int:
        self.boundary("pwrite")
        self._fails(errno.ENOSPC)
        written: int = self._real["pwrite"](fd, data, offset)
        return written

    def _fsync(self, fd: int) -> None:
        self.boundary("fsync")
        found = os.fstat(fd)
        try:
            self._fails()
        except OSError:
            if found.st_ino in self._durable and self._rng.random() < 0.5:
                self._doomed[found.st_ino] = self._durable[found.st_ino]
            raise
        if stat.S_ISDIR(found.st_mode):
            self._names = [name for name in self._names if found.st_ino not in name.folders]
        else:
            self._durable.pop(found.st_ino, None)
            self._cut.pop(found.st_ino, None)
        self.boundary("fsynced")

    def _posix_fadvise(self, fd: int, offset: int, length: int, advice: int) -> None:
        inode = os.fstat(fd).st_ino
        if advice == os.POSIX_FADV_DONTNEED and inode in self._doomed:  # the page cache is dropped
            self._real["ftruncate"](fd, self._doomed.pop(inode))

    def _ftruncate(self, fd: int, length: int) -> None:
        self.boundary("ftruncate")
        self._fails()
        found = os.fstat(fd)
        if length < found.st_size and length:
            self._cut[found.st_ino] = os.pread(fd, found.st_size - length, length)
        self._real["ftruncate"](fd, length)
        if self._durable.get(found.st_ino, 0) > length:
            self._durable[found.st_ino] = length
        self.boundary("ftruncated")

    def _rename(self, source: Any, target: Any, **rest: Any) -> None:
        self.boundary("rename")
        self._fails()
        was_there = os.path.lexists(target)
        self._real["rename"](source, target, **rest)
        if not was_there:
            self._remember(source, target)
        self.boundary("renamed")

    def _unlink(self, path: Any, **rest: Any) -> None:
        if rest.get("dir_fd") is not None:
            self._real["unlink"](path, **rest)
            return
        self.boundary("unlink")
        self._fails()
        self._n += 1
        shadow = str(self._shadows / str(self._n))
        if os.path.lexists(path) and stat.S_ISREG(os.lstat(path).st_mode):
            os.link(path, shadow)
            self._real["unlink"](path)
            self._remember(path, shadow)
        else:
            self._real["unlink"](path)
        self.boundary("unlinked")

    def _remember(self, was: Any, now: Any) -> None:
        folders = {os.stat(os.path.dirname(os.fspath(path))).st_ino for path in (was, now)}
        self._names.append(_Name(frozenset(folders), os.fspath(was), os.fspath(now)))

    def _mkdir(self, path: Any, mode: int = 0o777, **rest: Any) -> None:
        self.boundary("mkdir")
        self._real["mkdir"](path, mode, **rest)
