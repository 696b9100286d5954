"""A run of a plan on a simulated clock: orch's real core, and a world in which each command takes its own time.

The world is as long-winded as life: every command takes another time, the same whenever it is asked (by a hash of what
it is), and all goes as planned (`well_answered`). The clock jumps to the next answer, or to where the core wants to be
asked again; deciding takes no time on it.
"""

import hashlib
import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from bench.list_schedule import Seconds
from bench.measure import Broken
from bench.well_answered import WellAnswered
from orchestrator.model.events import Event, OutputRef
from orchestrator.model.plan import Plan
from orchestrator.run.scheduler import Scheduler, Standing
from orchestrator.run.turn import Heard, Submit

OUTPUT = OutputRef(stdout="0" * 64, stderr="0" * 64, bytes=(0, 0), truncated=(False, False))
_TURNS = 10_000_000
_ABOUT = {"?state": 0.1, "?isolation": 0.1, "?poweroff": 0.1, "?port": 0.02, "?health": 0.1, "?evidence": 1.0}


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended: when, and the events of its journal, each with its time."""

    makespan: float
    journal: tuple[tuple[float, Event], ...]
    most_busy: int


def durations(plan: Plan) -> Seconds:
    """A world's actual durations: from half to one and a half of what is usual, by a hash."""
    usual: Mapping[tuple[str, str], float] = {
        (task.id, step.id): step.expect_s for task in plan.tasks for step in task.steps
    }

    def seconds(task: str, what: str, host: str, on_host: str | None) -> float:
        about = usual[task, what] if not what.startswith("?") else _ABOUT[what.partition(":")[0]]
        seed = hashlib.sha256(f"{task}/{what}/{host}/{on_host or '-'}".encode()).digest()
        return about * (0.5 + int.from_bytes(seed[:6], "big") / 2**48)

    return seconds


def run(plan: Plan, seconds: Seconds) -> Finished:
    """Execute `plan` on the simulated clock, to its end. Raises Broken where it does not end well."""
    scheduler, hosts = Scheduler(plan), WellAnswered(plan)
    coming: list[tuple[float, int, str]] = []
    journal: list[tuple[float, Event]] = []
    now, sent, most_busy = 0.0, 0, 0
    heard: list[Heard] = []
    for _ in range(_TURNS):
        decided = scheduler.advance(now, heard)
        journal += ((now, event) for event in decided.events)
        for effect in decided.effects:
            if isinstance(effect, Submit):
                sent += 1
                heapq.heappush(coming, (now + _takes(effect.key, seconds), sent, effect.key))
        most_busy = max(most_busy, len(scheduler.busy()))
        if scheduler.standing() is Standing.DONE:
            return Finished(now, tuple(journal), most_busy)
        wake = scheduler.wake_at()
        times = [at for at in (coming[0][0] if coming else None, wake) if at is not None]
        if not times:
            break
        now = max(now, min(times))
        heard = []
        while coming and coming[0][0] <= now:
            key = heapq.heappop(coming)[2]
            heard.append(Heard(key, hosts.outcome(key), OUTPUT))
    states = {task: (one.state.value, one.why) for task, one in scheduler.runs.items() if not one.state.is_end}
    raise Broken(f"the simulated run did not end: {scheduler.standing()}, {dict(list(states.items())[:5])}")


def _takes(key: str, seconds: Seconds) -> float:
    _, task, what, host, on_host, _ = key.split("/")
    if what.startswith("?"):
        kind, _, name = what.partition(":")
        what = f"{kind}:{name}" if kind in {"?evidence", "?health"} else kind
    return seconds(task, what, host, None if on_host == "-" else on_host)
