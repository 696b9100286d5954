"""Which needs another need brings along, so that a drawing may leave them out (section 9, `orch graph`).

A needs C is brought along where A needs B and B needs C, directly or not. Nothing that a reader relies on is lost:

- who reaches whom is the same before and after;
- a plain need is left out only for a path of plain needs: "B, which can do with C or D" says less than "A needs C";
- the alternatives of one need are left out together or not at all: half of an `or` would read as a must;
- what stands in a loop keeps every need within it.
"""

from collections.abc import Collection, Iterable, Mapping

import networkx as nx

Pair = tuple[str, str]
"""(who needs, who is needed)"""

UP_TO = 20_000
"""Systems. Above it nothing is left out: the table of who reaches whom would outgrow what it saves."""


def reduced(needs: Mapping[Pair, bool], groups: Iterable[Collection[Pair]] = ()) -> list[Pair]:
    """The needs that no other brings along, in the order given. `needs`: whether another alternative could do;
    `groups`: needs that belong together, as the alternatives of one `any`."""
    plain = brought_along([pair for pair, choice in needs.items() if not choice])
    indirect = brought_along(needs)
    left_out = {pair for pair, choice in needs.items() if pair in (indirect if choice else plain)}
    for group in groups:
        if not left_out.issuperset(group):
            left_out.difference_update(group)
    return [pair for pair in needs if pair not in left_out]


def brought_along(needs: Collection[Pair]) -> set[Pair]:
    """The needs between which and their goal another path leads."""
    graph = nx.DiGraph()
    graph.add_edges_from(needs)
    if len(graph) > UP_TO:
        return set()
    loops = nx.condensation(graph)
    loop_of: Mapping[str, int] = loops.graph["mapping"]
    ordered = list(nx.topological_sort(loops))
    place = {loop: at for at, loop in enumerate(ordered)}
    reach: dict[int, int] = {}
    indirect: set[tuple[int, int]] = set()
    for loop in reversed(ordered):
        seen = 0
        for need in sorted(loops[loop], key=place.__getitem__):
            if seen >> place[need] & 1:
                indirect.add((loop, need))
            else:
                seen |= reach[need]
        reach[loop] = seen | 1 << place[loop]
    return {(a, b) for a, b in needs if (loop_of[a], loop_of[b]) in indirect}
