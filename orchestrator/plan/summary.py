"""The one line that says what a plan is; approvals repeat it word for word (sections 4, 5)."""

from collections.abc import Sequence

from orchestrator.model.plan import PlanTask
from orchestrator.model.terms import Action, Mode
from orchestrator.plan.phrases import counted


def summary_of(action: Action, tasks: Sequence[PlanTask], customers: int) -> str:
    """Such as `shutdown 70 systems (12 isolate, 58 stop), 8 customers`."""
    counts = dict.fromkeys(Mode, 0)
    for task in tasks:
        for mode in (task.mode,) if task.mode is not None else task.undoes or ():
            counts[mode] += 1
    said = ", ".join(f"{count} {mode.value}" for mode, count in counts.items() if count)
    what = f" ({said})" if said else ""
    return f"{action.value} {counted(len(tasks), 'system')}{what}, {counted(customers, 'customer')}"
