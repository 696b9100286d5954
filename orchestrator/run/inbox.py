"""Decisions that reach a running run from another terminal: files in its `inbox/` (contract section 6).

* `drop` writes, fsyncs and renames: what lies in the inbox is whole. Files are taken in the order of their names, which
  begin with the time of the drop.
* A decision carries the name of its file into the journal; only when it is durable there is the file removed (`done`).
  After a crash in between, the name in the journal shows that it was taken (`seen`).
* Anything else that lies there is hostile or half: a link, a pipe, more than 64 KiB, what is no decision, has no name
  or no reason. It is moved to `inbox/refused/` with a note `NAME.why` beside it; nothing of it is believed.
"""

import os
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from orchestrator.model.errors import OrchError
from orchestrator.model.events import OperatorDid
from orchestrator.run.disk import make_folder, not_durable, not_readable, put, read_file, require_folder, sync_folder
from orchestrator.run.folder import RunFolder
from orchestrator.run.layout import NEW, REFUSED

_LARGEST = 64 * 1024
_AT_ONCE = 1000
_WHY = ".why"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file of the inbox that was no decision, and why."""

    name: str
    why: str


def drop(folder: RunFolder, decision: OperatorDid) -> Path:
    """Leaves a decision for the process that executes the run. Raises ValueError for what `take` would refuse."""
    if fault := _fault(decision):
        raise ValueError(fault)
    inbox = folder.inbox_path
    command = "the same command"
    make_folder(inbox, command)
    path = inbox / f"{time.time_ns():020d}-{secrets.token_hex(4)}.json"
    put(path, decision.model_dump_json(exclude_none=True).encode("utf-8"), command)
    return path


def take(folder: RunFolder, seen: Collection[str] = ()) -> tuple[tuple[Path, OperatorDid], ...]:
    """The decisions that wait, oldest first; what is none is moved away. `seen`: names that the journal has already."""
    taken: list[tuple[Path, OperatorDid]] = []
    for path in _waiting(folder.inbox_path)[:_AT_ONCE]:
        if path.name in seen:
            done(path)
            continue
        decision = _read(path)
        if isinstance(decision, OperatorDid):
            taken.append((path, decision))
        else:
            refuse(path, decision)
    return tuple(taken)


def done(path: Path) -> None:
    """Removes a decision's file, once the journal has it. Raises DurabilityError."""
    try:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise not_durable(error, path, f"orch resume {path.parent.parent.name}") from error


def refusals(folder: RunFolder) -> tuple[Refusal, ...]:
    """What was refused in this run's inbox, and why."""
    refused = folder.inbox_path / REFUSED
    notes = [name for name in _names(refused) if name.endswith(_WHY)]
    return tuple(
        Refusal(name.removesuffix(_WHY), read_file(refused / name, _LARGEST).decode("utf-8", "replace"))
        for name in notes
    )


def _waiting(inbox: Path) -> list[Path]:
    return [inbox / name for name in _names(inbox) if not name.startswith(NEW) and name != REFUSED]


def _names(path: Path) -> list[str]:
    if not os.path.lexists(path):
        return []
    require_folder(path)
    try:
        return sorted(os.listdir(path))
    except OSError as error:
        raise not_readable(error, path) from error


def _read(path: Path) -> OperatorDid | str:
    """The decision in a file, or why it is none."""
    try:
        data = read_file(path, _LARGEST)
    except OrchError as error:
        return error.what
    if len(data) > _LARGEST:
        return f"it has more than {_LARGEST} bytes"
    try:
        decision = OperatorDid.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return "it is no decision: " + ".".join(str(part) for part in first["loc"]) + ": " + first["msg"]
    if fault := _fault(decision):
        return fault
    return decision.model_copy(update={"inbox": path.name})


def _fault(decision: OperatorDid) -> str | None:
    """Why nobody may take this decision; None: it is one."""
    if decision.n or decision.at or decision.inbox is not None:
        return "it gives itself a place in the journal"
    if not decision.by.strip() or not decision.reason.strip():
        return "a decision wants a name and a reason"
    if (decision.did == "resolve") != (decision.task is not None and decision.resolution is not None):
        return 'a "resolve" names a task and what becomes of it, and nothing else does'
    return None


def refuse(path: Path, why: str) -> None:
    """Moves a file away (a link as a link, a folder as a folder), with the reason beside it."""
    resume = f"orch resume {path.parent.parent.name}"
    refused = path.parent / REFUSED
    make_folder(refused, resume)
    target = refused / f"{path.name[:150]}.{secrets.token_hex(4)}"
    try:
        os.rename(path, target)
        sync_folder(path.parent)
    except FileNotFoundError:
        return  # somebody took it away meanwhile
    except OSError as error:
        raise not_durable(error, path, resume) from error
    put(target.with_name(target.name + _WHY), why.encode("utf-8", "replace"), resume)
