"""Decisions that reach a running run from another terminal: files in its `inbox/` (contract section 6).

* `drop` writes, fsyncs and renames: what lies in the inbox is whole. Files are taken in the order of their names, which
  begin with the time of the drop.
* A decision carries the name of its file into the journal; only when it is durable there is the file removed (`done`).
  After a crash in between, the name in the journal shows that it was taken (`seen`).
* Anything else that lies there is hostile or half: a link, a pipe, more than 64 KiB, what is no decision, has no name
  or no reason. It is moved to `inbox/refused/` with a note `NAME.why` beside it; nothing of it is believed.
* However much lies there, one look takes so much of it and no more, so that a flood never keeps a run from going on.
* `fate` tells who dropped a file what has become of it.
"""

import os
import re
import secrets
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from orchestrator.model.errors import OrchError
from orchestrator.model.events import OperatorDid
from orchestrator.run.disk import (
    make_folder,
    not_durable,
    not_readable,
    put,
    read_file,
    require_folder,
    sync_folder,
    write_new,
)
from orchestrator.run.folder import RunFolder
from orchestrator.run.layout import NEW, REFUSED

_LARGEST = 64 * 1024
_AT_ONCE = 200
_SEEN_AT_ONCE = 20_000
"""So many names are looked at before they are sorted: where a flood lies there, its own order is not kept."""
_TOLD = 50
_LONGEST_NAME = 200
_LONGEST_REASON = 4_000
_WHY = ".why"
_DROPPED = re.compile(r"[0-9]{20}-[0-9a-f]{8}\.json\Z")
_ABOUT_A_TASK = {"resolve", "escalate"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file of the inbox that was no decision, and why."""

    name: str
    why: str


def drop(folder: RunFolder, decision: OperatorDid) -> Path:
    """Leaves a decision for the process that executes the run. Raises ValueError for what `take` would refuse."""
    return drop_all(folder, (decision,))[0]


def drop_all(folder: RunFolder, decisions: Sequence[OperatorDid]) -> tuple[Path, ...]:
    """Leaves decisions, a file for each, in their order. None can be taken before all of them are on the disk."""
    for decision in decisions:
        if fault := _fault(decision):
            raise ValueError(fault)
    inbox, command = folder.inbox_path, "the same command"
    make_folder(inbox, command)
    now = time.time_ns()
    paths = tuple(inbox / f"{now + n:020d}-{secrets.token_hex(4)}.json" for n in range(len(decisions)))
    new = tuple(path.with_name(NEW + path.name) for path in paths)
    try:
        for path, decision in zip(new, decisions, strict=True):
            write_new(path, decision.model_dump_json(exclude_none=True).encode("utf-8"))
        for path, name in zip(new, paths, strict=True):
            os.rename(path, name)
        sync_folder(inbox)
    except OSError as error:
        for path in new:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise not_durable(error, inbox, command) from error
    return paths


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


def done(*paths: Path) -> None:
    """Removes the files of decisions, once the journal has them. Raises DurabilityError."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
            if path is paths[-1]:
                sync_folder(path.parent)
        except IsADirectoryError:
            refuse(path, "it is a folder under the name of a decision that was taken")
        except OSError as error:
            raise not_durable(error, path, f"orch resume {path.parent.parent.name}") from error


def refusals(folder: RunFolder) -> tuple[Refusal, ...]:
    """What was refused in this run's inbox, and why: the latest of it."""
    refused = folder.inbox_path / REFUSED
    notes = [name for name in _names(refused) if name.endswith(_WHY)]
    return tuple(Refusal(name.removesuffix(_WHY), _note(refused / name)) for name in notes[-_TOLD:])


class Fate(StrEnum):
    """What has become of a file that was dropped."""

    WAITS = "waits"
    TAKEN = "taken"  # the journal has it
    REFUSED = "refused"


def fate(path: Path) -> tuple[Fate, str]:
    """What has become of a file that `drop` left, and why where it was refused."""
    if os.path.lexists(path):
        return Fate.WAITS, ""
    refused = path.parent / REFUSED
    for name in _names(refused, most=None):
        if name.startswith(f"{path.name}.") and name.endswith(_WHY):
            return Fate.REFUSED, _note(refused / name)
    return Fate.TAKEN, ""  # it is removed once it is durable in the journal, and not before


def waiting(folder: RunFolder) -> frozenset[str]:
    """The names of what waits now."""
    return frozenset(path.name for path in _waiting(folder.inbox_path))


def _note(path: Path) -> str:
    return read_file(path, _LARGEST).decode("utf-8", "replace")


def _waiting(inbox: Path) -> list[Path]:
    """What `drop` left, oldest first; behind it whatever else lies there."""
    names = sorted(_names(inbox), key=lambda name: (_DROPPED.match(name) is None, name))
    return [inbox / name for name in names if not name.startswith(NEW) and name != REFUSED]


def _names(path: Path, most: int | None = _SEEN_AT_ONCE) -> list[str]:
    if not os.path.lexists(path):
        return []
    require_folder(path)
    try:
        with os.scandir(path) as entries:
            return sorted(entry.name for entry in islice(entries, most))
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
    if not decision.by.strip() or (not decision.reason.strip() and decision.did != "pause"):
        return "a decision wants a name and a reason"
    if len(decision.by) > _LONGEST_NAME or len(decision.reason) > _LONGEST_REASON:
        return f"a name has at most {_LONGEST_NAME} characters, a reason {_LONGEST_REASON:,}"
    if (decision.did in _ABOUT_A_TASK) != (decision.task is not None):
        return f'a "{decision.did}" names {"a task" if decision.did in _ABOUT_A_TASK else "no task"}'
    if (decision.did == "resolve") != (decision.resolution is not None):
        return 'a "resolve" says what becomes of the task, and nothing else does'
    if decision.did == "past-limit":
        return "a budget is counted anew by orch resume RUN --past-limit, not from here"
    return None


def refuse(path: Path, why: str) -> None:
    """Moves a file away (a link as a link, a folder as a folder), with the reason beside it.

    The reason comes first: who waits for the file's fate must never take a refusal for a yes.
    """
    resume = f"orch resume {path.parent.parent.name}"
    refused = path.parent / REFUSED
    _make_way(refused)
    make_folder(refused, resume)
    target = refused / f"{path.name[:150]}.{secrets.token_hex(4)}"
    put(target.with_name(target.name + _WHY), why.encode("utf-8", "replace"), resume)
    try:
        os.rename(path, target)
        sync_folder(path.parent)
    except FileNotFoundError:
        return  # somebody took it away meanwhile
    except OSError as error:
        raise not_durable(error, path, resume) from error


def _make_way(refused: Path) -> None:
    """What stands where the folder should be, and is none, becomes one more file that is looked at."""
    if os.path.lexists(refused) and (refused.is_symlink() or not refused.is_dir()):
        with suppress(OSError):
            os.rename(refused, refused.with_name(f"{REFUSED}.{secrets.token_hex(4)}"))
