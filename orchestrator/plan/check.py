"""What `orch check` asks of the plan room: that every command of every system can be written out for its hosts.

What a platform can't say (sudo where there is none, a word that can't be quoted for an appliance) is told here with its
`file:line`, and not in the middle of the night.

Of systems that are alike one is written out for all: the same playbook, everybody that acts is Linux, the same vars are
given and the same of them secret. Linux takes every word, so their commands differ in nothing that could be wrong.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import partial

from orchestrator.graph.actuators import acting_systems
from orchestrator.model.errors import FilesError, Problem
from orchestrator.model.inventory import SecretRef, System
from orchestrator.model.playbook import On
from orchestrator.model.terms import Platform
from orchestrator.model.workspace import Workspace
from orchestrator.plan.acting import acting_hosts, actors_of
from orchestrator.plan.commands import CommandWriter


def command_problems(ws: Workspace) -> tuple[Problem, ...]:
    """All problems, each once, whoever shares the playbook."""
    actors = {kind: actors_of(book) for kind, book in ws.playbooks.items()}
    found: dict[Problem, None] = {}
    written: set[Hashable] = set()
    for system in ws.inventory.systems.values():
        alike = _alike(ws, system, actors)
        if alike in written:
            continue
        if alike is not None:
            written.add(alike)
        for write in _pieces(CommandWriter(ws, system.id)):
            try:
                write()
            except FilesError as error:
                found.update(dict.fromkeys(error.problems))
    return tuple(found)


def _alike(ws: Workspace, system: System, actors: Mapping[str, frozenset[On | None]]) -> Hashable:
    """What it has in common with those that it need not be told apart from; None where it stands for itself."""
    hosts, systems = ws.inventory.hosts, ws.inventory.systems
    acts = []
    for on in actors.get(system.kind, ()):
        if on is not None and not all(id in systems for id in acting_systems(ws, system, on)):
            return None
        acting = acting_hosts(ws, system, on)
        if any(hosts[id].platform is not Platform.LINUX for id in acting):
            return None
        acts.append(bool(acting))
    given = frozenset((name, isinstance(value, SecretRef)) for name, value in system.vars.items())
    return system.kind, system.external, tuple(acts), given


def _pieces(writer: CommandWriter) -> Iterator[Callable[[], object]]:
    yield from (writer.probes, writer.evidence, writer.force, writer.health)
    if writer.playbook is not None:
        yield from (partial(writer.shutdown, mode) for mode in writer.playbook.shutdown)
        yield from (partial(writer.restore, mode) for mode in writer.playbook.restore)
