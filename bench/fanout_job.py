"""What every client of the rows `fanout` and `reuse` is told, and how it says what that cost. Imports nothing heavy.

Also runs where orch is not installed: in the environment of its own that `bench/peers.py` makes.
"""

import json
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Job:
    """Whom to ask, and how to log in. `known_hosts` names each host, `any_host` has one line for all of them."""

    addresses: list[str]
    port: int
    user: str
    key: str
    fingerprint: str
    known_hosts: str
    any_host: str
    parallel: int
    tag: str


def job_in(path: str) -> Job:
    """The job that a file holds."""
    return Job(**json.loads(Path(path).read_text()))


def clocked(hosts: int, work: Callable[[], int]) -> str:
    """Do the work; what to print: wall and CPU seconds of this process. All hosts must have answered."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    done = work()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    if done != hosts:
        raise SystemExit(f"only {done} of {hosts} hosts answered")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.dumps({"wall": wall, "cpu": cpu, "hosts": done})
