"""Events of a run's journal (section 7). The state of a run is the fold of its events, in order.

`n` (from 1, no gaps) and `at` (UTC, `2026-03-01T02:14:00.123456Z`) are given by the journal when it appends; an
event that the core has just decided carries neither (0 and "").

The four kinds that tell of tasks are plain dataclasses, as the values of a plan are: a run of 10,000 systems has
200,000 of them, which take a third of the memory and of the time that models do, and are read as exactly.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from orchestrator.model.frozen import Frozen, frozen
from orchestrator.model.terms import Found, ProbeKind, Proof, StepState, TaskState

_EXACT = ConfigDict(extra="forbid", ser_json_inf_nan="strings")


@frozen
class OutputRef:
    """Where output is kept: SHA-256 of each stream as stored, bytes the host sent, whether cut at the cap."""

    __pydantic_config__ = _EXACT

    stdout: str
    stderr: str
    bytes: tuple[int, int]
    truncated: tuple[bool, bool]
    cap: int | None = None  # bytes kept of each stream, where one was cut there


def _is_true(value: bool) -> bool:
    return value


def _is_empty(value: tuple[str, ...]) -> bool:
    return not value


def _is_false(value: bool) -> bool:
    return not value


class _Event(Frozen):
    n: int = 0
    at: str = ""


@frozen
class _OfTask:
    __pydantic_config__ = _EXACT

    n: int = 0
    at: str = ""


class Opened(_Event):
    """First event of a run."""

    type: Literal["opened"] = "opened"
    format: Literal["orch-run/1"] = "orch-run/1"
    run: str
    plan_sha256: str
    previous_run_heads: tuple[str, ...] = ()
    by: str
    version: str
    protocol_sha256: str | None = None
    inputs_changed: tuple[str, ...] = Field((), exclude_if=_is_empty)  # since it was planned, without changing the plan


class Resumed(_Event):
    """A process took the run up again."""

    type: Literal["resumed"] = "resumed"
    by: str
    version: str


class Left(_Event):
    """The process that executed the run stopped doing so, and why."""

    type: Literal["left"] = "left"
    reason: Literal["paused", "waiting", "ended", "interrupted", "durability"]


@frozen
class TaskChanged(_OfTask):
    """A task entered a state; `why` is for people, `proof` stands with done.

    With `rung` it went on to its force steps: `running` does them, `evidence` first keeps what can still be had.
    """

    type: Literal["task"] = "task"
    task: str
    state: TaskState
    rung: Literal["force"] | None = None
    proof: Proof | None = None
    why: str | None = None


@frozen
class Probed(_OfTask):
    """What one probe found on one host."""

    type: Literal["probe"] = "probe"
    task: str
    host: str
    on_host: str | None = None
    probe: ProbeKind
    name: str | None = None  # of a health check
    found: Found
    exit: int | None = None
    generation: str | None = None  # of the host's receipt folder
    output: OutputRef | None = None
    why: str | None = None


@frozen
class EvidenceKept(_OfTask):
    """One piece of evidence: kept (`output`) or not (`why`)."""

    type: Literal["evidence"] = "evidence"
    task: str
    host: str
    on_host: str | None = None
    name: str
    exit: int | None = None
    output: OutputRef | None = None
    why: str | None = None


@frozen
class StepChanged(_OfTask):
    """One attempt of one step on one host entered a state. The intent is durable before a byte goes to the host."""

    type: Literal["step"] = "step"
    task: str
    step: str
    host: str
    on_host: str | None = None
    attempt: int
    state: StepState
    exit: int | None = None
    output: OutputRef | None = None
    generation: str | None = None
    why: str | None = None
    by_receipt: Annotated[bool, Field(exclude_if=_is_false)] = False  # learnt by asking the host's receipt
    sent: Annotated[bool, Field(exclude_if=_is_true)] = True  # false: it failed before anything reached the host


class OperatorDid(_Event):
    """A person decided, with name and reason; `on_behalf_of` is kept for runs whose start is signed.

    `resolve` and `escalate` are about one task; `pause`, `abort` and `past-limit` (budgets count anew) about the run.
    """

    type: Literal["operator"] = "operator"
    did: Literal["resolve", "escalate", "pause", "abort", "past-limit"]
    task: str | None = None
    resolution: Literal["done", "retry", "skip", "hold", "waive-evidence"] | None = Field(None, alias="as")
    by: str
    on_behalf_of: str | None = None
    reason: str
    inbox: str | None = None  # the file in the run's inbox that it came by, so that it is never taken twice

    model_config = Frozen.model_config | {"populate_by_name": True, "serialize_by_alias": True}


class GateChanged(_Event):
    """A gate opened for one scope (`all`, `system=ID`, `customer=ID`), or is open no more."""

    type: Literal["gate"] = "gate"
    gate: str
    scope: str
    state: Literal["open", "expired", "vetoed"]


class BudgetSpent(_Event):
    """So many hosts of a restore failed, or could not be asked, that the run pauses (limits.restore, section 3)."""

    type: Literal["budget"] = "budget"
    which: Literal["failed", "unreachable"]
    count: int
    limit: int


class Sealed(_Event):
    """Last event: the run is over. `tasks` counts the end states."""

    type: Literal["sealed"] = "sealed"
    result: Literal["done", "aborted"]
    tasks: dict[str, int]


AnyEvent = (
    Opened
    | Resumed
    | Left
    | TaskChanged
    | Probed
    | EvidenceKept
    | StepChanged
    | OperatorDid
    | GateChanged
    | BudgetSpent
    | Sealed
)
Event = Annotated[AnyEvent, Field(discriminator="type")]

EVENT: TypeAdapter[AnyEvent] = TypeAdapter(Event)
"""Reads an event from JSON bytes: `EVENT.validate_json(line)`."""
