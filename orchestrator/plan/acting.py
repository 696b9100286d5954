"""Whom a playbook's command acts on: the system's own hosts, another's (`on: {system: ...}`), its carrier's.

The same answer as `plan/commands.py` gives when it writes the command out, without writing it.
"""

from collections.abc import Iterator

from orchestrator.model.inventory import System
from orchestrator.model.playbook import Manual, On, OnCarrier, Playbook
from orchestrator.model.template import fill
from orchestrator.model.workspace import Workspace


def acting_systems(ws: Workspace, system: System, on: On) -> tuple[str, ...]:
    """The systems that act; () where a var that names one has no value, or none carries the hosts."""
    if isinstance(on, OnCarrier):
        hosts = ws.inventory.hosts
        carriers = [runs_on.id for ref in system.hosts if (runs_on := hosts[ref.id].runs_on) is not None]
        return tuple(dict.fromkeys(carriers))
    if "{" not in on.system:
        return (on.system,)
    book = ws.playbooks.get(system.kind)
    known = {**({} if book is None else book.vars), **system.vars, "system": system.id}
    try:
        return (fill(on.system, {name: value for name, value in known.items() if isinstance(value, str)}),)
    except KeyError:
        return ()


def acting_hosts(ws: Workspace, system: System, on: On | None) -> tuple[str, ...]:
    """The hosts that a command of `system` is sent to; () where nothing can act."""
    if on is None:
        return tuple([ref.id for ref in system.hosts])
    systems = ws.inventory.systems
    able = [systems[id] for id in acting_systems(ws, system, on) if id in systems and not systems[id].external]
    return tuple(dict.fromkeys([ref.id for one in able for ref in one.hosts]))


def actors_of(book: Playbook) -> frozenset[On | None]:
    """Every `on:` of a playbook's commands; None for the system's own hosts."""
    return frozenset(_actors_of(book))


def _actors_of(book: Playbook) -> Iterator[On | None]:
    yield None
    for probe in (book.state, book.poweroff_state, book.isolation, *book.evidence, *book.health):
        if probe is not None:
            yield probe.on
    for steps in (*book.shutdown.values(), *book.restore.values(), book.force):
        for step in steps:
            if not isinstance(step.do, Manual):
                yield step.on
