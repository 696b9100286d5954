"""Where things lie in `runs/` (contract section 7): the names in a run's folder, and which folders are runs.

A run is a folder in `runs/` whose name is an id. `.new-*` is a folder that was being made when the power went: it never
became a run, and is left alone. A link under a run's name counts as a run, so that reading it fails aloud.
"""

import os
from pathlib import Path

from orchestrator.model.identifiers import is_id
from orchestrator.run.disk import not_readable, require_folder

RUNS = "runs"
PLAN = "plan.json"
PROTOCOL = "protocol.yaml"
JOURNAL = "journal.jsonl"
LOCK = "lock"
OUTPUT = "output"
INBOX = "inbox"
REFUSED = "refused"  # in the inbox
APPROVALS = "approvals"
NEW = ".new-"


def runs_of(root: Path) -> Path:
    """The folder that holds the runs of the workspace `root`."""
    return root / RUNS


def run_paths(root: Path) -> tuple[Path, ...]:
    """The folders of all runs, by name; (): none yet."""
    runs = runs_of(root)
    if not os.path.lexists(runs):
        return ()
    require_folder(runs)
    try:
        names = sorted(os.listdir(runs))
    except OSError as error:
        raise not_readable(error, runs) from error
    return tuple(runs / name for name in names if is_id(name) and _may_be_run(runs / name))


def resume_line(run_id: str) -> str:
    """What an operator types to go on with a run."""
    return f"orch resume {run_id}"


def _may_be_run(path: Path) -> bool:
    return path.is_symlink() or path.is_dir()
