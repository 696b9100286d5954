"""Why a system stands where it stands in a plan, and what lies between two of them (section 9, `explain`).

All of it is read off the plan, so that an answer can't differ from what a run would do. Why a system is in it is the
chain of those that came along, back to one that was asked for. Why it is not: left out, with the path; or the plan's
request does not reach it. Two systems are ordered by a path, or by nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from orchestrator.graph.needs import Needs
from orchestrator.graph.plan_paths import Waited, longest_chain, path_between, weight
from orchestrator.graph.plan_waits import Hop, PlanWaits, Rule
from orchestrator.model.plan import LeftOut, Plan, PlanTask
from orchestrator.model.terms import Action


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where one system stands in a plan, and why."""

    task: PlanTask
    action: Action
    stages: int  # how many the plan has
    along: tuple[Hop, ...]  # from this system to the one that was asked for; () where it was asked for itself
    after: tuple[Hop, ...]  # what must be done before it, nearest first
    before: tuple[Hop, ...]  # what waits for it, nearest first
    held_by: tuple[Rule, ...]  # order rules
    holds: Rule | None
    chain: tuple[Waited, ...]  # what it waits for longest, first to last
    starts_s: float  # how long that takes


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a system is not in a plan: left out; left online without what it needs; or beyond what was asked for."""

    system: str
    left_out: LeftOut | None
    left_online: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """What orders two systems of a plan: the first goes `after` the second, or `before` it, or nothing does (None)."""

    place: str | None
    path: tuple[Hop, ...] = ()  # from who needs to who is needed


def explain(waits: PlanWaits, system: str) -> Explanation | Absence:
    """Where a system stands in a plan, or why it is not in it."""
    plan = waits.plan
    task = waits.tasks.get(system)
    if task is None:
        left_out = next((one for one in plan.left_out if one.system == system), None)
        return Absence(system, left_out, system in plan.impact.dependents_left_online)
    chain, starts = longest_chain(waits, system)
    return Explanation(
        task=task,
        action=plan.action,
        stages=max(one.stage for one in plan.tasks),
        along=_along(waits, system),
        after=_nearest(waits.firsts(system), waits, system),
        before=_nearest(waits.thens(system), waits, system),
        held_by=waits.held_by(system),
        holds=waits.holds(system),
        chain=chain,
        starts_s=starts,
    )


def between(waits: PlanWaits, one: str, other: str) -> Relation:
    """What orders two systems of a plan."""
    for place, then, first in (("after", one, other), ("before", other, one)):
        path = path_between(waits, then, first)
        if path is not None:
            return Relation(place, path)
    return Relation(None)


def kept_by(needs: Needs, path: Sequence[str]) -> tuple[Hop, ...]:
    """Why the first of a path keeps the last one up: each needs the next."""
    hops = []
    for system, other in pairwise(path):
        group = next((group for group in needs.of.get(system, ()) if other in group.members), None)
        if group is not None:
            hops.append(Hop(system, other, group.reason, str(group.source)))
    return tuple(hops)


def known_systems(plan: Plan) -> frozenset[str]:
    """Every system that a plan has something to say about."""
    tasks = {task.system for task in plan.tasks}
    return frozenset(tasks | {one.system for one in plan.left_out} | {*plan.impact.dependents_left_online})


def _along(waits: PlanWaits, system: str) -> tuple[Hop, ...]:
    hops: list[Hop] = []
    seen: set[str] = set()
    down = waits.plan.action is Action.SHUTDOWN
    while system not in seen and (task := waits.tasks.get(system)) is not None and task.came_along is not None:
        seen.add(system)
        reason, of = task.came_along.reason, task.came_along.of
        hop = Hop(system, of, reason, "") if down else Hop(of, system, reason, "")
        then, first = waits.ends(hop)
        needs = waits.needs_of(then) if then in waits.tasks else ()
        source = next((need.source for need in needs if need.task == first and need.reason is reason), "")
        hops.append(hop._replace(source=source))
        system = of
    return tuple(hops)


def _nearest(hops: Sequence[Hop], waits: PlanWaits, system: str) -> tuple[Hop, ...]:
    """Those that the system meets first; of the same other the weightiest reason first."""

    def rank(hop: Hop) -> tuple[int, str, tuple[bool, int]]:
        other = hop.other if hop.system == system else hop.system
        return abs(waits.tasks[system].stage - waits.tasks[other].stage), other, weight(hop)

    return tuple(sorted(hops, key=rank))
