"""What a picture shows of an estate: each system, or systems folded together."""

import pytest
from hypothesis import given, settings

from orchestrator.graph import overview as module
from orchestrator.graph.digraph import digraph_of
from orchestrator.graph.overview import Fold, Overview, by_pair, fold_for, overview
from orchestrator.graph.reduction import Pair
from orchestrator.model.terms import Reason
from orchestrator.model.workspace import Workspace
from tests.builders import workspace
from tests.unit.graph.test_reduction import reach
from tests.unit.show.drawing.estates import estates

SITE = """
    app-1 on app-1-h
    app-2 on app-2-h
    app-3 on app-3-h
    app-1-h in app
    app-2-h in app
    app-3-h in app
    app gateway gate
    app needs any(1) dns-a dns-b
    gate way bastion
    gate in mgmt
    bastion on gate
    db-1 on db-1-h
    db-2 on db-2-h
    db-1-h in data
    db-2-h in data
    app-1 requires db-1 db-2
    app-2 requires db-1
    app-3 requires db-1
    app-3 owner bkk
    store external
    db-1 requires store
    operator vpn
"""


def seen(ws: Workspace, fold: Fold, *systems: str) -> Overview:
    own_way = {(ref.id, ref.source) for ref in ws.inventory.operator_control_path}
    edges = [edge for _, _, found in digraph_of(ws).edges(data="edges") for edge in found]
    return overview(ws.inventory, by_pair(edges, own_way), systems or ws.inventory.systems, fold)


def links(shown: Overview) -> dict[Pair, tuple[str, int, bool]]:
    return {(link.of, link.needed): (" ".join(link.reasons), link.count, link.choice) for link in shown.links}


def test_what_a_whole_zone_needs_is_drawn_once() -> None:
    shown = seen(workspace(SITE), Fold.EVERY)

    assert {pair: link for pair, link in links(shown).items() if pair[0].startswith("zone")} == {
        ("zone app", "bastion"): ("control-path", 1, False),
        ("zone app", "db-1"): ("requires", 1, False),
        ("zone app", "dns-a"): ("requires", 1, True),
        ("zone app", "dns-b"): ("requires", 1, True),
    }
    assert {pair for pair in links(shown) if not pair[0].startswith("zone")} == {("app-1", "db-2"), ("db-1", "store")}
    assert shown.knots["zone app"].is_zone
    assert shown.knots["zone app"].systems == ("app-1", "app-2", "app-3")
    assert not any("vpn" in pair for pair in links(shown)), "the operator's own way is told in words"


def test_a_zone_of_two_shares_nothing() -> None:
    shown = seen(workspace("a on ah\nb on bh\nah in z\nbh in z\na requires x\nb requires x"), Fold.EVERY)

    assert list(links(shown)) == [("a", "x"), ("b", "x")]


def test_what_not_all_of_a_zone_need_is_drawn_from_each() -> None:
    places = "\n".join(f"{name} on {name}-h\n{name}-h in z" for name in "abcd")

    shown = seen(workspace(f"{places}\na requires x\nb requires x\nc requires x"), Fold.EVERY)

    assert list(links(shown)) == [("a", "x"), ("b", "x"), ("c", "x")]


def test_by_zone_and_kind() -> None:
    shown = seen(workspace(SITE), Fold.KIND)

    internal, customers = "kind service internal in app", "app-3"
    assert shown.knots[internal].systems == ("app-1", "app-2")
    assert shown.knots[customers].systems == ("app-3",), "one of its kind is itself"
    assert links(shown)["zone app", "kind service internal in data"] == ("requires", 4, False)
    assert links(shown)["zone app", "bastion"] == ("control-path", 3, False)
    assert ("kind service internal in data", "store") in links(shown), "a zone of one knot speaks for itself"


def test_zones_that_need_each_other_do_so_as_wholes() -> None:
    ws = workspace("""
        a on ah
        b on bh
        ah in one
        bh in one
        a owner bkk
        c on ch
        d on dh
        ch in two
        dh in two
        c owner bkk
        a requires d
        c requires b
        e requires a
    """)

    assert links(seen(ws, Fold.KIND)) == {
        ("zone one", "zone two"): ("requires", 1, False),
        ("zone two", "zone one"): ("requires", 1, False),
        ("e", "a"): ("requires", 1, False),
    }


def test_by_zone() -> None:
    shown = seen(workspace(SITE), Fold.ZONE)

    assert set(shown.knots) == {"zone app", "zone data", "zone mgmt", "zone "}
    assert links(shown)["zone app", "zone data"] == ("requires", 4, False)


def test_the_weightiest_reason_comes_first() -> None:
    shown = seen(workspace("a on h\nh runs-on b\na after b\na requires b"), Fold.EVERY)

    assert shown.links[0].reasons == (Reason.REQUIRES, Reason.RUNS_ON, Reason.AFTER)


def test_an_or_is_one_of_the_reason_that_is_drawn() -> None:
    shown = seen(workspace("a requires any(1) b c\na after b"), Fold.EVERY)

    assert links(shown) == {("a", "b"): ("requires after", 1, True), ("a", "c"): ("requires", 1, True)}


def test_half_an_or_is_never_left_out() -> None:
    shown = seen(workspace("a requires b any(1) c d\nb requires c"), Fold.EVERY)

    assert ("a", "c") in links(shown)
    assert ("a", "d") in links(shown)


def test_only_the_heaviest_links_of_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINKS", 1)

    shown = seen(workspace(SITE), Fold.ZONE)

    assert list(links(shown)) == [("zone app", "zone ")]
    assert (shown.lightest, shown.at_most) == (3, 4)


@pytest.mark.parametrize(
    ("systems", "zones", "fold"), [(150, 1, Fold.EVERY), (151, 1, Fold.KIND), (400, 160, Fold.ZONE)]
)
def test_as_much_is_folded_as_a_person_needs(systems: int, zones: int, fold: Fold) -> None:
    ws = workspace("\n".join(f"s{n} on h{n}\nh{n} in z{n % zones}" for n in range(systems)))

    assert fold_for(ws.inventory, ws.inventory.systems) is fold


@settings(max_examples=60, deadline=None)
@given(estates())
def test_every_need_is_still_there_directly_or_not(ws: Workspace) -> None:
    """Each system reaches what it reached: by itself, or through its zone."""
    shown = seen(ws, Fold.EVERY)
    before = by_pair(edge for _, _, found in digraph_of(ws).edges(data="edges") for edge in found)
    inside = [(system, knot.id) for knot in shown.knots.values() if knot.is_zone for system in knot.systems]

    after = reach([*links(shown), *inside])

    systems = set(ws.inventory.systems)
    assert {pair for pair in after if set(pair) <= systems} - {(s, s) for s in systems} == reach(list(before)) - {
        (s, s) for s in systems
    }
    assert len(links(shown)) == len(shown.links), "each is drawn once"
    assert all(link.of in shown.knots and link.needed in shown.knots for link in shown.links)


@settings(max_examples=60, deadline=None)
@given(estates())
def test_folded_or_not_every_system_is_in_one_knot(ws: Workspace) -> None:
    for fold in Fold:
        shown = seen(ws, fold)
        in_knots = [s for knot in shown.knots.values() if fold is Fold.ZONE or not knot.is_zone for s in knot.systems]
        assert sorted(in_knots) == sorted(ws.inventory.systems)
        assert {end for link in shown.links for end in (link.of, link.needed)} <= shown.knots.keys()
