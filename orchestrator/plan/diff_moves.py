"""Why a task stands in another stage than before: the need, gained or lost, that moved it (section 4).

A stage follows from needs alone: it is one more than that of the latest thing waited for. So a task that went later is
followed, from the latest thing it waits for to the latest thing that one waits for, until a need is met that was not
there before; one that came earlier likewise in the plan as it was, until a need that is there no more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.model.plan import Need, Plan, PlanTask
from orchestrator.plan.freshness import need_key


@dataclass(frozen=True, slots=True)
class Cause:
    """`task` now waits for `other` (`gained`), or waits for it no longer, by `need`: directly, or by being behind the
    same barrier."""

    task: str
    other: str
    need: Need
    gained: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """A task that both plans have, in another stage. `cause` is None where no need explains it."""

    task: str
    before: int
    after: int
    cause: Cause | None


def moved_tasks(old: Plan, again: Plan) -> tuple[Moved, ...]:
    """All tasks of both plans whose stage differs, by their new stage."""
    before = {task.id: task.stage for task in old.tasks}
    tasks = [task for task in again.tasks if before.get(task.id, task.stage) != task.stage]
    later, earlier = _Late(again, old, gained=True), _Late(old, again, gained=False)
    return tuple(
        Moved(
            task.id,
            before[task.id],
            task.stage,
            (later if task.stage > before[task.id] else earlier).cause(task.id),
        )
        for task in sorted(tasks, key=lambda task: (task.stage, task.id))
    )


class _Late:
    """Why tasks stand later in `plan` than in `other`."""

    def __init__(self, plan: Plan, other: Plan, *, gained: bool) -> None:
        self._gained = gained
        self._tasks: Mapping[str, PlanTask] = {task.id: task for task in plan.tasks}
        self._stage = {task.id: task.stage for task in plan.tasks}
        self._stage_there = {task.id: task.stage for task in other.tasks}
        self._needs_there = {task.id: {need_key(need) for need in task.needs} for task in other.tasks}
        self._members_there = {barrier.id: frozenset(barrier.needs) for barrier in other.barriers}
        self._members: dict[tuple[str, int], list[str]] = {}
        for barrier in plan.barriers:
            for id in barrier.needs:
                self._members.setdefault((barrier.id, self._stage.get(id, 0)), []).append(id)
        self._known: dict[str, Cause | None] = {}
        self._behind: dict[tuple[str, int], tuple[str, str]] = {}

    def cause(self, id: str) -> Cause | None:
        """The need at the bottom of it. Stages go down with each step, so this ends."""
        passed = []
        found: Cause | None = None
        at: str | None = id
        while at is not None:
            if at in self._known:
                found = self._known[at]
                break
            passed.append(at)
            found, at = self._step(self._tasks[at])
        for each in passed:
            self._known[each] = found
        return found

    def _step(self, task: PlanTask) -> tuple[Cause | None, str | None]:
        """The cause, if it is a need of the task itself; else the task to look at next."""
        onwards: list[str] = []
        there = self._needs_there.get(task.id, set())
        for need in task.needs:
            own = need_key(need) not in there
            for new, moved in self._latest(need, task.stage - 1):
                if new or (own and moved):
                    return Cause(task.id, new or moved, need, self._gained), None
                onwards += [moved] if moved and self._stage_there[moved] < self._stage[moved] else []
        return None, min(onwards, default=None)

    def _latest(self, need: Need, stage: int) -> Iterator[tuple[str, str]]:
        """Of what `need` waits for in `stage`: one that was not waited for there by it at all, and one that was."""
        if need.task is not None:
            if self._stage.get(need.task) == stage:
                yield ("", need.task) if need.task in self._stage_there else (need.task, "")
        elif need.barrier is not None:
            key = (need.barrier, stage)
            if key not in self._behind:
                self._behind[key] = self._first(self._members.get(key, ()), need.barrier)
            yield self._behind[key]

    def _first(self, members: Sequence[str], barrier: str) -> tuple[str, str]:
        there = self._members_there.get(barrier, frozenset())
        new = min((id for id in members if id not in there), default="")
        moved = [id for id in members if id in there and self._stage_there.get(id, 0) < self._stage[id]]
        return new, min(moved, default=min((id for id in members if id in there), default=""))
