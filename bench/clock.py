"""What a measured process says of itself, phase by phase. Imports nothing heavy: it is loaded while the clock runs."""

import json
import resource
import time
from collections.abc import Callable
from typing import Any, TypeVar

from bench.measure import megabytes

T = TypeVar("T")


class Clock:
    """Wall and CPU seconds of each phase, and the process's peak memory at its end, in MB."""

    def __init__(self, start: tuple[float, float]) -> None:
        """`start`: wall and CPU clock at the process's first line; what came before this line is phase `start`."""
        self.wall = {"start": time.perf_counter() - start[0]}
        self.cpu = {"start": time.process_time() - start[1]}
        self.peak = {"start": peak()}

    def phase(self, name: str, work: Callable[[], T]) -> T:
        """Do some work and keep how long it took."""
        wall, cpu = time.perf_counter(), time.process_time()
        value = work()
        self.wall[name] = time.perf_counter() - wall
        self.cpu[name] = time.process_time() - cpu
        self.peak[name] = peak()
        return value

    def said(self, **more: Any) -> str:
        """What the parent reads."""
        return json.dumps({"wall": self.wall, "cpu": self.cpu, "peak": self.peak, **more})


def peak() -> float:
    """The most memory that this process has had so far, in MB."""
    return megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
