"""A playbook: how one kind is probed, taken offline, brought back and checked (section 3).

Strings are templates, not yet filled; `plan/commands.py` writes the commands out. All defaults of section 3 are
already applied.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.model.plan import PlanMatch
from orchestrator.model.source import Source
from orchestrator.model.terms import Mode


@dataclass(frozen=True, slots=True)
class Argv:
    """One program call, each item one argument."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shell:
    """A POSIX shell line; on `windows` a PowerShell line."""

    line: str


@dataclass(frozen=True, slots=True)
class Manual:
    """What a person does and confirms."""

    text: str


@dataclass(frozen=True, slots=True)
class OnSystem:
    """Acts on the hosts of another system; `system` is a template (a fixed id or one var)."""

    system: str


@dataclass(frozen=True, slots=True)
class OnCarrier:
    """Acts on the hosts of whatever system carries the task's host."""


On = OnSystem | OnCarrier

Match = PlanMatch
"""How an answer is recognised is said in a playbook as it is in a plan."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A read-only question with three answers: `yes`, `no`, and anything else, which is unknown.

    For `state` and `state.poweroff` yes is online and no offline; for `isolation` yes is isolated and no open.
    """

    do: Argv | Shell
    yes: Match
    no: Match
    source: Source
    on: On | None = None
    sudo: bool = False
    timeout_s: int = 15
    within_s: int = 30  # how long it is asked again after a task's steps (section 6)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something kept before anything changes."""

    name: str
    do: Argv | Shell
    source: Source
    on: On | None = None
    sudo: bool = False
    timeout_s: int = 60


@dataclass(frozen=True, slots=True)
class Health:
    """A check after a restore: it must succeed within `within_s`, asked `every_s`, first after `settle_s`."""

    name: str
    do: Argv | Shell
    source: Source
    on: On | None = None
    sudo: bool = False
    timeout_s: int = 15
    within_s: int = 120
    every_s: int = 5
    settle_s: int = 0
    exits: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a mode, as the playbook has it."""

    name: str
    do: Argv | Shell | Manual
    source: Source
    on: On | None = None
    sudo: bool = False
    timeout_s: int = 60
    expect_s: float = 6.0
    exits: tuple[int, ...] = (0,)
    idempotent: bool = False
    disconnects: bool = False
    continue_on_failure: bool = False
    changes_state: bool = False  # exactly one step of a mode has it, the last by default
    stdin: str | None = None
    leaves: Mode | None = None  # of a force step


@dataclass(frozen=True, slots=True)
class Playbook:
    """Everything orch knows of one kind."""

    kind: str
    source: Source
    vars: Mapping[str, str | None] = field(default_factory=dict)  # name -> default; None: the inventory must give it
    state: Probe | None = None
    poweroff_state: Probe | None = None
    isolation: Probe | None = None
    evidence: tuple[Evidence, ...] = ()
    shutdown: Mapping[Mode, tuple[Step, ...]] = field(default_factory=dict)
    force: tuple[Step, ...] = ()
    restore: Mapping[Mode, tuple[Step, ...]] = field(default_factory=dict)
    health: tuple[Health, ...] = ()
