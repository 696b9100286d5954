"""What `orch check` asks of the plan room: that every command of every system can be written out for its hosts.

What a platform can't say (sudo where there is none, a word that can't be quoted for an appliance) is told here with its
`file:line`, and not in the middle of the night.
"""

from collections.abc import Callable, Iterator
from functools import partial

from orchestrator.model.errors import FilesError, Problem
from orchestrator.model.workspace import Workspace
from orchestrator.plan.commands import CommandWriter


def command_problems(ws: Workspace) -> tuple[Problem, ...]:
    """All problems, each once, whoever shares the playbook."""
    found: dict[Problem, None] = {}
    for system in ws.inventory.systems:
        for write in _pieces(CommandWriter(ws, system)):
            try:
                write()
            except FilesError as error:
                found.update(dict.fromkeys(error.problems))
    return tuple(found)


def _pieces(writer: CommandWriter) -> Iterator[Callable[[], object]]:
    yield from (writer.probes, writer.evidence, writer.force, writer.health)
    if writer.playbook is not None:
        yield from (partial(writer.shutdown, mode) for mode in writer.playbook.shutdown)
        yield from (partial(writer.restore, mode) for mode in writer.playbook.restore)
