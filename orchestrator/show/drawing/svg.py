"""A placed picture as SVG: one file that holds all it shows, for a browser and for paper (A3 or A4, landscape).

- No script, no style sheet, no font and no address of anywhere: what a file says can only ever be text in it.
- Every text is neutralised by whoever composed it and escaped here; both together leave nothing that XML 1.0 can't
  hold.
- Equal pictures give equal bytes.
- `<title>` holds what a pointer on a node or an arrow shows.
"""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from orchestrator.show.drawing.compose import BELOW, NAME
from orchestrator.show.drawing.legend import Legend, legend_of
from orchestrator.show.drawing.lettering import text_width
from orchestrator.show.drawing.looks import BOX_FILL, BOX_LINE, INK, QUIET, STROKES, fill_of
from orchestrator.show.drawing.picture import Arrow, Look, Node, Picture
from orchestrator.show.drawing.placed import Curve, Placed, Point, Rect
from orchestrator.show.drawing.shapes import corners, radius

MARK = "<!-- drawn by orch graph -->"
FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
PAPER = (400.0, 277.0)  # A3 landscape, within its margins, in mm
LEAST, MOST = 0.15, 0.3  # mm for a unit: smaller, letters are no longer legible on paper; larger, they shout
_MARGIN = 24.0
_TITLE, _ABOUT = 18.0, 11.0
_GROWS_FROM, _GROWS_TO = 1_300.0, 2.5  # title and legend grow with a picture, which is read from further away
_DOUBLE = 2.6  # from one line of a double one to the other
_NUMBER = 7.5  # at an arrow
_TIP = 6.5  # of an arrow's head


def svg_text(picture: Picture, placed: Placed) -> str:
    """The file's text."""
    return "\n".join(_file(picture, placed)) + "\n"


def _file(picture: Picture, placed: Placed) -> Iterator[str]:
    scale = min(max(1.0, placed.width / _GROWS_FROM), _GROWS_TO)
    legend = legend_of(picture, placed.width / scale)
    head = (_TITLE + 6 + (_ABOUT + 5) * len(picture.about) + 10) * scale
    words = max(text_width(picture.title, _TITLE * 1.1), *(text_width(line, _ABOUT) for line in picture.about))
    width = max(placed.width, max(legend.width, words) * scale) + 2 * _MARGIN
    height = head + placed.height + legend.height * scale + 3 * _MARGIN
    unit = min(max(min(PAPER[0] / width, PAPER[1] / height), LEAST), MOST)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield MARK
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width * unit)}mm" height="{_n(height * unit)}mm" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" font-family="{FONT}" fill="{INK}">'
    )
    yield f"<title>{escape(picture.title)}</title>"
    yield f'<rect width="{_n(width)}" height="{_n(height)}" fill="#ffffff"/>'
    yield f'<g transform="translate({_n(_MARGIN)} {_n(_MARGIN)}) scale({_n(scale)})">'
    yield _words(picture.title, 0, _TITLE, _TITLE, bold=True)
    for number, line in enumerate(picture.about):
        yield _words(line, 0, _TITLE + 4 + (_ABOUT + 5) * (number + 1), _ABOUT, colour=QUIET)
    yield "</g>"
    yield f'<g transform="translate({_n(_MARGIN)} {_n(_MARGIN + head)})">'
    yield from _drawing(picture, placed)
    yield "</g>"
    yield f'<g transform="translate({_n(_MARGIN)} {_n(2 * _MARGIN + head + placed.height)}) scale({_n(scale)})">'
    yield from _legend(legend)
    yield "</g>"
    yield "</svg>"


def _drawing(picture: Picture, placed: Placed) -> Iterator[str]:
    for id, rect in placed.boxes.items():
        yield f'<rect {_place(rect)} rx="6" fill="{BOX_FILL}" stroke="{BOX_LINE}" stroke-width="1"/>'
        x, y = placed.names[id]
        box = picture.boxes[id]
        yield (
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="12" font-weight="bold">{escape(box.name)}'
            f'<tspan dx="7" font-size="9" font-weight="normal" fill="{QUIET}">{escape(box.below)}</tspan></text>'
        )
    most = max((arrow.count for arrow in picture.arrows), default=0)
    for arrow, curve in zip(picture.arrows, placed.curves, strict=True):
        yield from arrow_lines(arrow, curve, most)
    for id, rect in placed.nodes.items():
        yield from node_lines(picture.nodes[id], rect)


