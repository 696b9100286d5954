"""The security protocol: people, gates, modes, order, limits, failure and evidence policies (section 3).

A workspace without `protocol.yaml` has `NO_PROTOCOL`: mode stop, hold on failure, 50 at once, no budgets, evidence
not required, and the typed confirmation as its only gate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.model.selector import Selector
from orchestrator.model.source import Source
from orchestrator.model.terms import Action, Mode, OnFailure


class Each(StrEnum):
    """What a gate has one scope for."""

    CUSTOMER = "customer"
    SYSTEM = "system"


class PastDeadline(StrEnum):
    """What happens when evidence takes longer than `at_most`."""

    HOLD = "hold"
    GO_ON = "go-on"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the protocol, with the keys that speak for them."""

    id: str
    name: str
    roles: tuple[str, ...]
    keys: tuple[str, ...]
    source: Source
    customers: tuple[str, ...] | None = None  # None: speaks for everything


@dataclass(frozen=True, slots=True)
class GateRule:
    """One gate: before which action, for which systems, one scope or many, and who must agree."""

    id: str
    before: Action
    approvals: Mapping[str, int]  # role -> how many people
    source: Source
    of: tuple[Selector, ...] = ()  # (): every system
    each: Each | None = None
    checks: tuple[str, ...] = ()
    valid_s: int = 24 * 3600


@dataclass(frozen=True, slots=True)
class ModeRule:
    """Systems that match `of` get `mode`; first match wins."""

    of: tuple[Selector, ...]
    mode: Mode
    source: Source


@dataclass(frozen=True, slots=True)
class OrderGroup:
    """One group of an order rule."""

    of: tuple[Selector, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a restore may go wrong before it pauses: an absolute count or a percentage of the plan's hosts."""

    count: int | None = None
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class EvidenceRule:
    """Whether evidence must be there before a task goes on, how long it may take, how many bytes are kept."""

    required: bool = False
    at_most_s: int = 600
    past: PastDeadline = PastDeadline.GO_ON
    cap: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """The lower threshold for emergencies, and the review that must follow."""

    approvals: Mapping[str, int]
    review_people: int
    review_within_s: int
    source: Source


@dataclass(frozen=True, slots=True)
class Protocol:
    """Everything that `protocol.yaml` says, defaults applied."""

    organisation: str = ""
    people: Mapping[str, Person] = field(default_factory=dict)
    gates: tuple[GateRule, ...] = ()
    modes: tuple[ModeRule, ...] = ()
    order_shutdown: tuple[OrderGroup, ...] = ()
    order_restore: tuple[OrderGroup, ...] | None = None  # None: the shutdown order reversed
    on_failure: Mapping[Action, OnFailure] = field(
        default_factory=lambda: {Action.SHUTDOWN: OnFailure.HOLD, Action.RESTORE: OnFailure.HOLD}
    )
    parallel: int = 50
    budget_unreachable: Budget | None = None
    budget_failed: Budget | None = None
    evidence: EvidenceRule = EvidenceRule()
    break_glass: BreakGlass | None = None


NO_PROTOCOL = Protocol()
