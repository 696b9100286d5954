"""The protocol's rules that execution keeps to, as a plan carries them (contract sections 3, 4)."""

from collections.abc import Mapping
from math import floor

from orchestrator.model.plan import EvidencePolicy, Policy
from orchestrator.model.protocol import Budget, Protocol
from orchestrator.model.terms import Action, OnFailure


def policy_of(protocol: Protocol, action: Action, zone_parallel: Mapping[str, int], hosts: int) -> Policy:
    """The policy of a plan whose tasks live on `hosts` hosts. Budgets bind restores only."""
    back = action is Action.RESTORE
    return Policy(
        on_failure=protocol.on_failure.get(action, OnFailure.HOLD),
        parallel=protocol.parallel,
        zone_parallel=dict(zone_parallel),
        failed_limit=_limit(protocol.budget_failed, hosts) if back else None,
        unreachable_limit=_limit(protocol.budget_unreachable, hosts) if back else None,
        evidence=EvidencePolicy(
            required=protocol.evidence.required,
            at_most_s=protocol.evidence.at_most_s,
            past=protocol.evidence.past.value,
            cap=protocol.evidence.cap,
        ),
    )


def _limit(budget: Budget | None, hosts: int) -> int | None:
    """At how many hosts a budget is spent: at least one, or nothing could ever begin."""
    if budget is None:
        return None
    return max(1, budget.count if budget.count is not None else floor(hosts * (budget.percent or 0) / 100))