def arrow_lines(arrow: Arrow, curve: Curve, most: int = 0) -> Iterator[str]:
    """An arrow; `most`: the highest count in the picture."""
    stroke = STROKES[arrow.reason]
    width = stroke.width
    if arrow.count and most > 1:
        width += 3.0 * arrow.count / most
    points = curve.points
    tip, before = points[-1], points[-2]
    base = _back(tip, before, _TIP - 1)
    path = f"M{_p(points[0])}" + "".join(
        f"C{_p(points[at])} {_p(points[at + 1])} {_p(points[at + 2] if at + 3 < len(points) else base)}"
        for at in range(1, len(points), 3)
    )
    dashes = f' stroke-dasharray="{" ".join(map(_n, stroke.dashes))}"' if stroke.dashes else ""
    yield f'<g fill="none" stroke="{stroke.colour}" stroke-width="{_n(width)}">'
    if arrow.tip:
        yield f"<title>{escape(arrow.tip)}</title>"
    yield f'<path d="{path}"{dashes}/>'
    fill = "#ffffff" if arrow.choice else stroke.colour
    yield f'<path d="{_head(tip, base, width)}" fill="{fill}" stroke-width="1"/>'
    if arrow.choice:
        x, y = points[0]
        forward = 1 if points[1][0] >= x else -1
        yield f'<circle cx="{_n(x + 4 * forward)}" cy="{_n(y)}" r="2.6" fill="#ffffff" stroke-width="1.2"/>'
    yield "</g>"
    if arrow.count > 1:
        yield from _number(f"{arrow.count:,}", tip, base)


def _number(text: str, tip: Point, base: Point) -> Iterator[str]:
    """How many needs an arrow stands for, on its line, right before its head."""
    room = text_width(text, _NUMBER) + 3
    far = _back(tip, base, _TIP + 2 + room / 2)
    yield (
        f'<rect x="{_n(far[0] - room / 2)}" y="{_n(far[1] - _NUMBER / 2)}" width="{_n(room)}" height="{_n(_NUMBER)}" '
        f'rx="2" fill="#ffffff" fill-opacity="0.85"/>'
    )
    yield _words(text, far[0], far[1] + _NUMBER * 0.36, _NUMBER, anchor="middle")


def node_lines(node: Node, rect: Rect) -> Iterator[str]:
    """A node, its outline and its words."""
    yield "<g>"
    if node.tip:
        yield f"<title>{escape(chr(10).join(node.tip))}</title>"
    yield from _outline(node.look, rect)
    middle = rect.x + rect.width / 2
    y = rect.middle + (1.0 if node.below else 4.0)
    yield _words(node.name, middle, y, NAME, bold=not node.look.is_zone, anchor="middle")
    if node.below:
        yield _words(node.below, middle, y + 9.5, BELOW, colour="#333333", anchor="middle")
    yield "</g>"


def _outline(look: Look, rect: Rect) -> Iterator[str]:
    fill, line = fill_of(look)
    width = 3.0 if look.chosen else 1.2
    colour = INK if look.chosen else line
    yield _shape(look, rect, f'fill="{fill}" stroke="{colour}" stroke-width="{_n(width)}"')
    if look.protected:
        inner = Rect(rect.x + _DOUBLE, rect.y + _DOUBLE, rect.width - 2 * _DOUBLE, rect.height - 2 * _DOUBLE)
        yield _shape(look, inner, f'fill="none" stroke="{line}" stroke-width="1.2"')


def _shape(look: Look, rect: Rect, paint: str) -> str:
    points = corners(look, rect)
    if points is not None:
        return f'<polygon points="{" ".join(map(_p, points))}" {paint}/>'
    return f'<rect {_place(rect)} rx="{_n(radius(look))}" {paint}/>'


def _legend(legend: Legend) -> Iterator[str]:
    for node, rect in legend.nodes:
        yield from node_lines(node, rect)
    for arrow, curve in legend.arrows:
        yield from arrow_lines(arrow, curve)
    for text, (x, y) in legend.words:
        yield _words(text, x, y, legend.size)


def _words(
    text: str, x: float, y: float, size: float, *, bold: bool = False, colour: str = "", anchor: str = ""
) -> str:
    more = ' font-weight="bold"' if bold else ""
    more += f' fill="{colour}"' if colour else ""
    more += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}"{more}>{escape(text)}</text>'


def _back(tip: Point, before: Point, length: float) -> Point:
    """The point so far before the tip, in the direction the line comes from."""
    dx, dy = before[0] - tip[0], before[1] - tip[1]
    long = (dx * dx + dy * dy) ** 0.5 or 1.0
    return tip[0] + dx / long * length, tip[1] + dy / long * length


def _head(tip: Point, base: Point, width: float) -> str:
    half = 2.4 + width / 2
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    long = (dx * dx + dy * dy) ** 0.5 or 1.0
    across = (-dy / long * half, dx / long * half)
    one = (base[0] + across[0], base[1] + across[1])
    other = (base[0] - across[0], base[1] - across[1])
    return f"M{_p(one)}L{_p(tip)}L{_p(other)}Z"


def _place(rect: Rect) -> str:
    return f'x="{_n(rect.x)}" y="{_n(rect.y)}" width="{_n(rect.width)}" height="{_n(rect.height)}"'


def _p(point: Sequence[float]) -> str:
    return f"{_n(point[0])},{_n(point[1])}"


def _n(number: float) -> str:
    """A number in a tenth: short, and the same wherever it is computed."""
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
