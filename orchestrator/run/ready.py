"""Which of the ready tasks starts next (contract sections 3, 6): by rank, where the limits of its zones have room.

Tasks that stand in the same limited zones wait in one line, so a full zone with thousands of ready tasks costs no more
than an empty one. A task of several zones, first in its line, that only one full zone keeps back is not overtaken for
ever: a slot of its other zones is kept for it.
"""

import heapq
from collections.abc import Callable, Mapping

Rank = tuple[int, int]


class Ready:
    """Tasks that are ready to start, in lines."""

    def __init__(
        self, limits: Mapping[str, int], zones: Mapping[str, tuple[str, ...]], rank: Mapping[str, Rank]
    ) -> None:
        self._limits = limits
        self._rank = rank
        self._zones = {task: tuple(zone for zone in its if zone in limits) for task, its in zones.items()}
        self._lines: dict[tuple[str, ...], list[tuple[Rank, str]]] = {}
        self._queued: set[str] = set()
        self._busy = dict.fromkeys(limits, 0)

    def add(self, task: str) -> None:
        """Queue a ready task, if it is not queued yet."""
        if task not in self._queued:
            self._queued.add(task)
            heapq.heappush(self._lines.setdefault(self._zones[task], []), (self._rank[task], task))

    def occupy(self, task: str, by: int) -> None:
        """Count a task that became busy (1) or is so no more (-1)."""
        for zone in self._zones[task]:
            self._busy[zone] += by

    def pop(self, is_ready: Callable[[str], bool]) -> str | None:
        """The task to start next, or None where there is none or its zones are full; drops what is ready no more."""
        kept = dict.fromkeys(self._limits, 0)
        lines = [line for line in tuple(self._lines) if self._has(line, is_ready)]
        for line in sorted(lines, key=lambda one: self._lines[one][0]):
            full = {zone for zone in line if self._busy[zone] + kept[zone] >= self._limits[zone]}
            if not full:
                return self._take(line)
            for zone in set(line) - full:
                kept[zone] += 1
        return None

    def queued(self) -> frozenset[str]:
        """Ready tasks that only want a slot."""
        return frozenset(self._queued)

    def _has(self, line: tuple[str, ...], is_ready: Callable[[str], bool]) -> bool:
        while line in self._lines and not is_ready(self._lines[line][0][1]):
            self._take(line)
        return line in self._lines

    def _take(self, line: tuple[str, ...]) -> str:
        _, task = heapq.heappop(self._lines[line])
        if not self._lines[line]:
            del self._lines[line]
        self._queued.discard(task)
        return task
