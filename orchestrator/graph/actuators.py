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
            for id in acting_systems(self._ws, system, on):
                if id != system.id and id in self._ws.inventory.systems:
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


def acting_systems(ws: Workspace, system: System, on: On) -> tuple[str, ...]:
    """The systems that `on` means for a system, whether they are there or not; () where a var that names one has no
    value, or none carries the hosts."""
    if isinstance(on, OnCarrier):
        hosts = ws.inventory.hosts
        carriers = [runs_on.id for ref in system.hosts if (runs_on := hosts[ref.id].runs_on) is not None]
        return tuple(dict.fromkeys(carriers))
    id = _named(ws, system, on.system) if "{" in on.system else on.system
    return (id,) if id else ()


def _named(ws: Workspace, system: System, template: str) -> str:
    """The id that a template of the system's playbook stands for; "" where a var of it is missing or secret."""
    words = []
    for part in _parsed(template):
        if isinstance(part, Hole):
            word = system.id if part.name == "system" else _var(ws, system, part.name)
            if not word or isinstance(word, SecretRef):
                return ""
            words.append(word)
        else:
            words.append(part)
    return "".join(words)


def _var(ws: Workspace, system: System, name: str) -> str | SecretRef | None:
    value = system.vars.get(name)
    book = ws.playbooks.get(system.kind)
    return book.vars.get(name) if value is None and book is not None else value


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
