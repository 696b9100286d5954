"""The command line as its user has it: a process of its own, its exit code, its two streams."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
LIMIT_S = 240
SECRETS = {"ERP_KEYS_PASSPHRASE": "s3cret-of-erp", "EPA_KEYS_PASSPHRASE": "s3cret-of-epa"}


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Orch:
    """`orch -C workspace`, as o.lang."""

    workspace: Path
    prefix: tuple[str, ...] = ()  # what starts the command elsewhere, such as in another network

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """The command, not waited for; the caller ends it by pid."""
        return subprocess.Popen(
            [*self.prefix, sys.executable, "-m", "orchestrator.cli.main", *words],
            cwd=REPOSITORY,
            env=os.environ | SECRETS | {"ORCH_WORKSPACE": str(self.workspace), "ORCH_AS": "o.lang", "COLUMNS": "100"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: str, code: int | None = 0) -> Ran:
        """Run a command to its end; insists on `code` unless that is None."""
        process = self.start(*words)
        try:
            out, err = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        assert code is None or process.returncode == code, f"{words} ended with {process.returncode}\n{out}\n{err}"
        assert "Traceback" not in out + err
        return Ran(process.returncode, out, err)

    def killed_when(self, ready: Callable[[], bool], *words: str, by: signal.Signals = signal.SIGKILL) -> Ran:
        """Start a command and send it a signal as soon as `ready` holds."""
        process = self.start(*words)
        until = time.monotonic() + LIMIT_S
        while not ready() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(by)
        out, err = process.communicate(timeout=LIMIT_S)
        return Ran(process.returncode, out, err)


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a JSON lines file, as far as it is written; a journal's hash is cut off."""
    if not path.exists():
        return []
    whole = path.read_bytes().decode().split("\n")[:-1]
    return [json.loads(line[line.index("{") :]) for line in whole]
