"""One task as it is drafted: what is done to a system, on which of its hosts, and how long that takes usually."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from orchestrator.graph.closure import Joined
from orchestrator.model.errors import Problem
from orchestrator.model.inventory import System
from orchestrator.model.plan import PlanCommand, PlanEvidence, PlanHealth, PlanProbes, PlanStep
from orchestrator.model.terms import Action, Mode
from orchestrator.model.workspace import Workspace
from orchestrator.plan.commands import CommandWriter
from orchestrator.plan.estimate import task_seconds


@dataclass(frozen=True, slots=True)
class Draft:
    """A task without its place in the order. `lacking`: the modes that its playbook leaves to a person.

    `wrong`: what is wrong with its files, so that a person does it, first of all; `at_console`: a person does it who
    needs no way in. Both only where errors are gone past (`plan/despite_errors.py`).
    """

    system: System
    modes: tuple[Mode, ...]  # taken, or undone in this order
    hosts: tuple[str, ...]
    joined: Joined | None
    probe: PlanProbes
    evidence: tuple[PlanEvidence, ...]
    steps: tuple[PlanStep, ...]
    force: tuple[PlanStep, ...]
    health: tuple[PlanHealth, ...]
    lacking: tuple[Mode, ...]
    seconds: float
    wrong: tuple[Problem, ...] = ()
    at_console: bool = False

    def other_hosts(self) -> set[str]:
        """Every host that one of its commands goes to, but for its own."""
        probes = chain(self.probe.state, self.probe.isolation, self.probe.poweroff)
        commands: Iterable[PlanCommand | PlanStep] = chain(probes, self.evidence, self.steps, self.force, self.health)
        return {command.on_host for command in commands if command.on_host is not None}


def draft_shutdown(ws: Workspace, system: str, mode: Mode, joined: Joined | None) -> Draft:
    """Taking one system offline."""
    one = ws.inventory.systems[system]
    writer = CommandWriter(ws, system)
    steps = writer.shutdown(mode)
    return Draft(
        system=one,
        modes=(mode,),
        hosts=writer.hosts,
        joined=joined,
        probe=writer.probes(),
        evidence=writer.evidence(),
        steps=steps,
        force=writer.force(),
        health=(),
        lacking=(mode,) if writer.lacks(Action.SHUTDOWN, mode) else (),
        seconds=task_seconds(steps, (), serial=one.serial),
    )


def draft_restore(
    ws: Workspace,
    system: str,
    modes: Sequence[Mode],
    hosts: Mapping[Mode, frozenset[str]],
    joined: Joined | None,
    *,
    stays_offline: bool,
) -> Draft:
    """Bringing one system back: `modes` undone in this order, each on the hosts that it was done to.

    `stays_offline`: it was found offline, and only its isolation is lifted, so nobody asks whether it runs.
    """
    one = ws.inventory.systems[system]
    touched = frozenset().union(*hosts.values())
    writer = CommandWriter(ws, system, touched)
    steps = [
        step
        for mode in modes
        for step in (writer if hosts[mode] == touched else CommandWriter(ws, system, hosts[mode])).restore(mode)
    ]
    health = () if stays_offline else writer.health()
    probe = writer.probes()
    return Draft(
        system=one,
        modes=tuple(modes),
        hosts=writer.hosts,
        joined=joined,
        probe=replace(probe, state=()) if stays_offline else probe,
        evidence=(),
        steps=tuple(steps),
        force=(),
        health=health,
        lacking=tuple(mode for mode in modes if writer.lacks(Action.RESTORE, mode)),
        seconds=task_seconds(steps, health, serial=one.serial),
    )
