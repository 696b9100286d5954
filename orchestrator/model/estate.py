"""What is known of every system across all runs: a value, folded from journals by the room `estate` (section 2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.model.events import Event
from orchestrator.model.plan import Plan
from orchestrator.model.terms import Action, EstateState, Mode

EMPTY_HEAD = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""`estate_head` of a workspace without runs: the SHA-256 over nothing."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a run did to a system and a restore has to undo: the mode, on which hosts, by which run."""

    mode: Mode
    hosts: tuple[str, ...]
    run: str
    at: str
    complete: bool  # the task ended done; otherwise it failed or is unknown, and some hosts may not be as wanted


@dataclass(frozen=True, slots=True)
class SystemRecord:
    """One system: what it is believed to be, what is not undone (oldest first), who touched it last."""

    state: EstateState = EstateState.ONLINE
    deeds: tuple[Deed, ...] = ()
    found_offline: bool = False  # found offline by a run that did not take it offline: stays so on the way back
    last_run: str | None = None
    last_at: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that is not sealed: its unfinished tasks hold their systems."""

    run: str
    action: Action
    holds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Estate:
    """All systems that any run ever touched; the others are believed online.

    `head` is the SHA-256 over the sorted heads of all runs.
    """

    head: str = EMPTY_HEAD
    systems: Mapping[str, SystemRecord] = field(default_factory=dict)
    open_runs: tuple[OpenRun, ...] = ()
    run_heads: tuple[str, ...] = ()
    unnamed_heads: tuple[str, ...] = ()  # heads of runs that no other run names yet

    def record(self, system: str) -> SystemRecord:
        """What is known of `system`."""
        return self.systems.get(system, SystemRecord())


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as it lies in `runs/`: its plan, its events in order, the head of its journal."""

    plan: Plan
    events: tuple[Event, ...]
    head: str
