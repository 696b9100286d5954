"""`twin.jsonl`: what the simulated hosts were told, one line per command, written when the command ends (section 8).

The second, independent record of a run: `{"at", "host", "system", "action", "step", "command", "exit"}`. `host` is the
one that was told; `exit` is null for a command that never came to its end (its host went down, or the twin did). A
command told again under a receipt does nothing, so it is no line. Each line is flushed as it is written.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from orchestrator.twin.job import Job

NAME = "twin.jsonl"


class TwinLog:
    """The open file."""

    def __init__(self, folder: Path) -> None:
        fd = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        self._file: TextIO = os.fdopen(fd, "a", encoding="utf-8", buffering=1)

    def write(self, job: Job) -> None:
        """One command has ended."""
        meant = job.meant
        line = {
            "at": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "host": job.host,
            "system": job.system,
            "action": "probe" if job.look else "unknown" if meant is None else meant.action,
            "step": "look" if job.look else None if meant is None else meant.step,
            "command": job.line,
            "exit": job.exit,
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Nothing more comes."""
        self._file.close()
