"""The one place where an ending becomes a number (contract section 9). Scripts rely on these; the list is closed.

0 done, or nothing to do · 1 nothing more to do by itself, and something failed or is unknown (also: the run was aborted
before it was done; a mistake in orch itself) · 2 wrong usage or files · 3 refused · 4 paused, waiting for people, or
stopped by a full disk; resumable · 5 integrity broken · 130 interrupted. Where several hold: 5, 130, 1, 4.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

from orchestrator.model.errors import (
    Broken,
    FilesError,
    Interrupted,
    MustWait,
    OrchError,
    Refused,
    UsageError,
)

if TYPE_CHECKING:
    from orchestrator.run.execute import RunEnd


class Code(IntEnum):
    """Every exit code of orch."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    WAITS = 4
    BROKEN = 5
    INTERRUPTED = 130


_OF_ERRORS: tuple[tuple[type[OrchError], Code], ...] = (
    (UsageError, Code.USAGE),
    (FilesError, Code.USAGE),
    (Refused, Code.REFUSED),
    (MustWait, Code.WAITS),  # with DurabilityError
    (Broken, Code.BROKEN),
    (Interrupted, Code.INTERRUPTED),
)

_OF_ENDS = {
    "DONE": Code.DONE,
    "FAILED": Code.FAILED,
    "ABORTED": Code.FAILED,
    "PAUSED": Code.WAITS,
    "WAITING": Code.WAITS,
    "DURABILITY": Code.WAITS,
    "INTERRUPTED": Code.INTERRUPTED,
}

_WORST_FIRST = (Code.BROKEN, Code.INTERRUPTED, Code.FAILED, Code.WAITS, Code.REFUSED, Code.USAGE, Code.DONE)


def of_error(error: OrchError) -> Code:
    """The code of an error that orch raised on purpose."""
    return next((code for kind, code in _OF_ERRORS if isinstance(error, kind)), Code.FAILED)


def of_end(end: "RunEnd") -> Code:
    """The code of the way in which a run ended for this process."""
    return _OF_ENDS[end.name]


def worst(codes: Iterable[Code]) -> Code:
    """The one that counts where several hold."""
    held = set(codes)
    return next((code for code in _WORST_FIRST if code in held), Code.DONE)
