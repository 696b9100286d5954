"""A picture as DOT, the language of graphviz: for a person's own tools, and as the question that we ask `dot`.

Ids are words of few letters, but names are not. In a quoted string of DOT a quote is escaped by a backslash; in a label
backslashes are escapes as well (`\\\\n`, `\\\\N`), and `&...;` would be read as in HTML.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from orchestrator.model.terms import Reason
from orchestrator.show.drawing.lettering import text_width
from orchestrator.show.drawing.looks import BOX_FILL, BOX_LINE, INK, SAMPLES, STROKES, fill_of
from orchestrator.show.drawing.picture import Arrow, Look, Node, Owner, Picture
from orchestrator.show.neutral import neutral


class _Style(NamedTuple):
    line: str
    head: str
    words: str


_STYLES: dict[Reason, _Style] = {
    Reason.REQUIRES: _Style("solid", "normal", "thin line"),
    Reason.RUNS_ON: _Style("solid", "normal", "thick line"),
    Reason.CONTROL_PATH: _Style("dashed", "normal", "dashes"),
    Reason.ACTUATOR: _Style("dashed", "diamond", "dashes with a diamond as head"),
    Reason.AFTER: _Style("dotted", "normal", "dots"),
    Reason.PROTOCOL: _Style("dotted", "diamond", "dots with a diamond as head"),
}
"""Graphviz knows fewer kinds of dashes than we draw; heads make up for it."""

MARK = "// drawn by orch graph"
INCH = 72.0
_TOP = "rankdir=LR, nodesep=0.1, ranksep=0.9"


def dot_text(picture: Picture) -> str:
    """The picture for other tools: every text in it, a legend as the graph's label."""
    return "\n".join(_file(picture)) + "\n"


def question(picture: Picture) -> tuple[str, list[str], list[str]]:
    """What `dot` is asked: only sizes and numbers, no text of any file. Beside it the ids of nodes and boxes, by
    number; the arrows are numbered as the picture has them."""
    nodes, boxes = sorted(picture.nodes), sorted(picture.boxes)
    number = {id: at for at, id in enumerate(nodes)}
    lines = [
        "digraph {",
        f"graph [{_TOP}];",
        'node [shape=box, fixedsize=true, label=""];',
        "edge [tailport=e, headport=w];",
    ]
    for at, box in enumerate(boxes):
        room = max(text_width(picture.boxes[box].name, 12.0), text_width(picture.boxes[box].below, 9.0)) + 8
        lines.append(f"subgraph cluster_{at} {{ labeljust=l; margin=10; label={_blank(room, 28)};")
        lines += [_size(number[id], picture.nodes[id]) for id in nodes if picture.nodes[id].box == box]
        lines.append("}")
    lines += [_size(number[id], picture.nodes[id]) for id in nodes if picture.nodes[id].box is None]
    for at, arrow in enumerate(picture.arrows):
        lines.append(f"n{number[arrow.of]} -> n{number[arrow.needed]} [id=a{at}];")
    for left, right in picture.pulls()[len(picture.arrows) :]:
        lines.append(f"n{number[left]} -> n{number[right]} [style=invis, weight=0];")
    return "\n".join([*lines, "}", ""]), nodes, boxes


def _blank(width: float, height: float) -> str:
    table = f'<table border="0" fixedsize="true" width="{width:.0f}" height="{height:.0f}"><tr><td></td></tr></table>'
    return f"<{table}>"


def _size(number: int, node: Node) -> str:
    return f"n{number} [width={node.width / INCH:.3f}, height={node.height / INCH:.3f}];"


def _file(picture: Picture) -> Iterator[str]:
    head = [picture.title, *picture.about, "", *_legend(picture), *picture.notes]
    yield MARK
    yield "digraph orch {"
    yield f'graph [{_TOP}, fontname="Helvetica", labelloc=t, labeljust=l, label={label(head, left=True)}];'
    yield 'node [fontname="Helvetica", fontsize=11, style=filled, margin="0.12,0.04"];'
    yield 'edge [fontname="Helvetica", fontsize=8, arrowsize=0.7, tailport=e, headport=w];'
    for at, (id, box) in enumerate(sorted(picture.boxes.items())):
        yield f"subgraph cluster_{at} {{"
        yield f'  label={label([f"{box.name} ({box.below})"])}; labeljust=l; style="filled,rounded"; '
        yield f'  fillcolor="{BOX_FILL}"; color="{BOX_LINE}";'
        yield from (f"  {_node(node)}" for node in picture.nodes.values() if node.box == id)
        yield "}"
    yield from (_node(node) for node in picture.nodes.values() if node.box is None)
    most = max((arrow.count for arrow in picture.arrows), default=0)
    yield from (_arrow(arrow, most) for arrow in picture.arrows)
    for left, right in picture.pulls()[len(picture.arrows) :]:
        yield f"{quoted(left)} -> {quoted(right)} [style=invis, weight=0];"
    yield "}"


def _legend(picture: Picture) -> Iterator[str]:
    looks = [node.look for node in picture.nodes.values()]
    yield "; ".join(sample.words for sample in SAMPLES if any(map(sample.explains, looks)))
    used = {arrow.reason for arrow in picture.arrows}
    lines = [f"{reason}: {style.words}" for reason, style in _STYLES.items() if reason in used]
    if any(arrow.choice for arrow in picture.arrows):
        lines.append("ring and hollow head: one of several, any of which could do (or)")
    if lines:
        yield "; ".join(lines)


def _node(node: Node) -> str:
    fill, line = fill_of(node.look)
    look = {
        "label": label([node.name, node.below] if node.below else [node.name]),
        "tooltip": label(node.tip),
        "shape": _shape(node.look),
        "style": '"filled,rounded"' if node.look.owner is Owner.CUSTOMER and _shape(node.look) == "box" else "filled",
        "fillcolor": f'"{fill}"',
        "color": f'"{INK if node.look.chosen else line}"',
        "penwidth": "3" if node.look.chosen else "1.2",
        "peripheries": "2" if node.look.protected else "1",
    }
    return f"{quoted(node.id)} [{', '.join(f'{key}={value}' for key, value in look.items())}];"


def _shape(look: Look) -> str:
    if look.is_zone:
        return "cds"
    return "hexagon" if look.external else "box"


def _arrow(arrow: Arrow, most: int) -> str:
    stroke, style = STROKES[arrow.reason], _STYLES[arrow.reason]
    look = {
        "color": f'"{stroke.colour}"',
        "style": style.line,
        "arrowhead": style.head,
        "penwidth": f"{stroke.width + (3.0 * arrow.count / most if arrow.count and most > 1 else 0.0):.2f}",
        "edgetooltip": label([arrow.tip]),
    }
    if arrow.choice:
        look |= {"dir": "both", "arrowtail": "odot", "arrowhead": f"o{style.head}"}
    if arrow.count > 1:
        look["label"] = label([f"{arrow.count:,}"])
    return (
        f"{quoted(arrow.of)} -> {quoted(arrow.needed)} [{', '.join(f'{key}={value}' for key, value in look.items())}];"
    )


def quoted(name: str) -> str:
    """An id as DOT writes it. Only a quote is special; a backslash before it, or at the end, would be."""
    return '"' + neutral(name).replace("\\", "/").replace('"', '\\"') + '"'


def label(lines: Sequence[str], *, left: bool = False) -> str:
    """Lines of words as a label; `left`: each set to the left."""
    end = "\\l" if left else "\\n"
    words = [neutral(line).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines]
    return '"' + (end.join(words) + (end if left and words else "")) + '"'
