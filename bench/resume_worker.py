"""One measured process of the row `engine`: `WHAT ROOT RUN`; takes a run up again as far as its first decision.

- `command` is `orch resume RUN`, the real command with all that it reads, but for its carrier: that one ends the
  process as soon as the run has decided something and waits for hosts.
- `parts` does what has to be done for it once, part by part: the plan, the journal (read, verified), the replay.
"""

import time

START = time.perf_counter(), time.process_time()

import os  # noqa: E402  the clock runs before anything is imported
import sys  # noqa: E402
from datetime import datetime  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import NoReturn  # noqa: E402

from bench.clock import Clock  # noqa: E402


class Waiting:
    """A carrier for `orch resume` that ends the process where it would wait for hosts."""

    def __init__(self, **how: object) -> None:
        self.commands = 0

    def submit(self, key: str, spec: object) -> None:
        """A command was decided."""
        self.commands += 1

    def ask(self, key: str, spec: object) -> None:
        """A question was decided."""
        self.commands += 1

    def release(self, task: str) -> None:
        """Nothing is kept."""

    def wait(self, timeout: float) -> NoReturn:
        """The end: everything is decided that can be without an answer."""
        clock = Clock(START)
        sys.stdout.write(clock.said(commands=self.commands) + "\n")
        sys.stdout.flush()
        os._exit(0)

    def close(self) -> None:
        """Nothing is open."""


def command(root: Path, run: str) -> str:
    """The command; it does not come back."""
    from orchestrator.cli import executing, main

    if not hasattr(executing, "SshCarrier"):
        raise SystemExit("orch resume takes its carrier from somewhere else now")
    setattr(executing, "SshCarrier", Waiting)  # noqa: B010  no name that it offers
    sys.argv = ["orch", "resume", run, "-C", str(root), "--as", "bench"]
    main.main()
    raise SystemExit("the command ended without having waited for a host")


def parts(root: Path, run: str) -> str:
    """The same, once and part by part."""
    from orchestrator.run.folder import RunFolder
    from orchestrator.run.journal import read_journal
    from orchestrator.run.scheduler import Scheduler

    clock = Clock(START)
    folder = RunFolder.find(root, run)
    plan, _ = clock.phase("plan", folder.plan)
    scheduler = clock.phase("core", lambda: Scheduler(plan))
    read = clock.phase("journal", lambda: read_journal(folder.journal_path))

    def replay() -> None:
        for event in read.events:
            scheduler.replay(event, datetime.fromisoformat(event.at).timestamp())

    clock.phase("replay", replay)
    clock.phase("decide", lambda: scheduler.advance(datetime.fromisoformat(read.events[-1].at).timestamp()))
    return clock.said(events=len(read.events))


if __name__ == "__main__":
    print({"command": command, "parts": parts}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3]))
