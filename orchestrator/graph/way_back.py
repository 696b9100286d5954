"""The estate as it would be once a shutdown plan is done: what its way back is planned from (section 4)."""

from dataclasses import replace

from orchestrator.model.estate import Deed, Estate
from orchestrator.model.plan import Plan
from orchestrator.model.terms import EstateState, Mode


def estate_after(estate: Estate, plan: Plan) -> Estate:
    """Every task of a shutdown done, on all its hosts; everything else as it is. What is offline without our doing
    will be found so, and stays so."""
    systems = dict(estate.systems)
    for task in plan.tasks:
        record = estate.record(task.system)
        if task.mode is None or (record.state is EstateState.OFFLINE and not record.deeds):
            continue
        state = EstateState.ISOLATED if task.mode is Mode.ISOLATE else EstateState.OFFLINE
        deed = Deed(task.mode, task.hosts, plan.id, plan.created_at, complete=True)
        systems[task.system] = replace(record, state=state, deeds=(*record.deeds, deed), found_offline=False)
    return replace(estate, systems=systems)
