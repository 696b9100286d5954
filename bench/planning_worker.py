"""One measured process of the row `planning`: `WHAT ROOT`; prints one JSON object.

- `plan` does what `orch shutdown --dry-run --out FILE` does but for the page it shows: read and check the workspace,
  fold the estate, plan, write the plan file. `check` and `impact` do what `orch check` and `orch impact zone=...` do,
  but for the page as well.
- `graph` does the graph's part of planning alone: all needs, the order of a shutdown of everything, and what falls with
  one zone. It leaves its edges and that zone in `EDGES`, for `graph_worker.py` to do the same with a bare library.
- `yaml` and `events` read the same `.yaml` files and throw away what they read.
"""

import time

START = time.perf_counter(), time.process_time()

import gc  # noqa: E402  the clock runs before anything is imported
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402

from bench.clock import Clock  # noqa: E402

EDGES = "edges.txt"
ZONE = "zone=zone-000"


def plan(root: Path) -> str:
    """Files to plan file."""
    from orchestrator.cli.situation import estate_of
    from orchestrator.model.plan import Request
    from orchestrator.plan.file import plan_pieces, write_plan
    from orchestrator.plan.shutdown import plan_shutdown
    from orchestrator.workspace.loader import load

    clock = Clock(START)
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
    out = root / "plan.json"
    clock.phase("write", lambda: write_plan(out, plan_pieces(made)))
    size = out.stat().st_size
    return clock.said(tasks=len(made.tasks), needs=sum(len(task.needs) for task in made.tasks), bytes=size)


def check(root: Path) -> str:
    """Everything that is wrong with the files, and what looks dangerous."""
    from orchestrator.cli.checking import check_workspace

    clock = Clock(START)
    found = clock.phase("check", lambda: check_workspace(root, None))
    return clock.said(errors=len(found.errors), lints=len(found.lints))


def impact(root: Path) -> str:
    """Who is hit by the loss of a zone."""
    from orchestrator.cli.situation import situation
    from orchestrator.graph.modes import modes_of
    from orchestrator.graph.what_if import impact_of
    from orchestrator.model.collector import without_collector
    from orchestrator.model.terms import Mode
    from orchestrator.plan.ground import Ground

    clock = Clock(START)
    now = clock.phase("read", lambda: situation(root, None))
    ground = Ground(now.workspace)

    def ask() -> int:
        modes = modes_of(now.workspace, ground.selection, ground.inventory.systems)
        with without_collector():
            found = impact_of(
                ground.inventory,
                ground.needs,
                ground.selection.asked([ZONE]),
                gone=ground.gone(now.estate),
                isolates=lambda one: modes[one] is Mode.ISOLATE,
            )
        return len(found.members)

    return clock.said(down=clock.phase("impact", ask))


def graph(root: Path) -> str:
    """The graph of all needs, its order, and what falls with a zone."""
    from orchestrator.graph.closure import falling
    from orchestrator.graph.modes import modes_of
    from orchestrator.model.terms import Action
    from orchestrator.plan.ground import Ground
    from orchestrator.plan.ordering import ordered
    from orchestrator.workspace.loader import load

    clock = Clock(START)
    workspace = clock.phase("read", lambda: load(root))
    gc.disable()  # as it is while a plan is made
    ground = Ground(workspace)
    systems = workspace.inventory.systems
    zone = sorted(ground.selection.asked([ZONE]))
    modes = {id: (mode,) for id, mode in modes_of(workspace, ground.selection, systems).items()}
    needs = clock.phase("needs", lambda: ground.needs)
    order = clock.phase("order", lambda: ordered(ground, Action.SHUTDOWN, modes))
    down = clock.phase("falling", lambda: falling(needs, zone))
    waits = {(wait.task, id) for id, own in order.waits.items() for wait in own}
    lines = [" ".join(zone), *(f"{system} {other}" for system, other in sorted(waits))]
    (root / EDGES).write_text("\n".join(lines) + "\n", encoding="ascii")
    return clock.said(edges=len(waits), down=len(down))


def parse(root: Path, how: str) -> str:
    """The same YAML, parsed by PyYAML's C loader and nothing else."""
    import yaml

    texts = [path.read_bytes() for path in sorted(root.rglob("*.yaml"))]
    clock = Clock(START)
    if how == "yaml":
        clock.phase("parse", lambda: [yaml.load(text, yaml.CSafeLoader) for text in texts])
    else:
        clock.phase("parse", lambda: [sum(1 for _ in yaml.parse(text, yaml.CLoader)) for text in texts])
    return clock.said()


WORK: dict[str, Callable[[Path], str]] = {
    "plan": plan,
    "check": check,
    "impact": impact,
    "graph": graph,
    "yaml": lambda root: parse(root, "yaml"),
    "events": lambda root: parse(root, "events"),
}

if __name__ == "__main__":
    print(WORK[sys.argv[1]](Path(sys.argv[2])))
    if sys.argv[1] in {"plan", "check", "impact"}:
        from orchestrator.cli.main import leave

        leave(0)  # as orch does
