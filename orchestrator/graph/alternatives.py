"""Which alternatives the order goes through, where going through all of them would close a loop (section 4).

A list of gateways, like an `any` group, orders through each alternative that closes no loop: systems gone through by
id, their groups and alternatives as listed. At least `at_least` of a group must remain; it is refused only where no
choice of alternatives gives an order.

- An alternative closes a loop when, along what is kept so far, one of its systems needs the one that it is for.
- Whether any choice gives an order has an answer without trying them all: place every system once all it needs without
  choice is placed, and enough of each group. What can't be placed is stuck.
- Where keeping all that closes no loop leaves a later group too few, though some choice would do, what is kept must
  besides leave an order possible.
- What lies outside the plan and is up remains, also where such systems need each other: that is a loop among no
  tasks. What is down and stays so is no alternative that could remain.

Only systems that stand in loops with each other (a knot) have anything to decide, each knot by itself.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from orchestrator.graph.order import Choice, Dropped, Edge, Node, Order, Wants

Kept = Mapping[Node, Collection[Node]]
"""Whom a node needs along what is kept so far."""


class Settled(NamedTuple):
    """`dropped`: the alternatives that the order does not go through; `stuck`: tasks that no choice can place."""

    dropped: frozenset[Dropped]
    stuck: frozenset[str]


def settle(order: Order, gone: Collection[str] = ()) -> Settled:
    """The choice of alternatives. `gone`: what is down and not in the plan, so that it can't stand in for anything."""
    dropped: set[Dropped] = set()
    stuck: set[str] = set()
    for members in knots(order.edges()):
        wants = {node: one for task in sorted(members) for node, one in order.wants(task).items()}
        knot = _Knot(wants, gone)
        stuck |= knot.stuck
        dropped |= knot.dropped
    return Settled(frozenset(dropped), frozenset(stuck))


def knots(edges: Iterable[Edge]) -> list[frozenset[str]]:
    """The systems that stand in loops with each other, by first system."""
    import networkx as nx

    graph = nx.DiGraph((edge.system, edge.other) for edge in edges)
    found = nx.strongly_connected_components(graph)
    return sorted((frozenset(one) for one in found if len(one) > 1 or graph.has_edge(*one, *one)), key=min)


class _Knot:
    """One knot, settled: the tasks in it, and what lies outside the plan on their ways."""

    def __init__(self, wants: Mapping[Node, Wants], gone: Collection[str]) -> None:
        self._wants = wants
        self._gone = gone
        self._nodes: dict[str, list[Node]] = {}  # of each task: itself first, then what is outside on its ways
        self._users: dict[str, set[str]] = {}
        for node, one in wants.items():
            self._nodes.setdefault(node.task, []).append(node)
            for other in one.firm.union(*(each.needs for choice in one.choices for each in choice.alternatives)):
                self._users.setdefault(other.task, set()).add(node.task)
        firm = {node: set(self._inside(one.firm)) for node, one in wants.items()}
        self._placed = self._placing(firm)  # an order that what is kept leaves possible, while looking ahead
        self.stuck = frozenset(task for task in self._nodes if Node(task, task) not in self._placed)
        self.dropped: frozenset[Dropped] = frozenset()
        if not self.stuck:
            chosen = self._walk(firm, ahead=False)
            if chosen is None:
                chosen = self._walk(firm, ahead=True)
            assert chosen is not None  # an order was possible, and every step left it so
            self.dropped = chosen

    def _inside(self, nodes: Iterable[Node]) -> list[Node]:
        return [node for node in nodes if node in self._wants]

    def _walk(self, firm: Kept, *, ahead: bool) -> frozenset[Dropped] | None:
        """What is dropped on the way through all alternatives; None where too few of a group would remain."""
        kept = {node: set(others) for node, others in firm.items()}
        dropped: set[Dropped] = set()
        for node, one in self._wants.items():
            for choice in one.choices:
                left = 0
                for number, alternative in enumerate(choice.alternatives):
                    new = set(self._inside(alternative.needs)) - kept[node]
                    if self._keeps(kept, node, new, ahead=ahead):
                        left += self._can_stand(alternative.systems)
                    else:
                        dropped.add(Dropped(node, choice.group, number))
                if left < choice.at_least and not (ahead and node not in self._placed):  # then no way leads through it
                    return None
        return frozenset(dropped)

    def _keeps(self, kept: dict[Node, set[Node]], node: Node, new: set[Node], *, ahead: bool) -> bool:
        """Adds `new` to what `node` needs, if that closes no loop, and looking ahead leaves an order possible."""
        if not new:
            return True
        task = Node(node.task, node.task)
        if ahead and all(other in self._placed and self._placed[other] < self._placed[task] for other in new):
            kept[node] |= new
            return True
        if _reaches(kept, new, task) and (node == task or _reaches(kept, {task}, node)):
            return False
        kept[node] |= new
        if ahead:
            placed = self._placing(kept)
            if any(Node(one, one) not in placed for one in self._nodes):
                kept[node] -= new
                return False
            self._placed = placed
        return True

    def _placing(self, kept: Kept) -> Mapping[Node, int]:
        """An order of the tasks, each after what it needs, whatever is chosen besides `kept`; without those for which
        there is none."""
        placed: dict[Node, int] = {}
        todo = list(self._nodes)
        while todo:
            task = todo.pop()
            itself = Node(task, task)
            if itself in placed:
                continue
            outside = self._outside(task, kept, placed)
            if self._has_all(itself, kept, placed, outside):
                for node in (*outside, itself):
                    placed[node] = len(placed)
                todo.extend(self._users.get(task, ()))
        return placed

    def _outside(self, task: str, kept: Kept, placed: Collection[Node]) -> Collection[Node]:
        """What is outside on a task's ways and has all it needs. It waits for nobody, so some that need each other do
        not keep each other from that."""
        left = self._nodes[task][1:]
        while True:
            there = set(left)
            still = [node for node in left if self._has_all(node, kept, placed, there)]
            if len(still) == len(left):
                return there
            left = still

    def _has_all(self, node: Node, kept: Kept, placed: Collection[Node], outside: Collection[Node]) -> bool:
        if not all(other in placed or other in outside for other in kept[node]):
            return False
        return all(self._enough(choice, placed, outside) for choice in self._wants[node].choices)

    def _enough(self, choice: Choice, placed: Collection[Node], outside: Collection[Node]) -> bool:
        left = choice.at_least
        for one in choice.alternatives:
            left -= self._can_stand(one.systems) and all(
                node in placed or node in outside or node not in self._wants for node in one.needs
            )
            if left <= 0:
                return True
        return left <= 0

    def _can_stand(self, systems: Iterable[str]) -> bool:
        return not any(id in self._gone for id in systems)


def _reaches(kept: Kept, start: Iterable[Node], goal: Node) -> bool:
    """Whether one of `start` needs `goal`, directly or not, or is it."""
    seen = set(start)
    todo = list(seen)
    while todo:
        node = todo.pop()
        if node == goal:
            return True
        fresh = [other for other in kept.get(node, ()) if other not in seen]
        seen.update(fresh)
        todo += fresh
    return False
