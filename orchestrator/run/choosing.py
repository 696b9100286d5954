"""Which tasks of a run a person means by `resolve` (section 9): pure, from the plan and where its tasks stand.

A word is a task's id or an id glob; `key=glob` knows `state` and what the plan itself says of a task (`id, kind, owner,
host, zone, platform, customer, service`): a run is decided about from its own folder, whatever the files say by now.
Terms of one argument hold together, arguments add up. A glob means the tasks that are not over; each argument that
means none is an error, so that a typo never decides about less than was meant.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from orchestrator.model.errors import UsageError
from orchestrator.model.inventory import INTERNAL
from orchestrator.model.plan import Plan, PlanTask
from orchestrator.model.selector import Term, parse_selector
from orchestrator.model.terms import TaskState

_KEYS = ("id", "state", "kind", "owner", "host", "zone", "platform", "customer", "service")


def chosen(plan: Plan, states: Mapping[str, TaskState], arguments: Sequence[str]) -> tuple[str, ...]:
    """The tasks that `arguments` mean, in the plan's order. Raises UsageError."""
    found: set[str] = set()
    for argument in arguments:
        found |= _of_argument(plan, states, argument)
    return tuple(task.id for task in plan.tasks if task.id in found)


def unfinished(plan: Plan, states: Mapping[str, TaskState]) -> tuple[str, ...]:
    """All tasks of the run that a person can still decide about, in the plan's order."""
    return tuple(task.id for task in plan.tasks if not states[task.id].is_end)


def _of_argument(plan: Plan, states: Mapping[str, TaskState], argument: str) -> set[str]:
    if argument in states:
        return {argument}
    try:
        selector = parse_selector(argument, extra_keys=("state",))
    except ValueError as error:
        raise UsageError(str(error)) from error
    for term in selector.terms:
        if term.key not in _KEYS:
            raise UsageError(
                f'"{argument}": a run does not know "{term.key}".', f"Here one can say: {', '.join(_KEYS)}."
            )
    open_tasks = [task for task in plan.tasks if not states[task.id].is_end]
    found = {t.id for t in open_tasks if all(_fits(plan, t, states[t.id], term) for term in selector.terms)}
    if not found:
        near = difflib.get_close_matches(argument, states, n=2)
        advice = f"Did you mean {' or '.join(near)}?" if near else f"See: orch show {plan.id}"
        raise UsageError(f'"{argument}" means no task of this run that is still open.', advice)
    return found


def _fits(plan: Plan, task: PlanTask, state: TaskState, term: Term) -> bool:
    return any(fnmatchcase(word, term.glob) for word in _words(plan, task, state, term.key))


def _words(plan: Plan, task: PlanTask, state: TaskState, key: str) -> Iterable[str]:
    hosts = [plan.hosts[host] for host in task.hosts if host in plan.hosts]
    words: Mapping[str, Iterable[str]] = {
        "id": (task.id,),
        "state": (state.value,),
        "kind": (task.kind,),
        "owner": (task.owner,) if task.owner == INTERNAL else (task.owner, "customer"),
        "host": task.hosts,
        "zone": tuple(host.zone for host in hosts if host.zone),
        "platform": tuple(host.platform.value for host in hosts),
        "customer": task.customers,
        "service": tuple(service.id for service in plan.impact.services if task.system in service.because),
    }
    return words[key]
