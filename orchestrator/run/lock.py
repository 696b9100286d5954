"""One process executes a run (contract section 6): a lock on the run's file `lock`, held for the process's life.

The kernel's lock (flock) is what counts: it ends with the process, however it ends. What the file says is only for
people: who holds it, since when, where. The file is never deleted, as two processes could then lock two files of the
same name. Asking whether a run is locked takes the lock for a moment, so who wants it tries for a moment, too.
"""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.model.errors import Refused
from orchestrator.run.disk import not_durable, not_readable, open_regular, require_folder
from orchestrator.run.layout import resume_line

_TRIES = 5
_PAUSE_S = 0.04
_MOST = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a run's lock, as the lock's file says."""

    by: str
    pid: int
    since: str
    host: str

    def __str__(self) -> str:
        return f"{self.by} (process {self.pid} on {self.host}, since {self.since})"


UNKNOWN = Holder("unknown", 0, "unknown", "unknown")
"""A holder that the lock's file does not name."""


class HeldByAnother(Refused):
    """Another process executes the run."""

    def __init__(self, run: str, holder: Holder | None) -> None:
        super().__init__(
            f"run {run} is being executed by {holder or 'another process'}.",
            "Only one may. Decisions reach it from here, too (orch resolve, escalate, pause, abort). "
            f"Watch: orch log {run} --follow",
        )
        self.holder = holder or UNKNOWN


@contextmanager
def hold(path: Path, by: str) -> Iterator[None]:
    """Holds the lock at `path` until the block ends. Raises HeldByAnother with who holds it."""
    require_folder(path.parent)
    run = path.parent.name
    try:
        fd = open_regular(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise not_readable(error, path) from error
    try:
        if not _take(fd):
            raise HeldByAnother(run, _says(fd))
        try:
            _write(fd, Holder(by, os.getpid(), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), socket.gethostname()))
        except OSError as error:
            raise not_durable(error, path, resume_line(run)) from error
        try:
            yield
        finally:
            with suppress(OSError):  # a disk that fails here must not hide how the run ended: the text is for people
                os.ftruncate(fd, 0)
    finally:
        os.close(fd)


def holder_of(path: Path) -> Holder | None:
    """Who holds the lock at `path`; None: nobody. A holder that the file does not name is called unknown."""
    try:
        fd = open_regular(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise not_readable(error, path) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _says(fd) or UNKNOWN
        return None
    finally:
        os.close(fd)


def _take(fd: int) -> bool:
    for attempt in range(_TRIES):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt < _TRIES - 1:
                time.sleep(_PAUSE_S)
        else:
            return True
    return False


def _write(fd: int, who: Holder) -> None:
    text = json.dumps({"by": who.by, "pid": who.pid, "since": who.since, "host": who.host}) + "\n"
    os.ftruncate(fd, 0)
    os.pwrite(fd, text.encode("utf-8"), 0)
    os.fsync(fd)


def _says(fd: int) -> Holder | None:
    """What the lock's file says, if it is what orch writes."""
    try:
        said = json.loads(os.pread(fd, _MOST, 0))
        return Holder(str(said["by"]), int(said["pid"]), str(said["since"]), str(said["host"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
