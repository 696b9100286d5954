"""Every need of an estate as one page that an operator can read: a scenario's second golden (section 4).

One need a line, sorted, each with the place that says so: `app  requires  dns-a or dns-b (1 of 2)  estate.yaml:3`.

- A group names its alternatives and how many of them must stand; systems that keep a way open together: `a with b`.
- `after` says which half it has: up after, down before.
- An actuator says on what occasion it is one, where that is not every mode both ways.
- The protocol's order names each system's group as listed, and the operator's own way stands first.
"""

from collections.abc import Iterator, Mapping

from orchestrator.graph.actuators import Actuators
from orchestrator.graph.modes import groups_of, order_groups
from orchestrator.graph.needs import PHRASES, Group, needs_of
from orchestrator.graph.selection import Selection
from orchestrator.graph.serves import customers_of
from orchestrator.model.inventory import System
from orchestrator.model.source import Source
from orchestrator.model.terms import Action, Mode, Reason
from orchestrator.model.workspace import Workspace

Row = tuple[str, str, str, str]

HALVES: Mapping[Action | None, str] = {
    None: "comes up after, goes down before",
    Action.RESTORE: "comes up after",
    Action.SHUTDOWN: "goes down before",
}
WAYS: Mapping[Action, str] = {Action.SHUTDOWN: "going down", Action.RESTORE: "coming back"}


def graph_page(ws: Workspace) -> str:
    """The page of a workspace's needs."""
    rows = [*_operators_way(ws), *sorted(_needs(ws)), *sorted(_protocol(ws))]
    if not rows:
        return "nobody needs anybody\n"
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "".join("  ".join([*(f"{row[n]:<{widths[n]}}" for n in range(3)), row[3]]) + "\n" for row in rows)


def _operators_way(ws: Workspace) -> Iterator[Row]:
    for ref in ws.inventory.operator_control_path:
        yield "the operator", "comes in through", ref.id, _place(ref.source)


def _needs(ws: Workspace) -> Iterator[Row]:
    needs, actuators = needs_of(ws.inventory), Actuators(ws)
    for id, system in ws.inventory.systems.items():
        for group in needs.of[id]:
            yield id, PHRASES[group.reason], _alternatives(group), _place(group.source)
        for after in system.after:
            yield id, HALVES[after.when], after.system, _place(after.source)
        yield from _acted_on(ws, actuators, system)


def _alternatives(group: Group) -> str:
    said = [" with ".join(alternative) for alternative in group.alternatives]
    count = f" ({group.at_least} of {len(said)})" if len(said) > 1 else ""
    return " or ".join(said) + count


def _acted_on(ws: Workspace, actuators: Actuators, system: System) -> Iterator[Row]:
    book = ws.playbooks.get(system.kind)
    if book is None:
        return
    had = {Action.SHUTDOWN: book.shutdown, Action.RESTORE: book.restore}
    every = {action: frozenset(mode for mode in Mode if had[action].get(mode)) for action in Action}
    found: dict[str, dict[Action, set[Mode]]] = {}
    places: dict[str, Source] = {}
    for action in Action:
        for mode in every[action]:
            for other, source in actuators.of(system, action, (mode,)):
                found.setdefault(other, {}).setdefault(action, set()).add(mode)
                places[other] = min(source, places.get(other, source))
    for other, when in found.items():
        occasion = _occasion(every, when)
        yield system.id, PHRASES[Reason.ACTUATOR], f"{other}{occasion}", _place(places[other])


def _occasion(every: Mapping[Action, frozenset[Mode]], when: Mapping[Action, set[Mode]]) -> str:
    if all(when.get(action, set()) == modes for action, modes in every.items()):
        return ""
    said = []
    for action, modes in when.items():
        only = "" if modes == every[action] else " by " + ", ".join(mode.value for mode in Mode if mode in modes)
        said.append(f"{WAYS[action]}{only}")
    return f" ({'; '.join(said)})"


def _protocol(ws: Workspace) -> Iterator[Row]:
    inventory = ws.inventory
    selection = Selection(inventory, lambda: customers_of(inventory, needs_of(inventory)))
    for action in Action:
        listed = order_groups(ws.protocol, action)
        for id, number in groups_of(ws.protocol, selection, action, inventory.systems).items():
            yield id, f"{WAYS[action]} is in", f"group {number} of {len(listed)}", _place(listed[number - 1].source)


def _place(source: Source) -> str:
    return str(source).removeprefix("inventories/")
