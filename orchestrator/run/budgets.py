"""How much of a restore may go wrong before it pauses (contract section 3, `limits.restore`). Pure.

* Counted are hosts, each once, over the whole run and all who resumed it: *unreachable* ones, which could not be asked
  when their task gave up, and *failed* ones, on which something failed or stayed unknown. A task that says nothing of
  a host counts for all of its hosts; one without hosts counts as one.
* At its limit a budget is spent: that is written, and the run pauses. `resume --past-limit` counts anew.
"""

from collections.abc import Iterator

from orchestrator.model.events import BudgetSpent
from orchestrator.model.plan import Policy
from orchestrator.model.terms import Found, StepState, TaskState
from orchestrator.run.questions import as_wanted
from orchestrator.run.task_run import TaskRun

_GAVE_UP = {TaskState.FAILED, TaskState.UNKNOWN}


class Budgets:
    """The hosts that count against the limits of one run."""

    def __init__(self, policy: Policy) -> None:
        self.limits = {"failed": policy.failed_limit, "unreachable": policy.unreachable_limit}
        self.hosts: dict[str, set[str]] = {"failed": set(), "unreachable": set()}
        self.spent: dict[str, BudgetSpent] = {}

    def count(self, run: TaskRun) -> None:
        """Take in a task that has just changed its state."""
        if run.state not in _GAVE_UP or not any(limit is not None for limit in self.limits.values()):
            return
        unreachable, failed = _by_attempts(run)
        if not unreachable and not failed:
            unreachable, failed = _by_answers(run)
        if not unreachable and not failed:
            failed = set(run.task.hosts) or {f"-{run.task.id}"}
        self.hosts["unreachable"] |= unreachable
        self.hosts["failed"] |= failed - unreachable

    def newly_spent(self) -> Iterator[BudgetSpent]:
        """What has to be written now."""
        for which, limit in self.limits.items():
            count = len(self.hosts[which])
            if limit is not None and count >= limit and which not in self.spent:
                yield BudgetSpent.model_validate({"which": which, "count": count, "limit": limit})

    def count_anew(self) -> None:
        """A person let the run go on past its limits."""
        self.spent.clear()
        for hosts in self.hosts.values():
            hosts.clear()


def _by_attempts(run: TaskRun) -> tuple[set[str], set[str]]:
    """Hosts that could not be reached, and hosts that failed, by what became of the steps."""
    unreachable, failed = set[str](), set[str]()
    for (_, host, on_host), attempt in run.attempts.items():
        if attempt.life != run.life:
            continue
        if attempt.state is StepState.FAILED and not attempt.sent:
            unreachable.add(on_host or host)
        elif attempt.state in {StepState.FAILED, StepState.UNKNOWN}:
            failed.add(host)
    return unreachable, failed


def _by_answers(run: TaskRun) -> tuple[set[str], set[str]]:
    """The same by what the hosts were asked, before or after the steps."""
    unreachable, failed = set[str](), set[str]()
    for question, answer in run.answers.items():
        if answer.found.is_refusal:
            unreachable.add(question.on_host or question.host)
        elif answer.found is Found.UNHEALTHY or as_wanted(run.task, answer.found) is not True:
            failed.add(question.host)
    return unreachable, failed
