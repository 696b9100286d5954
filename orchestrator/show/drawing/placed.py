"""Where everything of a picture lies, whoever placed it: by graphviz or by our own stages. y grows downwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rect:
    """An upright rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower side."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """Half way down."""
        return self.y + self.height / 2

    def holds(self, other: "Rect") -> bool:
        """Whether `other` lies in it."""
        return self.x <= other.x and other.right <= self.right and self.y <= other.y and other.bottom <= self.bottom

    def overlaps(self, other: "Rect") -> bool:
        """Whether the two share more than a line."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of cubic Bezier pieces: a start, then three points for each piece; it ends at the arrow's tip."""

    points: tuple[Point, ...]


def straight(start: Point, end: Point) -> tuple[Point, Point, Point]:
    """A straight line as a piece of a curve, from `start`."""
    (x0, y0), (x1, y1) = start, end
    third = ((x1 - x0) / 3, (y1 - y0) / 3)
    return (x0 + third[0], y0 + third[1]), (x1 - third[0], y1 - third[1]), end


@dataclass(frozen=True, slots=True)
class Placed:
    """The curves are in the order of the picture's arrows. `by`: who placed it, as a person reads it."""

    width: float
    height: float
    nodes: Mapping[str, Rect]
    boxes: Mapping[str, Rect]
    names: Mapping[str, Point]
    curves: Sequence[Curve]
    by: str
