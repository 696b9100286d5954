"""How a run touches its disk (contract section 7): folders 0700, files 0600, links refused, whole or not at all.

* Files are opened with O_NOFOLLOW and must be regular: a link, a pipe or a device in a run's folder is `Broken`.
* A file that is new appears whole: written under another name, fsynced, renamed, and the folder fsynced.
* A failed write or fsync is never tried again, because a second fsync may "succeed" with the data gone: it is a
  `DurabilityError` that tells the operator what was not started and what to type.
* What may not be read for want of permission is `Refused`; what is missing or unreadable is `Broken`.
"""

import errno
import os
import stat
import tempfile
from pathlib import Path

from orchestrator.model.errors import Broken, DurabilityError, OrchError, Refused

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM}
_OPEN = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
"""O_NONBLOCK: a pipe that somebody put there must not make orch wait for ever."""


def not_durable(error: OSError, path: Path, resume: str) -> DurabilityError:
    """The error for a write that did not reach the disk. `resume` is what to type once the cause is gone."""
    if error.errno in _FULL:
        return DurabilityError(
            f"disk full: {path} could not be written ({error.strerror}); nothing more was started.",
            f"Free space, then: {resume}",
        )
    return DurabilityError(
        f"{path} could not be made durable ({error.strerror or error}); nothing more was started.",
        f"Look at the disk before anything else (dmesg). Then: {resume}",
    )


def not_readable(error: OSError, path: Path) -> OrchError:
    """The error for a file of a run that could not be read."""
    if error.errno in _FORBIDDEN:
        return Refused(
            f"{path} can't be read: permission denied.",
            "A run belongs to the person who opened it: work as that user, or copy runs/ as root.",
        )
    if error.errno == errno.ENOENT:
        return Broken(f"{path} is missing.", "A run is its whole folder: bring it back from a copy.")
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return Broken(f"{path} is a link, or reached through one.", "Links are refused in runs/: find out who made it.")
    return Broken(
        f"{path} can't be read: {error.strerror or error}.", "Look at the disk (dmesg); bring the run back from a copy."
    )


def open_regular(path: Path, flags: int) -> int:
    """A descriptor of a regular file, never through a link as last part. Raises OSError; ELOOP for what is no file."""
    fd = os.open(path, flags | _OPEN, 0o600)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.ELOOP, "not a regular file", str(path))
    return fd


def read_file(path: Path, limit: int | None = None) -> bytes:
    """All bytes of a run's file, at most `limit` and one more. Raises Refused or Broken."""
    require_folder(path.parent)
    try:
        with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
            return file.read() if limit is None else file.read(limit + 1)
    except OSError as error:
        raise not_readable(error, path) from error


def read_first_line(path: Path, limit: int) -> bytes:
    """The first line of a run's file with its newline, at most `limit` bytes. Raises Refused or Broken."""
    require_folder(path.parent)
    try:
        with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
            return file.readline(limit)
    except OSError as error:
        raise not_readable(error, path) from error


def read_last_bytes(path: Path, limit: int) -> bytes:
    """The end of a run's file, at most `limit` bytes. Raises Refused or Broken."""
    require_folder(path.parent)
    try:
        with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - limit))
            return file.read(limit)
    except OSError as error:
        raise not_readable(error, path) from error


def require_folder(path: Path) -> None:
    """Raises unless `path` is a real folder: Broken where it is missing, a link or something else."""
    try:
        if not stat.S_ISDIR(path.lstat().st_mode):
            raise OSError(errno.ELOOP, "not a folder", str(path))
    except OSError as error:
        raise not_readable(error, path) from error


def make_folder(path: Path, resume: str) -> None:
    """Makes one folder, 0700 and durable, unless it is there."""
    try:
        path.mkdir(0o700, exist_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise not_durable(error, path, resume) from error
    require_folder(path)


def sync_folder(path: Path) -> None:
    """Makes the names in a folder durable. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes) -> None:
    """One write of all of `data`, and one fsync. A short write is a failure. Raises OSError."""
    written = os.write(fd, data)
    if written != len(data):
        raise OSError(errno.ENOSPC, f"only {written} of {len(data)} bytes were taken")
    os.fsync(fd)


def write_new(path: Path, data: bytes) -> None:
    """A new file in a folder that nobody looks into yet: written and fsynced, under its own name. Raises OSError."""
    fd = open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        _write_large(fd, data)
    finally:
        os.close(fd)


def put(path: Path, data: bytes, resume: str) -> None:
    """A file that appears whole or not at all, in place of one of the same name. Raises DurabilityError."""
    temporary: str | None = None
    try:
        fd, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)  # 0600
        try:
            _write_large(fd, data)
        finally:
            os.close(fd)
        os.rename(temporary, path)
        temporary = None
        sync_folder(path.parent)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise not_durable(error, path, resume) from error


def _write_large(fd: int, data: bytes) -> None:
    """Writes in as many pieces as the system wants (one call takes 2 GiB at most), then fsyncs."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    os.fsync(fd)
