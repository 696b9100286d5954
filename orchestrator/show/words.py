"""Words and times as every screen says them: one wording for one thing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from orchestrator.model.plan import Plan, PlanTask
from orchestrator.model.terms import Action, Mode, TaskState
from orchestrator.run.stopped_by import StoppedBy
from orchestrator.run.timeline import budget_text, person_text
from orchestrator.run.view import Budget
from orchestrator.show.service_names import name_in

DOWN_OR_UP = {Action.SHUTDOWN: "down", Action.RESTORE: "up"}
VERB = {Action.SHUTDOWN: "SHUTDOWN", Action.RESTORE: "RESTORE"}


def about(seconds: float) -> str:
    """A length of time as one says it: `40 s`, `6 min`, `1 h 20 min`, `2 d 3 h`."""
    whole = max(0, round(seconds))
    if whole < 100:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def clock(at: str) -> str:
    """The time of day of a journal's time, `02:31:07.412`."""
    return at[11:23] if len(at) >= 23 else at[11:].rstrip("Z")


def moment(at: str) -> str:
    """Day and minute of a journal's time, `2026-03-01 02:14`."""
    return at[:16].replace("T", " ")


def how(task: PlanTask) -> str:
    """What is done to the system: the mode, or of a restore what is undone; `by hand` where a person does it."""
    if task.is_manual:
        return "by hand"
    if task.mode is not None:
        return task.mode.value
    return "undo " + "+".join(mode.value for mode in task.undoes or ()) if task.undoes else "check"


def modes(plan: Plan) -> str:
    """`9 isolate, 56 stop, 3 poweroff`; of a restore `undoes 9 isolate, ...`."""
    if plan.action is Action.SHUTDOWN:
        tally = Counter(task.mode for task in plan.tasks if task.mode is not None)
    else:
        tally = Counter(mode for task in plan.tasks for mode in task.undoes or ())
    said = ", ".join(f"{tally[mode]} {mode.value}" for mode in Mode if tally[mode])
    return said if plan.action is Action.SHUTDOWN else f"undoes {said or 'nothing'}"


def hosts(plan: Plan) -> int:
    """How many hosts the plan's systems live on."""
    return len({host for task in plan.tasks for host in task.hosts})


def short_head(head: str) -> str:
    """The first half of a journal's head as people compare it: `51be-7c20-d1a4`."""
    return "-".join(head[at : at + 4] for at in (0, 4, 8))


def state_counts(
    counts: Mapping[TaskState, int], action: Action, *, executing: bool = True, over: bool = False
) -> list[str]:
    """`31 down`, `1 failed`, ...: the done always, of the rest what there is. `over`: nothing moves any more."""
    names = {
        TaskState.DONE: DOWN_OR_UP[action],
        TaskState.ALREADY: "found offline" if action is Action.SHUTDOWN else "found online",
        TaskState.FAILED: "failed",
        TaskState.UNKNOWN: "unknown",
        TaskState.HELD: "held" if over else "held for you",
        TaskState.SKIPPED: "skipped",
        TaskState.WAITING: "never begun" if over else "waiting",
    }
    shown = [
        f"{counts.get(state, 0)} {name}"
        for state, name in names.items()
        if counts.get(state, 0) or state is TaskState.DONE
    ]
    busy = sum(counts.get(state, 0) for state in TaskState if state.is_busy)
    return [*shown, f"{busy} {'running' if executing else 'left midway'}"] if busy else shown


def budgets(spent: Sequence[Budget]) -> str:
    """`2 of 5 hosts failed, 1 of 8 hosts unreachable`: how much of a restore's budgets is spent."""
    full = {True: " (spent)", False: ""}
    return ", ".join(f"{one.count} of {one.limit} hosts {one.which}{full[one.count >= one.limit]}" for one in spent)


def standstill(stopped: StoppedBy) -> str:
    """Why a run starts nothing new, and who says so: what holds longest first."""
    if (abort := stopped.abort) is not None:
        return f"aborted by {person_text(abort)}"
    said = [f"budget: {budget_text(spent)}" for spent in stopped.spent]
    if (pause := stopped.pause) is not None:
        said.append(f"paused by {person_text(pause)}")
    return "; ".join(said)


def asked_for(plan: Plan) -> str:
    """Why a system that did not come along is in a plan."""
    request = plan.request
    if request.select:
        return f"asked for, by {' '.join(request.select)}"
    if plan.action is Action.SHUTDOWN:
        return "everything that is not protected, or kept up by what is, goes down"
    by = f"run {request.from_run}" if request.from_run else "orch"
    return f"everything that {by} took offline comes back"


def service_name(names: Mapping[str, str], fallback: str) -> str:
    """A service's English name, or any."""
    return name_in(names, "en", fallback)


def numbered(numbers: Iterable[tuple[int, str]]) -> str:
    """`66 done, 1 failed`: what there is."""
    return ", ".join(f"{number} {word}" for number, word in numbers if number)


def chain(ids: Sequence[str], most: int = 8) -> str:
    """`portal > app-core > core-db`; a long one keeps its ends."""
    if len(ids) <= most:
        return " > ".join(ids)
    head, tail = ids[: most // 2], ids[-(most - most // 2) :]
    return " > ".join([*head, f"({len(ids) - most} more)", *tail])
