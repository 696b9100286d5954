"""In which order the tasks of a plan go: who waits for whom, and why (section 4).

X needs Y. Going down Y waits for X; coming back X waits for Y. The waits among the tasks of a plan are:

- every need by `requires`, `control-path`, `runs-on` (all alternatives of a group), by `after` where its `when`
  fits, by `actuator`, and of every task by `control-path` for what the operator comes in by (but for what that
  needs itself);
- through systems outside the plan a physical need reaches on to the next one inside, with the first hop's reason
  and source;
- going down nobody's `requires` or `after` makes an isolated system wait; coming back both give way where the
  protocol's order, as listed, brings the isolated one back later.

The protocol's groups are the weakest: a task that waits, even indirectly, for one of a later group counts to that
group.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from orchestrator.graph.actuators import Actuators
from orchestrator.graph.needs import PHYSICAL, Needs
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


class Ranks(NamedTuple):
    """Tasks in an order that waits and groups admit, and what follows from it.

    `before`: whom each waits for; `stages` from 1; `groups` they count to; `moved`: who moved from which to which.
    """

    order: tuple[str, ...]
    before: Mapping[str, tuple[str, ...]]
    stages: Mapping[str, int]
    groups: Mapping[str, int]
    moved: Mapping[str, tuple[int, int]]


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
    ) -> None:
        """`groups`: the protocol's group of each task, as listed for this action, from 1; the others are free."""
        self._ws = ws
        self._needs = needs
        self._actuators = actuators
        self.action = action
        self._tasks = tasks
        self._groups = groups
        self._isolated = frozenset(id for id, modes in tasks.items() if Mode.ISOLATE in modes)
        self._outside: dict[str, tuple[str, ...]] = {}

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
            for other in (way,) if way in self._tasks else self._beyond(way):
                edge = Edge(id, other, Reason.CONTROL_PATH, source, False)
                found.setdefault((other, Reason.CONTROL_PATH), edge)
        isolated = self._isolated
        return [edge for edge in found.values() if edge.other not in isolated or not self._gives_way(edge)]

    def _by_need(self, system: System) -> Iterator[Edge]:
        """By `requires`, `control-path` and `runs-on`."""
        id, tasks = system.id, self._tasks
        for group in self._needs.of[id]:
            choice = group.slack > 0
            for other in group.members:
                if other in tasks:
                    yield Edge(id, other, group.reason, group.source, choice)
                elif group.reason in PHYSICAL:
                    for beyond in self._beyond(other):
                        if beyond != id:
                            yield Edge(id, beyond, group.reason, group.source, choice)

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
        if edge.reason not in GIVES_WAY or edge.other not in self._isolated:
            return False
        if self.action is Action.SHUTDOWN:
            return True
        mine, theirs = self._groups.get(edge.system), self._groups.get(edge.other)
        return mine is not None and theirs is not None and theirs > mine

    def _beyond(self, outside: str) -> tuple[str, ...]:
        """The tasks that a system outside the plan physically needs, through others outside it."""
        known = self._outside.get(outside)
        if known is None:
            inside: dict[str, None] = {}
            seen, queue = {outside}, [outside]
            for system in queue:
                for group in self._needs.of[system]:
                    if group.reason not in PHYSICAL:
                        continue
                    for other in group.members:
                        if other in self._tasks:
                            inside[other] = None
                        elif other not in seen:
                            seen.add(other)
                            queue.append(other)
            known = self._outside[outside] = tuple(sorted(inside))
        return known

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


def rank(waits: Mapping[str, Sequence[Wait]], groups: Mapping[str, int]) -> Ranks | None:
    """Order, stages and groups of tasks that wait so; None where the waits make a loop."""
    before = {id: tuple(dict.fromkeys([wait.task for wait in own])) for id, own in waits.items()}
    topological = _topological(before)
    if topological is None:
        return None
    counts: dict[str, int] = {}  # the latest group that a task is in, or waits for
    for id in topological:
        counts[id] = max([groups.get(id, 0), *map(counts.__getitem__, before[id])])
    stages: dict[str, int] = {}
    group_now, earlier, highest = 0, 0, 0  # the highest stage of all earlier groups; of all groups so far
    admissible = sorted(topological, key=counts.__getitem__)
    for id in admissible:
        if counts[id] > group_now:
            group_now, earlier = counts[id], highest
        stage = max([earlier if id in groups else 0, *map(stages.__getitem__, before[id])])
        stages[id] = stage + 1
        if id in groups and stage + 1 > highest:
            highest = stage + 1
    counted = {id: counts[id] for id in topological if id in groups}
    moved = {id: (groups[id], group) for id, group in sorted(counted.items()) if group != groups[id]}
    return Ranks(tuple(admissible), before, stages, counted, moved)


def _topological(before: Mapping[str, Sequence[str]]) -> list[str] | None:
    """Every task after all that it waits for; None where that can't be."""
    open_waits = {id: len(own) for id, own in before.items()}
    holds: dict[str, list[str]] = {id: [] for id in before}
    for id, own in before.items():
        for other in own:
            holds[other].append(id)
    order = [id for id, count in open_waits.items() if count == 0]
    for id in order:
        for held in holds[id]:
            open_waits[held] -= 1
            if open_waits[held] == 0:
                order.append(held)
    return order if len(order) == len(before) else None
