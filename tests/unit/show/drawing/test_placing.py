"""Where things lie: nothing on anything else, everything in its box, each arrow once and across no node.

The same holds for whoever placed it; what only our own stages promise is said so.
"""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.graph.overview import Fold
from orchestrator.model.workspace import Workspace
from orchestrator.show.drawing import graphviz, lanes
from orchestrator.show.drawing.judge import can_be_judged, faults
from orchestrator.show.drawing.lettering import text_width
from orchestrator.show.drawing.picture import Picture
from orchestrator.show.drawing.placed import Curve, Placed, Point, Rect, straight
from orchestrator.show.drawing.settling import settle, settle_apart
from orchestrator.show.drawing.stages import ROWS, columns
from tests.builders import workspace
from tests.unit.show.drawing.estates import estates, picture

DOT = graphviz.program()
needs_dot = pytest.mark.skipif(DOT is None, reason="graphviz is not installed: there is no program dot")

TWO_ZONES = """
    portal on ph
    ph in dmz
    app on ah
    db on dh
    ah in data
    dh in data
    portal requires app db
    app requires db
    portal owner bkk
"""


def faulty(shown: Picture, placed: Placed) -> list[str]:
    """What is wrong with where things lie."""
    nodes, boxes = placed.nodes, placed.boxes
    found = [f"{a} on {b}" for a, b in itertools.combinations(nodes, 2) if nodes[a].overlaps(nodes[b])]
    found += [f"{a} on {b}" for a, b in itertools.combinations(boxes, 2) if boxes[a].overlaps(boxes[b])]
    for id, rect in nodes.items():
        own = shown.nodes[id].box
        found += [f"{id} not in {own}" for box in boxes if box == own and not boxes[box].holds(rect)]
        found += [f"{id} in {box}" for box in boxes if box != own and boxes[box].overlaps(rect)]
    whole = Rect(-1, -1, placed.width + 2, placed.height + 2)  # graphviz rounds
    found += [f"{id} outside" for id, rect in {**nodes, **boxes}.items() if not whole.holds(rect)]
    if (nodes.keys(), boxes.keys(), len(placed.curves)) != (
        shown.nodes.keys(), shown.boxes.keys(), len(shown.arrows)
    ):  # fmt: skip
        found.append("something is missing")
    for arrow, curve in zip(shown.arrows, placed.curves, strict=True):
        for end, point in ((arrow.of, curve.points[0]), (arrow.needed, curve.points[-1])):
            if curve.points[-1] == curve.points[-2]:
                found.append(f"no direction for the head of {arrow.of} > {arrow.needed}")
            if not touches(nodes[end], point):
                found.append(f"an end of {arrow.of} > {arrow.needed} is not at {end}")
    return found


def touches(rect: Rect, point: Point) -> bool:
    """Whether a point is at a node: not deep in it, not off it. Graphviz rounds, and stops a little before it."""
    near = Rect(rect.x - 3, rect.y - 3, rect.width + 6, rect.height + 6)
    return near.holds(Rect(*point, 0, 0))


def points(curve: Curve, pieces: int = 24) -> list[Point]:
    found = [curve.points[0]]
    for at in range(0, len(curve.points) - 1, 3):
        a, b, c, d = curve.points[at : at + 4]
        for step in range(1, pieces + 1):
            t = step / pieces
            u = 1 - t
            w = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
            x, y = (w[0] * a[i] + w[1] * b[i] + w[2] * c[i] + w[3] * d[i] for i in (0, 1))
            found.append((x, y))
    return found


def run_over(shown: Picture, placed: Placed) -> list[str]:
    """Arrows that cross a node that is not at one of their ends, or a box's name."""
    things = dict(placed.nodes)
    for id, (x, y) in placed.names.items():
        box = shown.boxes[id]
        things[f"the name of {id}"] = Rect(x, y - 9, text_width(box.name, 12.0) + text_width(box.below, 9.0), 11)
    return [
        f"{arrow.of} > {arrow.needed} over {id}"
        for arrow, curve in zip(shown.arrows, placed.curves, strict=True)
        for id, rect in things.items()
        if id not in {arrow.of, arrow.needed}
        and any(rect.x < x < rect.right and rect.y < y < rect.bottom for x, y in points(curve))
    ]


@settings(max_examples=120, deadline=None)
@given(estates(), st.sampled_from(Fold))
def test_our_own_stages_put_nothing_on_anything(ws: Workspace, fold: Fold) -> None:
    shown = picture(ws, fold)

    placed = lanes.place(shown)

    assert faulty(shown, placed) == []
    assert run_over(shown, placed) == []
    assert placed == lanes.place(shown), "the same picture lies the same way"


@needs_dot
@settings(max_examples=15, deadline=None)
@given(estates(), st.sampled_from(Fold))
def test_nor_does_graphviz(ws: Workspace, fold: Fold) -> None:
    assert DOT is not None
    shown = picture(ws, fold)

    placed = graphviz.place(shown, DOT)

    assert faulty(shown, placed) == []
    assert placed == graphviz.place(shown, DOT)


