"""Where a picture goes: to stdout (`-`), into a new file, or over a picture that orch drew; over nothing else.

A picture shows an attacker what hangs on what, so its file is readable by its owner only.
"""

import os
from pathlib import Path

from orchestrator.model.errors import UsageError
from orchestrator.plan.file import write_plan
from orchestrator.show import console

STDOUT = "-"
_OF_OTHERS = {".yaml", ".yml", ".json", ".jsonl"}


def require_free(root: Path, name: str, option: str, mark: str) -> None:
    """Raises UsageError where no picture may be written. `mark`: what a picture of that kind bears near its top."""
    if name == STDOUT:
        return
    if not name.strip():
        raise UsageError(f"{option} names no file.", f"Name it: {option} FILE   (or - for stdout)")
    file = Path(name)
    target, runs = Path(os.path.realpath(file)), Path(os.path.realpath(root / "runs"))
    if target.is_relative_to(runs):
        raise UsageError(f"{option} {file} lies in {root / 'runs'}, where only runs are kept.", "Name another place.")
    if file.is_dir():
        raise UsageError(
            f"{option} {file} is a folder.", f"Name a file in it: {option} {file / 'graph'}.{option.strip('-')}"
        )
    if file.suffix.lower() in _OF_OTHERS:
        raise UsageError(f"{option} {file} is no name for a picture.", f"Such as: {option} graph.{option.strip('-')}")
    if os.path.lexists(file) and not _is_ours(file, mark):
        raise UsageError(
            f"{option} {file} is there already, and is no picture that orch drew; it was left as it is.",
            "Name another file.",
        )


def put(name: str, text: str) -> None:
    """Write a picture, whole or not at all. What is not ASCII becomes `&#...;`, which SVG and DOT read alike."""
    data = text.encode("ascii", errors="xmlcharrefreplace")
    if name == STDOUT:
        console.text(data.decode("ascii"))
        return
    write_plan(Path(name), [data])


def _is_ours(file: Path, mark: str) -> bool:
    if file.is_symlink() or not file.is_file():
        return False
    try:
        with file.open("rb") as opened:
            return mark.encode("ascii") in opened.read(256)
    except OSError:
        return False
