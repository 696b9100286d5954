"""What is wrong with the files, and what looks dangerous: where, what, what then; everything at once (SCREENS).

Errors come first, the first 50 of them; then lints, the most dangerous first, of each the first few. The rest is
counted, `--json` has them all. A problem of several lines (a loop) keeps them. What a lint means is a page of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from orchestrator.model.errors import Problem
from orchestrator.model.source import Source
from orchestrator.plan.lints.finding import Finding, Lint
from orchestrator.show.layout import BLANK, Line, count, line, para
from orchestrator.show.theme import BAD, DOUBT, GOOD, QUIET, STRONG

MOST = 50
OF_EACH = 3
BELOW = 4
"""Where a text begins that stands below its place."""
ADVISED = 8
"""So many kinds of lints are told with their advice; of more only what they are: `--explain` says what to do."""
WIDEST = 44
"""The longest place that a text still stands beside."""
LINTS = 16
"""Lints on a screen, as near as one of each allows."""


def problem_lines(problems: Sequence[Problem], width: int) -> list[Line]:
    """The first 50 problems, places in one column where they are short."""
    shown = problems[:MOST]
    column = _column([problem.source for problem in shown], width)
    lines = [each for problem in shown for each in _problem(problem, column, width)]
    if len(problems) > MOST:
        lines.append(line((f"... and {len(problems) - MOST} more; orch check --json has them all", STRONG)))
    return lines


def _column(places: Iterable[Source], width: int) -> int:
    """Where the texts begin: beside the longest place that leaves them room. A longer one gets a line of its own."""
    room = min(width * 2 // 5, WIDEST)
    return max((len(str(place)) + 2 for place in places if len(str(place)) <= room), default=BELOW)


def _problem(problem: Problem, column: int, width: int) -> list[Line]:
    first, *table = problem.what.split("\n")
    advice = problem.advice.split("\n") if problem.advice else []
    if table:  # a loop: each of its lines has a place of its own
        lines = para("", first, width, style=BAD)
        for row in table:
            lines += para("    ", row.strip(), width)
        return lines + [each for piece in advice for each in para("    ", piece, width)]
    return _told(problem.source, [first, *advice], column, width, BAD)


def _told(source: Source, texts: Sequence[str], column: int, width: int, style: str) -> list[Line]:
    """A place and what is said of it, beside it or below."""
    place = str(source)
    beside = _is_beside(source, column)
    indent = _indent(source, column)
    lines = [] if beside else para("", place, width, style=style)
    for at, text in enumerate(texts):
        label = place if beside and at == 0 else ""
        lines += para(label, text, width, indent=indent, label_style=style)
    return lines


def _indent(source: Source, column: int) -> int:
    return column if _is_beside(source, column) else BELOW


def _is_beside(source: Source, column: int) -> bool:
    return len(str(source)) + 2 <= column


def lint_lines(findings: Sequence[Finding], width: int) -> list[Line]:
    """What looks dangerous, those of one lint together: the first few of each, how many more, and what to do."""
    by_lint = [list(group) for _, group in groupby(findings, key=lambda one: one.id)]
    most = max(1, min(OF_EACH, LINTS // max(1, len(by_lint))))
    advised = len(by_lint) <= ADVISED
    column = _column([one.source for group in by_lint for one in group[:most]], width)
    lines: list[Line] = []
    for group in by_lint:
        shown = group[:most]
        for one, after in zip(shown, [*shown[1:], None], strict=True):
            lines += _finding(one, column, width)
            more = f"... and {len(group) - most:,} more of {one.id}. " if after is None and len(group) > most else ""
            advice = one.advice if advised and (after is None or after.advice != one.advice) else ""
            if more or advice:
                lines += para("", f"{more}{advice}".strip(), width, indent=_indent(one.source, column))
    return lines


def _finding(one: Finding, column: int, width: int) -> list[Line]:
    """One finding, its id at the end of the last line, or in one of its own."""
    lines = _told(one.source, [one.what], column, width, DOUBT)
    tag = (f"[lint {one.id}]", QUIET)
    if lines[-1].cell_len + 2 + len(tag[0]) <= width:
        lines[-1].append_text(line("  ", tag))
    else:
        lines.append(line(" " * _indent(one.source, column), tag))
    return lines


def explain_lines(lint: Lint, width: int) -> list[Line]:
    """One lint as a page: what it is, a story of the night, what to do, an example wrong and right."""
    lines = [*para(f"{lint.id}  ", lint.title, width, label_style=DOUBT, style=STRONG), BLANK]
    for label, text in (("What", lint.means), ("The night", lint.night), ("Do", lint.do)):
        lines += para(label, text, width, indent=11, label_style=STRONG)
    for label, example in (("Wrong", lint.wrong), ("Right", lint.right)):
        lines += [BLANK, line((label, STRONG))]
        lines += [each for row in example.splitlines() for each in para("    ", row, width)]
    return lines


def catalogue_lines(lints: Mapping[str, Lint], width: int) -> list[Line]:
    """Every lint, a line each, and how to read about one."""
    lines = [each for id, lint in lints.items() for each in para(f"{id}  ", lint.title, width, label_style=STRONG)]
    return [*lines, *para("Next: ", f"orch check --explain {next(iter(lints))}", width)]


def verdict_lines(
    width: int,
    *,
    errors: int,
    systems: int,
    hosts: int,
    files: int,
    seconds: float,
    lints: int = 0,
    all_looked_at: bool = True,
) -> list[Line]:
    """The last word of `orch check`. `all_looked_at`: no error kept it from looking for what is dangerous."""
    looked = f", {count(lints, 'lint')}" if lints else ""
    counted = f" in {count(files, 'file')}, {seconds:.1f} s. Nothing was touched."
    if not errors:
        what = f"{count(systems, 'system')} on {count(hosts, 'host')}: nothing wrong{looked}{counted}"
        return para("", what, width, style=GOOD)
    lines = para("", f"{count(errors, 'error')}{looked}{counted}", width, style=BAD)
    if not all_looked_at:
        lines += para("", "What looks dangerous is said once these are mended.", width, style=QUIET)
    return lines
