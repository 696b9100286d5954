"""How the arrows run between columns: through the gaps between nodes, never across one.

An arrow leaves a node at one side and arrives at the opposite side of another; where columns lie between, it passes
each through a gap: above the first node, between two, or below the last. Those that pass the same gap keep their order
and a distance. An arrow that leads back (a circle of needs) runs the other way.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from orchestrator.show.drawing.picture import Look
from orchestrator.show.drawing.placed import Curve, Point, Rect, straight
from orchestrator.show.drawing.settling import settle_apart
from orchestrator.show.drawing.shapes import inset

Gap = tuple[str, str]
"""Between these two nodes of a column; "" is the end of it."""

PORT = 9.0  # from one arrow at a node's side to the next, where there is room
LINE, WIDE_LINE = 3.4, 5.0  # from one arrow to the next in a gap; where some are wide
CLEAR = 3.5  # from an arrow to a node
BOW_ROOM = 20.0  # right of a column, before an arrow to the same column turns: room for its head and number
_BOW_LEAST, _BOW_MOST = 16.0, 52.0


class Routes:
    """The way of each arrow, by number."""

    def __init__(
        self,
        cells: Sequence[Sequence[str]],
        column: Mapping[str, int],
        arrows: Sequence[tuple[str, str]],
        apart: float = LINE,
    ) -> None:
        """`apart`: from one arrow to the next in a gap."""
        self._cells = cells
        self._column = column
        self._arrows = arrows
        self._gaps: list[list[tuple[int, int]]] = [[] for _ in arrows]  # (column, below so many nodes)
        self._free: list[list[tuple[float, float]]] = []
        self._apart = apart

    def choose(self, rects: Mapping[str, Rect]) -> None:
        """Choose each arrow's gaps: near the straight line, but not where it is crowded."""
        used: Counter[tuple[int, int]] = Counter()
        bounds = [self._bounds(at, rects) for at in range(len(self._cells))]
        order = sorted(range(len(self._arrows)), key=lambda n: (self._span(n), self._arrows[n]))
        for number in order:
            of, needed = self._arrows[number]
            y, goal = rects[of].middle, rects[needed].middle
            passed = self._between(number)
            for step, at in enumerate(passed):
                straight = y + (goal - y) / (len(passed) + 1 - step)
                best = min((_detour(free, straight, used[at, gap]), gap) for gap, free in enumerate(bounds[at]))[1]
                low, high = bounds[at][best]
                used[at, best] += 1
                y = min(max(straight, low), high)
                self._gaps[number].append((at, best))

    def crowds(self) -> dict[Gap, float]:
        """How far apart two nodes must lie for the arrows between them."""
        used = Counter(gap for gaps in self._gaps for gap in gaps)
        room: dict[Gap, float] = {}
        for (at, gap), number in used.items():
            cell = self._cells[at]
            if 0 < gap < len(cell):
                room[cell[gap - 1], cell[gap]] = self._apart * (number - 1) + 2 * CLEAR
        return room

    def curves(
        self, rects: Mapping[str, Rect], sides: Sequence[tuple[float, float]], looks: Mapping[str, Look]
    ) -> list[Curve]:
        """The arrows' lines."""
        self._free = [self._bounds(at, rects) for at in range(len(self._cells))]
        passing = self._heights(rects)
        ends = self._ports(rects, passing, looks)
        return [self._curve(number, ends[number], passing[number], sides) for number in range(len(self._arrows))]

    def _span(self, number: int) -> int:
        of, needed = self._arrows[number]
        return abs(self._column[needed] - self._column[of])

    def _between(self, number: int) -> list[int]:
        of, needed = (self._column[end] for end in self._arrows[number])
        return list(range(of + 1, needed)) if of < needed else list(range(of - 1, needed, -1))

    def _bounds(self, at: int, rects: Mapping[str, Rect]) -> list[tuple[float, float]]:
        """From where to where each gap of a column reaches."""
        top = min((rect.y for rect in rects.values()), default=0.0)
        bottom = max((rect.bottom for rect in rects.values()), default=0.0)
        cell = [rects[id] for id in self._cells[at]]
        lows = [top, *(rect.bottom + CLEAR for rect in cell)]
        highs = [*(rect.y - CLEAR for rect in cell), bottom]
        return [(low, max(low, high)) for low, high in zip(lows, highs, strict=True)]

    def _heights(self, rects: Mapping[str, Rect]) -> list[list[float]]:
        """At which height each arrow passes each of its columns."""
        bounds = self._free
        found = [[0.0] * len(gaps) for gaps in self._gaps]
        inside: dict[tuple[int, int], list[tuple[float, int, int]]] = {}
        for number, gaps in enumerate(self._gaps):
            y, goal = (rects[end].middle for end in self._arrows[number])
            for step, (at, gap) in enumerate(gaps):
                low, high = bounds[at][gap]
                straight = y + (goal - y) / (len(gaps) + 1 - step)
                y = min(max(straight, low), high)
                inside.setdefault((at, gap), []).append((straight, number, step))
        for (at, gap), passing in inside.items():
            passing.sort()
            low, high = bounds[at][gap]
            heights = settle_apart([wish for wish, _, _ in passing], low, high, self._apart)
            for (_, number, step), height in zip(passing, heights, strict=True):
                found[number][step] = height
        return found

    def _ports(
        self, rects: Mapping[str, Rect], passing: Sequence[Sequence[float]], looks: Mapping[str, Look]
    ) -> list[tuple[Point, Point]]:
        """Where each arrow leaves and arrives: at a side of its node, in the order of where it comes from."""
        at_side: dict[tuple[str, bool], list[tuple[float, int, int]]] = {}  # (node, right side) -> wish, arrow, end
        for number, (of, needed) in enumerate(self._arrows):
            forward = self._column[of] < self._column[needed]
            same = self._column[of] == self._column[needed]
            first = passing[number][0] if passing[number] else rects[needed].middle
            last = passing[number][-1] if passing[number] else rects[of].middle
            at_side.setdefault((of, forward or same), []).append((first, number, 0))
            at_side.setdefault((needed, not forward), []).append((last, number, 1))
        points: list[list[Point]] = [[(0.0, 0.0), (0.0, 0.0)] for _ in self._arrows]
        for (id, right), wanted in at_side.items():
            wanted.sort()
            rect = rects[id]
            apart = min(PORT, (rect.height - 10) / max(len(wanted) - 1, 1))
            start = rect.middle - apart * (len(wanted) - 1) / 2
            for place, (_, number, end) in enumerate(wanted):
                y = start + apart * place
                cut = inset(looks[id], rect, y)
                points[number][end] = (rect.right - cut if right else rect.x + cut, y)
        return [(start, end) for start, end in points]

    def _curve(
        self,
        number: int,
        ends: tuple[Point, Point],
        passing: Sequence[float],
        sides: Sequence[tuple[float, float]],
    ) -> Curve:
        start, end = ends
        of, needed = (self._column[each] for each in self._arrows[number])
        if of == needed:
            return _bow(start, end, sides[of][1] + BOW_ROOM)
        forward = of < needed
        stops = [
            _Stop(*(sides[at] if forward else sides[at][::-1]), y, *self._free[at][gap])
            for (at, gap), y in zip(self._gaps[number], passing, strict=True)
        ]
        # Within a column every arrow runs level: a neighbour may be wider than the node that it leaves or reaches.
        out, into = (sides[of][forward], start[1]), (sides[needed][not forward], end[1])
        points = [out]
        for stop in _needed(out, into, stops):
            points += [(stop.enter, stop.y), (stop.leave, stop.y)]
        points.append(into)
        curve = [start, *straight(start, out)]
        for one, other in pairwise(points):
            middle = (one[0] + other[0]) / 2
            curve += [(middle, one[1]), (middle, other[1]), other]
        return Curve((*curve, *straight(into, end)))


