"""The needs of an estate as a networkx graph, for whoever draws it or asks it for paths.

Nodes are systems; an edge X -> Y says that X needs Y and carries `edges`: every reason with its source, and whether
another alternative could replace it. The modes are those that the protocol gives, the order that of one action.
"""

import networkx as nx

from orchestrator.graph.actuators import Actuators
from orchestrator.graph.modes import groups_of, modes_of
from orchestrator.graph.needs import needs_of
from orchestrator.graph.order import Order
from orchestrator.graph.selection import Selection
from orchestrator.graph.serves import customers_of
from orchestrator.model.terms import Action
from orchestrator.model.workspace import Workspace


def digraph_of(ws: Workspace, action: Action = Action.SHUTDOWN) -> nx.DiGraph:
    """All needs of the whole estate, as `action` orders them; nodes and edges in a fixed order."""
    inventory = ws.inventory
    needs = needs_of(inventory)
    selection = Selection(inventory, lambda: customers_of(inventory, needs))
    tasks = {id: (mode,) for id, mode in modes_of(ws, selection, inventory.systems).items()}
    groups = groups_of(ws.protocol, selection, action, inventory.systems)
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(inventory.systems))
    for edge in Order(ws, needs, Actuators(ws), action=action, tasks=tasks, groups=groups).edges():
        if graph.has_edge(edge.system, edge.other):
            graph.edges[edge.system, edge.other]["edges"].append(edge)
        else:
            graph.add_edge(edge.system, edge.other, edges=[edge])
    return graph
