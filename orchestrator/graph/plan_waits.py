"""Who waits for whom in a plan, read off the plan itself (section 4), so that no answer can differ from what would run.

A hop is X needs Y: going down Y waits for X, coming back X waits for Y. An order rule is a hop of its own kind: X goes
down before Y, or comes back after it. Reversed, every hop of the way down is a hop of the way back.

A plan file may come from anywhere: needs of tasks that it does not hold are passed over.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from orchestrator.model.plan import Barrier, Need, Plan, PlanTask
from orchestrator.model.terms import Action, Reason


class Hop(NamedTuple):
    """`system` needs `other`; by the order rule `barrier` it only goes down before it, or comes back after it."""

    system: str
    other: str
    reason: Reason
    source: str  # "" where the plan does not say
    barrier: str | None = None


class Rule(NamedTuple):
    """An order rule as one system meets it: how many others it waits for, or keeps waiting."""

    barrier: str
    source: str
    systems: int


class PlanWaits:
    """The waits of one plan's tasks."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.tasks: Mapping[str, PlanTask] = {task.id: task for task in plan.tasks}
        self.barriers: Mapping[str, Barrier] = {barrier.id: barrier for barrier in plan.barriers}

    def ends(self, hop: Hop) -> tuple[str, str]:
        """Which of a hop's systems waits in this plan, and which goes first."""
        return (hop.other, hop.system) if self.plan.action is Action.SHUTDOWN else (hop.system, hop.other)

    def hop(self, then: str, first: str, reason: Reason, source: str, barrier: str | None = None) -> Hop:
        """The hop by which `then` waits for `first`."""
        system, other = (first, then) if self.plan.action is Action.SHUTDOWN else (then, first)
        return Hop(system, other, reason, source, barrier)

    def needs_of(self, id: str) -> Iterator[Need]:
        """The needs of a task for other tasks of the plan."""
        return (need for need in self.tasks[id].needs if need.task in self.tasks)

    def stage(self, need: Need) -> int:
        """The stage of the task that a need is for."""
        return self.tasks[need.task or ""].stage

    def rules_of(self, id: str) -> Iterator[Barrier]:
        """The order rules that a task waits for."""
        return (self.barriers[rule] for need in self.tasks[id].needs if (rule := need.barrier or "") in self.barriers)

    def firsts(self, id: str) -> tuple[Hop, ...]:
        """What must be done before a task: every direct need, by every reason."""
        return tuple(self.hop(id, need.task or "", need.reason, need.source) for need in self.needs_of(id))

    def thens(self, id: str) -> tuple[Hop, ...]:
        """What waits for a task, by every reason."""
        return self._thens.get(id, ())

    def held_by(self, id: str) -> tuple[Rule, ...]:
        """The order rules that hold a task, each with how many tasks it waits for."""
        return tuple(Rule(rule.id, rule.source, len(rule.needs)) for rule in self.rules_of(id))

    def holds(self, id: str) -> Rule | None:
        """The first order rule that waits for a task, with how many tasks that one and the later ones hold."""
        rules = [rule for rule in self.plan.barriers if id in self._members[rule.id]]
        if not rules:
            return None
        names = {rule.id for rule in rules}
        held = sum(any(need.barrier in names for need in task.needs) for task in self.plan.tasks)
        return Rule(rules[0].id, rules[0].source, held)

    def rules_after(self, id: str) -> tuple[Rule, ...]:
        """The order rules that wait for a task, each with how many tasks it holds."""
        return tuple(
            Rule(rule.id, rule.source, self._held[rule.id])
            for rule in self.plan.barriers
            if id in self._members[rule.id]
        )

    def has(self, hop: Hop) -> bool:
        """Whether this plan, perhaps one of the other action, has the same hop (of an order rule: to that effect)."""
        then, first = self.ends(hop)
        if then not in self.tasks or first not in self.tasks:
            return False
        if hop.barrier is None:
            return any(need.task == first and need.reason is hop.reason for need in self.needs_of(then))
        return any(first in self._members[rule.id] for rule in self.rules_of(then))

    def apart(self, one: str, other: str) -> str | None:
        """The limit that lets only one of two tasks run at a time: a zone's id, "" for that of the plan; or None."""
        if self.plan.policy.parallel == 1:
            return ""
        shared = self._zones(one) & self._zones(other)
        return min((zone for zone in shared if self.plan.policy.zone_parallel.get(zone) == 1), default=None)

    @cached_property
    def _thens(self) -> Mapping[str, tuple[Hop, ...]]:
        found: dict[str, list[Hop]] = {}
        for id in self.tasks:
            for need in self.needs_of(id):
                found.setdefault(need.task or "", []).append(self.hop(id, need.task or "", need.reason, need.source))
        return {id: tuple(hops) for id, hops in found.items()}

    @cached_property
    def _held(self) -> Mapping[str, int]:
        return Counter(
            rule for task in self.plan.tasks for rule in {need.barrier for need in task.needs if need.barrier}
        )

    @cached_property
    def _members(self) -> Mapping[str, frozenset[str]]:
        return {barrier.id: frozenset(barrier.needs) for barrier in self.plan.barriers}

    def _zones(self, id: str) -> set[str]:
        hosts = (self.plan.hosts[host] for host in self.tasks[id].hosts if host in self.plan.hosts)
        return {host.zone for host in hosts if host.zone is not None}
