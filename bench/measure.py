"""One measured process at a time, and what several of them say together.

- A child's wall time, CPU and peak memory come from the kernel (`wait4`), so start and end of the interpreter count.
- A child is killed by its process id past its time limit; nothing here waits without end.
- The median counts; the spread is kept for whoever reads `--json`.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class Broken(Exception):
    """A measured process failed: no number is better than a wrong one."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds, megabytes (10^6 bytes), and the one JSON object that it printed, if it did."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    said: Mapping[str, Any]


def run(command: Sequence[str], *, limit_s: float = 120, parse: bool = True) -> Run:
    """Run a process to its end. Raises Broken where it fails or takes longer than `limit_s`."""
    # What was compiled is kept, as it is for every user.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "100"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, cwd=ROOT)
        alarm = Timer(limit_s, child.kill)
        alarm.start()
        try:
            _, status, used = os.wait4(child.pid, 0)
        finally:
            alarm.cancel()
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text = out.read().decode(errors="replace")
        if child.returncode != 0:
            last = (err.read().decode(errors="replace").strip() or text.strip()).splitlines()[-3:]
            why = f"killed after {limit_s:g} s" if wall >= limit_s else f"exit {child.returncode}"
            raise Broken(f"{' '.join(command[1:4])}: {why}: {' | '.join(last)[:400]}")
    said = json.loads(text) if parse else {}
    return Run(wall, used.ru_utime + used.ru_stime, megabytes(used.ru_maxrss), said)


def megabytes(maxrss: int) -> float:
    """What the kernel tells as `ru_maxrss`, in 10^6 bytes."""
    return maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def python(*arguments: str) -> list[str]:
    """A command line for the interpreter that runs the benchmark."""
    return [sys.executable, *arguments]


def by_turns(
    commands: Mapping[str, Sequence[str]], times: int, *, limit_s: float = 120, parse: bool = True
) -> dict[str, list[Run]]:
    """Each command so many times, by turns (A B A B), so that a slow minute of the machine hits all of them."""
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            found[name].append(run(command, limit_s=limit_s, parse=parse))
    return found


def median(runs: Sequence[Run], value: Callable[[Run], float]) -> float:
    """The median of one value of several runs."""
    return statistics.median(value(one) for one in runs)


def spread(runs: Sequence[Run], value: Callable[[Run], float]) -> tuple[float, float]:
    """The least and the most."""
    values = [value(one) for one in runs]
    return min(values), max(values)


def machine() -> str:
    """What the numbers were made on, and whether it had other things to do."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return f"{cores} core{'s' * (cores > 1)}, Python {platform.python_version()}, {platform.system()}{load}"
