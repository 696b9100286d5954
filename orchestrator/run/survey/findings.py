"""What a survey found: one finding for each host and each system, each with what failed and how to mend it. Values.

A `Trouble` that `fails` makes the survey fail; one that does not is only worth knowing. Whether a survey failed is
decided here and nowhere else: something failed on a host, or a system is not as the estate believes, or can't be seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.hosts.look import ReceiptPlace
from orchestrator.model.plan import PlanHost
from orchestrator.model.terms import EstateState, Found, ProbeKind


class HostState(StrEnum):
    """How a host is, the gravest first."""

    KEY = "host key"
    LOGIN = "login refused"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no answer"
    SUDO = "without sudo"
    TOOLS = "without a tool"
    UNASKED = "not asked"
    AWAY = "left down"  # can't be reached, and that is what a run left
    FINE = "fine"


class SystemState(StrEnum):
    """How a system is, compared with what the estate believes; the gravest first."""

    CAME_UP = "up again"  # should be down
    FOUND_DOWN = "found offline"  # nobody believed that
    LEARNT = "now known"  # the estate does not know; the probes do
    UNKNOWN = "unknown"
    UNASKED = "not asked"
    AWAY = "out of sight"  # can't be reached, and that is what a run left
    PERSON = "for a person"  # no probe can tell
    BUSY = "in a run"  # an open run brings it back or takes it down just now
    AS_BELIEVED = "as believed"


FAILS_HOST = frozenset(HostState) - {HostState.AWAY, HostState.FINE}
FAILS_SYSTEM = frozenset({SystemState.CAME_UP, SystemState.FOUND_DOWN, SystemState.LEARNT, SystemState.UNKNOWN}) | {
    SystemState.UNASKED
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong, or worth knowing, and what to do about it; `command`: what to type for that."""

    code: str
    what: str
    mend: str = ""
    command: str = ""
    fails: bool = True


@dataclass(frozen=True, slots=True)
class Offset:
    """How far a host's clock is from ours, in seconds; positive: ahead. It lies somewhere between the two bounds."""

    least: float
    most: float

    @property
    def seconds(self) -> float:
        """The middle of the bounds."""
        return (self.least + self.most) / 2

    @property
    def give_or_take(self) -> float:
        """How far from the middle it may be."""
        return (self.most - self.least) / 2


@dataclass(frozen=True, slots=True)
class ToolFinding:
    """A tool that commands call on a host: where it is, None where it was not found; `asked` False: not known."""

    name: str
    sudo: bool
    users: tuple[str, ...]  # systems
    path: str | None
    asked: bool = True


@dataclass(frozen=True, slots=True)
class HostFinding:
    """One host. A measure that is None was not taken."""

    host: str
    reached: PlanHost
    state: HostState
    troubles: tuple[Trouble, ...] = ()
    login_s: float | None = None
    answer_s: float | None = None
    shell: str | None = None
    sudo: bool | None = None
    clock: Offset | None = None
    receipts: ReceiptPlace | None = None
    tools: tuple[ToolFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer about a system."""

    probe: ProbeKind
    host: str
    on_host: str | None
    found: Found
    why: str | None = None


@dataclass(frozen=True, slots=True)
class SystemFinding:
    """One system. `seen` in words (`offline on db-1`), `ready`: of a plan, whether it is already as the plan wants."""

    system: str
    state: SystemState
    believed: EstateState
    seen: str
    answers: tuple[Seen, ...] = ()
    run: str | None = None  # which touched it last
    found_before: bool = False  # found offline by an earlier run, and still so
    ready: bool | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """All of it. `whole` is False where it was ended before everybody had answered."""

    hosts: Mapping[str, HostFinding]
    systems: Mapping[str, SystemFinding]
    took_s: float
    whole: bool = True

    @property
    def failed(self) -> bool:
        """Whether anything failed, differs from what is believed, or could not be seen."""
        return (
            any(host.state in FAILS_HOST for host in self.hosts.values())
            or any(trouble.fails for host in self.hosts.values() for trouble in host.troubles)
            or any(system.state in FAILS_SYSTEM for system in self.systems.values())
        )
