"""Loops: systems that all need each other in a circle, so that none of them can go first (section 4).

A loop is shown whole, every edge with its reason and `file:line`. Of each knot of loops the shortest through its
first system (by id) is shown. An edge by one alternative of several is no proof of a loop, for another alternative
could do: it is shown only where no choice of alternatives gives an order. networkx is imported where a loop has to be
found, not before: most plans never have one.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise

from orchestrator.graph.needs import phrase
from orchestrator.graph.order import Edge, Order
from orchestrator.model.errors import Problem
from orchestrator.model.terms import Action

Loop = tuple[Edge, ...]

WAYS: Mapping[Action, str] = {Action.SHUTDOWN: "on the way down", Action.RESTORE: "on the way back"}


def loops_among(edges: Iterable[Edge], *, choices: bool) -> tuple[Loop, ...]:
    """One loop of each knot, by first system. `choices`: also along edges that another alternative could replace."""
    import networkx as nx

    graph = nx.DiGraph()
    for edge in edges:
        if choices or not edge.choice:
            known = graph.get_edge_data(edge.system, edge.other)
            if known is None or (known["edge"].choice and not edge.choice):
                graph.add_edge(edge.system, edge.other, edge=edge)
    found = []
    for knot in nx.strongly_connected_components(graph):
        first = min(knot)
        if len(knot) == 1 and not graph.has_edge(first, first):
            continue
        inner = graph.subgraph(knot)
        ways = (nx.shortest_path(inner, successor, first) for successor in sorted(inner.successors(first)))
        path = [first, *min(ways, key=len)]
        found.append(tuple(graph.edges[a, b]["edge"] for a, b in pairwise(path)))
    return tuple(sorted(found, key=lambda loop: loop[0].system))


def loop_problems_among(order: Order, stuck: Collection[str]) -> list[Problem]:
    """The loops that refuse an order, as errors. `stuck`: tasks that no choice can place (`graph/alternatives.py`)."""
    return [loop_problem(loop, order.action) for loop in loops_that_refuse(order, stuck)]


def loop_problem(loop: Loop, action: Action) -> Problem:
    """A loop that refuses an order, as an error of the files."""
    through = any(edge.choice for edge in loop)
    advice = "It goes through alternatives, and no choice among them gives an order." if through else ""
    return Problem(min(edge.source for edge in loop), loop_text(loop, action), advice)


def loops_that_refuse(order: Order, stuck: Collection[str]) -> tuple[Loop, ...]:
    """The loops without a choice, otherwise one that no choice of alternatives avoids."""
    loops = loops_among(order.edges(), choices=False)
    if loops:
        return loops
    edges = tuple(order.edges())
    among = [edge for edge in edges if edge.system in stuck and edge.other in stuck]
    return (loops_among(among, choices=True) or loops_among(edges, choices=True))[:1]


def loop_text(loop: Loop, action: Action) -> str:
    """A loop for people, an edge a line."""
    systems = [edge.system for edge in loop]
    says = [f"{phrase(edge.reason, action)} {edge.other}" for edge in loop]
    left, middle = max(map(len, systems)), max(map(len, says))
    count = "1 system, which waits for itself" if len(loop) == 1 else f"{len(loop)} systems, each waits for the next"
    lines = [f"loop {WAYS[action]}, of {count}:"]
    for edge, text in zip(loop, says, strict=True):
        lines.append(f"    {edge.system:<{left}}  {text:<{middle}}  {edge.source}")
    return "\n".join(lines)
