"""Our own placing, for where graphviz is not: stages as columns, and every box over the columns that it needs.

- A column is a stage (`stages.py`). In a column, a box's nodes are ordered by where their neighbours lie (barycenter).
- Boxes that have much to do with each other lie near (`packing.py`), and none overlaps another.
- A node is put as near to its neighbours as the others in its column let it; no two ever touch, and none leaves its
  box. Where many arrows pass between two nodes, these are put further apart (`routes.py`).
- A box's name lies above its first column, where nothing passes.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from orchestrator.show.drawing.lettering import text_width
from orchestrator.show.drawing.packing import Lane, in_order, pack, room_to_move
from orchestrator.show.drawing.picture import Picture
from orchestrator.show.drawing.placed import Curve, Placed, Point, Rect
from orchestrator.show.drawing.routes import BOW_ROOM, LINE, WIDE_LINE, Gap, Routes
from orchestrator.show.drawing.settling import settle
from orchestrator.show.drawing.stages import columns

APART = 12.0  # between two nodes of a column
EDGE = 9.0  # from a box's border to its nodes
LEVEL = 8.0  # beside the widest node of a column, where arrows run level
HEAD = 19.0  # for a box's name
NAME = 12.0
CHANNEL_LEAST, CHANNEL_MOST = 34.0, 98.0
SWEEPS = 12


def place(picture: Picture) -> Placed:
    """Where everything lies."""
    grid = _Grid(picture)
    arrows = [(arrow.of, arrow.needed) for arrow in picture.arrows]
    apart = WIDE_LINE if any(arrow.count > 1 for arrow in picture.arrows) else LINE
    routes = Routes(grid.cells_of_columns(), grid.column, arrows, apart)
    grid.settle_all({})
    routes.choose(grid.rects())
    grid.settle_all(routes.crowds())
    grid.make_channels(arrows)
    rects = grid.rects()
    curves = routes.curves(rects, grid.column_sides(), {id: node.look for id, node in picture.nodes.items()})
    return grid.placed(rects, curves)


class _Grid:
    """The nodes by column and box. A box's name takes part as if it were a node."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._nodes = nodes = sorted(picture.nodes)
        pulls = picture.pulls()
        self.column = columns(nodes, pulls, [node for node in nodes if picture.nodes[node].look.is_zone])
        self._near: dict[str, list[str]] = {node: [] for node in nodes}
        for left, right in pulls:
            self._near[left].append(right)
            self._near[right].append(left)
        lanes: dict[str | None, Lane] = {}
        for id in nodes:
            box = picture.nodes[id].box
            lanes.setdefault(box, Lane(box)).cells.setdefault(self.column[id], []).append(id)
        self._lanes = in_order(list(lanes.values()), picture)
        self._lane_of = {id: lane for lane in self._lanes for cell in lane.cells.values() for id in cell}
        self._widths = self._column_widths()
        self._channels = [CHANNEL_LEAST] * max(len(self._widths) - 1, 0)
        self._y: dict[str, float] = {}  # the middle of each node
        self._sort()

    def _column_widths(self) -> list[float]:
        widths = [0.0] * (max(self.column.values(), default=-1) + 1)
        for id, at in self.column.items():
            widths[at] = max(widths[at], self._picture.nodes[id].width)
        for lane in self._lanes:
            widths[lane.first] = max(widths[lane.first], self._name_width(lane))
        return widths

    def _name_width(self, lane: Lane) -> float:
        if lane.box is None:
            return 0.0
        box = self._picture.boxes[lane.box]
        return text_width(f"{box.name}  {box.below}", NAME)

    # --- the order of what lies in a cell

    def _sort(self) -> None:
        self._stack(None)
        for sweep in range(SWEEPS):
            for at in self._sweep(sweep):
                for lane in self._lanes:
                    if cell := lane.cells.get(at):
                        cell.sort(key=lambda id: (self._pull(id), id))
                self._stack(at)

    def _sweep(self, number: int) -> Sequence[int]:
        """The columns, alternately from either end."""
        count = len(self._widths)
        return range(count) if number % 2 else range(count - 1, -1, -1)

    def _pull(self, id: str) -> float:
        near = self._near[id]
        return sum(self._y[other] for other in near) / len(near) if near else self._y[id]

    def _stack(self, only: int | None) -> None:
        """Provisional heights: each box as high as its fullest cell, each cell in the middle of its box."""
        top = 0.0
        for lane in self._lanes:
            for at, cell in lane.cells.items():
                if only is None or at == only:
                    for number, id in enumerate(cell):
                        self._y[id] = top + (lane.rows - len(cell)) / 2 + number
            top += lane.rows + 1

    def cells_of_columns(self) -> list[list[str]]:
        """The nodes and names of each column, from top to bottom."""
        cells: list[list[str]] = [[] for _ in self._widths]
        for lane in self._lanes:
            cells[lane.first].append(_name(lane))
            for at, cell in lane.cells.items():
                cells[at] += cell
        return cells

    # --- heights

    def settle_all(self, crowds: Mapping[Gap, float]) -> None:
        """Boxes as high as they must be, and everything near to what it has to do with. `crowds`: the room that the
        arrows take which pass below a node."""
        for lane in self._lanes:
            cells = max(self._cell_height(cell, crowds) for cell in lane.cells.values())
            lane.height = cells + 2 * EDGE + self._head(lane)
        height = pack(self._lanes)
        for lane in self._lanes:
            for cell in lane.cells.values():
                self._spread(lane, cell, crowds, None)
        for sweep in range(SWEEPS):
            for at in self._sweep(sweep):
                for lane in self._lanes:
                    if here := lane.cells.get(at):
                        self._spread(lane, here, crowds, self._pull)
            for lane in self._lanes if sweep % 2 else reversed(self._lanes):
                self._shift(lane, height)

    def _head(self, lane: Lane) -> float:
        return 0.0 if lane.box is None else HEAD

    def _shift(self, lane: Lane, height: float) -> None:
        """Move a box nearer to what its nodes have to do with elsewhere."""
        members = [id for cell in lane.cells.values() for id in cell]
        pulls = [self._y[o] - self._y[id] for id in members for o in self._near[id] if self._lane_of[o] is not lane]
        if not pulls:
            return
        low, high = room_to_move(lane, self._lanes, height)
        top = min(max(lane.top + sum(pulls) / len(pulls), low), max(low, high))
        for id in members:
            self._y[id] += top - lane.top
        lane.top = top

    def _cell_height(self, cell: Sequence[str], crowds: Mapping[Gap, float]) -> float:
        heights = sum(self._picture.nodes[id].height for id in cell)
        return heights + sum(max(APART, crowds.get(pair, 0.0)) for pair in pairwise(cell))

    def _spread(
        self, lane: Lane, cell: Sequence[str], crowds: Mapping[Gap, float], wish: Callable[[str], float] | None
    ) -> None:
        """Put a cell's nodes where they wish to be, as far as the order, the gaps and the box let them."""
        offsets, at = [], 0.0
        for number, id in enumerate(cell):
            height = self._picture.nodes[id].height
            at += max(APART, crowds.get((cell[number - 1], id), 0.0)) if number else 0.0
            offsets.append(at + height / 2)
            at += height
        low, high = lane.top + EDGE + self._head(lane), lane.top + lane.height - EDGE - at
        middle = (low + high) / 2
        wishes = [middle if wish is None else wish(id) - offset for id, offset in zip(cell, offsets, strict=True)]
        for id, offset, start in zip(cell, offsets, settle(wishes, low, high), strict=True):
            self._y[id] = start + offset

    # --- widths

    def make_channels(self, arrows: Sequence[tuple[str, str]]) -> None:
        """The room between two columns grows with the arrows that pass it."""
        crossing = Counter[int]()
        turning: set[int] = set()
        for of, needed in arrows:
            left, right = sorted((self.column[of], self.column[needed]))
            crossing.update(range(left, right))
            if left == right:
                turning.add(left)
        for at in range(len(self._channels)):
            least = CHANNEL_LEAST + (2 * BOW_ROOM if at in turning else 0.0)
            self._channels[at] = min(least + 1.7 * crossing[at], max(CHANNEL_MOST, least))

    def column_sides(self) -> list[tuple[float, float]]:
        """The left and the right end of each column, with room for the arrows' heads."""
        sides, x = [], EDGE
        for at, width in enumerate(self._widths):
            sides.append((x, x + width + 2 * LEVEL))
            x += width + 2 * LEVEL + (self._channels[at] if at < len(self._channels) else 0.0)
        return sides

    def rects(self) -> dict[str, Rect]:
        """Where each node and each box's name lies."""
        sides = self.column_sides()
        found = {}
        for id, node in self._picture.nodes.items():
            left, right = sides[self.column[id]]
            x = left + (right - left - node.width) / 2
            found[id] = Rect(x, self._y[id] - node.height / 2, node.width, node.height)
        for lane in self._lanes:
            x = sides[lane.first][0] + LEVEL
            found[_name(lane)] = Rect(x, lane.top, self._name_width(lane), self._head(lane))
        return found

    def placed(self, rects: Mapping[str, Rect], curves: Sequence[Curve]) -> Placed:
        """All of it."""
        sides = self.column_sides()
        boxes: dict[str, Rect] = {}
        names: dict[str, Point] = {}
        for lane in self._lanes:
            left, right = sides[lane.first][0] + LEVEL - EDGE, sides[lane.last][1] - LEVEL + EDGE
            if lane.box is not None:
                boxes[lane.box] = Rect(left, lane.top, right - left, lane.height)
                names[lane.box] = (left + EDGE, lane.top + HEAD - 5)
        width = max([rect.right for rect in boxes.values()] + [x for curve in curves for x, _ in curve.points] + [0.0])
        height = max((lane.top + lane.height for lane in self._lanes), default=0.0)
        nodes = {id: rects[id] for id in self._nodes}
        right_most = max([width, *(rect.right for rect in nodes.values())])
        return Placed(right_most, height, nodes, boxes, names, curves, "orch's own stages")


def _name(lane: Lane) -> str:
    """The name of a box, as if it were a node: no node's id begins with a colon."""
    return f":{lane.box}"
