"""The journal on disk: intent durable before effect, outcome before what needs it (contract sections 6 and 7).

* A batch of events is one write and one fsync. A short write or a failed fsync is fatal for the object: it raises
  `DurabilityError`, and so does every later append. Complete lines of a batch that failed may be on the disk; who
  reopens the journal finds them, and treats them as what they are: said, but not acted upon.
* Opening for writing reads what the *disk* holds (the page cache is dropped first, as it may hold pages whose fsync
  failed), verifies all of it, and cuts off a torn tail. Anything else that does not verify is `Broken`, `path:line`.
* A journal that somebody else has changed, cut, replaced or removed while it is open is `Broken` at the next append.
* One thread of one process writes; the run's lock sees to that.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from orchestrator.model.collector import without_collector
from orchestrator.model.errors import Broken, DurabilityError
from orchestrator.model.events import EVENT, Event, Opened, Sealed
from orchestrator.run.chain import Reading, line_of, numbered, order_fault, payload_in, payload_of, read_lines, stamp
from orchestrator.run.disk import (
    not_durable,
    not_readable,
    open_regular,
    read_file,
    read_first_line,
    read_last_bytes,
    require_folder,
    sync_folder,
    write_all,
)
from orchestrator.run.layout import resume_line

_FIRST_LINE = 4 * 1024 * 1024
_LAST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class JournalRead:
    """A journal that verifies: its events, its head, and what follows the last newline (a write that was cut off)."""

    events: tuple[Event, ...]
    head: str
    torn_bytes: int


def read_journal(path: Path) -> JournalRead:
    """Reads and verifies a journal, also while its run goes on. Raises Broken with `path:line`."""
    with without_collector():
        reading = read_lines(read_file(path))
    _require_good(reading, path)
    return JournalRead(reading.events, reading.head, reading.torn_bytes)


def read_opened(path: Path) -> Opened | None:
    """The first event of a journal alone; None where no line is complete yet. Raises Broken."""
    reading = read_lines(read_first_line(path, _FIRST_LINE))
    _require_good(reading, path)
    first = reading.events[0] if reading.events else None
    return first if isinstance(first, Opened) else None


def looks_sealed(path: Path) -> bool:
    """Whether the last line says that the run is over. Nothing is verified. Raises Refused or Broken."""
    last = read_last_bytes(path, _LAST_LINE).rstrip(b"\n").rpartition(b"\n")[2]
    try:
        return isinstance(EVENT.validate_json(payload_in(last)), Sealed)
    except ValidationError:
        return False


class Journal:
    """A journal open for appending. Not for two threads.

    It keeps the events that it was opened with until `let_go`, and none of those that it appends: of a large run they
    would take more memory than all else.
    """

    def __init__(self, path: Path, fd: int, reading: Reading) -> None:
        """By `create` and `open` only."""
        self._path = path
        self._fd = fd
        self._events = reading.events
        self._entries = len(reading.events)
        self._last = reading.events[-1] if reading.events else None
        self._head = reading.head
        self._size = reading.good_bytes
        self._failed: DurabilityError | Broken | None = None
        self.torn_bytes = reading.torn_bytes
        """What was cut off when the journal was opened: an entry that never became durable."""

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new, empty journal. Raises Broken where there is one."""
        require_folder(path.parent)
        try:
            fd = open_regular(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL)
        except FileExistsError as error:
            raise Broken(f"{path} is there already: a run has one journal.", "A plan runs once. Plan anew.") from error
        except OSError as error:
            raise not_durable(error, path, "the same command") from error
        try:
            os.fsync(fd)
            sync_folder(path.parent)
        except OSError as error:
            os.close(fd)
            raise not_durable(error, path, "the same command") from error
        return cls(path, fd, read_lines(b""))

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing journal, verified, without its torn tail. Raises Broken with the line's number."""
        require_folder(path.parent)
        try:
            fd = open_regular(path, os.O_RDWR | os.O_APPEND)
        except OSError as error:
            raise not_readable(error, path) from error
        try:
            return cls(path, fd, _recover(path, fd))
        except BaseException:
            os.close(fd)
            raise

    @property
    def head(self) -> str:
        """The hash of the last line; zeros where there is none."""
        return self._head

    @property
    def events(self) -> tuple[Event, ...]:
        """The events that it was opened with, in order; none any more after `let_go`."""
        return self._events

    def let_go(self) -> None:
        """Whoever opened it has replayed its events, and needs them no more."""
        self._events = ()

    @property
    def entries(self) -> int:
        """How many events there are."""
        return self._entries

    @property
    def last(self) -> Event | None:
        """The last event."""
        return self._last

    @property
    def is_sealed(self) -> bool:
        """Whether nothing can follow any more."""
        return isinstance(self._last, Sealed)

    def append(self, events: Sequence[Event], at: datetime) -> tuple[Event, ...]:
        """Makes `events` durable, in one piece, and gives them back with number and time.

        Raises DurabilityError (and from then on always), Broken if the file is no longer as this object left it, and
        ValueError for what no journal may hold: a time without a zone, a second `opened`, anything after `sealed`.
        """
        if self._failed is not None:
            raise self._failed
        if at.tzinfo is None:
            raise ValueError("a time without its zone is no evidence")
        head, written, data = self._lines(events, stamp(at))
        if not written:
            return ()
        try:
            self._require_untouched()
            write_all(self._fd, data)
        except OSError as error:
            self._failed = not_durable(error, self._path, resume_line(self._path.parent.name))
            raise self._failed from error
        self._entries += len(written)
        self._last = written[-1]
        self._head = head
        self._size += len(data)
        return written

    def close(self) -> None:
        """Ends writing; closing twice does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._failed = self._failed or DurabilityError(f"{self._path} is closed.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lines(self, events: Sequence[Event], at: str) -> tuple[str, tuple[Event, ...], bytes]:
        head, sealed, n = self._head, self.is_sealed, self._entries
        written: list[Event] = []
        lines: list[bytes] = []
        for event in events:
            n += 1
            if fault := order_fault(event, n, sealed):
                raise ValueError(f"{self._path}: {fault} ({event.type})")
            written.append(numbered(event, n, at))
            head, line = line_of(head, payload_of(written[-1]))
            lines.append(line)
            sealed = isinstance(event, Sealed)
        return head, tuple(written), b"".join(lines)

    def _require_untouched(self) -> None:
        found = os.fstat(self._fd)
        if found.st_size == self._size and found.st_nlink == 1:
            return
        what = "was removed" if found.st_nlink == 0 else f"has {found.st_size} bytes, not the {self._size} written"
        self._failed = Broken(
            f"{self._path} {what}: somebody else changed it while this run wrote it; nothing more was started.",
            "Find out who did, and keep a copy of the folder as it is. Then: orch verify " + self._path.parent.name,
        )
        raise self._failed


def _recover(path: Path, fd: int) -> Reading:
    """Reads from the disk, verifies, and cuts off the torn tail."""
    try:
        os.fsync(fd)
        for folder in (path.parent, path.parent.parent):  # who made the run may have been killed before it did
            sync_folder(folder)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        with os.fdopen(os.dup(fd), "rb") as file:
            file.seek(0)
            with without_collector():
                reading = read_lines(file.read())
        _require_good(reading, path)
        if reading.torn_bytes:
            os.ftruncate(fd, reading.good_bytes)
            os.fsync(fd)
    except OSError as error:
        raise not_durable(error, path, resume_line(path.parent.name)) from error
    return reading


def _require_good(reading: Reading, path: Path) -> None:
    if reading.bad is not None:
        raise Broken(
            f"{path}:{reading.bad.line}  {reading.bad.what}",
            "Keep the folder as it is: it is evidence. Compare with a copy; orch verify says more.",
        )
