"""The plan: the tasks of one action, their needs and gates, every command written out (section 4, "Plan file").

These models are the file format `orch-plan/1`; field order here is the order in the file. Lists whose order means
nothing are sorted by the planner, so equal inputs give equal bytes. A plan holds all that execution needs.
"""

from functools import partial
from operator import is_, not_
from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field

from orchestrator.model.frozen import Frozen, frozen
from orchestrator.model.terms import Action, Mode, OnFailure, Platform, Reason

EXACT = ConfigDict(extra="forbid", ser_json_inf_nan="strings")
"""For the many small values of a plan: plain dataclasses, which cost a third of a model, and are read as exactly."""

T = TypeVar("T")
Absent = Annotated[T | None, Field(exclude_if=partial(is_, None))]
"""A field that stands in the file only where it says something."""

NO_HOST = "-"
"""Stands for the host of a system that lives on none (it is acted on through others, or by hand)."""


class Request(Frozen):
    """What was asked for; planning it again must give the same plan while the plan is fresh."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = Field((), alias="except")
    mode: tuple[Mode, ...] | None = None
    only: bool = False
    from_run: str | None = None
    inventory: str | None = None
    despite_errors: Annotated[bool, Field(exclude_if=not_)] = False

    model_config = Frozen.model_config | {"populate_by_name": True}


class Input(Frozen):
    """A file that went into the plan."""

    path: str
    sha256: str


@frozen
class PlanHost:
    """How one host is reached: everything SSH needs, gateways included as further entries of `Plan.hosts`."""

    __pydantic_config__ = EXACT

    address: str
    port: int
    user: str
    platform: Platform
    zone: Absent[str] = None
    identity: Absent[str] = None
    receipts: bool = True
    via: tuple[tuple[str, ...], ...] = ()  # chains tried in order, host ids from the outside in; (): directly
    keys: tuple[str, ...] = ()  # pinned host keys as SHA256:... fingerprints; (): not pinned, so refused
    key_types: tuple[str, ...] = ()  # their types (ssh-ed25519, ...), the only ones that are negotiated


@frozen
class PlanMatch:
    """How an answer is recognised: a regex over the whole trimmed output of exit 0, or exit codes."""

    __pydantic_config__ = EXACT

    output: Absent[str] = None
    exits: Annotated[tuple[int, ...], Field(exclude_if=not_)] = ()


@frozen
class PlanCommand:
    """A command for one host, written out. `host` is the task's own; `on_host` the acting one where it is another."""

    __pydantic_config__ = EXACT

    host: str
    on_host: Absent[str] = None
    argv: Absent[tuple[str, ...]] = None
    shell: Absent[str] = None
    sudo: bool = False
    timeout_s: int

    @property
    def acting(self) -> str:
        """The host that the command is sent to."""
        return self.on_host or self.host


@frozen
class PlanProbe(PlanCommand):
    """A three-valued question: `yes` is online (isolation: isolated), `no` is offline (isolation: open)."""

    within_s: int = 30  # how long it is asked again after the steps
    yes: PlanMatch
    no: PlanMatch


@frozen
class PlanProbes:
    """What is asked before and after; an empty `isolation` or `poweroff` means that there is no such probe."""

    __pydantic_config__ = EXACT

    state: tuple[PlanProbe, ...] = ()
    isolation: tuple[PlanProbe, ...] = ()
    poweroff: tuple[PlanProbe, ...] = ()


@frozen
class PlanEvidence(PlanCommand):
    """Something kept before anything changes."""

    name: str


@frozen
class PlanHealth(PlanCommand):
    """A check after a restore."""

    name: str
    within_s: int
    every_s: int
    settle_s: int
    exits: tuple[int, ...] = (0,)


@frozen
class PlanStep:
    """One step on one host. Steps of a system on several hosts keep their id and differ in `host`."""

    __pydantic_config__ = EXACT

    id: str  # phase and number: stop.1, force.1; of a restore the mode that is undone
    name: str
    host: str
    on_host: Absent[str] = None
    argv: Absent[tuple[str, ...]] = None
    shell: Absent[str] = None
    manual: Absent[str] = None
    stdin: Absent[str] = None  # one line for the command's standard input
    stdin_secret: Absent[str] = None  # the same, as a reference (env:NAME)
    sudo: bool = False
    timeout_s: int
    expect_s: float
    exits: tuple[int, ...] = (0,)
    idempotent: bool
    disconnects: bool
    continue_on_failure: bool = False
    changes_state: bool = False
    leaves: Absent[Mode] = None

    @property
    def acting(self) -> str:
        """The host that the step is sent to."""
        return self.on_host or self.host

    @property
    def phase(self) -> str:
        """The mode (or `force`) that the step belongs to."""
        return self.id.rpartition(".")[0]


