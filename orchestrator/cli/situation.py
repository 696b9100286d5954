"""What most commands start from: the files, the runs, and what follows from them for every system.

Reads only. `workspace` and `estate` are handed on as values, so no other room reads files of its own accord.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.estate.fold import fold_estate
from orchestrator.model.errors import Broken, UsageError
from orchestrator.model.estate import Estate, RunRecord
from orchestrator.model.plan import Plan, Request
from orchestrator.model.terms import Action
from orchestrator.model.workspace import Workspace
from orchestrator.plan.restore import plan_restore
from orchestrator.plan.shutdown import plan_shutdown
from orchestrator.run.folder import RunFolder
from orchestrator.show.next_steps import short_run
from orchestrator.workspace.loader import load

Planner = Callable[..., Plan]
PLANNERS: dict[Action, Planner] = {Action.SHUTDOWN: plan_shutdown, Action.RESTORE: plan_restore}


@dataclass(frozen=True, slots=True)
class Situation:
    """A workspace as it stands now."""

    root: Path
    workspace: Workspace
    estate: Estate

    def plan(self, action: Action, request: Request, *, id: str, created_at: str, author: str | None) -> Plan:
        """The plan of a request in this situation."""
        return PLANNERS[action](self.workspace, self.estate, request, id=id, created_at=created_at, author=author)


def folder(root: Path) -> Path:
    """The workspace's folder. Raises UsageError where there is none."""
    advice = "Name the workspace with -C DIR, or begin one with: orch init DIR"
    try:
        if not root.is_dir():
            raise UsageError(f"{root} is no folder.", advice)
    except OSError as error:
        raise UsageError(f"{root} is no folder that can be looked into: {error.strerror or error}.", advice) from error
    return root


def situation(root: Path, inventory: str | None, *, despite_errors: bool = False) -> Situation:
    """Everything that planning starts from. `despite_errors`: gone past where others don't stand on them."""
    where = folder(root)
    return Situation(where, load(where, inventory, despite_errors=despite_errors), estate_of(where))


def situation_of(root: Path, plan: Plan, inventory: str | None) -> Situation:
    """What planning `plan` again starts from: its files are read as they were read for it."""
    passed = plan.request.despite_errors and plan.action is Action.SHUTDOWN
    return situation(root, inventory or plan.request.inventory, despite_errors=passed)


def estate_of(root: Path) -> Estate:
    """What all runs of a workspace say, together. Raises Broken where one of them does not verify."""
    return fold_estate(_verified(run) for run in RunFolder.list_runs(root))


def _verified(run: RunFolder) -> RunRecord:
    try:
        return record(run)
    except Broken as error:
        advice = (
            f"{error.advice}\nWhere containment can't wait: move {run.path} out of {run.path.parent}, keep it, and "
            "plan again. orch then knows nothing of what that run took down."
        )
        raise Broken(error.what, advice) from error


def record(run: RunFolder) -> RunRecord:
    """One run as a value."""
    journal = run.read()
    return RunRecord(run.plan()[0], journal.events, journal.head)


def run_named(root: Path, name: str, *, to_change: bool = False) -> RunFolder:
    """The run that `name` means. `last` changes something only where no more than one run is open."""
    where = folder(root)
    if not RunFolder.list_runs(where):
        raise UsageError(
            f"There is no run yet in {where.absolute() / 'runs'}.",
            "If it should be there, name its workspace: -C DIR   To begin one: orch shutdown --dry-run",
        )
    found = RunFolder.find(where, name)
    if to_change and name == "last":
        open_runs = [run.run for run in estate_of(where).open_runs]
        if len(open_runs) > 1:
            raise UsageError(
                f'{len(open_runs)} runs are open, so "last" does not say which one you mean: {", ".join(open_runs)}.',
                "Name it by its id or the beginning of it.",
            )
        if open_runs:
            return RunFolder.find(where, open_runs[0])
    return found


def short_name(root: Path, run_id: str) -> str:
    """The shortest name by which a person can mean this run and no other."""
    return short_run(run_id, {run.run_id for run in RunFolder.list_runs(root)})


def now() -> datetime:
    """The time, where a command needs it: from here on it is an argument."""
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """A time as plans write it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
