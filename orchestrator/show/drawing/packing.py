"""How boxes are packed that each take some columns: near those they have to do with, none over another."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.show.drawing.picture import Picture

BETWEEN = 14.0
_MOST_TO_SWAP = 120
_ROUNDS = 4


@dataclass(slots=True)
class Lane:
    """A box and its nodes by column (None: those in no box)."""

    box: str | None
    cells: dict[int, list[str]] = field(default_factory=dict)
    top: float = 0.0
    height: float = 0.0

    @property
    def first(self) -> int:
        """Its first column."""
        return min(self.cells)

    @property
    def last(self) -> int:
        """Its last column."""
        return max(self.cells)

    @property
    def rows(self) -> int:
        """How many nodes its fullest cell has."""
        return max(map(len, self.cells.values()))

    def meets(self, other: "Lane") -> bool:
        """Whether the two share a column."""
        return self.first <= other.last and other.first <= self.last


def pack(lanes: Sequence[Lane]) -> float:
    """Put each as high as those before it let it; the height of it all."""
    for at, lane in enumerate(lanes):
        lane.top = max((o.top + o.height + BETWEEN for o in lanes[:at] if o.meets(lane)), default=0.0)
    return max((lane.top + lane.height for lane in lanes), default=0.0)


def room_to_move(lane: Lane, lanes: Sequence[Lane], height: float) -> tuple[float, float]:
    """From where to where a box may be moved."""
    at = lanes.index(lane)
    low = max((o.top + o.height + BETWEEN for o in lanes[:at] if o.meets(lane)), default=0.0)
    high = min((o.top - BETWEEN for o in lanes[at + 1 :] if o.meets(lane)), default=height)
    return low, high - lane.height


def in_order(lanes: list[Lane], picture: Picture) -> list[Lane]:
    """From top to bottom: the fullest first, each other where the arrows become the shortest, then swaps."""
    weight: Counter[tuple[str | None, str | None]] = Counter()
    for left, right in picture.pulls():
        a, b = picture.nodes[left].box, picture.nodes[right].box
        if a != b:
            weight[a, b] += 1
    waiting = sorted(lanes, key=lambda lane: (sum(map(len, lane.cells.values())), str(lane.box)))
    order: list[Lane] = []
    while waiting:
        each = waiting.pop()
        order = _best(([*order[:at], each, *order[at:]] for at in range(len(order) + 1)), weight)
    for _ in range(_ROUNDS if len(order) <= _MOST_TO_SWAP else 0):
        for each in list(order):
            rest = [lane for lane in order if lane is not each]
            order = _best(([*rest[:at], each, *rest[at:]] for at in range(len(rest) + 1)), weight)
    return order


def _best(orders: Iterable[list[Lane]], weight: Mapping[tuple[str | None, str | None], int]) -> list[Lane]:
    return min(orders, key=lambda order: _cost(order, weight))


def _cost(order: Sequence[Lane], weight: Mapping[tuple[str | None, str | None], int]) -> float:
    """How long the arrows between boxes are, in rows, and how high it all becomes."""
    full: dict[int, float] = {}
    middle: dict[str | None, float] = {}
    for lane in order:
        over = range(lane.first, lane.last + 1)
        top = max(full.get(at, 0.0) for at in over)
        rows = lane.rows + 1.5
        middle[lane.box] = top + rows / 2
        full.update(dict.fromkeys(over, top + rows))
    arrows = sum(number * abs(middle[a] - middle[b]) for (a, b), number in weight.items() if {a, b} <= middle.keys())
    return arrows + 2.0 * sum(weight.values()) / max(len(order), 1) * max(full.values(), default=0.0)
