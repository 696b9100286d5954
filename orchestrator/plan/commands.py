"""Writes out every command of a system from its playbook: templates filled, hosts named, order fixed (sections 3, 4).

- A step, probe or piece of evidence runs once for each of the system's own hosts; with `on:` once for each pair of
  own host and acting host. Steps come step by step, each on all hosts before the next; their ids are `PHASE.N`.
- `on: {system: X}` acts on the hosts of X, `on: carrier` on those of the system that the own host runs on.
- A system without hosts uses the host `-`. `managed: external` is never asked anything: it has manual steps only.
- Where nothing can act (no carrier, an actuator without hosts or without SSH, or whose entry is wrong about them), a
  step becomes a manual one, a probe or piece of evidence falls away: what can't be asked is never answered by guessing.
- A mode that the playbook lacks becomes one manual step.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from orchestrator.model.errors import FilesError, Problem
from orchestrator.model.inventory import SecretRef
from orchestrator.model.plan import (
    NO_HOST,
    PlanEvidence,
    PlanHealth,
    PlanProbe,
    PlanProbes,
    PlanStep,
)
from orchestrator.model.playbook import (
    Argv,
    Evidence,
    Health,
    Manual,
    On,
    OnCarrier,
    Playbook,
    Probe,
    Shell,
    Step,
)
from orchestrator.model.source import Source
from orchestrator.model.terms import Action, Mode, Platform
from orchestrator.model.workspace import Workspace
from orchestrator.plan.filling import Values, fill, fill_all, fill_stdin
from orchestrator.plan.powershell import argv_line, refuse_too_long
from orchestrator.plan.quoting import quote_for

_QUOTES = {platform: partial(quote_for, platform) for platform in Platform}
BY_HAND_TIMEOUT_S = 86400
BY_HAND_EXPECT_S = 300.0


@dataclass(frozen=True, slots=True)
class SystemCommands:
    """Everything orch could do to one system. `shutdown` and `restore` have the modes that the playbook has."""

    probes: PlanProbes
    evidence: tuple[PlanEvidence, ...]
    shutdown: Mapping[Mode, tuple[PlanStep, ...]]
    force: tuple[PlanStep, ...]
    restore: Mapping[Mode, tuple[PlanStep, ...]]
    health: tuple[PlanHealth, ...]


class Pair(NamedTuple):
    """A host of the system and the one that acts for it (`on_host`: where that is another), with what templates say."""

    host: str
    acting: str
    on_host: str | None
    platform: Platform  # of the acting one
    values: Values


def commands_of(ws: Workspace, system: str) -> SystemCommands:
    """Every command of `system`, for all of its hosts."""
    writer = CommandWriter(ws, system)
    book = writer.playbook
    return SystemCommands(
        probes=writer.probes(),
        evidence=writer.evidence(),
        shutdown={mode: writer.shutdown(mode) for mode in Mode if book is not None and mode in book.shutdown},
        force=writer.force(),
        restore={mode: writer.restore(mode) for mode in Mode if book is not None and mode in book.restore},
        health=writer.health(),
    )


class CommandWriter:
    """Writes the commands of one system, piece by piece: planning needs but one mode of each."""

    def __init__(self, ws: Workspace, system: str, hosts: Collection[str] | None = None) -> None:
        """`hosts`: write for these of the system's hosts only (they come back as found); None: for all."""
        self._inventory = ws.inventory
        self._unfit = ws.unfit
        self._system = ws.inventory.systems[system]
        book = ws.playbooks.get(self._system.kind)
        if book is not None and self._system.external and not _is_manual_only(book):
            book = None  # nobody logs in there: a playbook of commands says nothing about it
        self.playbook: Playbook | None = book
        self.hosts: tuple[str, ...] = tuple(ref.id for ref in self._system.hosts) or (NO_HOST,)
        if self._system.external and book is None:
            self.hosts = (NO_HOST,)
        if hosts is not None:
            self.hosts = tuple(host for host in self.hosts if host in hosts)
        defaults = {} if book is None else {name: value for name, value in book.vars.items() if value is not None}
        self._vars: dict[str, str | SecretRef] = {**defaults, **self._system.vars, "system": system}
        self._pairs: dict[On | None, list[Pair]] = {}
        self._can_act: dict[On | None, list[Pair]] = {}

    def lacks(self, action: Action, mode: Mode) -> bool:
        """Whether the playbook (or the want of one) leaves this mode to a person."""
        return self.playbook is None or not self._modes(action).get(mode)

    def shutdown(self, mode: Mode) -> tuple[PlanStep, ...]:
        """The steps that take the system offline in `mode`; one manual step where the playbook has none."""
        return self._mode(Action.SHUTDOWN, mode)

    def restore(self, mode: Mode) -> tuple[PlanStep, ...]:
        """The steps that undo `mode`; one manual step where the playbook has none."""
        return self._mode(Action.RESTORE, mode)

    def force(self) -> tuple[PlanStep, ...]:
        """The next rung, without the steps that nothing here can do."""
        steps = () if self.playbook is None else self.playbook.force
        return self._steps("force", steps, by_hand=False)

    def probes(self) -> PlanProbes:
        """What is asked before and after."""
        book = self.playbook
        if book is None or self._system.external:
            return PlanProbes()
        return PlanProbes(
            state=self._probe(book.state),
            isolation=self._probe(book.isolation),
            poweroff=self._probe(book.poweroff_state),
        )

    def evidence(self) -> tuple[PlanEvidence, ...]:
        """What is kept before anything changes, in order of volatility, host by host within it."""
        if self.playbook is None or self._system.external:
            return ()
        found = []
        for one in self.playbook.evidence:
            for pair in self._acting(one.on):
                argv, shell = self._written(one, pair)
                found.append(
                    PlanEvidence(
                        name=one.name,
                        host=pair.host,
                        on_host=pair.on_host,
                        argv=argv,
                        shell=shell,
                        sudo=one.sudo,
                        timeout_s=one.timeout_s,
                    )
                )
        return tuple(found)

    def health(self) -> tuple[PlanHealth, ...]:
        """What must hold after a restore."""
        if self.playbook is None or self._system.external:
            return ()
        found = []
        for one in self.playbook.health:
            for pair in self._acting(one.on):
                argv, shell = self._written(one, pair)
                found.append(
                    PlanHealth(
                        name=one.name,
                        host=pair.host,
                        on_host=pair.on_host,
                        argv=argv,
                        shell=shell,
                        sudo=one.sudo,
                        timeout_s=one.timeout_s,
                        within_s=one.within_s,
                        every_s=one.every_s,
                        settle_s=one.settle_s,
                        exits=one.exits,
                    )
                )
        return tuple(found)

    def _modes(self, action: Action) -> Mapping[Mode, tuple[Step, ...]]:
        assert self.playbook is not None
        return self.playbook.shutdown if action is Action.SHUTDOWN else self.playbook.restore

    def _mode(self, action: Action, mode: Mode) -> tuple[PlanStep, ...]:
        if self.lacks(action, mode):
            return self._by_hand(action, mode)
        return self._steps(mode.value, self._modes(action)[mode], by_hand=True)

    def _steps(self, phase: str, steps: Iterable[Step], *, by_hand: bool) -> tuple[PlanStep, ...]:
        found: list[PlanStep] = []
        for number, step in enumerate(steps, 1):
            found += self._step(f"{phase}.{number}", step, by_hand=by_hand)
        return tuple(found)

    def _by_hand(self, action: Action, mode: Mode) -> tuple[PlanStep, ...]:
        what = "take {} offline by hand ({})" if action is Action.SHUTDOWN else "bring {} back by hand (undo {})"
        return tuple(
            PlanStep(
                id=f"{mode.value}.1",
                name="by hand",
                host=host,
                manual=what.format(self._system.id if host == NO_HOST else f"{self._system.id} on {host}", mode.value)
                + " and confirm",
                timeout_s=BY_HAND_TIMEOUT_S,
                expect_s=BY_HAND_EXPECT_S,
                idempotent=True,
                disconnects=False,
                changes_state=True,
            )
            for host in self.hosts
        )

    def _step(self, id: str, step: Step, *, by_hand: bool) -> list[PlanStep]:
        """One step on all hosts. `by_hand`: where nothing can act, a person does it; otherwise it falls away."""
        found = []
        for pair in self._pairs_of(None if isinstance(step.do, Manual) else step.on):
            manual = argv = shell = stdin = secret = None
            if isinstance(step.do, Manual):
                manual = fill(step.do.text, pair.values, step.source)
            elif pair.acting != NO_HOST:
                argv, shell = self._written(step, pair)
                stdin, secret = fill_stdin(step.stdin, pair.values, step.source)
            elif by_hand:
                manual = self._instead_of(step, pair.host)
            else:
                continue
            found.append(
                PlanStep(
                    id=id,
                    name=step.name,
                    host=pair.host,
                    on_host=pair.on_host if manual is None else None,
                    argv=argv,
                    shell=shell,
                    manual=manual,
                    stdin=stdin,
                    stdin_secret=secret,
                    sudo=step.sudo,
                    timeout_s=step.timeout_s,
                    expect_s=step.expect_s,
                    exits=step.exits,
                    idempotent=step.idempotent,
                    disconnects=step.disconnects,
                    continue_on_failure=step.continue_on_failure,
                    changes_state=step.changes_state,
                    leaves=step.leaves,
                )
            )
        return found

    def _instead_of(self, step: Step, host: str) -> str:
        whom = self._system.id if host == NO_HOST else host
        return f"{step.name}: do it for {whom} by hand and confirm (orch can't: {self._why_not(step.on)})"

    def _probe(self, probe: Probe | None) -> tuple[PlanProbe, ...]:
        if probe is None:
            return ()
        found = []
        for pair in self._acting(probe.on):
            argv, shell = self._written(probe, pair)
            found.append(
                PlanProbe(
                    host=pair.host,
                    on_host=pair.on_host,
                    argv=argv,
                    shell=shell,
                    sudo=probe.sudo,
                    timeout_s=probe.timeout_s,
                    within_s=probe.within_s,
                    yes=probe.yes,
                    no=probe.no,
                )
            )
        return tuple(found)

    def _acting(self, on: On | None) -> list[Pair]:
        found = self._can_act.get(on)
        if found is None:
            found = self._can_act[on] = [pair for pair in self._pairs_of(on) if pair.acting != NO_HOST]
        return found

    def _pairs_of(self, on: On | None) -> list[Pair]:
        found = self._pairs.get(on)
        if found is None:
            found = self._pairs[on] = [
                self._pair(host, acting) for host in self.hosts for acting in self._acting_for(on, host)
            ]
        return found

    def _pair(self, host: str, acting: str) -> Pair:
        address = self._address(host)
        on_address = address if acting == host else self._address(acting)
        values = {**self._vars, "host": host, "address": address, "on.host": acting, "on.address": on_address}
        platform = Platform.LINUX if acting == NO_HOST else self._inventory.hosts[acting].platform
        return Pair(host, acting, None if acting == host else acting, platform, values)

    def _acting_for(self, on: On | None, host: str) -> tuple[str, ...]:
        if on is None:
            return (host,)
        if isinstance(on, OnCarrier):
            runs_on = None if host == NO_HOST else self._inventory.hosts[host].runs_on
            system = None if runs_on is None else runs_on.id
        else:
            system = fill(on.system, self._vars, self._source())
            if system not in self._inventory.systems:
                raise FilesError(
                    [Problem(self._source(), f'{self._system.id} acts on "{system}", which does not exist.')]
                )
        if system is None or system in self._unfit or self._inventory.systems[system].external:
            return (NO_HOST,)
        return tuple([ref.id for ref in self._inventory.systems[system].hosts]) or (NO_HOST,)

    def _address(self, host: str) -> str:
        return NO_HOST if host == NO_HOST else self._inventory.hosts[host].address

    def _written(self, what: Step | Probe | Evidence | Health, pair: Pair) -> tuple[tuple[str, ...] | None, str | None]:
        """`argv` and `shell` of a command, one of them None. Raises FilesError for what the platform can't say."""
        do, acting, platform = what.do, pair.acting, pair.platform
        if what.sudo and platform is not Platform.LINUX:
            raise FilesError(
                [Problem(what.source, f"sudo: true, but {acting} is {platform}, which has no sudo.", "Leave it out.")]
            )
        if isinstance(do, Argv):
            argv = fill_all(do.items, pair.values, what.source)
            if platform is Platform.APPLIANCE:
                _require_quotable(argv, acting, what.source)
            elif platform is Platform.WINDOWS:
                _require_windows(lambda: argv_line(argv), acting, what.source)
            return argv, None
        if isinstance(do, Shell):
            line = fill(do.line, pair.values, what.source, _QUOTES[platform])
            if platform is Platform.WINDOWS:
                _require_windows(lambda: line, acting, what.source)
            return None, line
        return None, None

    def _why_not(self, on: On | None) -> str:
        if on is None:
            return "it has no host"
        if isinstance(on, OnCarrier):
            return "no carrier that can be logged in to is known"
        actor = fill(on.system, self._vars, self._source())
        return f"the entry of {actor} is wrong" if actor in self._unfit else f"{actor} has no host to log in to"

    def _source(self) -> Source:
        return self._system.source


def _is_manual_only(book: Playbook) -> bool:
    steps = [
        *book.force,
        *(step for modes in (book.shutdown, book.restore) for mode in modes.values() for step in mode),
    ]
    return all(isinstance(step.do, Manual) for step in steps)


def _require_quotable(argv: tuple[str, ...], host: str, source: Source) -> None:
    for item in argv:
        try:
            quote_for(Platform.APPLIANCE, item)
        except ValueError as error:
            raise FilesError([Problem(source, f'"{item}" can\'t be sent to {host}: {error}.')]) from None


def _require_windows(line: Callable[[], str], host: str, source: Source) -> None:
    try:
        refuse_too_long(line())
    except ValueError as error:
        advice = "Put it into a script on the host." if "too long" in str(error) else "Say it in a shell line."
        raise FilesError([Problem(source, f"it can't be sent to {host}: {error}.", advice)]) from None
