"""One measured process of the row `makespan`: `ROOT...`; prints what each run took on a simulated clock, and its bound.

Of each workspace everything goes down and comes back: as the workspace says, with 8 slots, and with each zone full at
3 tasks while priorities are drawn by lot.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from bench import virtual_run
from bench.list_schedule import bound_of, takes_of
from bench.plans import restore_of, shutdown_of
from orchestrator.estate.fold import fold_estate
from orchestrator.model.estate import RunRecord
from orchestrator.model.events import Event, Opened, Sealed
from orchestrator.model.plan import Plan
from orchestrator.run.chain import numbered, stamp
from orchestrator.workspace.loader import load

BEGAN = datetime(2026, 3, 1, 2, 14, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Case:
    """One run and its bound, in simulated seconds."""

    what: str
    tasks: int
    run: float
    bound: float
    floor: float
    most_busy: int


def cases_of(root: Path) -> Iterator[Case]:
    """Every run of one workspace."""
    workspace = load(root)
    name = f"{workspace.inventory.name}, {len(workspace.inventory.systems):,} systems"
    down = shutdown_of(workspace)
    went = virtual_run.run(down, virtual_run.durations(down))
    back = restore_of(workspace, fold_estate([_record(down, went)]))
    for word, plan in (("down", down), ("back", back)):
        yield _case(f"{name}, {word}", plan)
        yield _case(f"{name}, {word}, 8 slots", _with(plan, parallel=8))
        yield _case(f"{name}, {word}, zones of 3", _with(plan, zones=3))


def _case(what: str, plan: Plan) -> Case:
    seconds = virtual_run.durations(plan)
    ran = virtual_run.run(plan, seconds)
    bound = bound_of(plan, {task.id: takes_of(task, seconds) for task in plan.tasks})
    return Case(what, len(plan.tasks), ran.makespan, bound.makespan, bound.floor, ran.most_busy)


def _with(plan: Plan, *, parallel: int | None = None, zones: int | None = None) -> Plan:
    policy = plan.policy
    if parallel is not None:
        return plan.model_copy(update={"policy": policy.model_copy(update={"parallel": parallel})})
    lots = Random(len(plan.tasks))
    names = sorted({host.zone for host in plan.hosts.values() if host.zone is not None})
    limited = policy.model_copy(update={"zone_parallel": dict.fromkeys(names, zones)})
    tasks = tuple(replace(task, priority=lots.choice((10, 50, 90))) for task in plan.tasks)
    return plan.model_copy(update={"policy": limited, "tasks": tasks})


def _record(plan: Plan, ran: virtual_run.Finished) -> RunRecord:
    """The run as its journal would have it, so that there is something to bring back."""
    opened = Opened(run=plan.id, plan_sha256="0" * 64, previous_run_heads=(), by="bench", version="0")
    events: list[tuple[float, Event]] = [(0.0, opened), *ran.journal, (ran.makespan, Sealed(result="done", tasks={}))]
    dated = (
        numbered(event, n, stamp(datetime.fromtimestamp(BEGAN + at, UTC))) for n, (at, event) in enumerate(events, 1)
    )
    return RunRecord(plan, tuple(dated), "1" * 64)


if __name__ == "__main__":
    print(json.dumps({"cases": [asdict(case) for root in sys.argv[1:] for case in cases_of(Path(root))]}))
