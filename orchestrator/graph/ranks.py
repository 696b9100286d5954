"""What follows from who waits for whom: the order of tasks, their stages, the groups that they count to (section 4).

The protocol's groups are the weakest: a task that waits, even indirectly, for one of a later group counts to that
group, so the order rule never makes a loop. Stages are topological generations, from 1; those of a group come after
those of all groups before it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from orchestrator.graph.order import Wait


class Ranks(NamedTuple):
    """Tasks in an order that waits and groups admit, and what follows from it.

    `before`: whom each waits for; `stages` from 1; `groups` they count to; `moved`: who moved from which to which.
    """

    order: tuple[str, ...]
    before: Mapping[str, tuple[str, ...]]
    stages: Mapping[str, int]
    groups: Mapping[str, int]
    moved: Mapping[str, tuple[int, int]]


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
