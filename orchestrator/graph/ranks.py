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

    `before`: for each task of `order` the places in it of those that it waits for; `stages` from 1; `groups` they count
    to; `moved`: who moved from which to which.
    """

    order: tuple[str, ...]
    before: tuple[tuple[int, ...], ...]
    stages: Mapping[str, int]
    groups: Mapping[str, int]
    moved: Mapping[str, tuple[int, int]]


def rank(waits: Mapping[str, Sequence[Wait]], groups: Mapping[str, int]) -> Ranks | None:
    """Order, stages and groups of tasks that wait so; None where the waits make a loop."""
    ids = list(waits)
    number = {id: n for n, id in enumerate(ids)}  # numbers lie close together in memory, ids do not
    before = [tuple(dict.fromkeys([number[wait.task] for wait in own])) for own in waits.values()]
    topological = _topological(before)
    if topological is None:
        return None
    listed = [groups.get(id, 0) for id in ids]
    counts = list(listed)  # the latest group that a task is in, or waits for
    for n in topological:
        counts[n] = max([listed[n], *[counts[other] for other in before[n]]])
    admissible = sorted(topological, key=counts.__getitem__)
    stages = [0] * len(ids)
    group_now, earlier, highest = 0, 0, 0  # the highest stage of all earlier groups; of all groups so far
    for n in admissible:
        if counts[n] > group_now:
            group_now, earlier = counts[n], highest
        stage = 1 + max([earlier if listed[n] else 0, *[stages[other] for other in before[n]]])
        stages[n] = stage
        if listed[n] and stage > highest:
            highest = stage
    place = [0] * len(ids)
    for at, n in enumerate(admissible):
        place[n] = at
    counted = {ids[n]: counts[n] for n in topological if listed[n]}
    return Ranks(
        order=tuple([ids[n] for n in admissible]),
        before=tuple([tuple([place[other] for other in before[n]]) for n in admissible]),
        stages=dict(zip(ids, stages, strict=True)),
        groups=counted,
        moved={id: (groups[id], group) for id, group in sorted(counted.items()) if group != groups[id]},
    )


def _topological(before: Sequence[Sequence[int]]) -> list[int] | None:
    """Every task after all that it waits for; None where that can't be."""
    open_waits = [len(own) for own in before]
    holds: list[list[int]] = [[] for _ in before]
    for n, own in enumerate(before):
        for other in own:
            holds[other].append(n)
    order = [n for n, count in enumerate(open_waits) if count == 0]
    for n in order:
        for held in holds[n]:
            open_waits[held] -= 1
            if open_waits[held] == 0:
                order.append(held)
    return order if len(order) == len(before) else None
