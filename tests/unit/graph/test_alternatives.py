"""Loops through alternatives: the order goes through each that closes none, and refuses only where no choice does.

The oracle tries every way of dropping alternatives.
"""

import re
from collections.abc import Iterator
from itertools import chain, combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.graph.check import loop_problems
from orchestrator.model.errors import FilesError
from orchestrator.model.estate import Estate, SystemRecord
from orchestrator.model.plan import Plan, Request
from orchestrator.model.terms import EstateState, Mode
from orchestrator.plan.shutdown import plan_shutdown
from tests.builders import back, down, protocol, taken_down, waits, workspace

IDS = ["a", "b", "c", "d", "e"]


def dropped(plan: Plan) -> set[tuple[str, ...]]:
    """(who, the alternative left out) of each warning that says so."""
    found: set[tuple[str, ...]] = set()
    for warn in plan.warnings:
        if warn.code == "alternative-dropped":
            way = re.search(r"; (\S+) would close a loop", warn.text)
            assert way is not None
            found |= {(system, way[1]) for system in warn.systems}
    return found


@pytest.mark.parametrize(
    ("text", "going_down", "without"),
    [
        ("a requires any(1) b c\nb requires a", {"a": {"b requires"}, "c": {"a requires"}}, {("a", "b")}),
        (
            "a requires any(1) b c\nb requires any(1) a c",  # by id a chooses first, so it may keep b
            {"b": {"a requires"}, "c": {"a requires", "b requires"}},
            {("b", "a")},
        ),
        (
            "a requires any(2) b c d\nb requires a",
            {"a": {"b requires"}, "c": {"a requires"}, "d": {"a requires"}},
            {("a", "b")},
        ),
        (
            "a requires any(1) b c\nb requires d\nd requires a",  # a longer way round
            {"a": {"d requires"}, "c": {"a requires"}, "d": {"b requires"}},
            {("a", "b")},
        ),
        (  # a may keep b only if c then still has one left: b, whose need for c would close the other
            "a requires any(1) b d\nb requires any(1) a c\nc requires b",
            {"a": {"b requires"}, "b": {"c requires"}, "d": {"a requires"}},
            {("a", "b"), ("b", "c")},
        ),
        (  # two gateways, each kept open by a system that runs on what is reached through either
            "hv on h\nh in z\nz gateway g1 g2\nbastion-1 on g1\nbastion-2 on g2\ng1 runs-on hv",
            {"hv": {"bastion-1 runs-on"}, "bastion-2": {"hv control-path"}},
            {("hv", "bastion-1")},
        ),
        (  # the gateway itself is not in the plan, what carries it is; and the same again behind it
            "x on h\nh in z\nz gateway g1 g2\ng1 runs-on hv-1\ng2 runs-on hv-2\nhv-1 requires x",
            {"x": {"hv-1 requires"}, "hv-2": {"x control-path"}},
            {("x", "hv-1")},
        ),
    ],
)
def test_the_order_goes_through_what_closes_no_loop(
    text: str, going_down: dict[str, set[str]], without: set[tuple[str, ...]]
) -> None:
    plan = down(text)
    assert {id: others for id, others in waits(plan).items() if others} == going_down
    assert dropped(plan) == without


def test_a_loop_outside_the_plan_is_no_loop_among_its_tasks() -> None:
    """The gateway runs on a hypervisor that is reached through it; neither is taken down."""
    text = "x requires any(1) y w\ny requires x\nx on h\nh in z\nz gateway g\ngw on g\ng runs-on hv\nhv on k\nk in z"
    plan = down(text, "x", "y", only=True)
    assert waits(plan) == {"x": {"y requires"}, "y": set()}
    assert dropped(plan) == {("x", "y")}


def test_a_way_that_can_not_be_taken_asks_for_nothing_itself() -> None:
    """x may be reached through a, which is reached only through what needs x; or through b."""
    text = """
        x on h\nh in z\nz gateway g1 g2\ng1 runs-on a\ng2 runs-on b
        a on ha\nha in za\nza gateway g3 g4\ng3 runs-on y\ng4 runs-on w
        y requires x\nw requires x
    """
    plan = down(text, "x", "y", "w", "b", only=True)
    assert waits(plan) == {"x": {"y requires", "w requires"}, "y": set(), "w": set(), "b": {"x control-path"}}
    assert dropped(plan) == {("x", "a")}


def test_the_way_back_chooses_alike() -> None:
    ws = workspace("a requires any(1) b c\nb requires a")
    plan = back(ws, taken_down(*ws.inventory.systems))
    assert waits(plan) == {"a": {"c requires"}, "b": {"a requires"}, "c": set()}
    assert dropped(plan) == {("a", "b")}