@frozen
class Need:
    """A task or barrier that must be done before this task, why, and where that is written."""

    __pydantic_config__ = EXACT

    task: Absent[str] = None
    barrier: Absent[str] = None
    reason: Reason
    source: str


@frozen
class CameAlong:
    """Why a system that was not selected is in the plan: by `reason`, of the system `of`."""

    __pydantic_config__ = EXACT

    reason: Reason
    of: str


@frozen
class PlanTask:
    """One action on one system."""

    __pydantic_config__ = EXACT

    id: str
    system: str
    kind: str
    owner: str
    mode: Absent[Mode] = None  # of a shutdown
    undoes: Absent[tuple[Mode, ...]] = None  # of a restore, in the order it is undone
    stage: int
    hosts: tuple[str, ...]
    customers: tuple[str, ...] = ()
    came_along: CameAlong | None = None
    needs: tuple[Need, ...] = ()
    gates: tuple[str, ...] = ()
    estimate_s: float
    priority: int = 50
    serial: bool = True
    probe: PlanProbes = PlanProbes()
    evidence: tuple[PlanEvidence, ...] = ()
    steps: tuple[PlanStep, ...] = ()
    force: tuple[PlanStep, ...] = ()
    health: tuple[PlanHealth, ...] = ()

    @property
    def is_manual(self) -> bool:
        """Only a person can do it."""
        return bool(self.steps) and all(step.manual is not None for step in self.steps)


class PlanGate(Frozen):
    """One scope of a gate, and the tasks that wait for it."""

    id: str
    scope: str
    approvals: dict[str, int]
    checks: tuple[str, ...] = ()
    valid_s: int
    tasks: tuple[str, ...]


class Barrier(Frozen):
    """`order-N` holds the groups after the Nth; its needs are all tasks of groups 1 to N."""

    id: str
    needs: tuple[str, ...]
    source: str


class LeftOut(Frozen):
    """A system that one would expect in the plan and that is not, with the path by which it is kept out."""

    system: str
    why: str
    path: tuple[str, ...] = ()


class Estimate(Frozen):
    """How long the plan takes with its limits, and its longest chain of tasks, first to last."""

    seconds: float
    critical_path: tuple[str, ...]
    critical_path_s: float


class ServiceImpact(Frozen):
    """A service that is hit, its names by language, and whom it serves."""

    id: str
    names: dict[str, str]
    customers: tuple[str, ...]
    because: tuple[str, ...]  # systems of the plan that it requires, directly or not


class CustomerImpact(Frozen):
    """A customer that is hit: by which services, and whether any of theirs stays untouched."""

    id: str
    name: str
    services: tuple[str, ...]
    untouched: tuple[str, ...] = ()


class Impact(Frozen):
    """Who notices."""

    services: tuple[ServiceImpact, ...] = ()
    customers: tuple[CustomerImpact, ...] = ()
    dependents_left_online: tuple[str, ...] = ()  # what `--only` or an isolation leaves running without what it needs


class Warn(Frozen):
    """Something the operator must know before saying yes. `code` is a stable word, `systems` whom it is about."""

    code: str
    text: str
    systems: tuple[str, ...] = ()


class EvidencePolicy(Frozen):
    """What the protocol wants of evidence; times in seconds, cap in bytes."""

    required: bool = False
    at_most_s: int = 600
    past: Literal["hold", "go-on"] = "go-on"
    cap: int = 64 * 1024 * 1024


class Policy(Frozen):
    """The protocol's rules that execution keeps to."""

    on_failure: OnFailure = OnFailure.HOLD
    parallel: int = 50
    zone_parallel: dict[str, int] = {}
    failed_limit: Absent[int] = None  # of a restore: at so many failed hosts the run pauses; None: no budget
    unreachable_limit: Absent[int] = None  # the same for hosts that could not be asked
    evidence: EvidencePolicy = EvidencePolicy()


class Plan(Frozen):
    """A plan file. Its digest is the SHA-256 of the file's bytes, never of a re-serialisation."""

    format: Literal["orch-plan/1"] = "orch-plan/1"
    id: str
    created_at: str
    author: str | None
    action: Action
    organisation: str = ""
    request: Request
    inputs: tuple[Input, ...]
    estate_head: str
    summary: str
    policy: Policy = Policy()
    hosts: dict[str, PlanHost]
    gates: tuple[PlanGate, ...] = ()
    barriers: tuple[Barrier, ...] = ()
    tasks: tuple[PlanTask, ...]
    left_out: tuple[LeftOut, ...] = ()
    estimate: Estimate
    impact: Impact = Impact()
    warnings: tuple[Warn, ...] = ()
