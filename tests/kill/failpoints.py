"""Where a process can be made to die: every name, in one place, and how often each was passed.

A name is `TARGET.OPERATION.WHEN`. System calls are told apart by the file that they touch (only files in `runs/`
count), dispatches by what is handed to the carrier, the wire by the line that is sent. WHEN is `before` and `after`,
for a write also `half` (so many of its bytes are on the disk), on the wire also `answered` (all came back, and nobody
within orch has heard of it yet). Passages are counted in a file that outlives the process.
"""

import mmap
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

SYSTEM_CALLS = {
    "journal": ("write", "fsync", "truncate"),
    "output": ("write", "fsync", "rename"),
    "output-folder": ("mkdir", "fsync"),
    "paper": ("write", "fsync"),  # plan, protocol, ...: what a run is opened with
    "run-folder": ("mkdir", "fsync", "rename"),
    "runs-folder": ("mkdir", "fsync"),
    "lock": ("write", "fsync", "truncate"),
    "inbox": ("write", "fsync", "rename", "unlink"),
    "inbox-folder": ("mkdir", "fsync"),
    "approvals-folder": ("mkdir",),
    "refused": ("write", "fsync", "rename"),
    "refused-folder": ("mkdir", "fsync"),
}
"""What orch does to the files of its runs."""

DISPATCHES = {"dispatch": ("submit-step", "submit-read", "submit-port", "ask", "stop")}
"""What the engine hands to the carrier."""

LINES = {"wire": ("step", "ask", "stop", "generation", "plain")}
"""What goes to a host; `plain`: without a receipt, so every read, and the steps of a host that keeps none."""


def _names() -> Iterator[str]:
    for target, operations in (SYSTEM_CALLS | DISPATCHES | LINES).items():
        for operation in operations:
            yield f"{target}.{operation}.before"
            if operation == "write" and target != "lock":
                yield f"{target}.{operation}.half"
            yield f"{target}.{operation}.after"
            if target == "wire":
                yield f"{target}.{operation}.answered"


NAMES = tuple(_names())
"""Every failpoint there is."""

UNLISTED = "unlisted"
"""Counts what is done to the files of a run and has no name here: a campaign that meets one fails."""

INDEX = {name: index for index, name in enumerate((*NAMES, UNLISTED))}
_SIZE = 4 * len(INDEX)


class Passages:
    """How often each failpoint was passed; in a file, so that it is known of a process that was killed."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_SIZE))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SIZE)
        self._lock = threading.Lock()

    def add(self, name: str) -> int:
        """Passed once more; how often by now."""
        with self._lock:
            at = 4 * INDEX[name]
            times = struct.unpack_from("I", self._map, at)[0] + 1
            struct.pack_into("I", self._map, at, times)
            return int(times)

    def counts(self) -> dict[str, int]:
        """How often each was passed, those that were."""
        times = struct.unpack_from(f"{len(INDEX)}I", self._map)
        return {name: times[index] for name, index in INDEX.items() if times[index]}
