"""One measured process of the row `planning`: `networkx EDGES` or `rustworkx EDGES`; prints one JSON object.

What a bare library takes for the work of the phases `needs`, `order` and `falling` of `planning_worker.py`: build the
graph of the same edges, put it into topological generations, find everything that depends on one zone. It knows no
reasons and no sources, no alternatives, no modes and no order rule.
"""

import time

START = time.perf_counter(), time.process_time()

import gc  # noqa: E402  the clock runs before anything is imported
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from bench.clock import Clock  # noqa: E402

Pairs = list[tuple[str, str]]
ALL = "*"
"""A node that needs, and so is reached from, every system of the zone: one search finds what depends on any of them."""


def with_networkx(zone: list[str], pairs: Pairs) -> str:
    """`networkx.DiGraph`."""
    import networkx as nx

    clock = Clock(START)
    graph = clock.phase("build", lambda: nx.DiGraph(pairs))
    generations = clock.phase("order", lambda: list(nx.topological_generations(graph)))
    graph.add_edges_from((id, ALL) for id in zone)
    down = clock.phase("falling", lambda: nx.ancestors(graph, ALL))
    return clock.said(edges=len(pairs), stages=len(generations), down=len(down))


def with_rustworkx(zone: list[str], pairs: Pairs) -> str:
    """`rustworkx.PyDiGraph`, whose nodes are numbers."""
    import rustworkx as rx

    clock = Clock(START)

    def build() -> tuple[dict[str, int], "rx.PyDiGraph[str, None]"]:
        graph: rx.PyDiGraph[str, None] = rx.PyDiGraph(multigraph=False)
        number = {id: n for n, id in enumerate(dict.fromkeys(id for pair in pairs for id in pair))}
        graph.add_nodes_from(list(number))
        graph.add_edges_from_no_data([(number[system], number[other]) for system, other in pairs])
        return number, graph

    number, graph = clock.phase("build", build)
    generations = clock.phase("order", lambda: list(rx.topological_generations(graph)))
    everyone = graph.add_node(ALL)
    graph.add_edges_from_no_data([(number[id], everyone) for id in zone])
    down = clock.phase("falling", lambda: rx.ancestors(graph, everyone))
    return clock.said(edges=len(pairs), stages=len(generations), down=len(down))


if __name__ == "__main__":
    first, *others = Path(sys.argv[2]).read_text(encoding="ascii").splitlines()
    names: dict[str, str] = {}
    edges = [(names.setdefault(a, a), names.setdefault(b, b)) for a, b in (line.split() for line in others)]
    gc.disable()
    print((with_networkx if sys.argv[1] == "networkx" else with_rustworkx)(first.split(), edges))
