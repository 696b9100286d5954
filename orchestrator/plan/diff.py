"""Two plans beside each other: what was added, went, moved, which commands changed (section 4, "One-shot and fresh").

Everything here is made of the differences that `freshness` found, and whether a plan is fresh is its word alone; this
file only puts them together as a person asks for them: tasks, why they moved, commands in pairs, needs.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.model.plan import Need, Plan, PlanTask
from orchestrator.plan.diff_commands import CommandChange, command_changes
from orchestrator.plan.diff_moves import Moved, moved_tasks
from orchestrator.plan.freshness import Change, Difference, compare
from orchestrator.plan.phrases import counted


@dataclass(frozen=True, slots=True)
class NeedChange:
    """A need that a task of both plans gained or lost. `follows`: because the other task is new or gone."""

    task: str
    need: Need
    gained: bool
    follows: bool


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """All that differs between two plans. `found` is complete; the rest is drawn from it."""

    old: Plan
    again: Plan
    found: tuple[Difference, ...]
    added: tuple[PlanTask, ...]
    gone: tuple[PlanTask, ...]
    moved: tuple[Moved, ...]
    commands: tuple[CommandChange, ...]
    needs: tuple[NeedChange, ...]

    @property
    def fresh(self) -> bool:
        """Nothing differs that matters: one may stand for the other."""
        return not any(one.matters for one in self.found)

    @property
    def unrelated(self) -> bool:
        """They are about different things: another action, or not one system in both."""
        if self.old.action is not self.again.action:
            return True
        return bool(self.old.tasks and self.again.tasks) and len(self.gone) == len(self.old.tasks)

    @property
    def waited_for(self) -> Mapping[str, int]:
        """How many tasks that stay wait, or waited, for each that is new or gone."""
        return Counter(one.need.task for one in self.needs if one.follows and one.need.task is not None)

    def of(self, what: str, *, matters: bool | None = None) -> tuple[Difference, ...]:
        """The differences of one kind of thing."""
        return tuple(one for one in self.found if one.what == what and matters in {None, one.matters})


def diff(old: Plan, again: Plan) -> PlanDiff:
    """The difference of two plans."""
    found = compare(old, again)
    added = [one.after for one in found if one.what == "task" and one.change is Change.NEW and not one.field]
    gone = [one.before for one in found if one.what == "task" and one.change is Change.GONE and not one.field]
    others = {task.id for task in (*added, *gone)}
    return PlanDiff(
        old,
        again,
        found,
        tuple(sorted(added, key=_place)),
        tuple(sorted(gone, key=_place)),
        moved_tasks(old, again),
        _commands(old, again, found),
        tuple(
            NeedChange(one.id, one.need, one.change is Change.NEW, one.need.task in others)
            for one in found
            if one.what == "task" and one.field == "needs" and one.change is not Change.CHANGED
        ),
    )


def headline(found: PlanDiff) -> str:
    """The answer in one line: `3 added, 1 gone, 2 moved, 4 with other commands, of 68 tasks`."""
    if found.old.action is not found.again.action:
        return f"different actions: {_is_of(found.old)}, and {_is_of(found.again)}"
    if found.unrelated:
        return f"nothing in common: {_is_of(found.old)}, and {_is_of(found.again)}, none of them the same"
    if not found.found:
        return "no difference"
    whole = f"of {counted(len(found.old.tasks), 'task')}"
    if found.fresh:
        return f"no difference that matters, {whole}"
    keys = {one.id for one in found.of("host") if one.field == "keys"}
    said = [
        f"{counted(len(keys), 'host')} with another key" if keys else "",
        f"{len(found.added)} added" if found.added else "",
        f"{len(found.gone)} gone" if found.gone else "",
        f"{len(found.moved)} moved" if found.moved else "",
        f"{len({one.task for one in found.commands})} with other commands" if found.commands else "",
    ]
    told = ", ".join(one for one in said if one)
    others = _others(found) or ([] if told else ["words about it"])
    besides = f"other {' and '.join([', '.join(others[:-1]), others[-1]] if len(others) > 1 else others)}"
    if told and others:
        return f"{told}, {whole}; {besides}"
    return f"{told or besides}, {whole}"


def _others(found: PlanDiff) -> list[str]:
    """What else differs, without numbers."""
    of_tasks = {one.field for one in found.of("task", matters=True)} - {"", "needs", *_COMMANDS}
    kinds = {
        "hosts": any(one.field not in {"keys", "key_types"} for one in found.of("host")),
        "settings of tasks": bool(of_tasks),
        "needs": any(not one.follows for one in found.needs),
        "gates": bool(found.of("gate")),
        "rules": any(found.of(what, matters=True) for what in ("input", "policy", "barrier")),
    }
    return [kind for kind, differs in kinds.items() if differs]


_COMMANDS = frozenset({"probe", "evidence", "steps", "force", "health"})


def _commands(old: Plan, again: Plan, found: Sequence[Difference]) -> tuple[CommandChange, ...]:
    changed = {one.id for one in found if one.what == "task" and one.field in _COMMANDS and one.matters}
    before = {task.id: task for task in old.tasks if task.id in changed}
    return tuple(
        change for task in again.tasks if task.id in before for change in command_changes(before[task.id], task)
    )


def _place(task: PlanTask) -> tuple[int, str]:
    return (task.stage, task.id)


def _is_of(plan: Plan) -> str:
    return f"a {plan.action} of {counted(len(plan.tasks), 'system')}"
