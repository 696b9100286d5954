"""A run's folder (contract section 7): made whole or not at all, found by name, read with its digest checked.

* A run is made as `runs/.new-...` (plan, protocol, lock and, where it is given, the journal with `opened`), then
  renamed, and the folder fsynced: there is never half a run. A run that is there is never made again: a plan runs once.
* A run is named by its id, a unique beginning of it, or `last`.
* The plan is given out only while its bytes are those that the journal opened with; otherwise `Broken`.
"""

import difflib
import errno
import hashlib
import os
import shutil
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from orchestrator.model.collector import without_collector
from orchestrator.model.errors import Broken, OrchError, Refused, UsageError
from orchestrator.model.events import Opened
from orchestrator.model.identifiers import is_id
from orchestrator.model.plan import Plan
from orchestrator.run import layout
from orchestrator.run.disk import make_folder, not_durable, read_file, sync_folder, write_new
from orchestrator.run.integrity import VerifyReport, verify_run
from orchestrator.run.journal import Journal, JournalRead, looks_sealed, read_journal, read_opened
from orchestrator.run.lock import Holder, hold, holder_of
from orchestrator.run.output import OutputStore

_AGAIN = "the same command"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run on disk. Holds no file open."""

    path: Path

    # --- making and finding

    @classmethod
    def create(
        cls,
        root: Path,
        run_id: str,
        plan_bytes: bytes,
        protocol_bytes: bytes | None,
        *,
        opened: Opened | None = None,
        at: datetime | None = None,
    ) -> Self:
        """A new run in the workspace `root`. With `opened` and `at` its journal begins in the same stroke.

        Raises Refused where the run is there already, DurabilityError where the disk fails.
        """
        if not is_id(run_id):
            raise UsageError(f'"{run_id}" can\'t be the id of a run.', "Ids match [a-z0-9][a-z0-9._-]{0,62}.")
        if (opened is None) != (at is None):
            raise ValueError("opened and at belong together")
        runs = layout.runs_of(root)
        make_folder(runs, _AGAIN)
        path = runs / run_id
        if os.path.lexists(path):
            raise _ran_already(path)
        new: Path | None = None
        try:
            new = Path(tempfile.mkdtemp(prefix=f"{layout.NEW}{run_id}-", dir=runs))  # 0700
            _fill(new, plan_bytes, protocol_bytes)
            if opened is not None and at is not None:
                with Journal.create(new / layout.JOURNAL) as journal:
                    journal.append((opened,), at)
            sync_folder(new)
            os.rename(new, path)
            new = None
            sync_folder(runs)
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
                raise _ran_already(path) from error
            raise not_durable(error, path, _AGAIN) from error
        finally:
            if new is not None:
                shutil.rmtree(new, ignore_errors=True)
        return cls(path)

    @classmethod
    def list_runs(cls, root: Path) -> tuple[Self, ...]:
        """All runs of a workspace, oldest first; one whose beginning can't be read stands last, so it is seen."""
        found = []
        for path in layout.run_paths(root):
            opened = cls(path).opened()
            found.append(((opened is None, opened.at if opened else "", path.name), cls(path)))
        return tuple(folder for _, folder in sorted(found, key=lambda pair: pair[0]))

    @classmethod
    def find(cls, root: Path, name: str) -> Self:
        """The run that `name` means: an id, a unique beginning of one, or `last`. Raises UsageError."""
        folders = cls.list_runs(root)
        if not folders:
            raise UsageError("There is no run yet.", "Begin with: orch shutdown --dry-run")
        if name == "last":
            return folders[-1]
        ids = [folder.run_id for folder in folders]
        hits = [run for run in ids if run == name] or [run for run in ids if name and run.startswith(name)]
        if len(hits) == 1:
            return folders[ids.index(hits[0])]
        if hits:
            raise UsageError(f'"{name}" is the beginning of {len(hits)} runs: {_few(hits)}.', "Type more of it.")
        close = difflib.get_close_matches(name, ids, 1)
        advice = f"Did you mean {close[0]}?" if close else f"The last is {ids[-1]}. All: orch runs"
        raise UsageError(f'There is no run "{name}".', advice)

    # --- what lies in it

    @property
    def run_id(self) -> str:
        """The run's id, which is its plan's."""
        return self.path.name

    @property
    def journal_path(self) -> Path:
        """Where the journal is."""
        return self.path / layout.JOURNAL

    @property
    def inbox_path(self) -> Path:
        """Where decisions from other terminals arrive."""
        return self.path / layout.INBOX

    @property
    def outputs(self) -> OutputStore:
        """The output of this run's commands."""
        return OutputStore(self.path / layout.OUTPUT)

    @without_collector()
    def plan(self) -> tuple[Plan, bytes]:
        """The plan that this run executes, and its bytes. Raises Broken where they are not those it was opened with."""
        path = self.path / layout.PLAN
        data = read_file(path)
        opened = self._opened_of_this_run() if os.path.lexists(self.journal_path) else None
        if opened is not None and hashlib.sha256(data).hexdigest() != opened.plan_sha256:
            raise Broken(
                f"{path} was changed: its SHA-256 is not the one that the journal opened with.",
                f"What was approved is what runs, so nothing more runs. See: orch verify {self.run_id}",
            )
        try:
            return Plan.model_validate_json(data), data
        except ValidationError as error:
            raise Broken(f"{path} is no plan that this version of orch can read: {_first(error)}.") from error

    def _opened_of_this_run(self) -> Opened:
        """The first event. Raises Broken where there is none, or where it opened another run."""
        opened = read_opened(self.journal_path)
        if opened is None:
            raise Broken(
                f"{self.journal_path} has no first entry: it was emptied or cut, and nothing says what this run did.",
                "Keep the folder as it is: it is evidence. Bring the run back from a copy.",
            )
        if opened.run != self.run_id:
            raise Broken(
                f'{self.path} holds the journal of run "{opened.run}": it was renamed, or is a copy.',
                f"A run has one folder, and its own name. Move a copy out of {self.path.parent}, or rename it back.",
            )
        return opened

    def opened(self) -> Opened | None:
        """The journal's first event; None where there is none that can be read (`read` says why)."""
        try:
            return read_opened(self.journal_path)
        except OrchError:
            return None

    def read(self) -> JournalRead:
        """The journal, verified. Raises Broken with `path:line`."""
        return read_journal(self.journal_path)

    def looks_over(self) -> bool:
        """Whether the journal's last line seals the run, by that line alone; nothing of it is verified."""
        return looks_sealed(self.journal_path)

    def verify(self) -> VerifyReport:
        """What can be said of this run's integrity."""
        return verify_run(self.path)

    # --- who executes it

    def lock(self, by: str) -> AbstractContextManager[None]:
        """Holds the run for the life of the block. Raises Refused with who holds it."""
        return hold(self.path / layout.LOCK, by)

    def holder(self) -> Holder | None:
        """Who executes the run now."""
        return holder_of(self.path / layout.LOCK)

    def is_locked(self) -> bool:
        """Whether a process executes the run now."""
        return self.holder() is not None


def _fill(new: Path, plan_bytes: bytes, protocol_bytes: bytes | None) -> None:
    write_new(new / layout.PLAN, plan_bytes)
    if protocol_bytes is not None:
        write_new(new / layout.PROTOCOL, protocol_bytes)
    write_new(new / layout.LOCK, b"")
    for name in (layout.INBOX, layout.OUTPUT, layout.APPROVALS):
        (new / name).mkdir(0o700)


def _ran_already(path: Path) -> Refused:
    return Refused(
        f"{path.name} has been opened already: a plan runs at most once.",
        f"Go on with it: orch resume {path.name}   or look: orch show {path.name}   or plan anew.",
    )


def _few(ids: list[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return ".".join(str(part) for part in first["loc"]) + ": " + first["msg"]
