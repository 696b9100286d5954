"""Mistakes built into the command on purpose; a campaign without them proves nothing (`test_mutants`).

Each is applied within the process that runs the command, after the fork.
"""

import fcntl
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.hosts.errands import Brought, Errands
from orchestrator.hosts.port import Outcome, OutcomeState, Result
from orchestrator.model.plan import Plan
from orchestrator.run import disk, journal, lock
from orchestrator.run.dependencies import Dependencies
from orchestrator.run.engine import Engine
from orchestrator.run.task_run import TaskRun


def journal_after_effect() -> None:
    """The effects go first, the journal follows when the disk has time."""
    record, write = Engine._record, Engine._write

    def effects_first(self: Any, decided: Any) -> None:
        late: list[Any] = []
        self._write = lambda events, now: late.append((events, now))
        record(self, decided)
        del self._write
        time.sleep(0.03)
        for events, now in late:
            write(self, events, now)

    Engine._record = effects_first  # type: ignore[method-assign]


def no_fsync() -> None:
    """A written batch counts as durable."""

    def write_only(fd: int, data: bytes) -> None:
        os.write(fd, data)

    journal.write_all = write_only  # type: ignore[attr-defined]
    disk.write_all = write_only


def lock_ignored() -> None:
    """Whoever wants the lock has it."""

    def take(fd: int) -> bool:
        fcntl.flock(fd, fcntl.LOCK_UN)
        return True

    lock._take = take


def receipts_not_asked() -> None:
    """What did not come back is thought never to have begun."""

    def never(self: Any, key: str, spec: Any, mode: Any, generation: str | None) -> Brought:
        return Brought(Outcome(OutcomeState.NEVER, by_receipt=True))

    Errands.question = never  # type: ignore[method-assign]


def receipts_made_up() -> None:
    """What did not come back is thought to have ended well."""

    def done(self: Any, key: str, spec: Any, mode: Any, generation: str | None) -> Brought:
        return Brought(Outcome(OutcomeState.DONE, Result(0, b"", b"", (0, 0)), by_receipt=True, generation=generation))

    Errands.question = done  # type: ignore[method-assign]


def needs_ignored() -> None:
    """Every task is ready at once."""
    init = Dependencies.__init__

    def without(self: Dependencies, plan: Plan) -> None:
        init(self, plan.model_copy(update={"tasks": tuple(replace(task, needs=()) for task in plan.tasks)}))

    Dependencies.__init__ = without  # type: ignore[method-assign]


def torn_tail_kept() -> None:
    """What a crash has left of a line stays where it is."""

    def nothing(fd: int, length: int) -> None:
        return

    os.ftruncate = nothing


def intents_forgotten() -> None:
    """A resume does not read which steps had begun."""
    changed = TaskRun.step_changed

    def forget(self: TaskRun, event: Any, at: float) -> None:
        changed(self, event, at)
        if event.state == "intent" and event.at:
            del self.attempts[event.step, event.host, event.on_host]

    TaskRun.step_changed = forget  # type: ignore[method-assign]


def output_not_synced() -> None:
    """The names of kept output are not made durable before the journal speaks of them."""

    def nothing(path: Path) -> None:
        return

    disk.sync_folder = nothing


MUTANTS: dict[str, Callable[[], None]] = {
    mutant.__name__.replace("_", "-"): mutant
    for mutant in (
        journal_after_effect,
        no_fsync,
        lock_ignored,
        receipts_not_asked,
        receipts_made_up,
        needs_ignored,
        torn_tail_kept,
        intents_forgotten,
        output_not_synced,
    )
}
"""By name; each must be caught by a few kills."""
