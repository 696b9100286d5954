"""Which hosts a playbook's command is sent to: the system's own, another's (`on: {system: ...}`), its carrier's.

The same answer as `plan/commands.py` gives when it writes the command out, without writing it.
"""

from collections.abc import Iterator

from orchestrator.graph.actuators import acting_systems
from orchestrator.model.inventory import System
from orchestrator.model.playbook import Manual, On, Playbook
from orchestrator.model.workspace import Workspace


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
