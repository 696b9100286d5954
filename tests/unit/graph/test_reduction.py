"""What a drawing may leave out: nothing that changes who reaches whom."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.graph import reduction
from orchestrator.graph.reduction import Pair, brought_along, reduced

NAMES = "abcdefgh"
PAIRS = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1])
NEEDS = st.dictionaries(PAIRS, st.booleans(), max_size=24)


def reach(pairs: list[Pair]) -> set[Pair]:
    """Who reaches whom, by walking."""
    graph = nx.DiGraph(pairs)
    return {(a, b) for a in graph for b in nx.descendants(graph, a) | ({a} if (a, a) in pairs else set())}


def pairs(text: str) -> dict[Pair, bool]:
    """`ab bc a?d`: a needs b; b needs c; a needs d, or another."""
    return {(word[0], word[-1]): "?" in word for word in text.split()}


@pytest.mark.parametrize(
    ("needs", "groups", "left"),
    [
        ("ab bc ac", "", "ab bc"),
        ("ab bc cd ad bd ac", "", "ab bc cd"),
        ("ab ba", "", "ab ba"),
        ("ab ba ac bc", "", "ab ba ac bc"),  # out of a loop both are kept
        ("ab bc cb ac", "", "ab bc cb ac"),  # and into one
        ("ab b?c ac", "", "ab b?c ac"),  # a plain need says more than a path with an "or another" in it
        ("ab bc a?c", "", "ab bc"),
        ("ab bc a?c a?d", "ac ad", "ab bc a?c a?d"),  # half of an `or` would read as a must
        ("ab bc bd a?c a?d", "ac ad", "ab bc bd"),
    ],
)
def test_what_is_left(needs: str, groups: str, left: str) -> None:
    given_groups = [[(word[0], word[1]) for word in groups.split()]]

    assert reduced(pairs(needs), given_groups) == list(pairs(left))


@given(NEEDS, st.data())
def test_who_reaches_whom_stays_the_same(needs: dict[Pair, bool], data: st.DataObject) -> None:
    choices = [pair for pair, choice in needs.items() if choice]
    groups = [data.draw(st.lists(st.sampled_from(choices)))] if choices else []

    left = reduced(needs, groups)

    assert reach(left) == reach(list(needs))
    plain = [pair for pair, choice in needs.items() if not choice]
    assert reach([pair for pair in left if not needs[pair]]) == reach(plain)
    assert all(set(group) <= set(left) or not set(group) & set(left) for group in groups)


@given(st.dictionaries(PAIRS.filter(lambda pair: pair[0] < pair[1]), st.just(False), max_size=24))
def test_without_loops_and_choices_nothing_more_could_go(needs: dict[Pair, bool]) -> None:
    assert set(reduced(needs)) == set(nx.transitive_reduction(nx.DiGraph(list(needs))).edges)


def test_what_is_too_large_is_left_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert brought_along([("a", "b"), ("b", "c"), ("a", "c")]) == {("a", "c")}

    monkeypatch.setattr(reduction, "UP_TO", 2)

    assert brought_along([("a", "b"), ("b", "c"), ("a", "c")]) == set()
