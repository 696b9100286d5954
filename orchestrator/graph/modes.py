"""How each system would be taken offline, and to which group of the protocol's order it belongs (sections 3, 4).

- `--mode A,B,C`: the first that the playbook has, otherwise the first. Without it the protocol's first matching rule,
  without one `stop`.
- Going down a system belongs to the first matching group; coming back to the last matching group of the restore list.
  Without a restore list the shutdown groups count, reversed. In none, a system is free.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from orchestrator.graph.selection import Selection
from orchestrator.model.protocol import OrderGroup, Protocol
from orchestrator.model.terms import Action, Mode
from orchestrator.model.workspace import Workspace


def modes_of(
    ws: Workspace, selection: Selection, systems: Collection[str], asked: Sequence[Mode] | None = None
) -> dict[str, Mode]:
    """The mode of each system on the way down."""
    if asked:
        return {id: _first_had(ws, id, asked) for id in systems}
    found = dict.fromkeys(systems, Mode.STOP)
    for rule in reversed(ws.protocol.modes):
        found.update((id, rule.mode) for id in selection.matching(rule.of) if id in found)
    return found


def order_groups(protocol: Protocol, action: Action) -> tuple[OrderGroup, ...]:
    """The groups of an action's order rule, first to last."""
    if action is Action.SHUTDOWN:
        return protocol.order_shutdown
    return tuple(reversed(protocol.order_shutdown)) if protocol.order_restore is None else protocol.order_restore


def groups_of(protocol: Protocol, selection: Selection, action: Action, systems: Iterable[str]) -> Mapping[str, int]:
    """The group of each system as listed, from 1; a free system is not there."""
    groups = [selection.matching(group.of) for group in order_groups(protocol, action)]
    numbered = list(enumerate(groups, 1))
    if action is Action.SHUTDOWN:
        numbered.reverse()
    found: dict[str, int] = {}
    wanted = frozenset(systems)
    for number, members in numbered:
        found.update(dict.fromkeys(members & wanted, number))
    return found


def _first_had(ws: Workspace, system: str, asked: Sequence[Mode]) -> Mode:
    one = ws.inventory.systems[system]
    book = ws.playbooks.get(one.kind)
    if book is not None:
        for mode in asked:
            if book.shutdown.get(mode):
                return mode
    return asked[0]
