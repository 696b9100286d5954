"""What a display needs to know of a run at one moment: a value, made by the scheduler, shown by `show`."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.model.terms import Action, TaskState
from orchestrator.run.stopped_by import NOTHING, StoppedBy


@dataclass(frozen=True, slots=True)
class Running:
    """One thing that is being asked or done now. Times are epoch seconds and seconds."""

    task: str
    what: str  # "probe", "evidence sockets", a step's name, "verify", a health check's name
    host: str
    since: float
    expect_s: float
    timeout_s: float


@dataclass(frozen=True, slots=True)
class NeedsYou:
    """A task that only a person can move: failed, unknown or held; `holds` are the tasks that wait for it."""

    task: str
    state: TaskState
    why: str
    since: float
    holds: tuple[str, ...]
    words: tuple[str, ...] = ()  # what a person may say about it, the likeliest first
    may_force: bool = False  # it has force steps that have not been tried


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task that waits, and what for: tasks with their state, barriers, or a slot."""

    task: str
    waits_for: tuple[str, ...]  # texts such as "app-sued (failed)", "order-2", "a slot", "a resume"


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a budget of a restore is spent: hosts that failed, or could not be asked, of how many at most."""

    which: str  # "failed" or "unreachable"
    count: int
    limit: int


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as a whole, at `now` (epoch seconds). `counts` has every state of its tasks, waiting included."""

    run: str
    action: Action
    by: str
    total: int
    counts: Mapping[TaskState, int]
    started: float
    now: float
    left_s: float | None
    slots: int
    running: tuple[Running, ...]
    needs_you: tuple[NeedsYou, ...]
    waiting: tuple[Waiting, ...]
    pausing: bool = False
    stopped: StoppedBy = NOTHING
    stop_asked: bool = False  # where it is executed, by a signal; a second one gives up
    budgets: tuple[Budget, ...] = ()
    forced: int = 0  # tasks on their force steps, or through them
