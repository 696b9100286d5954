"""One measured process of the row `planning`: `plan ROOT`, `yaml ROOT` or `events ROOT`; prints one JSON object.

`plan` does what `orch shutdown --dry-run --out FILE` does but for the page it shows: read and check the workspace, fold
the estate, plan, write the plan file. What is compared with reads the same `.yaml` files and throws away what it read.
"""

import time

START = time.perf_counter(), time.process_time()

import json  # noqa: E402  the clock runs before anything is imported
import resource  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, TypeVar  # noqa: E402

from bench.measure import megabytes  # noqa: E402

T = TypeVar("T")


class Clock:
    """Wall and CPU seconds of each phase, and the process's peak memory at its end, in MB."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self.peak: dict[str, float] = {}

    def phase(self, name: str, work: Callable[[], T]) -> T:
        """Do some work and keep how long it took."""
        wall, cpu = time.perf_counter(), time.process_time()
        value = work()
        self.wall[name] = time.perf_counter() - wall
        self.cpu[name] = time.process_time() - cpu
        self.peak[name] = megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return value

    def said(self, **more: Any) -> str:
        """What the parent reads."""
        return json.dumps({"wall": self.wall, "cpu": self.cpu, "peak": self.peak, **more})


def plan(root: Path) -> str:
    """Files to plan file."""
    from orchestrator.cli.situation import estate_of
    from orchestrator.model.plan import Request
    from orchestrator.plan.file import plan_bytes, write_plan
    from orchestrator.plan.shutdown import plan_shutdown
    from orchestrator.workspace.loader import load

    clock = Clock()
    clock.wall["start"], clock.cpu["start"] = time.perf_counter() - START[0], time.process_time() - START[1]
    workspace = clock.phase("read", lambda: load(root))
    estate = clock.phase("estate", lambda: estate_of(root))
    made = clock.phase(
        "plan",
        lambda: plan_shutdown(
            workspace,
            estate,
            Request(),
            id="20260301-0214-shutdown-7f3a",
            created_at="2026-03-01T02:14:00Z",
            author="ops",
        ),
    )
    data = clock.phase("bytes", lambda: plan_bytes(made))
    clock.phase("write", lambda: write_plan(root / "plan.json", data))
    return clock.said(tasks=len(made.tasks), needs=sum(len(task.needs) for task in made.tasks), bytes=len(data))


def parse(root: Path, how: str) -> str:
    """The same YAML, parsed by PyYAML's C loader and nothing else."""
    import yaml

    texts = [path.read_bytes() for path in sorted(root.rglob("*.yaml"))]
    clock = Clock()
    if how == "yaml":
        clock.phase("parse", lambda: [yaml.load(text, yaml.CSafeLoader) for text in texts])
    else:
        clock.phase("parse", lambda: [sum(1 for _ in yaml.parse(text, yaml.CLoader)) for text in texts])
    return clock.said()


if __name__ == "__main__":
    what, where = sys.argv[1], Path(sys.argv[2])
    print(plan(where) if what == "plan" else parse(where, what))
