"""Open runs hold the systems of their unfinished tasks: another plan that wants one of them is refused (section 6)."""

from orchestrator.model.errors import Refused
from orchestrator.model.estate import Estate
from orchestrator.model.plan import Plan
from orchestrator.plan.warnings import names


def refuse_held(plan: Plan, estate: Estate) -> None:
    """Raises Refused where an open run (not the plan's own) still has a system of `plan` to finish."""
    wanted = {task.system for task in plan.tasks}
    for run in estate.open_runs:
        held = sorted(wanted & run.holds)
        if held and run.run != plan.id:
            verb = "is" if len(held) == 1 else "are"
            raise Refused(
                f"{names(held)} {verb} held by run {run.run}, a {run.action} that is not finished.",
                f"Finish it: orch resume {run.run}; or decide about its tasks: orch resolve {run.run}",
            )