def moved(placed: Placed, **rects: Rect) -> Placed:
    return replace(placed, nodes={**placed.nodes, **rects})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda placed: moved(placed, app=placed.nodes["db"]), "app on db"),
        (lambda placed: moved(placed, app=Rect(-500, 0, 9, 9)), "app outside"),
        (lambda placed: moved(placed, app=Rect(placed.boxes["zone dmz"].x + 1, placed.boxes["zone dmz"].y + 1, 2, 2)),
         "app in zone dmz"),
        (lambda placed: moved(placed, app=Rect(0, 0, 1, 1)), "app not in zone data"),
        (lambda placed: moved(placed, app=Rect(0, 0, 1, 1)), "an end of app > db is not at app"),
    ],
)  # fmt: skip
def test_each_fault_is_found(spoil: Callable[[Placed], Placed], said: str) -> None:
    shown = picture(workspace(TWO_ZONES))
    placed = lanes.place(shown)
    assert faulty(shown, placed) == []

    assert said in faulty(shown, spoil(placed))


def test_an_arrow_over_a_node_is_found() -> None:
    shown = picture(workspace("a requires b c\nb requires c"))
    placed = lanes.place(shown)
    assert run_over(shown, placed) == []

    all_over = Rect(0, 0, placed.width, placed.height)

    assert run_over(shown, moved(placed, a=all_over)) == ["b > c over a"]
    assert faults(shown, moved(placed, a=all_over)) > faults(shown, placed)


def test_an_arrow_leads_to_the_right_and_back_in_a_circle() -> None:
    shown = picture(workspace("a requires b\nb requires c\nc requires b"))
    placed = lanes.place(shown)

    forth = {(arrow.of, arrow.needed): curve for arrow, curve in zip(shown.arrows, placed.curves, strict=True)}

    assert forth["a", "b"].points[0][0] < forth["a", "b"].points[-1][0]
    assert placed.nodes["b"].x == placed.nodes["c"].x, "what needs each other stands in one column"
    assert max(x for x, _ in forth["b", "c"].points) > placed.nodes["b"].right


def test_a_picture_of_one_system() -> None:
    shown = picture(workspace("alone on h"))

    assert faulty(shown, lanes.place(shown)) == []


# --- stages


@pytest.mark.parametrize(
    ("pulls", "expected"),
    [
        ("", {"a": 0, "b": 0, "c": 0}),
        ("ab bc", {"a": 0, "b": 1, "c": 2}),
        ("ab bc ac", {"a": 0, "b": 1, "c": 2}),
        ("ac bc", {"a": 0, "b": 0, "c": 1}),
        ("ab ba bc", {"a": 0, "b": 0, "c": 1}),
        ("aa", {"a": 0, "b": 0, "c": 0}),
    ],
)
def test_everybody_stands_left_of_what_they_need(pulls: str, expected: dict[str, int]) -> None:
    assert columns("abc", [(pair[0], pair[1]) for pair in pulls.split()]) == expected


def test_a_large_circle_takes_several_columns() -> None:
    nodes = [f"n{n:02}" for n in range(2 * ROWS)]
    circle = list(zip(nodes, [*nodes[1:], nodes[0]], strict=True))

    found = columns(["before", *nodes, "after"], [("before", nodes[0]), *circle, (nodes[5], "after")])

    assert (found["before"], found["after"]) == (0, 3)
    assert sorted(found[node] for node in nodes) == [1] * ROWS + [2] * ROWS


def test_who_speaks_for_a_box_stands_right_behind_it() -> None:
    pulls = [("a", "all"), ("all", "base"), ("a", "m"), ("m", "n"), ("n", "base")]
    nodes = ["a", "all", "base", "m", "n"]

    assert columns(nodes, pulls, ["all"]) == {"a": 0, "all": 1, "base": 3, "m": 1, "n": 2}
    assert columns(nodes, pulls)["all"] == 2


# --- settling


@pytest.mark.parametrize(
    ("wishes", "low", "high", "expected"),
    [
        ([1, 2, 3], 0, 9, [1, 2, 3]),
        ([3, 1], 0, 9, [2, 2]),
        ([5, 1, 9], 0, 6, [3, 3, 6]),
        ([-4, 20], 0, 9, [0, 9]),
        ([5], 7, 3, [7]),
        ([], 0, 9, []),
    ],
)
def test_nobody_passes_anybody(wishes: list[float], low: float, high: float, expected: list[float]) -> None:
    assert settle(wishes, low, high) == expected


@given(st.lists(st.floats(-100, 100), max_size=9), st.floats(0, 50))
def test_they_keep_apart_where_there_is_room(wishes: list[float], room: float) -> None:
    found = settle_apart(sorted(wishes), 0.0, room, 3.0)

    least = min(3.0, room / max(len(wishes) - 1, 1))
    assert all(0 <= one <= room + 1e-6 for one in found)
    assert all(other - one >= least - 1e-6 for one, other in itertools.pairwise(found))


# --- who placed it better


def test_what_crosses_is_worse() -> None:
    shown = picture(workspace("a requires x\nb requires y"))
    placed = lanes.place(shown)
    (a, *_, x), (b, *_, y) = (curve.points for curve in placed.curves)

    crossed = replace(placed, curves=[Curve((a, *straight(a, y))), Curve((b, *straight(b, x)))])
    met = replace(placed, curves=[Curve((a, *straight(a, x))), Curve((b, *straight(b, x)))])

    assert can_be_judged(shown)
    assert faults(shown, placed) < faults(shown, crossed)
    assert faults(shown, placed) < faults(shown, met)


def test_what_is_printed_smaller_is_worse() -> None:
    shown = picture(workspace(TWO_ZONES))
    placed = lanes.place(shown)
    wider = Placed(3 * placed.width, placed.height, placed.nodes, placed.boxes, placed.names, placed.curves, placed.by)

    assert faults(shown, placed) < faults(shown, wider)
