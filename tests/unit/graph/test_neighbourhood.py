"""What lies around a selection."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.graph.neighbourhood import around

CHAIN = [("portal", "app"), ("app", "db"), ("db", "san"), ("batch", "db"), ("app", "dns")]
NAMES = st.sampled_from("abcdefg")


@pytest.mark.parametrize(
    ("chosen", "down", "up", "needed", "users"),
    [
        (["app"], 0, 0, {"app": 0}, {"app": 0}),
        (["app"], 1, 1, {"app": 0, "db": 1, "dns": 1}, {"app": 0, "portal": 1}),
        (["app"], None, 0, {"app": 0, "db": 1, "dns": 1, "san": 2}, {"app": 0}),
        (["san"], None, None, {"san": 0}, {"san": 0, "db": 1, "app": 2, "batch": 2, "portal": 3}),
        (["app", "db"], 1, 1, {"app": 0, "db": 0, "dns": 1, "san": 1}, {"app": 0, "db": 0, "portal": 1, "batch": 1}),
        (["alone"], None, None, {"alone": 0}, {"alone": 0}),
    ],
)
def test_both_ways(
    chosen: list[str], down: int | None, up: int | None, needed: dict[str, int], users: dict[str, int]
) -> None:
    near = around(CHAIN, chosen, down=down, up=up)

    assert (near.needed, near.users) == (needed, users)
    assert near.systems() == sorted({*needed, *users})


@given(st.lists(st.tuples(NAMES, NAMES)), st.sets(NAMES, min_size=1), st.integers(0, 4))
def test_it_is_the_shortest_distance(needs: list[tuple[str, str]], chosen: set[str], depth: int) -> None:
    graph = nx.DiGraph(needs)
    graph.add_nodes_from(chosen)

    near = around(needs, chosen, down=depth, up=depth)

    for found, walked in ((near.needed, graph), (near.users, graph.reverse())):
        lengths = nx.multi_source_dijkstra_path_length(walked, chosen, cutoff=depth)
        assert found == lengths
