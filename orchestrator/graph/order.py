"""In which order the tasks of a plan go: who waits for whom, and why (section 4).

X needs Y. Going down Y waits for X; coming back X waits for Y. The waits among the tasks of a plan are:

- every need by `requires`, `control-path`, `runs-on` (all alternatives of a group, but for those dropped because they
  would close a loop, see `graph/alternatives.py`), by `after` where its `when` fits, by `actuator`, and of every task
  by `control-path` for what the operator comes in by (but for what that needs itself);
- through systems outside the plan a physical need reaches on to the next one inside, with the first hop's reason
  and source;
- going down nobody's `requires` or `after` makes an isolated system wait; coming back both give way where the
  protocol's order, as listed, brings the isolated one back later;
- where errors are gone past, what a person does `first` waits for nobody but those it is acted on through; who stands
  `at_console` needs no way in.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from orchestrator.graph.actuators import Actuators
from orchestrator.graph.needs import PHYSICAL, Group, Needs
from orchestrator.model.inventory import System
from orchestrator.model.source import Source
from orchestrator.model.terms import Action, Mode, Reason
from orchestrator.model.workspace import Workspace

GIVES_WAY = frozenset({Reason.REQUIRES, Reason.AFTER})


class Wait(NamedTuple):
    """One wait of a task for another; `choice`: by one alternative of several, so that another could do."""

    task: str
    reason: Reason
    source: Source
    choice: bool = False


class Edge(NamedTuple):
    """`system` needs `other`."""

    system: str
    other: str
    reason: Reason
    source: Source
    choice: bool


class Node(NamedTuple):
    """A task (`system` is the task's own), or a system outside the plan that the way of a task leads through."""

    task: str
    system: str


class Alternative(NamedTuple):
    """One alternative of a group: its systems, and those of them that play a part in the order."""

    systems: tuple[str, ...]
    needs: frozenset[Node]


class Choice(NamedTuple):
    """A group with more alternatives than it needs: the how manieth group of the node's system, and what it offers."""

    node: Node
    group: int
    at_least: int
    alternatives: tuple[Alternative, ...]


class Wants(NamedTuple):
    """What a node needs: whom in any case, and what there is to choose."""

    firm: frozenset[Node]
    choices: tuple[Choice, ...]


class Dropped(NamedTuple):
    """An alternative that the order does not go through, for the needs of one task (`graph/alternatives.py`)."""

    node: Node
    group: int
    alternative: int


class Order:
    """The waits among `tasks` (with the modes taken, or undone) for one action."""

    def __init__(
        self,
        ws: Workspace,
        needs: Needs,
        actuators: Actuators,
        *,
        action: Action,
        tasks: Mapping[str, tuple[Mode, ...]],
        groups: Mapping[str, int],
        dropped: frozenset[Dropped] = frozenset(),
        first: frozenset[str] = frozenset(),
        at_console: frozenset[str] = frozenset(),
    ) -> None:
        """`groups`: the protocol's group of each task, as listed for this action, from 1; the others are free."""
        self._first = first
        self._at_console = at_console
        self._ws = ws
        self._dropped = dropped
        self._bound_otherwise = frozenset(one.node.task for one in dropped)
        self._needs = needs
        self._actuators = actuators
        self.action = action
        self._tasks = tasks
        self._groups = groups
        self._isolated = frozenset(id for id, modes in tasks.items() if Mode.ISOLATE in modes)
        self._outside: dict[str, Mapping[str, bool]] = {}

    def without(self, dropped: frozenset[Dropped]) -> "Order":
        """The same, but for alternatives that it does not go through."""
        return Order(
            self._ws,
            self._needs,
            self._actuators,
            action=self.action,
            tasks=self._tasks,
            groups=self._groups,
            dropped=dropped,
            first=self._first,
            at_console=self._at_console,
        )

    def wants(self, task: str) -> dict[Node, Wants]:
        """What a task needs, and what those outside the plan need that its way leads through, with every choice."""
        own_way = {} if task in self.on_own_way() else self._own_way()
        queue = [Node(task, task)]
        found: dict[Node, Wants] = {}
        for node in queue:
            if node not in found and node.task == task:
                found[node] = wants = self._wants_of(node, own_way)
                queue += sorted(wants.firm)
                queue += [
                    other for choice in wants.choices for one in choice.alternatives for other in sorted(one.needs)
                ]
        return found

    def waits(self) -> dict[str, list[Wait]]:
        """Whom each task waits for: one entry for each other task and reason, tasks by id."""
        down = self.action is Action.SHUTDOWN
        found: dict[str, list[Wait]] = {id: [] for id in sorted(self._tasks)}
        for edge in self.edges():
            if down:
                found[edge.other].append(Wait(edge.system, edge.reason, edge.source, edge.choice))
            else:
                found[edge.system].append(Wait(edge.other, edge.reason, edge.source, edge.choice))
        return found

    def edges(self) -> Iterator[Edge]:
        """All needs among the tasks."""
        own_way = self._own_way()
        exempt = self.on_own_way()
        for id in sorted(self._tasks):
            yield from self._edges_of(id, {} if id in exempt else own_way)

    def edges_beside(self, down: "Order") -> Iterator[Edge]:
        """Of a restore: every need that the shutdown `down` of the same tasks has not, and some that it has.

        Needs by `requires`, `control-path` and `runs-on` are the same both ways, but where one of them gives way to an
        isolated system, or binds to the operator's own way what is part of that way going down. What is only an order
        is looked at anew.
        """
        systems = self._ws.inventory.systems
        own_way = self._own_way()
        exempt = self.on_own_way()
        bound_anew = down.on_own_way() - exempt
        for id in self._tasks:
            system = systems[id]
            needs_isolated = any(not self._isolated.isdisjoint(group.members) for group in self._needs.of[id])
            if needs_isolated or id in bound_anew:
                yield from self._edges_of(id, {} if id in exempt else own_way)
            elif system.after or self._actuators.adds(system.kind, self.action, down.action, self._tasks[id]):
                yield from (edge for edge in self._by_order(system) if not self._gives_way(edge))

    def _edges_of(self, id: str, own_way: Mapping[str, Source]) -> list[Edge]:
        """The needs of one task, one edge for each other task and reason; `own_way`: what it is bound to by that."""
        system = self._ws.inventory.systems[id]
        found: dict[tuple[str, Reason], Edge] = {}
        for edge in chain(self._by_need(system), self._by_order(system)):
            key = (edge.other, edge.reason)
            known = found.get(key)
            if known is None or (known.choice and not edge.choice):
                found[key] = edge
        for way, source in own_way.items():
            for other, chosen in {way: False}.items() if way in self._tasks else self._beyond(way, id).items():
                edge = Edge(id, other, Reason.CONTROL_PATH, source, chosen)
                found.setdefault((other, Reason.CONTROL_PATH), edge)
        if self._first or id in self._at_console:
            return [edge for edge in found.values() if not self._gives_way(edge)]
        isolated = self._isolated
        return [edge for edge in found.values() if edge.other not in isolated or not self._gives_way(edge)]

    def _by_need(self, system: System) -> Iterator[Edge]:
        """By `requires`, `control-path` and `runs-on`."""
        id, tasks = system.id, self._tasks
        for number, group in enumerate(self._needs.of[id]):
            choice = group.slack > 0
            for other in self._kept(Node(id, id), number, group) if self._dropped else group.members:
                if other in tasks:
                    yield Edge(id, other, group.reason, group.source, choice)
                elif group.reason in PHYSICAL:
                    for beyond, chosen in self._beyond(other, id).items():
                        if beyond != id:
                            yield Edge(id, beyond, group.reason, group.source, choice or chosen)

    def _by_order(self, system: System) -> Iterator[Edge]:
        """By `after` and `actuator`."""
        id, tasks = system.id, self._tasks
        for after in system.after:
            if after.system in tasks and after.when in {None, self.action}:
                yield Edge(id, after.system, Reason.AFTER, after.source, False)
        for other, source in self._actuators.of(system, self.action, tasks[id]):
            if other in tasks:
                yield Edge(id, other, Reason.ACTUATOR, source, False)

    def _gives_way(self, edge: Edge) -> bool:
        if edge.other in self._first and edge.reason is not Reason.ACTUATOR:
            return True
        if edge.reason is Reason.CONTROL_PATH and edge.system in self._at_console:
            return True
        if edge.reason not in GIVES_WAY or edge.other not in self._isolated:
            return False
        if self.action is Action.SHUTDOWN:
            return True
        mine, theirs = self._groups.get(edge.system), self._groups.get(edge.other)
        return mine is not None and theirs is not None and theirs > mine

    def _beyond(self, outside: str, task: str) -> Mapping[str, bool]:
        """The tasks that a system outside the plan physically needs, through others outside it, for `task`; whether
        only by one alternative of several, so that another could do."""
        if task in self._bound_otherwise:
            return self._search_beyond(outside, task)
        known = self._outside.get(outside)
        if known is None:
            known = self._outside[outside] = self._search_beyond(outside, task)
        return known

    def _search_beyond(self, outside: str, task: str) -> Mapping[str, bool]:
        inside: dict[str, bool] = {}
        seen = {outside: False}
        queue, by_choice = [outside], list[str]()
        while queue or by_choice:  # what is needed in any case first, so that a choice never hides it
            system = queue.pop() if queue else by_choice.pop()
            for number, group in enumerate(self._needs.of[system]):
                if group.reason not in PHYSICAL:
                    continue
                chosen = seen[system] or group.slack > 0
                for other in self._kept(Node(task, system), number, group):
                    if other in self._tasks:
                        inside[other] = chosen and inside.get(other, True)
                    elif other not in seen or (seen[other] and not chosen):
                        seen[other] = chosen
                        (by_choice if chosen else queue).append(other)
        return dict(sorted(inside.items()))

    def _kept(self, node: Node, number: int, group: Group) -> tuple[str, ...]:
        """The systems of the alternatives that the order goes through."""
        if not self._dropped or not group.slack:
            return group.members
        kept = (
            alternative
            for a, alternative in enumerate(group.alternatives)
            if Dropped(node, number, a) not in self._dropped
        )
        return tuple(dict.fromkeys(chain.from_iterable(kept)))

    def _wants_of(self, node: Node, own_way: Mapping[str, Source]) -> Wants:
        firm: set[Node] = set()
        choices = []
        for number, group in enumerate(self._needs.of[node.system]):
            alternatives = tuple(Alternative(one, self._nodes(node, group, one)) for one in group.alternatives)
            if group.slack:
                choices.append(Choice(node, number, group.at_least, alternatives))
            else:
                firm.update(*(one.needs for one in alternatives))
        if node.system == node.task:
            edges = self._by_order(self._ws.inventory.systems[node.task])
            firm.update(Node(edge.other, edge.other) for edge in edges if not self._gives_way(edge))
            firm.update(Node(way if way in self._tasks else node.task, way) for way in own_way)
        return Wants(frozenset(firm), tuple(choices))

    def _nodes(self, node: Node, group: Group, alternative: tuple[str, ...]) -> frozenset[Node]:
        """Whom one alternative makes a node wait for. A way that leads through the task itself is none of its waits."""
        if group.reason is Reason.CONTROL_PATH and node.system in self._at_console:
            return frozenset()
        physical = group.reason in PHYSICAL
        found = set()
        for other in alternative:
            if other in self._tasks:
                edge = Edge(node.system, other, group.reason, group.source, True)
                outer = node.system != node.task
                if not self._gives_way(edge) and not (outer and (not physical or other == node.task)):
                    found.add(Node(other, other))
            elif physical:
                found.add(Node(node.task, other))
        return frozenset(found)

    def _own_way(self) -> dict[str, Source]:
        return {ref.id: ref.source for ref in self._ws.inventory.operator_control_path}

    def on_own_way(self) -> frozenset[str]:
        """What the operator's own way consists of: the systems listed and all that they need, themselves included."""
        systems = self._ws.inventory.systems
        own_way = self._own_way()
        seen, queue = set(own_way), sorted(own_way)
        for id in queue:
            others = [member for group in self._needs.of[id] for member in group.members]
            others += [after.system for after in systems[id].after if after.when in {None, self.action}]
            others += [other for other, _ in self._actuators.of(systems[id], self.action, self._tasks.get(id, ()))]
            for other in others:
                if other not in seen:
                    seen.add(other)
                    queue.append(other)
        return frozenset(seen)
