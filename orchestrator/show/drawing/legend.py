"""The legend of a picture: what its shapes, colours and lines mean, each that occurs, and what was left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.show.drawing.lettering import text_width
from orchestrator.show.drawing.looks import SAMPLES, STROKES
from orchestrator.show.drawing.picture import Arrow, Node, Picture
from orchestrator.show.drawing.placed import Curve, Point, Rect

SIZE = 10.0
_ROW, _LINE, _GAP, _SAMPLE, _LEAST_WIDTH = 24.0, 15.0, 22.0, 34.0, 700.0


@dataclass(frozen=True, slots=True)
class Legend:
    """What there is to draw."""

    width: float
    height: float
    size: float
    nodes: Sequence[tuple[Node, Rect]]
    arrows: Sequence[tuple[Arrow, Curve]]
    words: Sequence[tuple[str, Point]]


def legend_of(picture: Picture, width: float) -> Legend:
    """The legend of what occurs in a picture, in rows of this width."""
    looks = [node.look for node in picture.nodes.values()]
    row = _Row(max(width, _LEAST_WIDTH))
    nodes: list[tuple[Node, Rect]] = []
    arrows: list[tuple[Arrow, Curve]] = []
    for sample in SAMPLES:
        if any(map(sample.explains, looks)):
            x, y = row.add(sample.words)
            nodes.append((Node("", "", "", (), sample.look, None, _SAMPLE, 16.0), Rect(x, y - 8, _SAMPLE, 16.0)))
    row.feed()
    for arrow, words in _lines(picture):
        x, y = row.add(words)
        arrows.append((arrow, Curve(((x, y), (x + 10, y), (x + 20, y), (x + _SAMPLE, y)))))
    for note in picture.notes:
        row.feed()
        row.note(note)
    return Legend(row.widest, row.y + _ROW / 2, SIZE, nodes, arrows, row.words)


def _lines(picture: Picture) -> list[tuple[Arrow, str]]:
    used = {arrow.reason for arrow in picture.arrows}
    found = [(Arrow("", "", reason, False, 0, ""), line.words) for reason, line in STROKES.items() if reason in used]
    for arrow in picture.arrows:
        if arrow.choice:
            one = Arrow("", "", arrow.reason, True, 0, "")
            return [*found, (one, "ring and hollow head: one of several, any of which could do (or)")]
    return found


class _Row:
    """Where the next sample stands."""

    def __init__(self, width: float) -> None:
        self._width = width
        self._x = 0.0
        self.y = _ROW / 2
        self.widest = 0.0
        self.words: list[tuple[str, Point]] = []

    def add(self, words: str) -> Point:
        """Room for a sample and its words; where the sample begins."""
        long = _SAMPLE + 6 + text_width(words, SIZE)
        if self._x and self._x + long > self._width:
            self.feed()
        place = (self._x, self.y)
        self.words.append((words, (self._x + _SAMPLE + 6, self.y + 3.5)))
        self.widest = max(self.widest, self._x + long)
        self._x += long + _GAP
        return place

    def note(self, words: str) -> None:
        """A line of words without a sample."""
        self.words.append((words, (0.0, self.y + 3.5)))
        self.widest = max(self.widest, text_width(words, SIZE))

    def feed(self) -> None:
        """The next row, unless this one is empty."""
        if self._x or (self.words and self.words[-1][1][1] > self.y):
            self.y += _ROW if self._x else _LINE
            self._x = 0.0
