"""Figures and the plain tables that show them: what is asked, what was measured, the ratio, and whether that is met.

Tables are Markdown that reads well on a terminal too, so that `docs/figures.md` holds what was printed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HEAD = ("what", "asked", "measured", "ratio", "compared with", "met")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line. `asked`: by section 10 of the contract, "" where it asks nothing, then `met` is None."""

    what: str
    measured: str
    asked: str = ""
    ratio: float | None = None
    beside: str = ""
    met: bool | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)  # for --json


def table(figures: Iterable[Figure]) -> str:
    """The figures, a line each."""
    return columns([HEAD, *map(_cells, figures)])


def columns(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its columns as wide as their longest cell; the first row is its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    head, *others = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    lines = [head, ["-" * width for width in widths], *others]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def document(figure: Figure) -> dict[str, Any]:
    """A figure for --json."""
    return {
        "what": figure.what,
        "asked": figure.asked or None,
        "measured": figure.measured,
        "ratio": None if figure.ratio is None else round(figure.ratio, 3),
        "compared_with": figure.beside or None,
        "met": figure.met,
        **figure.raw,
    }


def _cells(figure: Figure) -> tuple[str, ...]:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    met = {True: "yes", False: "**no**", None: ""}[figure.met]
    return (figure.what, figure.asked, figure.measured, ratio, figure.beside, met)
