"""A plan's commands as specs for the carrier: self-contained, without a secret's value (section 11).

An attempt's key is `run/task/step/host/on_host/attempt`; a question's key has `?kind` in the step's place, so that no
question can be taken for an attempt.
"""

from collections.abc import Mapping
from typing import Protocol

from orchestrator.hosts.port import HostSpec, Spec, SpecKind
from orchestrator.model.plan import NO_HOST, PlanCommand, PlanHost, PlanStep

OUTPUT_CAP = 256 * 1024
"""Bytes kept of each stream of a step or probe (section 7)."""

PORT_TIMEOUT_S = 10
"""How long the question whether an SSH port answers may take."""


def attempt_key(run: str, task: str, step: str, host: str, on_host: str | None, attempt: int) -> str:
    """The key of one attempt of one step on one host."""
    return f"{run}/{task}/{step}/{host}/{on_host or '-'}/{attempt}"


def question_key(run: str, task: str, kind: str, name: str, host: str, on_host: str | None, nth: int) -> str:
    """The key of the `nth` question of this process; questions change nothing and are asked anew after a resume."""
    return f"{run}/{task}/?{kind}:{name}/{host}/{on_host or '-'}/{nth}"


class Reached(Protocol):
    """What says how hosts are reached, gateways included: a plan, or what a survey asks."""

    @property
    def hosts(self) -> Mapping[str, PlanHost]:
        """By id."""


class Specs:
    """Turns the commands of one plan into specs."""

    def __init__(self, plan: Reached) -> None:
        self._plan = plan
        self._hosts = {name: self._host(name, host) for name, host in plan.hosts.items()}

    def _bare(self, name: str, host: PlanHost) -> HostSpec:
        return HostSpec(
            id=name,
            address=host.address,
            port=host.port,
            user=host.user,
            platform=host.platform,
            keys=host.keys,
            key_types=host.key_types,
            identity=host.identity,
            receipts=host.receipts,
            zone=host.zone,
        )

    def _host(self, name: str, host: PlanHost) -> HostSpec:
        bare = self._bare(name, host)
        via = tuple(tuple(self._bare(hop, self._plan.hosts[hop]) for hop in chain) for chain in host.via)
        return HostSpec(**{f: getattr(bare, f) for f in bare.__slots__ if f != "via"}, via=via)

    def host(self, name: str) -> HostSpec:
        """How `name` is reached."""
        return self._hosts[name]

    def read(self, task: str, command: PlanCommand, cap: int = OUTPUT_CAP, *, bulk: bool = False) -> Spec:
        """A probe or a health check; or, in `bulk`, a piece of evidence."""
        return Spec(
            kind=SpecKind.READ,
            host=self._hosts[command.acting],
            timeout_s=command.timeout_s,
            argv=command.argv,
            shell=command.shell,
            sudo=command.sudo,
            cap=cap,
            bulk=bulk,
            task=task,
        )

    def step(self, task: str, step: PlanStep, generation: str | None) -> Spec:
        """One attempt of a step that is not manual."""
        return Spec(
            kind=SpecKind.STEP,
            host=self._hosts[step.acting],
            timeout_s=step.timeout_s,
            argv=step.argv,
            shell=step.shell,
            sudo=step.sudo,
            stdin=step.stdin,
            stdin_secret=step.stdin_secret,
            disconnects=step.disconnects,
            cap=OUTPUT_CAP,
            generation=generation,
            task=task,
        )

    def port(self, task: str, host: str) -> Spec:
        """Whether the SSH port of `host` answers."""
        return Spec(kind=SpecKind.PORT, host=self._hosts[host], timeout_s=PORT_TIMEOUT_S, task=task)

    def zones(self, hosts: tuple[str, ...]) -> tuple[str, ...]:
        """The zones that `hosts` stand in, each once."""
        found = {self._hosts[name].zone: None for name in hosts if name != NO_HOST}
        return tuple(zone for zone in found if zone is not None)
