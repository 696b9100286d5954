"""`orch log`: which entries, from when on, and whether to go on reading while the run goes on."""

import json
import re
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from orchestrator.cli.situation import now
from orchestrator.model.duration import parse_duration
from orchestrator.model.errors import UsageError
from orchestrator.model.events import Event
from orchestrator.model.plan import Plan
from orchestrator.run.chain import payload_of
from orchestrator.run.folder import RunFolder
from orchestrator.run.timeline import Row, timeline
from orchestrator.show import console
from orchestrator.show.log_view import log_lines

_CLOCK = re.compile(r"[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-2][0-9](:[0-5][0-9](:[0-5][0-9])?)?)?Z?\Z")
_POLL_S = 0.5
_UNFINISHED = "no outcome"


@dataclass(frozen=True, slots=True)
class LogWish:
    """What was asked for. `tasks` are ids of tasks or of systems."""

    tasks: tuple[str, ...]
    since: str | None
    output: bool
    follow: bool
    as_json: bool


def say_log(folder: RunFolder, wish: LogWish) -> None:
    """Says the log of a run."""
    plan, _ = folder.plan()
    tasks = _tasks(plan, wish.tasks)
    events = folder.read().events
    start = _start(wish.since, events)
    if wish.as_json:
        console.document(
            {
                "format": "orch-log/1",
                "run": folder.run_id,
                "events": [json.loads(payload_of(event)) for event in _of(events, tasks, start)],
            }
        )
        return
    rows = _rows(plan, events, tasks, start)
    if not wish.follow:
        _say(folder, rows, tasks, wish)
        return
    _follow(folder, plan, tasks, start, wish)


def _follow(folder: RunFolder, plan: Plan, tasks: Collection[str] | None, start: str, wish: LogWish) -> None:
    """Each row once, when it is complete; the rest when no process executes the run any more."""
    told: set[int] = set()
    while True:
        busy = folder.is_locked()
        rows = _rows(plan, folder.read().events, tasks, start)
        fresh = [row for row in rows if row.n not in told and (not busy or row.result != _UNFINISHED)]
        if fresh:
            told.update(row.n for row in fresh)
            _say(folder, fresh, tasks, wish)
        if not busy or not console.is_heard():
            return
        time.sleep(_POLL_S)


def _say(folder: RunFolder, rows: Sequence[Row], tasks: Collection[str] | None, wish: LogWish) -> None:
    output = folder.outputs.read if wish.output else None
    one = tasks is not None and len(tasks) == 1
    console.answer(log_lines(rows, console.width(), one_task=one, output=output))


def _rows(plan: Plan, events: Sequence[Event], tasks: Collection[str] | None, start: str) -> list[Row]:
    return [row for row in timeline(plan, events, tasks) if row.at >= start]


def _of(events: Iterable[Event], tasks: Collection[str] | None, start: str) -> list[Event]:
    return [e for e in events if e.at >= start and (tasks is None or getattr(e, "task", None) in tasks)]


def _tasks(plan: Plan, names: Sequence[str]) -> frozenset[str] | None:
    """The tasks that were named, by their own id or their system's; None: all."""
    if not names:
        return None
    by_name: dict[str, set[str]] = {}
    for task in plan.tasks:
        by_name.setdefault(task.id, set()).add(task.id)
        by_name.setdefault(task.system, set()).add(task.id)
    for name in names:
        if name not in by_name:
            import difflib

            near = difflib.get_close_matches(name, by_name, n=2)
            raise UsageError(f'"{name}" is no task of {plan.id}.', f"Did you mean {' or '.join(near)}?" if near else "")
    return frozenset(task for name in names for task in by_name[name])


def _start(since: str | None, events: Sequence[Event]) -> str:
    """The time in the journal's own form from which on to tell; "" is the beginning."""
    if since is None:
        return ""
    if _CLOCK.match(since):
        day = events[-1].at[:10] if events else f"{now():%Y-%m-%d}"
        return f"{day}T{since}"
    if _DATE.match(since):
        return since.replace(" ", "T").rstrip("Z")
    try:
        return f"{now() - timedelta(seconds=parse_duration(since)):%Y-%m-%dT%H:%M:%S}"
    except ValueError:
        raise UsageError(
            f'--since {since}: "{since}" is no time.', "Such as 02:31, 2026-03-01T02:31 (both UTC), or 10m (ago)."
        ) from None
