"""Figures and the plain table that shows them: what is asked, what was measured, the ratio, and whether that is met."""

from collections.abc import Iterable, Mapping
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
    """Columns wide enough for their longest cell; two spaces between."""
    lines = [HEAD, *map(_cells, figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


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
    met = {True: "yes", False: "NO", None: ""}[figure.met]
    return (figure.what, figure.asked or "-", figure.measured, ratio, figure.beside, met)
