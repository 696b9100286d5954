"""Why a person's decision can't be taken now, whether it is about a task or about the run as a whole (pure).

What a word does to a task, and when it is refused, is in `people`. About the run (contract section 6): an abort is
final, so nothing that would start something is taken after it; a budget is counted anew only where one is spent.
"""

from collections.abc import Mapping

from orchestrator.model.events import OperatorDid
from orchestrator.run.people import objection
from orchestrator.run.stopped_by import StoppedBy
from orchestrator.run.task_run import TaskRun


def objection_to(runs: Mapping[str, TaskRun], stopped: StoppedBy, decision: OperatorDid) -> str | None:
    """Why `decision` can't be taken for a run whose tasks are `runs`, or None."""
    if decision.task is None:
        return _about_the_run(stopped, decision)
    run = runs.get(decision.task)
    if run is None:
        return f"there is no task {decision.task} in this run"
    starts = decision.did == "escalate" or decision.resolution in {"retry", "waive-evidence"}
    if stopped.abort is not None and starts:
        return f"{decision.task}: the run is being aborted by {stopped.abort.by}, nothing new is started"
    return objection(run, decision)


def _about_the_run(stopped: StoppedBy, decision: OperatorDid) -> str | None:
    if decision.did == "past-limit":
        return None if stopped.spent else "no budget of this run is spent, so there is none to count anew"
    if stopped.abort is not None:
        return f"the run is being aborted already, by {stopped.abort.by}: what runs is finished, then it is over"
    return None