@pytest.mark.parametrize(
    "text",
    [
        "a requires any(2) b c d\nb requires a\nc requires a",
        "a requires any(1) b c\nb requires a\nc requires a",
        "a requires any(1) b c\nb requires any(1) a c\nc requires any(1) a b",
        "a requires any(1) a b\nb requires a",
    ],
)
def test_refused_where_no_choice_gives_an_order(text: str) -> None:
    with pytest.raises(FilesError) as caught:
        down(text)
    (problem,) = caught.value.problems
    assert problem.what.startswith("loop on the way down")
    assert "no choice among them gives an order" in problem.advice
    assert {each.advice for each in loop_problems(workspace(text))} == {problem.advice}


def test_a_loop_without_a_choice_is_told_as_itself() -> None:
    with pytest.raises(FilesError) as caught:
        down("a requires any(1) b c\nb requires a\nd requires e\ne requires d")
    (problem,) = caught.value.problems
    assert "of 2 systems" in problem.what
    assert problem.advice == ""


def test_what_is_down_already_is_no_alternative_that_could_remain() -> None:
    ws = workspace("a requires any(1) b c\nb requires a")
    assert dropped(down(ws, "a", "b", only=True)) == {("a", "b")}
    gone = Estate(systems={"c": SystemRecord(EstateState.OFFLINE, found_offline=True)})
    with pytest.raises(FilesError):
        plan_shutdown(
            ws, gone, Request(select=("a", "b"), only=True), id="p", created_at="2026-03-01T02:14:00Z", author=None
        )


def test_an_alternative_that_is_isolated_holds_nobody_up() -> None:
    plan = down(workspace("a requires any(1) b c\nb requires a", protocol=protocol(modes={"b": Mode.ISOLATE})))
    assert waits(plan)["a"] == {"b requires"}
    assert dropped(plan) == set()


def test_check_says_nothing_of_a_loop_that_a_choice_avoids() -> None:
    assert loop_problems(workspace("a requires any(1) b c\nb requires a")) == ()


Groups = list[tuple[str, int, list[str]]]


@st.composite
def estates(draw: st.DrawFn) -> Groups:
    groups: Groups = []
    for id in IDS:
        for _ in range(draw(st.integers(0, 2))):
            others = draw(st.lists(st.sampled_from([o for o in IDS if o != id]), min_size=1, max_size=3, unique=True))
            groups.append((id, draw(st.integers(1, len(others))), others))
    return groups


def acyclic(edges: set[tuple[str, str]]) -> bool:
    left = set(IDS)
    while left:
        free = {id for id in left if not any(x == id and y in left for x, y in edges)}
        if not free:
            return False
        left -= free
    return True


def kept_sets(groups: Groups) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Every way of keeping enough alternatives of each group."""
    ways = [
        list(chain.from_iterable(combinations(others, size) for size in range(need, len(others) + 1)))
        for _, need, others in groups
    ]
    return product(*ways)


def edges_of(groups: Groups, kept: tuple[tuple[str, ...], ...]) -> set[tuple[str, str]]:
    return {(id, other) for (id, _, _), others in zip(groups, kept, strict=True) for other in others}


def plainly(groups: Groups) -> set[tuple[str, str]] | None:
    """The contract's own words: each alternative that closes no loop, by id, as listed; None if too few remain."""
    kept = edges_of(groups, tuple(tuple(others) if need == len(others) else () for _, need, others in groups))
    for id, need, others in groups:
        good = 0
        for other in others:
            if acyclic(kept | {(id, other)}):
                kept.add((id, other))
                good += 1
        if good < need:
            return None
    return kept


@settings(max_examples=300, deadline=None, derandomize=True)
@given(estates())
def test_against_every_choice(groups: Groups) -> None:
    any_of = {True: "", False: "any({}) "}
    lines = [
        f"{id} requires {any_of[need == len(others)].format(need)}{' '.join(others)}" for id, need, others in groups
    ]
    ws = workspace("\n".join([*IDS, *lines]))
    possible = any(acyclic(edges_of(groups, kept)) for kept in kept_sets(groups))
    if not possible:
        with pytest.raises(FilesError):
            down(ws)
        assert loop_problems(ws)
        return
    assert loop_problems(ws) == ()
    edges = {(need.task, task.id) for task in down(ws).tasks for need in task.needs}
    assert acyclic({(x, y) for x, y in edges if x is not None})
    for id, need, others in groups:
        assert sum((id, other) in edges for other in others) >= need
    plain = plainly(groups)
    if plain is not None:
        assert edges == plain
