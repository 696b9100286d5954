"""One measured process of the row `engine`: `one|all PLAN ROOT`; runs the plan in a new workspace ROOT, to its end.

The real engine, its real journal and its real outputs on disk, opened and locked as `orch apply` does; only the carrier
is none (`bench/instant_carrier.py`). Prints one JSON object; CPU counts from the first command that is handed over.
"""

import time

START = time.perf_counter(), time.process_time()

import os  # noqa: E402  the clock runs before anything is imported
import sys  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from pathlib import Path  # noqa: E402

from bench.clock import Clock, peak  # noqa: E402


def main(how: str, file: Path, root: Path) -> str:
    """Run it, and say what it cost."""
    from bench.instant_carrier import InstantCarrier
    from orchestrator.model.events import Event
    from orchestrator.plan.file import read_plan
    from orchestrator.run.execute import RunEnd, Stop, execute, open_run
    from orchestrator.run.view import RunView

    class Silent:
        def on_event(self, event: Event) -> None: ...
        def on_tick(self, view: RunView) -> None: ...
        def on_notice(self, text: str) -> None:
            print(text, file=sys.stderr)

    clock = Clock(START)
    plan, data = clock.phase("plan", lambda: read_plan(file))
    root.mkdir()
    now = datetime.now(UTC)
    folder = open_run(root, plan, data, by="bench", version="0", protocol_bytes=None, now=now, previous_heads=())
    carrier = InstantCarrier(plan, one=how == "one")
    tasks = len(plan.tasks)
    del plan, data
    end = clock.phase(
        "run",
        lambda: execute(folder, by="bench", version="0", carrier=carrier, listener=Silent(), stop=Stop()),
    )
    if end is not RunEnd.DONE or carrier.began is None:
        raise SystemExit(f"the run ended {end}")
    cpu, wall = time.process_time() - carrier.began[0], time.perf_counter() - carrier.began[1]
    lines = folder.journal_path.read_bytes().count(b"\n")
    return clock.said(
        run_cpu=cpu,
        run_wall=wall,
        run_peak=peak(),
        system=os.times().system,
        tasks=tasks,
        steps=carrier.steps,
        commands=carrier.commands,
        events=lines,
        bytes=folder.journal_path.stat().st_size,
        outputs=sum(1 for _ in os.scandir(folder.path / "output")),
    )


if __name__ == "__main__":
    print(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
