"""Which tasks of a run a person means by `resolve` and `escalate` (section 9): pure, from the plan and its tasks.

The language is that of every selector (section 3): terms of one argument hold together, arguments add up, each argument
that means nothing is an error, so that a typo never decides about less than was meant. What differs, because a run is
decided about from its own folder, whatever the files say by now:

* `state` is a key here; `managed` and `label.NAME` are none, for a plan does not hold them.
* `service=` means the systems of this plan that the service needs, directly or not, for that is what a plan knows.
* An id means its task in any state, a glob and a key only tasks that are not over.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from orchestrator.model.errors import UsageError
from orchestrator.model.inventory import INTERNAL
from orchestrator.model.plan import Plan, PlanTask
from orchestrator.model.selector import Selector, Term, parse_selector
from orchestrator.model.terms import TaskState

KEYS = ("id", "state", "kind", "owner", "host", "zone", "platform", "customer", "service")


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
        if term.key not in KEYS:
            raise UsageError(
                f'"{argument}": a run does not know "{term.key}", for its plan does not hold it.',
                f"Here one can say: {', '.join(KEYS)}. See: orch show {plan.id}",
            )
    open_tasks = [task for task in plan.tasks if not states[task.id].is_end]
    found = {t.id for t in open_tasks if all(_fits(plan, t, states[t.id], term) for term in selector.terms)}
    if not found:
        raise UsageError(f'"{argument}" means no task of this run that is still open.', _meant(plan, states, selector))
    return found


def _meant(plan: Plan, states: Mapping[str, TaskState], selector: Selector) -> str:
    """What somebody may have meant who named nothing: the nearest words of the first term that fits no task at all."""
    for term in selector.terms:
        if any(_fits(plan, task, states[task.id], term) for task in plan.tasks):
            continue
        words = {word for task in plan.tasks for word in _words(plan, task, states[task.id], term.key)}
        known = {state.value for state in TaskState} if term.key == "state" else words
        if term.key == "state" and term.glob in known:
            return f"No task is {term.glob}. See: orch show {plan.id}"
        near = difflib.get_close_matches(term.glob, sorted(known), n=2)
        if near:
            return f"Did you mean {' or '.join(near)}?"
        if len(words) <= 12:
            return f"{term.key} is here one of: {', '.join(sorted(words))}" if words else f"No task has a {term.key}."
    return f"What it fits is over, or no task fits all of it. See: orch show {plan.id}"


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
