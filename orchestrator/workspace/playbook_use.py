"""What a playbook asks of the systems that use it, gathered once for thousands of them: vars, actors, own hosts."""

from collections.abc import Iterator

from orchestrator.model.inventory import System
from orchestrator.model.playbook import (
    Argv,
    Evidence,
    Health,
    Manual,
    OnCarrier,
    OnSystem,
    Playbook,
    Probe,
    Shell,
    Step,
)
from orchestrator.model.source import Source
from orchestrator.model.template import holes

_Command = Probe | Evidence | Health | Step


class PlaybookUse:
    """The demands of one playbook."""

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self.needed = tuple(name for name, default in playbook.vars.items() if default is None)
        self.public: dict[str, list[tuple[Source, str]]] = {}  # var -> commands in which others could read it
        self.stdin: set[str] = set()
        self.on_systems: dict[str, Source] = {}  # template of an actor -> the first command that has it
        self.on_carrier: list[Source] = []
        self.own: list[Source] = []  # commands that act on the system's own hosts
        self.commands_changing: list[Source] = []  # steps that are not manual
        self.told: set[str] = set()  # fixed actors whose problem is told already
        for command in _commands(playbook):
            self._add(command)

    def _add(self, command: _Command) -> None:
        do, source = command.do, command.source
        how = "argv" if isinstance(do, Argv) else "shell" if isinstance(do, Shell) else "the text"
        texts = do.items if isinstance(do, Argv) else (do.line,) if isinstance(do, Shell) else (do.text,)
        for name in sorted(set().union(*(holes(text) for text in texts))):
            self.public.setdefault(name, []).append((source, how))
        if isinstance(command, Step):
            if command.stdin is not None:
                self.stdin |= holes(command.stdin)
            if not isinstance(do, Manual):
                self.commands_changing.append(source)
        if isinstance(do, Manual):
            return
        if isinstance(command.on, OnSystem):
            self.on_systems.setdefault(command.on.system, source)
            for name in holes(command.on.system):
                self.public.setdefault(name, []).append((source, "on"))
        elif isinstance(command.on, OnCarrier):
            self.on_carrier.append(source)
        else:
            self.own.append(source)

    def filled(self, template: str, system: System) -> str | None:
        """The actor that a template names for `system`; None where its var is not given as text."""
        if not template.startswith("{"):
            return template
        name = template[1:-1]
        value = system.vars.get(name, self.playbook.vars.get(name))
        return value if isinstance(value, str) else None


def _commands(playbook: Playbook) -> Iterator[_Command]:
    for probe in (playbook.state, playbook.poweroff_state, playbook.isolation):
        if probe is not None:
            yield probe
    yield from playbook.evidence
    for modes in (playbook.shutdown, playbook.restore):
        for steps in modes.values():
            yield from steps
    yield from playbook.force
    yield from playbook.health
