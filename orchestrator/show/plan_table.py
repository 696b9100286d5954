"""The order of a plan as tables: one row for what is alike in a stage, or one for every system.

A stage is for reading only, a run does not wait for it. `waits for` names the nearest needs first (those of the latest
stage), then the order rules of the protocol.
"""

import re
from collections.abc import Iterable, Sequence

from orchestrator.model.plan import Plan, PlanTask
from orchestrator.show import words
from orchestrator.show.layout import Cell, Column, Line, count, line, table

WIDE = 120
"""From here on there is room for more columns."""
MOST_ROWS = 26
_NUMBERED = re.compile(r"(.*?)([0-9]+)\Z")


def stage_table(plan: Plan, width: int) -> list[Line]:
    """What is alike in a stage in one row; a long plan keeps its beginning and its last stage."""
    rows = _alike(plan.tasks)
    shown = rows
    gap: list[Line] = []
    if len(rows) > MOST_ROWS:
        last = [row for row in rows if row[0].stage == rows[-1][0].stage][-6:]
        shown = rows[: MOST_ROWS - len(last)]
        hidden = rows[len(shown) : len(rows) - len(last)]
        systems = sum(len(row) for row in hidden)
        gap = [line(f" ...    ({count(systems, 'more system')}; --all shows every system, --commands every command)")]
        shown = [*shown, *last]
        columns, cells = _stage_cells(plan, shown, width)
        lines = table(columns, cells, width)
        return [*lines[: 1 + len(shown) - len(last)], *gap, *lines[1 + len(shown) - len(last) :]]
    columns, cells = _stage_cells(plan, shown, width)
    lines = table(columns, cells, width)
    return [*lines, line((" --all shows every system, --commands every command", "dim"))]


def _stage_cells(plan: Plan, rows: Sequence[Sequence[PlanTask]], width: int) -> tuple[list[Column], list[list[Cell]]]:
    wide = width >= WIDE
    columns = [
        Column("stage", right=True),
        Column("what", least=16, greed=3, noun="systems"),
        Column("kind", most=40 if wide else 14),
        Column("how", most=30 if wide else 14),
        Column("where", least=12, greed=1, noun="hosts"),
        *([Column("owner", least=8, greed=1, noun="owners"), Column("takes", right=True)] if wide else []),
        Column("waits for", least=16, greed=3, noun="systems"),
    ]
    cells: list[list[Cell]] = []
    before = 0
    for row in rows:
        first = row[0]
        kind = first.kind if len(row) == 1 else f"{len(row)} {first.kind}"
        takes = words.about(max(task.estimate_s for task in row))
        owners = list(dict.fromkeys(task.owner for task in row))
        more: list[Cell] = [owners, takes] if wide else []
        cells.append(
            [
                "" if first.stage == before else str(first.stage),
                [task.id for task in row],
                kind,
                words.how(first),
                _where(row, wide=wide),
                *more,
                waits_for(plan, row),
            ]
        )
        before = first.stage
    return columns, cells


def _where(row: Sequence[PlanTask], *, wide: bool) -> Cell:
    """The hosts by name where there is room, or where there is one; else how many."""
    hosts = list(dict.fromkeys(host for task in row for host in task.hosts))
    if len(hosts) <= 1:
        return hosts[0] if hosts else "-"
    return ranges(hosts) if wide else count(len(hosts), "host")


def system_table(plan: Plan, width: int) -> list[Line]:
    """Every system, in an admissible order."""
    wide = width >= WIDE
    columns = [
        Column("stage", right=True),
        Column("system", least=14, greed=2),
        Column("how", most=14 if not wide else 30),
        Column("where", least=10, greed=2, noun="hosts"),
        *([Column("kind", most=24), Column("owner", most=20), Column("takes", right=True)] if wide else []),
        Column("waits for", least=16, greed=3, noun="systems"),
    ]
    cells: list[list[Cell]] = []
    for task in sorted(plan.tasks, key=lambda task: task.stage):
        more: list[Cell] = [task.kind, task.owner, words.about(task.estimate_s)] if wide else []
        where = _where([task], wide=wide)
        cells.append([str(task.stage), task.id, words.how(task), where, *more, waits_for(plan, [task])])
    return table(columns, cells, width)


def _alike(tasks: Iterable[PlanTask]) -> list[list[PlanTask]]:
    groups: dict[tuple[int, str, str], list[PlanTask]] = {}
    for task in tasks:
        groups.setdefault((task.stage, task.kind, words.how(task)), []).append(task)
    return [groups[key] for key in sorted(groups, key=lambda key: (key[0], -len(groups[key]), key[1:]))]


def waits_for(plan: Plan, row: Sequence[PlanTask]) -> list[str]:
    """What the tasks of a row wait for, nearest first; the protocol's order rules last."""
    stages = {task.id: task.stage for task in plan.tasks}
    own = {task.id for task in row}
    tasks = {need.task for task in row for need in task.needs if need.task and need.task not in own}
    barriers = {need.barrier for task in row for need in task.needs if need.barrier}
    nearest = sorted(tasks, key=lambda task: (-stages.get(task, 0), task))
    return [*nearest, *sorted(barriers)] or ["nothing"]


def ranges(names: Iterable[str]) -> list[str]:
    """Names that differ in their last number, together: `web-01..12`, `muc-db-01,04`."""
    groups: dict[tuple[str, int], list[str]] = {}
    for name in names:
        match = _NUMBERED.match(name)
        key = (match[1], len(match[2])) if match else (name, 0)
        groups.setdefault(key, []).append(match[2] if match else "")
    return [stem + _numbers(sorted(numbers)) for (stem, _), numbers in groups.items()]


def _numbers(numbers: Sequence[str]) -> str:
    spans: list[list[str]] = []
    for number in numbers:
        if spans and number and int(number) == int(spans[-1][-1]) + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ",".join(
        span[0] if len(span) == 1 else f"{span[0]}{',' if len(span) == 2 else '..'}{span[-1]}" for span in spans
    )
