"""What is wrong with the files: where, what, what then; everything at once (SCREENS, "Wrong files").

A screen shows the first 50 and counts the rest, `--json` has them all. A problem of several lines (a loop) keeps them.
"""

from collections.abc import Sequence

from orchestrator.model.errors import Problem
from orchestrator.show.layout import Line, count, line, para
from orchestrator.show.theme import BAD, GOOD, STRONG

MOST = 50
SOURCE = 36


def problem_lines(problems: Sequence[Problem], width: int) -> list[Line]:
    """The first 50 problems, places in one column where they are short."""
    shown = problems[:MOST]
    widest = max((len(str(problem.source)) for problem in shown), default=0)
    column = min(widest, SOURCE if width < 120 else 2 * SOURCE)
    lines = [each for problem in shown for each in _problem(problem, column + 2, width)]
    if len(problems) > MOST:
        lines.append(line((f"... and {len(problems) - MOST} more; orch check --json has them all", STRONG)))
    return lines


def _problem(problem: Problem, column: int, width: int) -> list[Line]:
    place = str(problem.source)
    first, *table = problem.what.split("\n")
    advice = problem.advice.split("\n") if problem.advice else []
    lines: list[Line] = []
    if table:  # a loop: each of its lines has a place of its own
        lines += para("", first, width, style=BAD)
        for row in table:
            lines += para("    ", row.strip(), width)
        return lines + [each for piece in advice for each in para("    ", piece, width)]
    short = len(place) + 2 <= column
    if not short:
        lines.append(line((place, BAD)))
    for at, piece in enumerate([first, *advice]):
        lines += para(place if at == 0 and short else "", piece, width, indent=column, label_style=BAD)
    return lines


def verdict_lines(width: int, *, errors: int, systems: int, hosts: int, files: int, seconds: float) -> list[Line]:
    """The last line of `orch check`."""
    counted = f"{count(files, 'file')}, {seconds:.1f} s. Nothing was touched."
    if errors:
        return para("", f"{count(errors, 'error')} in {counted}", width, style=BAD)
    what = f"{count(systems, 'system')} on {count(hosts, 'host')}: nothing wrong in {counted}"
    return para("", what, width, style=GOOD)
