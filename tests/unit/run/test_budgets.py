"""Budgets of a restore (contract section 3, `limits.restore`): what counts, when the run pauses, how it goes on."""

import pytest

from orchestrator.model.plan import Plan, Policy
from orchestrator.model.protocol import Budget, Protocol
from orchestrator.model.terms import Action, TaskState
from orchestrator.plan.policy import policy_of
from orchestrator.run.scheduler import Scheduler, Standing
from tests.simulate.world import make_plan
from tests.unit.run.played import Played, of_the_run, resolved


def plan(failed: int | None = None, unreachable: int | None = None) -> Plan:
    """Six systems that don't need each other, one after the other."""
    policy = Policy(parallel=1, failed_limit=failed, unreachable_limit=unreachable)
    return make_plan({f"s{n}": () for n in range(6)}, action=Action.RESTORE, policy=policy)


def played(script: dict[str, str], **limits: int) -> Played:
    return Played(plan(**limits), script).go()


FAILS = {f"stop.1 s{n}-0": "fail" for n in (0, 1, 3)}
SILENT = {f"state s{n}-0": "unreachable" for n in (0, 1, 3)}


@pytest.mark.parametrize(
    ("script", "limits", "standing", "spent"),
    [
        (FAILS, {"failed": 2}, Standing.PAUSED, "budget failed 2 of 2"),
        (FAILS, {"failed": 3}, Standing.PAUSED, "budget failed 3 of 3"),
        (FAILS, {"failed": 4}, Standing.STUCK, None),
        (FAILS, {"unreachable": 1}, Standing.STUCK, None),
        (SILENT, {"unreachable": 2}, Standing.PAUSED, "budget unreachable 2 of 2"),
        (SILENT, {"failed": 1}, Standing.STUCK, None),
        (FAILS, {}, Standing.STUCK, None),
    ],
)
def test_a_budget_that_is_spent_pauses_the_run(
    script: dict[str, str], limits: dict[str, int], standing: Standing, spent: str | None
) -> None:
    run = played(script, **limits)
    assert run.scheduler.standing() is standing
    assert [line for line in run.trace if line.startswith("budget")] == ([spent] if spent else [])
    if spent:
        assert run.scheduler.counts[TaskState.WAITING] > 0


def test_a_host_counts_once_however_often_its_task_fails() -> None:
    run = played({"stop.1 s0-0": "fail"}, failed=2)
    for _ in range(3):
        run.go(resolved("s0", "retry"))
    assert run.scheduler.standing() is Standing.STUCK
    assert "budget" not in " ".join(run.trace)


def test_what_a_retry_has_mended_still_counts() -> None:
    run = played({"stop.1 s0-0": "fail, ok", "stop.1 s1-0": "fail"}, failed=2)
    assert "budget failed 2 of 2" in run.trace
    run.go(of_the_run("past-limit"), resolved("s0", "retry"))
    assert run.scheduler.runs["s0"].state is TaskState.DONE


def test_past_the_limit_it_counts_anew() -> None:
    run = played(FAILS, failed=2)
    run.go(of_the_run("past-limit"))
    assert run.scheduler.standing() is Standing.STUCK
    assert run.scheduler.counts[TaskState.DONE] == 3
    assert run.scheduler.budgets.hosts["failed"] == {"s3-0"}


def test_a_resume_alone_leaves_it_spent() -> None:
    run = played(FAILS, failed=2)
    again = Scheduler(plan(failed=2))
    for at, event in run.events:
        again.replay(event, at)
    again.advance(run.now)
    assert again.standing() is Standing.PAUSED
    assert again.budgets.hosts == run.scheduler.budgets.hosts


@pytest.mark.parametrize(
    ("budget", "hosts", "limit"),
    [
        (Budget(count=5), 80, 5),
        (Budget(count=0), 80, 1),
        (Budget(percent=10), 80, 8),
        (Budget(percent=10), 8, 1),
        (Budget(percent=10), 25, 2),
        (None, 80, None),
    ],
)
def test_a_percentage_is_of_the_plans_hosts(budget: Budget | None, hosts: int, limit: int | None) -> None:
    protocol = Protocol(budget_unreachable=budget)
    assert policy_of(protocol, Action.RESTORE, {}, hosts).unreachable_limit == limit
    assert policy_of(protocol, Action.SHUTDOWN, {}, hosts).unreachable_limit is None
