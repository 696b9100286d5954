"""The plan file, the one door of this room to the disk (section 4, *Plan file*).

Its digest is the SHA-256 of the file's bytes as they lie there, never of a re-serialisation. It is written whole or
not at all, for its owner only, and never through a link. Each field stands on a line of its own, and so does each host
and each task: two plans can be compared line by line, and a large one is written without ever being in memory whole.
"""

import errno
import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from orchestrator.model.errors import DurabilityError, UsageError
from orchestrator.model.plan import Plan, PlanHost, PlanTask
from orchestrator.plan.sound import unsound

FORMAT = "orch-plan/1"
MOST_BYTES = 4 * 1024**3
_BUFFER = 1024**2
_WRONG_PLACE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL}


def plan_bytes(plan: Plan) -> bytes:
    """The bytes of a plan's file; equal plans have equal bytes."""
    return b"".join(plan_pieces(plan))


def plan_pieces(plan: Plan) -> Iterator[bytes]:
    """The same bytes, piece by piece."""
    field, host, task = (TypeAdapter(each).dump_json for each in (Plan, PlanHost, PlanTask))
    before = b"{\n"
    for name in Plan.model_fields:
        yield before
        if name == "hosts":
            hosts = (b"%b:%b" % (json.dumps(id).encode(), host(one)) for id, one in plan.hosts.items())
            yield from _lines(b'"hosts":{', hosts, b"}")
        elif name == "tasks":
            yield from _lines(b'"tasks":[', map(task, plan.tasks), b"]")
        else:
            yield field(plan, include={name}, by_alias=True)[1:-1]
        before = b",\n"
    yield b"\n}\n"


def _lines(opening: bytes, entries: Iterable[bytes], closing: bytes) -> Iterator[bytes]:
    """A list or an object, an entry a line."""
    yield opening
    before = b"\n"
    for entry in entries:
        yield before + entry
        before = b",\n"
    yield b"\n" + closing


def digest(data: bytes) -> str:
    """What approvals sign: the SHA-256 of the file's bytes."""
    return hashlib.sha256(data).hexdigest()


def read_plan(path: Path) -> tuple[Plan, bytes]:
    """A plan and its exact bytes. Raises UsageError for what can't be read or is no plan."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno())
            if not stat.S_ISREG(size.st_mode):
                raise UsageError(f"{path} is no plain file.")
            if size.st_size > MOST_BYTES:
                raise UsageError(f"{path} is larger than any plan.")
            data = file.read()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}.") from error
    return parse_plan(data, str(path)), data


def parse_plan(data: bytes, name: str) -> Plan:
    """The plan that `data` holds. `name` stands in the error."""
    try:
        plan = Plan.model_validate_json(data)
    except ValidationError as error:
        raise UsageError(f"{name} is no plan that this orch can read: {_what_is_wrong(data, error)}") from error
    if wrong := unsound(plan):
        raise UsageError(f"{name} is no plan that orch wrote: {wrong}.", "Somebody changed it. Plan anew.")
    return plan


def looks_like_plan(path: Path) -> bool:
    """Whether a file begins as orch writes plans, so that another plan may take its place."""
    try:
        with path.open("rb") as file:
            head = file.read(256)
    except OSError:
        return False
    return re.match(rb'\s*\{\s*"format"\s*:\s*"orch-plan/', head) is not None


def write_plan(path: Path, pieces: Iterable[bytes]) -> None:
    """Write the pieces of a plan's file whole and durably, readable by their owner only.

    Raises UsageError where nothing can be written, DurabilityError where the disk is full or fails.
    """
    if path.is_symlink():
        raise UsageError(f"{path} is a link.", "Name the file itself.")
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", "Name a file, such as night.json.")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder.", "Make it first, or name another place.")
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb", buffering=_BUFFER) as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        what = f"{path} could not be written: {error.strerror or error}."
        if error.errno in _WRONG_PLACE:
            raise UsageError(what, "Name another place.") from error
        raise DurabilityError(what, "Free space or look at the disk, then: the same command") from error


def _what_is_wrong(data: bytes, error: ValidationError) -> str:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return "it is not JSON, or cut off."
    form = value.get("format") if isinstance(value, dict) else None
    if form != FORMAT:
        return f"its format is {json.dumps(form)[:60]}, not {json.dumps(FORMAT)}."
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}."
