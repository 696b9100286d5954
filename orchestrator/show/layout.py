"""How lines are laid out: every view is a list of lines for a width, and every string in them is neutralised here.

Rules: one line a thing; a line is never longer than the width, cut with "..." where it is a cell and folded with a
hanging indent where it is a sentence; what must be typed or is evidence is folded, never cut. Widths are cells, not
characters. No view builds a `Text` but through this module.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from orchestrator.show.neutral import neutral

Line = Text
Part = str | tuple[str, str]
"""Words, or words with a style of `theme`."""


def line(*parts: Part) -> Line:
    """One line of neutralised parts."""
    made = Text(no_wrap=True, end="")
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        made.append(neutral(words), style=style or None)
    return made


BLANK = line()
FOLDED = 20_000
"""Characters of a folded text: what must be read exactly is not cut before."""


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 system`, `68 systems`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, "..." for what is missing."""
    shown = neutral(text)
    if cell_len(shown) <= width:
        return shown
    if width <= 3:
        return "."[:width] * max(width, 0)
    return set_cell_size(shown, width - 3).rstrip() + "..."


def pad(text: str, width: int) -> str:
    """`text` cut or filled to exactly `width` cells."""
    return set_cell_size(cut(text, width), max(width, 0))


def some(names: Sequence[str], width: int, joint: str = ", ", noun: str = "") -> str:
    """As many of `names` as fit, and how many there are besides: `app-01, app-02 +10`. Where not even one fits whole:
    `12 systems` with a `noun`, else the first, cut."""
    whole = joint.join(names)
    if cell_len(whole) <= width or len(names) <= 1:
        return cut(whole, width)
    for shown in range(min(len(names) - 1, width // max(len(joint), 1) + 1), 0, -1):
        text = f"{joint.join(names[:shown])} +{len(names) - shown}"
        if cell_len(text) <= width:
            return text
    if noun:
        return cut(f"{len(names)} {noun}", width)
    tail = f" +{len(names) - 1}"
    return cut(names[0], max(width - len(tail), 4)) + tail


def fold(text: str, width: int, first: int | None = None) -> list[str]:
    """`text` in lines of at most `width` cells (`first` for the first of them), broken at spaces where there are any.

    No character is lost but spaces at a break.
    """
    lines: list[str] = []
    rest = neutral(text, limit=FOLDED)
    room = max(width if first is None else first, 8)
    while cell_len(rest) > room:
        head = _head(rest, room)
        space = head.rfind(" ") if rest[len(head) : len(head) + 1] != " " else len(head)
        at = space if space > room // 3 else len(head)
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
        room = max(width, 8)
    return [*lines, rest]


def _head(text: str, width: int) -> str:
    """The longest beginning of `text` that takes at most `width` cells."""
    if text.isascii():
        return text[:width]
    used = 0
    for at, char in enumerate(text):
        used += cell_len(char)
        if used > width:
            return text[: max(at, 1)]
    return text


def para(
    label: str, text: str, width: int, *, indent: int | None = None, label_style: str = "", style: str = ""
) -> list[Line]:
    """`label` and a folded text beside it, hanging at `indent` (default: right after the label)."""
    label = neutral(label)
    at = cell_len(label) if indent is None else indent
    pieces = fold(text, width - at, first=width - max(at, cell_len(label)))
    first = label if cell_len(label) >= at else set_cell_size(label, at)
    lines = [line((first, label_style), (pieces[0], style))]
    lines += [line(" " * at, (piece, style)) for piece in pieces[1:]]
    return lines


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, the narrowest it may get, how eagerly it takes what is left (0: only what it
    needs), whether numbers are right-aligned, and what its names are names of."""

    title: str
    least: int = 4
    greed: int = 0
    right: bool = False
    most: int = 60
    noun: str = ""


Cell = str | tuple[str, str] | tuple[str, ...] | list[str]
"""Words; words with a style; or a list of names, of which as many are shown as fit."""


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int, *, indent: int = 1, head: bool = True
) -> list[Line]:
    """Aligned rows. Columns without greed get what they need; the others share what is left by greed."""
    needs = [_need(column, [row[at] for row in rows]) for at, column in enumerate(columns)]
    room = width - indent - 2 * (len(columns) - 1)
    sizes = _sizes(columns, needs, room)
    lines = []
    if head:
        lines.append(_row([column.title for column in columns], columns, sizes, indent, "dim"))
    lines += [_row(row, columns, sizes, indent, "") for row in rows]
    return lines


def _need(column: Column, cells: Iterable[Cell]) -> int:
    widest = max((cell_len(neutral(_words(cell))) for cell in cells), default=0)
    need = max(widest, cell_len(column.title))
    return need if column.greed else min(need, column.most)


def _words(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    return ", ".join(cell) if isinstance(cell, list) else cell[0]


def _sizes(columns: Sequence[Column], needs: Sequence[int], room: int) -> list[int]:
    """Each column's width: what it needs where all fit, else `least` and a share of the rest by greed."""
    if sum(needs) <= room:
        return list(needs)
    sizes = [min(need, column.least) if column.greed else need for column, need in zip(columns, needs, strict=True)]
    left = room - sum(sizes)
    while left > 0:
        open_ = [at for at, column in enumerate(columns) if column.greed and sizes[at] < needs[at]]
        if not open_:
            break
        total = sum(columns[at].greed for at in open_)
        given = 0
        for at in open_:
            share = min(max(1, left * columns[at].greed // total), needs[at] - sizes[at], left - given)
            sizes[at] += share
            given += share
        left -= given
    while sum(sizes) > room and max(sizes) > 4:
        widest = max(range(len(sizes)), key=lambda at: sizes[at])
        sizes[widest] -= 1
    return sizes


def _row(cells: Sequence[Cell], columns: Sequence[Column], sizes: Sequence[int], indent: int, style: str) -> Line:
    parts: list[Part] = [" " * indent]
    last = len(columns) - 1
    for at, (cell, column, size) in enumerate(zip(cells, columns, sizes, strict=True)):
        words = some(cell, size, noun=column.noun) if isinstance(cell, list) else cut(_words(cell), size)
        own = cell[1] if isinstance(cell, tuple) and len(cell) == 2 else style
        gap = size - cell_len(words)
        if column.right:
            parts += [" " * gap, (words, own)]
        else:
            parts += [(words, own)] if at == last else [(words, own), " " * gap]
        if at != last:
            parts.append("  ")
    made = line(*parts)
    made.rstrip()
    return made
