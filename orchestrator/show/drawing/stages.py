"""In which column a node stands: what needs nothing in the last one, everybody left of all that it needs.

That is the longest way down from it, as a plan's stages are. What needs each other in a circle stands in one column,
and a circle of more than `ROWS` in several: no order could be read from it anyway. A node that only speaks for its box
stands right behind the last of its box, not far away before what it needs.
"""

from collections.abc import Collection, Iterable, Sequence

import networkx as nx

ROWS = 12


def columns(nodes: Sequence[str], pulls: Iterable[tuple[str, str]], speakers: Collection[str] = ()) -> dict[str, int]:
    """The column of each node, from 0; `pulls`: (left, right)."""
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((left, right) for left, right in pulls if left != right)
    circles = nx.condensation(graph)
    order = list(nx.topological_sort(circles))
    members: dict[int, set[str]] = {circle: circles.nodes[circle]["members"] for circle in order}
    wide = {circle: -(-len(members[circle]) // ROWS) for circle in order}
    first: dict[int, int] = {}
    for circle in reversed(order):
        first[circle] = min((first[other] for other in circles[circle]), default=0) - wide[circle]
    for circle in order:
        if not members[circle].isdisjoint(speakers):
            before = circles.predecessors(circle)
            first[circle] = max((first[other] + wide[other] for other in before), default=first[circle])
    column: dict[str, int] = {}
    for circle in order:
        for at, node in enumerate(_from_left(graph, members[circle])):
            column[node] = first[circle] + at * wide[circle] // len(members[circle])
    leftmost = min(column.values(), default=0)
    return {node: column[node] - leftmost for node in nodes}


def _from_left(graph: nx.DiGraph, circle: set[str]) -> list[str]:
    """The nodes of a circle, those first that need more of it than need them."""
    inside = graph.subgraph(circle)
    return sorted(circle, key=lambda node: (inside.in_degree(node) - inside.out_degree(node), node))
