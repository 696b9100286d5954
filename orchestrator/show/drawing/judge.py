"""How clear a placed picture is: fewer faults are better, whoever placed it.

An arrow that runs over a node that is not its own, or over a box's name, counts `OVER` faults, as it makes both hard to
read; two arrows that cross, or whose ends lie on each other, count one. A picture that must be printed smaller to fit
a sheet is the worse for it, as much as it is smaller.
"""

from collections.abc import Iterator
from itertools import pairwise

from orchestrator.show.drawing.lettering import text_width
from orchestrator.show.drawing.picture import Picture
from orchestrator.show.drawing.placed import Curve, Placed, Point, Rect

OVER = 5
APART = 1.0  # ends nearer to each other than this lie on each other
MOST_ARROWS = 400
"""Above it, judging takes longer than placing."""
SHEET = (1.41, 1.0)
_PIECES = 7  # straight ones, for each cubic one; odd, so that what crosses half way crosses within one


def can_be_judged(picture: Picture) -> bool:
    """Whether the arrows are few enough."""
    return len(picture.arrows) <= MOST_ARROWS


def faults(picture: Picture, placed: Placed) -> float:
    """How much there is to complain of."""
    lines = [list(_straight(curve)) for curve in placed.curves]
    found = OVER * _run_over(picture, placed, lines) + _crossings(lines) + _ends_on_ends(lines)
    return (1 + found) * max(placed.width / SHEET[0], placed.height / SHEET[1])


def _straight(curve: Curve) -> Iterator[Point]:
    points = curve.points
    yield points[0]
    for at in range(0, len(points) - 1, 3):
        a, b, c, d = points[at : at + 4]
        for step in range(1, _PIECES + 1):
            t = step / _PIECES
            u = 1 - t
            w = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
            yield tuple(w[0] * a[i] + w[1] * b[i] + w[2] * c[i] + w[3] * d[i] for i in (0, 1))  # type: ignore[misc]


def _run_over(picture: Picture, placed: Placed, lines: list[list[Point]]) -> int:
    names = []
    for id, (x, y) in placed.names.items():
        box = picture.boxes[id]
        names.append(Rect(x, y - 10, text_width(box.name, 12.0) + text_width(box.below, 9.0), 12))
    found = 0
    for arrow, line in zip(picture.arrows, lines, strict=True):
        others = [rect for id, rect in placed.nodes.items() if id not in {arrow.of, arrow.needed}]
        found += sum(any(_is_in(point, rect) for point in line) for rect in (*others, *names))
    return found


def _is_in(point: Point, rect: Rect) -> bool:
    return rect.x + 1 < point[0] < rect.right - 1 and rect.y + 1 < point[1] < rect.bottom - 1


def _crossings(lines: list[list[Point]]) -> int:
    """Pairs of straight pieces that cross, of different lines."""
    pieces = sorted(
        (min(a[0], b[0]), max(a[0], b[0]), number, a, b) for number, line in enumerate(lines) for a, b in pairwise(line)
    )
    found = 0
    for at, (_, right, number, a, b) in enumerate(pieces):
        for left, _, other, c, d in pieces[at + 1 :]:
            if left > right:
                break
            if other != number and _cross(a, b, c, d):
                found += 1
    return found


def _ends_on_ends(lines: list[list[Point]]) -> int:
    """Pairs of arrows that leave or arrive at the same place."""
    found = 0
    for end in (0, -1):
        ends = sorted(line[end] for line in lines)
        for at, (x, y) in enumerate(ends):
            for other_x, other_y in ends[at + 1 :]:
                if other_x - x >= APART:
                    break
                found += abs(other_y - y) < APART
    return found


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
