"""How many there are, and the first of them by name: the words that the texts of plans, screens and findings share."""

from collections.abc import Sequence

NAMED = 8
"""So many names stand in a sentence before the rest is counted."""


def counted(number: int, what: str, plural: str | None = None) -> str:
    """`1 system`, `2 systems`."""
    return f"{number} {what if number == 1 else plural or what + 's'}"


def names(ids: Sequence[str], most: int = NAMED) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(ids[:most])
    return f"{shown} and {len(ids) - most} more" if len(ids) > most else shown
