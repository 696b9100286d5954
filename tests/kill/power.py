"""The loss of power, as far as a process can see it: what was not fsynced when it was killed is gone.

A killed process leaves its writes in the page cache, so a forgotten fsync never shows. The diary of a process holds
what it did to the files of its runs and what it fsynced; `lose` then takes away whatever was not durable: written
bytes, and names (renamed, removed) in a folder that was not fsynced since.
"""

import json
import os
from pathlib import Path

_WRITE = os.write


class Diary:
    """What one process did, in a file that outlives it. Entries are made before the deed."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def writes(self, path: str) -> None:
        """`path` is about to grow."""
        self._note("writes", path, os.stat(path).st_size)

    def synced(self, path: str) -> None:
        """A file's bytes, or a folder's names, are durable."""
        self._note("synced", path)

    def renames(self, source: str, to: str) -> None:
        """`source` is about to become `to`."""
        self._note("renames", source, to)

    def removes(self, path: str) -> None:
        """`path` is about to be removed."""
        if os.path.isfile(path):
            self._note("removes", path, Path(path).read_text(encoding="utf-8", errors="replace"))

    def _note(self, *entry: object) -> None:
        _WRITE(self._fd, json.dumps(entry).encode() + b"\n")


def lose(diary: Path) -> int:
    """Takes back what was not durable, the latest first; how many deeds that were."""
    if not diary.exists():
        return 0
    pending: list[list[object]] = []
    for line in diary.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry[0] == "synced":
            pending = [other for other in pending if not _is_kept(other, entry[1])]
        else:
            pending.append(entry)
    return sum(map(_take_back, reversed(pending)))


def _is_kept(entry: list[object], synced: str) -> bool:
    """Whether an fsync of `synced` makes the deed durable."""
    if entry[0] == "writes":
        return entry[1] == synced
    return os.path.dirname(str(entry[-1] if entry[0] == "renames" else entry[1])) == synced


def _take_back(entry: list[object]) -> bool:
    what, path, more = str(entry[0]), str(entry[1]), entry[2]
    if what == "writes" and isinstance(more, int) and os.path.isfile(path) and os.stat(path).st_size > more:
        os.truncate(path, more)
    elif what == "renames" and os.path.lexists(str(more)) and not os.path.lexists(path):
        os.rename(str(more), path)
    elif what == "removes" and not os.path.lexists(path):
        Path(path).write_text(str(more), encoding="utf-8")
    else:
        return False
    return True
