"""Open runs hold the systems of their unfinished tasks: another plan that wants one of them is refused (section 6)."""

from orchestrator.model.errors import Refused
from orchestrator.model.estate import Estate
from orchestrator.model.plan import Plan
from orchestrator.plan.phrases import names


def refuse_held(plan: Plan, estate: Estate) -> None:
    """Raises Refused where an open run (not the plan's own) still has a system of `plan` to finish."""
    wanted = {task.system for task in plan.tasks}
    for run in estate.open_runs:
        held = sorted(wanted & run.holds)
        if held and run.run != plan.id:
            raise Refused(
                f"run {run.run}, a {run.action}, is not over, and holds {names(held)}.",
                f"Go on with it: orch resume {run.run}\n"
                f"or give up what it holds: orch resolve {run.run} skip {' '.join(held[:3])} --reason ...\n"
                f"or end it, with all that it has not done: orch abort {run.run} --reason ...",
            )
