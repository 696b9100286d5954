"""What a lint is, and what it found: values, and the few words that their sentences share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from orchestrator.model.source import Source

NAMED = 4
"""Names in a sentence; the rest is counted there, and stands whole in `Finding.about`."""


class Danger(IntEnum):
    """What it costs on the night, the worst first; findings are told in this order."""

    LOST = 1  # something can't be reached, taken down or brought back
    MISLED = 2  # we would believe, or count on, what is not so
    BY_HAND = 3  # a person will have to do or to judge it
    KNOW = 4  # nothing to mend perhaps, but to be known before
    TIDY = 5  # something that nothing uses, or that is missing where it would be expected


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a lint holds. `about`: the ids that it is about, all of them."""

    id: str
    source: Source
    what: str
    advice: str = ""
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lint:
    """One kind of danger, and what `--explain` says of it. `wrong` and `right` are pieces of a workspace's files.

    `everywhere`: it is said of a file that all inventories share, so it holds only where it holds for each of them.
    """

    id: str
    title: str
    danger: Danger
    means: str
    night: str
    do: str
    wrong: str
    right: str
    everywhere: bool = field(default=False)

    def at(self, source: Source, what: str, advice: str = "", about: Sequence[str] = ()) -> Finding:
        """What was found in one place."""
        return Finding(self.id, source, what, advice, tuple(about))


def named(ids: Sequence[str], most: int = NAMED) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c, d and 8 more`."""
    shown = list(ids[:most])
    if len(ids) > most:
        return f"{', '.join(shown)} and {len(ids) - most} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "none"


def counted(ids: Sequence[str], noun: str = "system") -> str:
    """`1 system (a)`, `12 systems (a, b, c, d and 8 more)`."""
    return f"{len(ids):,} {noun}{'' if len(ids) == 1 else 's'} ({named(ids)})"


def verb(ids: Sequence[str], one: str, many: str) -> str:
    """The verb that goes with so many."""
    return one if len(ids) == 1 else many
