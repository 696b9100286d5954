"""What every lint looks at: the estate as a shutdown of everything would find it, each question answered once.

- Modes are the protocol's. What is protected, and what that needs, stays up and stands in no plan of everything.
- `surely_before` is what the plan promises, not how it happens to turn out: a chain of needs, or of the protocol's
  groups, leads from the one to the other.
- Systems that others run (`managed: external`) are in nobody's way: orch never logs in for them.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from orchestrator.graph.closure import Membership, standing
from orchestrator.graph.modes import groups_of, modes_of
from orchestrator.graph.order import Order, Wait
from orchestrator.model.errors import FilesError
from orchestrator.model.inventory import System
from orchestrator.model.playbook import Argv, Manual, On, Playbook, Shell, Step
from orchestrator.model.terms import Action, Mode
from orchestrator.model.workspace import Workspace
from orchestrator.plan.acting import acting_hosts
from orchestrator.plan.ground import Ground
from orchestrator.plan.ordering import ordered


class Whole:
    """One workspace, looked at as a whole."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.inventory = ws.inventory
        self.protocol = ws.protocol
        self.ground = Ground(ws)

    @cached_property
    def modes(self) -> Mapping[str, Mode]:
        """How the protocol takes each system offline."""
        return modes_of(self.ws, self.ground.selection, self.inventory.systems)

    @cached_property
    def kept(self) -> Membership:
        """What a shutdown of everything leaves up: the protected, and all they need (as plan/shutdown.py does it)."""
        needs = self.ground.needs
        return standing(self.ground.protected, lambda id: needs.of[id], up=lambda _: False, able=lambda _: True)

    @cached_property
    def ours(self) -> Mapping[str, System]:
        """The systems that orch itself acts on, sorted by id."""
        systems = self.inventory.systems
        return {id: systems[id] for id in sorted(systems) if not systems[id].external}

    @cached_property
    def by_kind(self) -> Mapping[str, tuple[str, ...]]:
        """Of the kinds with a playbook: the systems that orch acts on by it."""
        found: dict[str, list[str]] = {}
        for id, system in self.ours.items():
            if system.kind in self.ws.playbooks:
                found.setdefault(system.kind, []).append(id)
        return {kind: tuple(found[kind]) for kind in sorted(found)}

    @cached_property
    def on_host(self) -> Mapping[str, tuple[str, ...]]:
        """The systems on each host, without those that others run."""
        found: dict[str, list[str]] = {}
        for id, system in self.ours.items():
            for ref in system.hosts:
                found.setdefault(ref.id, []).append(id)
        return {host: tuple(ids) for host, ids in found.items()}

    @cached_property
    def gateways(self) -> frozenset[str]:
        """The hosts that are some zone's gateway."""
        return frozenset(ref.id for zone in self.inventory.zones.values() for ref in zone.gateways)

    @cached_property
    def used_hosts(self) -> tuple[str, ...]:
        """The hosts that something lives on or goes through, sorted."""
        used = {ref.id for system in self.inventory.systems.values() for ref in system.hosts}
        return tuple(sorted(used | self.gateways))

    @cached_property
    def order(self) -> "Precedence":
        """Who surely goes down before whom."""
        return Precedence(self)

    def playbook(self, system: str) -> Playbook | None:
        """The playbook of a system."""
        return self.ws.playbooks.get(self.inventory.systems[system].kind)

    def acting_hosts(self, system: System, on: On | None) -> tuple[str, ...]:
        """The hosts that a command of `system` acts on; () where nothing can act."""
        return acting_hosts(self.ws, system, on)


class Precedence:
    """Who surely goes down before whom in a shutdown of everything."""

    def __init__(self, whole: Whole) -> None:
        modes = {id: (mode,) for id, mode in whole.modes.items() if id not in whole.kept}
        selection = whole.ground.selection
        groups = groups_of(whole.protocol, selection, Action.SHUTDOWN, modes)
        order = Order(
            whole.ws, whole.ground.needs, whole.ground.actuators, action=Action.SHUTDOWN, tasks=modes, groups=groups
        )
        waits: Mapping[str, Sequence[Wait]]
        try:
            settled = ordered(whole.ground, Action.SHUTDOWN, modes)
            waits, self._groups = settled.waits, settled.ranks.groups
        except FilesError:  # a loop, which is told as the error that it is: the lints say what can be said all the same
            waits, self._groups = order.waits(), groups
        self._waits_for = {id: tuple(dict.fromkeys(wait.task for wait in own)) for id, own in waits.items()}
        self.own_way = order.on_own_way()
        """What the operator's own way in consists of."""

        self._known: dict[str, tuple[frozenset[str], int]] = {}

    @cached_property
    def _holds(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {id: [] for id in self._waits_for}
        for id, others in self._waits_for.items():
            for other in others:
                found[other].append(id)
        return found

    @cached_property
    def _least(self) -> Mapping[str, int]:
        """The first group that a system is in, or that waits for it: all later groups come after it."""
        found: dict[str, int] = {}
        for start, group in sorted(self._groups.items(), key=lambda one: one[1]):
            queue = [start]
            for id in queue:
                if id not in found:
                    found[id] = group
                    queue += self._waits_for.get(id, ())
        return found

    def surely_before(self, first: str, second: str) -> bool:
        """Whether `first` is down before `second` begins, whatever happens in between."""
        if first not in self._waits_for or second not in self._waits_for:
            return False
        earlier, last = self._earlier(second)
        return first in earlier or self._least.get(first, last) < last

    def later(self, system: str) -> frozenset[str]:
        """All that `system` needs by any chain of needs: what surely goes down after it."""
        return _reached(self._holds, system)

    def _earlier(self, system: str) -> tuple[frozenset[str], int]:
        """All that `system` waits for, and the last group among it and them."""
        known = self._known.get(system)
        if known is None:
            waits = _reached(self._waits_for, system)
            last = max((self._groups.get(id, 0) for id in (system, *waits)), default=0)
            known = self._known[system] = (waits, last)
        return known


def _reached(steps: Mapping[str, Iterable[str]], start: str) -> frozenset[str]:
    seen: dict[str, None] = dict.fromkeys(steps.get(start, ()))
    queue = list(seen)
    for id in queue:
        for other in steps.get(id, ()):
            if other not in seen:
                seen[other] = None
                queue.append(other)
    return frozenset(seen)


def texts_of(step: Step) -> tuple[str, ...]:
    """The templates of a step's command; none of what a person does."""
    if isinstance(step.do, Argv):
        return step.do.items
    return (step.do.line,) if isinstance(step.do, Shell) else ()


def by_person(steps: Iterable[Step]) -> bool:
    """Whether all of these steps are done by a person."""
    return all(isinstance(step.do, Manual) for step in steps)
