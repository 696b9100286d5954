"""How long a plan takes: list scheduling over the usual durations of its tasks, and its longest chain (section 4).

- A task takes what its steps usually take (on its hosts one after the other, or with `serial: false` the longest),
  and a moment for its probes; coming back also its health checks.
- Ready tasks start by priority, then id, while a slot is free; a zone's `parallel` limits the tasks in that zone.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from orchestrator.model.plan import Estimate, PlanHealth, PlanStep

_Entry = tuple[int, str, int]  # what is ready: by priority, then id; and its place

PROBE_S = 2.0
CHECK_S = 1.0


class Job(NamedTuple):
    """A task as the estimate sees it. `waits`: the places of those it waits for, in the list of all jobs."""

    id: str
    seconds: float
    priority: int
    waits: Sequence[int]
    group: int  # the group it counts to; 0: free
    zones: tuple[str, ...]


def task_seconds(steps: Iterable[PlanStep], health: Iterable[PlanHealth], *, serial: bool) -> float:
    """The usual duration of one task."""
    by_step: dict[str, float] = {}
    for step in steps:
        known = by_step.get(step.id, 0.0)
        by_step[step.id] = known + step.expect_s if serial else max(known, step.expect_s)
    settle = [check.settle_s + CHECK_S for check in health]
    return round(PROBE_S + sum(by_step.values()) + max(settle, default=0.0), 1)


def estimate(jobs: Sequence[Job], parallel: int, zone_parallel: Mapping[str, int]) -> Estimate:
    """The makespan of `jobs` (in an admissible order) and the longest chain among them."""
    chain, seconds = _longest_chain(jobs)
    return Estimate(
        seconds=round(_Simulation(jobs, parallel, zone_parallel).run(), 1),
        critical_path=chain,
        critical_path_s=round(seconds, 1),
    )


def _longest_chain(jobs: Sequence[Job]) -> tuple[tuple[str, ...], float]:
    finish: list[float] = []
    came_from: list[int | None] = []
    group_now = 0
    before: tuple[float, int | None] = (0.0, None)  # the latest finish of all earlier groups, and whose
    latest = before
    for place, job in enumerate(jobs):
        if job.group > group_now:
            group_now, before = job.group, latest
        start, last = before if job.group else (0.0, None)
        for other in job.waits:
            if finish[other] > start:
                start, last = finish[other], other
        finish.append(start + job.seconds)
        came_from.append(last)
        if job.group and finish[place] > latest[0]:
            latest = (finish[place], place)
    if not finish:
        return (), 0.0
    end: int | None = max(range(len(jobs)), key=lambda place: (finish[place], jobs[place].id))
    chain = []
    while end is not None:
        chain.append(end)
        end = came_from[end]
    return tuple(jobs[place].id for place in reversed(chain)), finish[chain[0]]


class _Simulation:
    """The plan run with everything taking as long as usual. Jobs are meant by their places."""

    def __init__(self, jobs: Sequence[Job], parallel: int, zone_parallel: Mapping[str, int]) -> None:
        self._jobs = jobs
        self._free = parallel
        self._zone_free = dict(zone_parallel)
        self._open_waits = [len(job.waits) for job in jobs]
        self._holds: list[list[int]] = [[] for _ in jobs]
        self._groups: dict[int, list[int]] = {}
        for place, job in enumerate(jobs):
            for other in job.waits:
                self._holds[other].append(place)
            if job.group:
                self._groups.setdefault(job.group, []).append(place)
        self._to_come = sorted(self._groups)
        self._group_open = {group: len(members) for group, members in self._groups.items()}
        for group in self._to_come[1:]:
            for held in self._groups[group]:
                self._open_waits[held] += 1
        self._ready = [self._entry(place) for place, count in enumerate(self._open_waits) if count == 0]
        heapq.heapify(self._ready)
        self._parked: dict[str, list[_Entry]] = {}  # ready, but their zone is full
        self._running: list[tuple[float, str, int]] = []

    def run(self) -> float:
        """Seconds until the last task is done."""
        now = 0.0
        self._start(now)
        while self._running:
            now, _, place = heapq.heappop(self._running)
            self._end(place)
            self._start(now)
        return now

    def _start(self, now: float) -> None:
        while self._ready and self._free > 0:
            entry = heapq.heappop(self._ready)
            job = self._jobs[entry[2]]
            full = next((zone for zone in job.zones if self._zone_free[zone] <= 0), None)
            if full is not None:
                heapq.heappush(self._parked.setdefault(full, []), entry)
                continue
            self._count(job, 1)
            heapq.heappush(self._running, (now + job.seconds, job.id, entry[2]))

    def _end(self, place: int) -> None:
        job = self._jobs[place]
        self._count(job, -1)
        for zone in job.zones:
            if self._parked.get(zone):
                heapq.heappush(self._ready, heapq.heappop(self._parked[zone]))
        for held in self._holds[place]:
            self._let_go(held)
        if job.group:
            self._group_open[job.group] -= 1
            while len(self._to_come) > 1 and self._group_open[self._to_come[0]] == 0:
                self._to_come.pop(0)
                for held in self._groups[self._to_come[0]]:
                    self._let_go(held)

    def _count(self, job: Job, sign: int) -> None:
        self._free -= sign
        for zone in job.zones:
            self._zone_free[zone] -= sign

    def _let_go(self, place: int) -> None:
        self._open_waits[place] -= 1
        if self._open_waits[place] == 0:
            heapq.heappush(self._ready, self._entry(place))

    def _entry(self, place: int) -> _Entry:
        job = self._jobs[place]
        return -job.priority, job.id, place
