"""What `orch check` asks of the graph: loops, both ways, over the whole estate, in the protocol's modes."""

from orchestrator.graph.actuators import Actuators
from orchestrator.graph.alternatives import settle
from orchestrator.graph.loops import Loop, loop_problem, loops_that_refuse
from orchestrator.graph.modes import groups_of, modes_of
from orchestrator.graph.needs import needs_of
from orchestrator.graph.order import Order
from orchestrator.graph.ranks import rank
from orchestrator.graph.selection import Selection
from orchestrator.graph.serves import customers_of
from orchestrator.model.errors import FilesError, Problem
from orchestrator.model.terms import Action
from orchestrator.model.workspace import Workspace


def loop_problems(ws: Workspace) -> tuple[Problem, ...]:
    """Every loop of the whole estate, the way down first, and gateways that lead back to each other."""
    inventory = ws.inventory
    needs = needs_of(inventory)
    selection = Selection(inventory, lambda: customers_of(inventory, needs))
    actuators = Actuators(ws)
    tasks = {id: (mode,) for id, mode in modes_of(ws, selection, inventory.systems).items()}
    problems: dict[object, Problem] = {}
    for host in sorted(inventory.hosts):
        try:
            needs.ways.chains(host)
        except FilesError as error:
            for problem in error.problems:
                problems.setdefault((str(problem.source), "circle"), problem)
    for action in (Action.SHUTDOWN, Action.RESTORE):
        groups = groups_of(ws.protocol, selection, action, inventory.systems)
        order = Order(ws, needs, actuators, action=action, tasks=tasks, groups=groups)
        for loop in _loops(order):
            edges = frozenset((edge.system, edge.other, edge.reason) for edge in loop)
            problems.setdefault(edges, loop_problem(loop, action))  # the same both ways is told once
    return tuple(problems.values())


def _loops(order: Order) -> tuple[Loop, ...]:
    if rank(order.waits(), {}) is not None:
        return ()
    stuck = settle(order).stuck
    return loops_that_refuse(order, stuck) if stuck else ()
