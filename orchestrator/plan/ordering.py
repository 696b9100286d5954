"""The order of a plan's tasks: waits, stages, barriers, and the loops that refuse it (section 4).

- A loop among the tasks is an error that shows the whole of it. Where an alternative closes one, the order goes through
  the others, and says so; it is refused only where no choice of alternatives gives an order.
- Barrier `order-N` holds the groups after the Nth; its needs are all tasks of groups 1 to N, as they count.
- A shutdown also looks at the way back of the same tasks: a loop there is a warning.
- Where errors are gone past: what a person does `first` is in no group of the order rule; a loop of needs is cut at the
  systems whose own way in is part of it (`to_cut`), which a person then does at the console.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.graph.alternatives import settle
from orchestrator.graph.loops import loop_problems_among, loop_text, loops_that_refuse
from orchestrator.graph.modes import groups_of, order_groups
from orchestrator.graph.order import Dropped, Order, Wait
from orchestrator.graph.ranks import Ranks, rank
from orchestrator.model.errors import FilesError
from orchestrator.model.plan import Barrier, Need, Warn
from orchestrator.model.terms import Action, Mode, Reason
from orchestrator.plan.ground import Ground


@dataclass(frozen=True, slots=True)
class Ordered:
    """The waits of a plan's tasks and what follows from them. `dropped`: alternatives that the order does not take."""

    waits: Mapping[str, Sequence[Wait]]
    ranks: Ranks
    dropped: frozenset[Dropped] = frozenset()


def ordered(
    ground: Ground,
    action: Action,
    modes: Mapping[str, tuple[Mode, ...]],
    gone: Collection[str] = (),
    *,
    first: frozenset[str] = frozenset(),
    at_console: frozenset[str] = frozenset(),
) -> Ordered:
    """The order of tasks in `modes`. Raises for a loop: FilesError with the whole of it.

    `gone`: what is down and not in the plan: no alternative that could remain.
    """
    order, groups = _order(ground, action, modes, first, at_console)
    waits = order.waits()
    ranks = rank(waits, groups)
    if ranks is not None:
        return Ordered(waits, ranks)
    settled = settle(order, gone)
    if not settled.stuck:
        waits = order.without(settled.dropped).waits()
        ranks = rank(waits, groups)
    if ranks is None:
        raise FilesError(loop_problems_among(order, settled.stuck))
    return Ordered(waits, ranks, settled.dropped)


def to_cut(
    ground: Ground, modes: Mapping[str, tuple[Mode, ...]], gone: Collection[str], first: frozenset[str]
) -> dict[str, str]:
    """The tasks of a shutdown by which its loops of needs are cut, each with its loop in words.

    Of a loop: the first system, by id, whose own way in is part of it. A loop without one is left, and refuses.
    """
    cut: dict[str, str] = {}
    while True:
        order, groups = _order(ground, Action.SHUTDOWN, modes, first, frozenset(cut))
        if rank(order.waits(), groups) is not None:
            return cut
        settled = settle(order, gone)
        if not settled.stuck:
            return cut
        new = {}
        for loop in loops_that_refuse(order, settled.stuck):
            own = [edge.system for edge in loop if edge.reason is Reason.CONTROL_PATH]
            if own:
                new[min(own)] = loop_text(loop, order.action)
        if not new:
            return cut
        cut |= new


def loops_back(
    ground: Ground,
    modes: Mapping[str, tuple[Mode, ...]],
    down: Ordered,
    gone: Collection[str] = (),
    *,
    reversible: bool = True,
) -> list[Warn]:
    """Loops that the tasks of a shutdown would make on the way back. `reversible`: the way down keeps to every need."""
    place = {id: number for number, id in enumerate(down.ranks.order)}
    going, _ = _order(ground, Action.SHUTDOWN, modes)
    coming, _ = _order(ground, Action.RESTORE, modes)
    if reversible and all(place[edge.system] < place[edge.other] for edge in coming.edges_beside(going)):
        return []  # the way down, reversed, is a way back
    try:
        ordered(ground, Action.RESTORE, modes, gone)
    except FilesError as error:
        whats = [f"until this is mended: {problem.what}" for problem in error.problems]
    else:
        whats = []
    return [Warn(code="loop-back", text=f"Coming back will be refused {what}") for what in whats]


def barriers_of(ground: Ground, action: Action, ranks: Ranks) -> tuple[dict[str, Need], tuple[Barrier, ...]]:
    """Who is held by which barrier, and the barriers: `order-N` holds the groups after the Nth."""
    groups = order_groups(ground.protocol, action)
    members: dict[int, list[str]] = {}
    for id, group in sorted(ranks.groups.items()):
        members.setdefault(group, []).append(id)
    held: dict[str, Need] = {}
    barriers = []
    before: list[str] = []
    for group in sorted(members):
        if before:
            source = str(groups[group - 2].source)
            barrier = Barrier(id=f"order-{group - 1}", needs=tuple(sorted(before)), source=source)
            barriers.append(barrier)
            need = Need(barrier=barrier.id, reason=Reason.PROTOCOL, source=source)
            held.update(dict.fromkeys(members[group], need))
        before.extend(members[group])
    return held, tuple(barriers)


def _order(
    ground: Ground,
    action: Action,
    modes: Mapping[str, tuple[Mode, ...]],
    first: frozenset[str] = frozenset(),
    at_console: frozenset[str] = frozenset(),
) -> tuple[Order, Mapping[str, int]]:
    groups = groups_of(ground.protocol, ground.selection, action, modes.keys() - first)
    order = Order(
        ground.ws,
        ground.needs,
        ground.actuators,
        action=action,
        tasks=modes,
        groups=groups,
        first=first,
        at_console=at_console,
    )
    return order, groups
