"""Paths through the waits of a plan: from one task to another, and the chain that takes longest (section 9, `explain`).

- A path is the one with the fewest hops by an order rule, of these the one with the fewest by `after`, of these the
  shortest; of equal ones always the same.
- The longest chain before a task is the one whose tasks take longest together, by their estimates; order rules are in
  it, and take no time themselves. What stands in a loop (of a plan file that no planner wrote) has none.
"""

import heapq
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from orchestrator.graph.plan_waits import Hop, PlanWaits
from orchestrator.model.plan import Barrier, Need
from orchestrator.model.terms import Action, Reason

_HOP, _AFTER, _RULE = 1, 1_000_000, 1_000_000_000_000
"""What a hop costs: any hop, one that is only an order, one by an order rule."""
_WEIGHT = {reason: (reason is Reason.AFTER, at) for at, reason in enumerate(Reason)}
_Node = tuple[bool, str]
"""A task, or an order rule (True)."""


class Waited(NamedTuple):
    """A task on a chain, and how long it takes."""

    task: str
    seconds: float


def path_between(waits: PlanWaits, then: str, first: str) -> tuple[Hop, ...] | None:
    """Why `then` waits for `first`: hop by hop from who needs to who is needed; None where it does not wait."""
    start, end = (False, then), (False, first)
    cost: dict[_Node, int] = {start: 0}
    came: dict[_Node, _Node] = {}
    queue = [(0, start)]
    while queue:
        so_far, at = heapq.heappop(queue)
        if at == end:
            hops = _hops(waits, _nodes(end, start, came))
            return hops if waits.plan.action is Action.RESTORE else hops[::-1]
        if so_far > cost[at]:
            continue
        for other, more in _next(waits, at):
            total = so_far + more
            if other not in cost or total < cost[other]:
                cost[other] = total
                came[other] = at
                heapq.heappush(queue, (total, other))
    return None


def longest_chain(waits: PlanWaits, id: str) -> tuple[tuple[Waited, ...], float]:
    """What a task waits for longest, first to last, and how long that takes."""
    last = _last_before(waits)
    chain = []
    at = last.get((False, id))
    while at is not None:
        if not at[0]:
            chain.append(Waited(at[1], waits.tasks[at[1]].estimate_s))
        at = last[at]
    return tuple(reversed(chain)), round(sum(one.seconds for one in chain), 1)


def weight(hop: Hop | Need) -> tuple[bool, int]:
    """Which of several reasons is named first: what is only an order comes last."""
    return _WEIGHT[hop.reason]


def _next(waits: PlanWaits, node: _Node) -> Iterator[tuple[_Node, int]]:
    """What a node waits for, and the cost of that hop."""
    is_rule, id = node
    if is_rule:
        yield from (((False, one), _HOP) for one in waits.barriers[id].needs if one in waits.tasks)
        return
    for need in waits.needs_of(id):
        yield (False, need.task or ""), _HOP + (_AFTER if need.reason is Reason.AFTER else 0)
    for rule in waits.rules_of(id):
        yield (True, rule.id), _RULE


def _nodes(end: _Node, start: _Node, came: Mapping[_Node, _Node]) -> list[_Node]:
    nodes = [end]
    while nodes[-1] != start:
        nodes.append(came[nodes[-1]])
    return nodes[::-1]


def _hops(waits: PlanWaits, nodes: list[_Node]) -> tuple[Hop, ...]:
    """The hops from the one that waits to the one that goes first; two nodes of an order rule make one hop."""
    hops = []
    rule: tuple[str, Barrier] | None = None  # whom it holds
    for (_, at), (is_rule, other) in pairwise(nodes):
        if is_rule:
            rule = (at, waits.barriers[other])
        elif rule is not None:
            held, barrier = rule
            hops.append(waits.hop(held, other, Reason.PROTOCOL, barrier.source, barrier.id))
            rule = None
        else:
            need = min((one for one in waits.needs_of(at) if one.task == other), key=weight)
            hops.append(waits.hop(at, other, need.reason, need.source))
    return tuple(hops)


def _last_before(waits: PlanWaits) -> Mapping[_Node, _Node | None]:
    """For each node what it waits for longest; what stands in a loop is not there."""
    before = {(False, id): list(dict.fromkeys(one for one, _ in _next(waits, (False, id)))) for id in waits.tasks}
    before |= {(True, id): [one for one, _ in _next(waits, (True, id))] for id in waits.barriers}
    open_waits = {node: len(own) for node, own in before.items()}
    holds: dict[_Node, list[_Node]] = {node: [] for node in before}
    for node, own in before.items():
        for other in own:
            holds[other].append(node)
    finish: dict[_Node, float] = {}
    last: dict[_Node, _Node | None] = {}
    ready = [node for node, number in open_waits.items() if number == 0]
    for node in ready:
        latest = max(before[node], key=lambda one: (finish[one], one), default=None)
        last[node] = latest
        takes = 0.0 if node[0] else waits.tasks[node[1]].estimate_s
        finish[node] = takes if latest is None else finish[latest] + takes
        for held in holds[node]:
            open_waits[held] -= 1
            if open_waits[held] == 0:
                ready.append(held)
    return last
