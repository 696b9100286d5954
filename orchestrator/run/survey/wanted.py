"""What a survey asks: of which hosts, which tools they must have, which systems, and what is expected. Pure.

- Hosts: those of the systems, those that act for them, every gateway on the way; of the whole estate every host.
- Sudo and tools are what the commands of the systems need there: probes, evidence, steps of every mode, force, health.
  Of a plan: what its tasks need.
- A system is asked as a restore asks (`questions`): its `state`, its `isolation` and `state.poweroff` where it has
  them; the SSH port only where a run powered it off, or the plan does, and no probe can tell.
- What must be down are the (host, mode) of what runs did and did not undo; of a system found offline, its hosts.
- A system whose commands can't be written out is still named, with what is wrong.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from orchestrator.graph.ways import Ways
from orchestrator.model.errors import FilesError
from orchestrator.model.estate import Estate, OpenRun, SystemRecord
from orchestrator.model.plan import NO_HOST, Plan, PlanCommand, PlanHost, PlanProbes, PlanStep, PlanTask
from orchestrator.model.terms import EstateState, Mode, Platform
from orchestrator.model.workspace import Workspace
from orchestrator.plan.commands import commands_of
from orchestrator.plan.reach import hosts_of
from orchestrator.run.survey.away import Away
from orchestrator.run.survey.tools import tools_of

Place = tuple[str, Mode]
Commands = tuple[PlanCommand | PlanStep, ...]

_UNDOES = (Mode.POWEROFF, Mode.ISOLATE)


@dataclass(frozen=True, slots=True)
class ToolWish:
    """A program that commands call on a host, by itself or by sudo, for which systems."""

    name: str
    sudo: bool
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostWish:
    """What is asked of one host. `away`: why it may be out of reach; `jump`: its first chain, as `ssh -J` takes it."""

    id: str
    host: PlanHost
    sudo_for: tuple[str, ...] = ()  # systems
    tools: tuple[ToolWish, ...] = ()
    away: str | None = None
    jump: str = ""

    def names(self, *, sudo: bool) -> tuple[str, ...]:
        """The tools that commands call there by themselves, or by sudo."""
        return tuple(tool.name for tool in self.tools if tool.sudo is sudo)


@dataclass(frozen=True, slots=True)
class SystemWish:
    """What is asked about one system: `task` is as a restore would ask. `planned`: of a plan, its task."""

    id: str
    task: PlanTask
    record: SystemRecord
    must_be_down: frozenset[Place]
    open_run: OpenRun | None = None
    planned: PlanTask | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that a survey asks. `hosts` has every gateway too, as a plan has."""

    hosts: Mapping[str, PlanHost]
    ask: Mapping[str, HostWish]
    systems: Mapping[str, SystemWish]


def wanted(ws: Workspace, estate: Estate, systems: Collection[str], *, every_host: bool = False) -> Wanted:
    """The survey of `systems`; `every_host` asks all hosts of the inventory."""
    commands = {}
    wishes: dict[str, SystemWish] = {}
    for id in systems:
        try:
            written = commands_of(ws, id)
        except FilesError as error:
            wishes[id] = _system(ws, estate, id, PlanProbes(), problem=f"{error.problems[0]}")
            continue
        wishes[id] = _system(ws, estate, id, written.probes)
        steps = (*written.shutdown.values(), written.force, *written.restore.values())
        commands[id] = (*_probes(written.probes), *written.evidence, *chain.from_iterable(steps), *written.health)
    used = {host for id in systems for host in _hosts(ws, id)} | (set(ws.inventory.hosts) if every_host else set())
    return _wanted(ws, estate, wishes, commands, used)