class _Stop(NamedTuple):
    """Where an arrow passes a column: from x to x, at the height y; it is free from `low` to `high`."""

    enter: float
    leave: float
    y: float
    low: float
    high: float


def _needed(start: Point, end: Point, stops: Sequence[_Stop]) -> list[_Stop]:
    """The stops without which the arrow would run into something: in the open it goes straight on."""
    kept: list[_Stop] = []
    here, at = start, 0
    while at < len(stops):
        # as far as it gets without a stop
        for goal in range(len(stops), at, -1):
            there = (stops[goal].enter, stops[goal].y) if goal < len(stops) else end
            if all(_is_clear(here, there, stop) for stop in stops[at:goal]):
                break
        else:
            goal = at
        if goal < len(stops):
            kept.append(stops[goal])
            here = (stops[goal].leave, stops[goal].y)
        at = goal + 1
    return kept


def _is_clear(one: Point, other: Point, stop: _Stop) -> bool:
    return all(stop.low <= _height_at(one, other, x) <= stop.high for x in (stop.enter, stop.leave))


def _height_at(one: Point, other: Point, x: float) -> float:
    """The height at x of the curve that leaves `one` and reaches `other` level, bent half way."""
    low, high = 0.0, 1.0
    goal = (x - one[0]) / (other[0] - one[0])
    for _ in range(18):
        t = (low + high) / 2
        if 1.5 * t * (1 - t) + t**3 < goal:
            low = t
        else:
            high = t
    return one[1] + (other[1] - one[1]) * (3 * low**2 - 2 * low**3)


def _bow(start: Point, end: Point, side: float) -> Curve:
    """To a node of the same column: out of it, around, and back."""
    bow = side + min(_BOW_LEAST + 0.1 * abs(end[1] - start[1]), _BOW_MOST)
    out, back = (side, start[1]), (side, end[1])
    turn: tuple[Point, ...] = ((bow, start[1]), (bow, end[1]), back)
    return Curve((start, *straight(start, out), *turn, *straight(back, end)))


def _detour(bounds: tuple[float, float], wish: float, used: int) -> float:
    """How bad a gap is: how far off, and how full for the room it has."""
    low, high = bounds
    off = max(low - wish, wish - high, 0.0)
    return off + max(0.0, LINE * (used + 1) - (high - low)) * 1.5
