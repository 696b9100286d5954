"""Which systems act on a system, by its playbook's `on:` (section 4, *Actuator*).

Such needs come from the steps of the modes that a plan uses, from `state` and `isolation` both ways, from evidence
and `force` going down and from health coming back. They are order, and on the way back they bring the actuator
along; they do not count as needed to stay up.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

from orchestrator.model.inventory import SecretRef, System
from orchestrator.model.playbook import Manual, On, OnCarrier, Playbook
from orchestrator.model.source import Source
from orchestrator.model.template import Hole, parse_template
from orchestrator.model.terms import Action, Mode
from orchestrator.model.workspace import Workspace


class Actuators:
    """Who acts on the systems of a workspace."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._by_kind: dict[tuple[str, Action, tuple[Mode, ...]], dict[On, Source]] = {}

    def of(self, system: System, action: Action, modes: tuple[Mode, ...]) -> tuple[tuple[str, Source], ...]:
        """The systems that `action` in `modes` acts on, each once, with the first place that says so."""
        if system.external:
            return ()
        found: dict[str, Source] = {}
        for on, source in self._places(system.kind, action, modes).items():
            for id in self._systems(system, on):
                if id != system.id:
                    found.setdefault(id, source)
        return tuple(found.items())

    def adds(self, kind: str, action: Action, beside: Action, modes: tuple[Mode, ...]) -> bool:
        """Whether `action` on systems of that kind may act through somebody through whom `beside` does not."""
        return not self._places(kind, action, modes).keys() <= self._places(kind, beside, modes).keys()

    def _places(self, kind: str, action: Action, modes: tuple[Mode, ...]) -> Mapping[On, Source]:
        """Whom the playbook acts on, as it says it, each with the first place that does."""
        key = (kind, action, modes)
        places = self._by_kind.get(key)
        if places is None:
            places = self._by_kind[key] = {}
            book = self._ws.playbooks.get(kind)
            for on, source in () if book is None else _places(book, action, modes):
                places.setdefault(on, source)
        return places

    def _systems(self, system: System, on: On) -> Iterator[str]:
        if isinstance(on, OnCarrier):
            for ref in system.hosts:
                runs_on = self._ws.inventory.hosts[ref.id].runs_on
                if runs_on is not None:
                    yield runs_on.id
            return
        if "{" not in on.system:
            yield on.system
            return
        id = self._named(system, on.system)
        if id in self._ws.inventory.systems:
            yield id

    def _named(self, system: System, template: str) -> str:
        """The id that a template of the system's playbook stands for; "" where a var of it is missing or secret."""
        words = []
        for part in _parsed(template):
            if isinstance(part, Hole):
                word = system.id if part.name == "system" else self._var(system, part.name)
                if not word or isinstance(word, SecretRef):
                    return ""
                words.append(word)
            else:
                words.append(part)
        return "".join(words)

    def _var(self, system: System, name: str) -> str | SecretRef | None:
        value = system.vars.get(name)
        return self._ws.playbooks[system.kind].vars.get(name) if value is None else value


_parsed = lru_cache(maxsize=1024)(parse_template)


def _places(book: Playbook, action: Action, modes: Collection[Mode]) -> Iterator[tuple[On, Source]]:
    for probe in (book.state, book.poweroff_state, book.isolation):
        if probe is not None and probe.on is not None:
            yield probe.on, probe.source
    by_mode = book.shutdown if action is Action.SHUTDOWN else book.restore
    steps = [step for mode in modes for step in by_mode.get(mode, ())]
    if action is Action.SHUTDOWN:
        steps.extend(book.force)
        for evidence in book.evidence:
            if evidence.on is not None:
                yield evidence.on, evidence.source
    else:
        for health in book.health:
            if health.on is not None:
                yield health.on, health.source
    for step in steps:
        if step.on is not None and not isinstance(step.do, Manual):
            yield step.on, step.source
