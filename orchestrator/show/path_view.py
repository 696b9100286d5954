"""A path through needs: a hop a line, each with its reason and the place where it is written.

Places are never cut. Where they make lines too long, "..." stands for the folder that most of them are in, which is
said once; where that is not enough, a place stands under its hop.
"""

import posixpath
from collections.abc import Sequence

from rich.cells import cell_len

from orchestrator.graph.needs import phrase
from orchestrator.graph.plan_waits import Hop
from orchestrator.model.terms import Action, Reason
from orchestrator.show.layout import Line, fold, line, para
from orchestrator.show.neutral import neutral
from orchestrator.show.theme import QUIET

GOES = {Action.SHUTDOWN: "goes down", Action.RESTORE: "comes back"}


def hop_lines(path: Sequence[Hop], action: Action, width: int, *, shared: str | None = None) -> list[Line]:
    """A path, a hop a line, each with its reason and place; where a line has no room for the place, it follows.

    `shared`: the folder that is left away in places; None: whichever makes the lines fit, and then it is said.
    """
    if shared is None:
        shared = "" if _fits(path, action, width, "") else shared_folder([hop.source for hop in path])
        lines = hop_lines(path, action, width, shared=shared)
        return lines + said_of(shared, width)
    left, middle, _ = _widths(path, action, shared)
    fits = _fits(path, action, width, shared)
    lines = []
    for system, says, source in _rows(path, action, shared):
        start = f"    {system}{' ' * (left - cell_len(system))}  "
        if fits:
            lines.append(line(start, says, " " * (middle - cell_len(says) + 2), (source, QUIET)))
            lines[-1].rstrip()
            continue
        lines += para("", f"{start.strip()}  {says}", width, indent=4)
        lines += [line("        ", (piece, QUIET)) for piece in fold(source, width - 8)] if source else []
    return lines


def _rows(path: Sequence[Hop], action: Action, shared: str) -> list[tuple[str, str, str]]:
    return [(neutral(hop.system), neutral(_says(hop, action)), neutral(within(shared, hop.source))) for hop in path]


def _widths(path: Sequence[Hop], action: Action, shared: str) -> tuple[int, int, int]:
    """The widest of each column."""
    rows = _rows(path, action, shared)
    left, middle, right = (max((cell_len(row[at]) for row in rows), default=0) for at in range(3))
    return left, middle, right


def _fits(path: Sequence[Hop], action: Action, width: int, shared: str) -> bool:
    return 4 + sum(_widths(path, action, shared)) + 2 + 2 <= width


def shared_folder(sources: Sequence[str]) -> str:
    """The folder that most places are in."""
    folders = [posixpath.dirname(source) for source in sources if "/" in source]
    return max(sorted(set(folders)), key=folders.count) if folders else ""


def within(shared: str, source: str) -> str:
    """A place with "..." for the folder `shared`."""
    return f"...{source.removeprefix(shared)}" if shared and source.startswith(f"{shared}/") else source


def said_of(shared: str, width: int) -> list[Line]:
    """Which folder was left away."""
    return para("", f"(... is {shared})", width, style=QUIET) if shared else []


def _says(hop: Hop, action: Action) -> str:
    if hop.reason is Reason.PROTOCOL:
        place = "before" if action is Action.SHUTDOWN else "after"
        return f"{GOES[action]} {place} {hop.other} (order rule {hop.barrier})"
    return f"{phrase(hop.reason, action)} {hop.other}"