def wanted_of_plan(ws: Workspace, estate: Estate, plan: Plan) -> Wanted:
    """The survey of what a plan is about: its hosts, its commands, its systems."""
    wishes = {task.system: _system(ws, estate, task.system, task.probe, planned=task) for task in plan.tasks}
    commands: dict[str, Commands] = {
        task.system: (*_probes(task.probe), *task.evidence, *task.steps, *task.force, *task.health)
        for task in plan.tasks
    }
    return _wanted(ws, estate, wishes, commands, set(plan.hosts))


def _wanted(
    ws: Workspace,
    estate: Estate,
    systems: Mapping[str, SystemWish],
    commands: Mapping[str, Commands],
    used: Collection[str],
) -> Wanted:
    ways = Ways(ws.inventory)
    acting = {each.acting for several in commands.values() for each in several if _is_sent(each)}
    hosts = hosts_of(ws, ways, {*used, *acting})
    away = Away(ws.inventory, ways, estate)
    sudo: dict[str, dict[str, None]] = {}
    tools: dict[str, dict[tuple[str, bool], dict[str, None]]] = {}
    for system, several in commands.items():
        for each in several:
            if not _is_sent(each) or hosts[each.acting].platform is not Platform.LINUX:
                continue
            if each.sudo:
                sudo.setdefault(each.acting, {})[system] = None
            for name in tools_of(each):
                tools.setdefault(each.acting, {}).setdefault((name, each.sudo), {})[system] = None
    ask = {
        id: HostWish(
            id=id,
            host=host,
            sudo_for=tuple(sudo.get(id, ())),
            tools=tuple(ToolWish(name, by_sudo, tuple(users)) for (name, by_sudo), users in _sorted(tools.get(id, {}))),
            away=away.why(id),
            jump=",".join(_place(hosts[gateway]) for gateway in (host.via[0] if host.via else ())),
        )
        for id, host in hosts.items()
    }
    return Wanted(hosts, ask, systems)


def _system(
    ws: Workspace,
    estate: Estate,
    id: str,
    probes: PlanProbes,
    *,
    planned: PlanTask | None = None,
    problem: str | None = None,
) -> SystemWish:
    system, record = ws.inventory.systems[id], estate.record(id)
    own = tuple(ref.id for ref in system.hosts) or (NO_HOST,)
    modes = {deed.mode for deed in record.deeds}
    if planned is not None:
        modes |= {planned.mode} if planned.mode is not None else set(planned.undoes or ())
    has = {Mode.ISOLATE: bool(probes.isolation), Mode.POWEROFF: bool(probes.poweroff) or Mode.POWEROFF in modes}
    down = {(host, deed.mode) for deed in record.deeds for host in deed.hosts}
    if record.found_offline and record.state is EstateState.OFFLINE:
        down |= {(host, Mode.STOP) for host in own}
    return SystemWish(
        id=id,
        task=PlanTask(
            id=id,
            system=id,
            kind=system.kind,
            owner=system.owner,
            undoes=() if system.external else tuple(mode for mode in _UNDOES if has[mode]),
            stage=1,
            hosts=() if system.external else own,
            estimate_s=0,
            probe=probes,
        ),
        record=record,
        must_be_down=frozenset(down),
        open_run=next((run for run in estate.open_runs if id in run.holds), None),
        planned=planned,
        problem=problem,
    )


def _hosts(ws: Workspace, system: str) -> Iterable[str]:
    one = ws.inventory.systems[system]
    return () if one.external else (ref.id for ref in one.hosts)


def _probes(probes: PlanProbes) -> Commands:
    return (*probes.state, *probes.isolation, *probes.poweroff)


def _place(host: PlanHost) -> str:
    address = f"[{host.address}]" if ":" in host.address else host.address
    return f"{host.user}@{address}:{host.port}"


def _is_sent(command: PlanCommand | PlanStep) -> bool:
    return (command.argv is not None or command.shell is not None) and command.acting != NO_HOST


def _sorted(
    tools: Mapping[tuple[str, bool], Mapping[str, None]],
) -> list[tuple[tuple[str, bool], Mapping[str, None]]]:
    return sorted(tools.items())
