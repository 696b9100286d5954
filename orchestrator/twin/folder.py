"""What lies in a twin's folder, and how the twin that lives there is found again.

| file | holds |
|---|---|
| `twin.json` | which process, port, speed and hosts; also the mark by which an earlier twin's folder is known |
| `twin.jsonl` | what the simulated hosts were told |
| `twin.log` | messages of the twin itself |
| `twin.sock` | its control socket, for its owner only |
| `twin.keys` | the private host keys |
| the rest | a workspace like any other, with its own `keys/` and `runs/` |
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestrator.model.errors import UsageError

STATE = "twin.json"
LOG = "twin.log"
SOCKET = "twin.sock"
HOST_KEYS = "twin.keys"
CLIENT_KEY = "keys/twin"
FORMAT = "orch-twin/1"


@dataclass(frozen=True, slots=True)
class TwinState:
    """`twin.json`. `pid` is None while the folder is being written."""

    source: str  # the workspace that it is a copy of
    inventory: str
    speed: float
    port: int
    hosts: Mapping[str, str]  # id -> address
    pid: int | None = None
    started: str = ""
    problems: tuple[str, ...] = ()


def read_state(folder: Path) -> TwinState:
    """The twin of `folder`. Raises UsageError where there is none."""
    path = folder / STATE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            raise ValueError("another format")
        return TwinState(**{**data, "problems": tuple(data["problems"])})
    except FileNotFoundError:
        raise UsageError(f"{folder} is no twin's folder: there is no {STATE}", "orch twin up --write DIR") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(f"{path} can't be read: {error}") from None


def write_state(folder: Path, state: TwinState) -> None:
    """Replaces `twin.json` in one go."""
    new = folder / f"{STATE}.new"
    new.write_text(json.dumps({"format": FORMAT, **asdict(state)}, indent=1) + "\n", encoding="utf-8")
    new.rename(folder / STATE)


@contextlib.contextmanager
def short_path(folder: Path) -> Iterator[Path]:
    """`folder` by a name that is short enough for a socket's path (108 bytes), whatever its own is."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{fd}")
    finally:
        os.close(fd)
