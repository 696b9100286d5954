"""The needs of an estate as a networkx graph, for whoever draws it or asks it for paths.

Nodes are systems; an edge X -> Y says that X needs Y and carries `edges`: every reason with its source, and whether
another alternative could replace it. The modes are those that the protocol gives. Both ways are in it, down and back:
what orders only one of them stands beside what orders both. The protocol's order is no need of one system for another.
"""

import networkx as nx

from orchestrator.graph.actuators import Actuators
from orchestrator.graph.modes import modes_of
from orchestrator.graph.needs import needs_of
from orchestrator.graph.order import Edge, Order
from orchestrator.graph.selection import Selection
from orchestrator.graph.serves import customers_of
from orchestrator.model.terms import Action
from orchestrator.model.workspace import Workspace


def digraph_of(ws: Workspace) -> nx.DiGraph:
    """All needs of the whole estate; nodes and edges in a fixed order."""
    inventory = ws.inventory
    needs = needs_of(inventory)
    selection = Selection(inventory, lambda: customers_of(inventory, needs))
    tasks = {id: (mode,) for id, mode in modes_of(ws, selection, inventory.systems).items()}
    actuators = Actuators(ws)
    found: dict[tuple[str, str], dict[Edge, None]] = {}
    for action in (Action.RESTORE, Action.SHUTDOWN):  # without groups nothing gives way on the way back
        for edge in Order(ws, needs, actuators, action=action, tasks=tasks, groups={}).edges():
            found.setdefault((edge.system, edge.other), {})[edge] = None
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(inventory.systems))
    for (system, other), edges in sorted(found.items()):
        graph.add_edge(system, other, edges=tuple(edges))
    return graph
