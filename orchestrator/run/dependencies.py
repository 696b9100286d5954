"""Which tasks may start, which wait, and which can't move until a person acts (contract section 6).

Every gate is closed until an event opens it; a task waits for all of its own, and moves no more than a held one. A need
is met when its task is done, already or skipped; under `continue` also when it failed or is unknown. A barrier
opens when all its tasks are at their end; on the way down it waits only for tasks that can still move. Counted, not
searched: a change of one task touches its dependents only, so a run of 10,000 tasks costs no more per step. Only when
a stuck task moves again is all that hangs on stuck ones looked through anew, once for all that moved meanwhile.
"""

from collections.abc import Iterator

from orchestrator.model.plan import Plan
from orchestrator.model.terms import Action, OnFailure, TaskState

_STUCK = {TaskState.FAILED, TaskState.UNKNOWN, TaskState.HELD}


class Dependencies:
    """The needs of one plan, counted down as its tasks move."""

    def __init__(self, plan: Plan) -> None:
        self._down = plan.action is Action.SHUTDOWN
        self._continue = plan.policy.on_failure is OnFailure.CONTINUE
        self._needs = {task.id: tuple({n.task: None for n in task.needs if n.task is not None}) for task in plan.tasks}
        self._needs_barriers = {
            task.id: tuple({n.barrier: None for n in task.needs if n.barrier is not None}) for task in plan.tasks
        }
        self._barriers = {barrier.id: barrier.needs for barrier in plan.barriers}
        self._gates = {task.id: task.gates for task in plan.tasks if task.gates}
        self._gated: dict[str, list[str]] = {}
        for task, gates in self._gates.items():
            for gate in gates:
                self._gated.setdefault(gate, []).append(task)
        self._closed_gates = set(self._gated)
        self._dependents: dict[str, list[str]] = {task.id: [] for task in plan.tasks}
        self._barriers_of: dict[str, list[str]] = {task.id: [] for task in plan.tasks}
        self._behind: dict[str, list[str]] = {barrier.id: [] for barrier in plan.barriers}
        for task, needs in self._needs.items():
            for need in needs:
                self._dependents[need].append(task)
        for task, barriers in self._needs_barriers.items():
            for barrier in barriers:
                self._behind[barrier].append(task)
        for barrier, needed in self._barriers.items():
            for need in needed:
                self._barriers_of[need].append(barrier)
        self._state = dict.fromkeys(self._needs, TaskState.WAITING)
        self._unmet = {task: len(needs) for task, needs in self._needs.items()}
        self._stuck: set[str] = set()
        self._stuck_barriers: set[str] = set()  # coming back: barriers behind a stuck task
        self._holds: dict[str, tuple[str, ...]] = {}
        self._closed_by = {barrier: len(needs) for barrier, needs in self._barriers.items()}
        self._counting = dict.fromkeys(self._needs, True)
        self._news: dict[str, None] = dict.fromkeys(self._needs)
        self._moved = bool(self._closed_gates)  # what they hold is to be found first

    def change(self, task: str, state: TaskState) -> None:
        """Take in that `task` is now in `state`."""
        before = self._state[task]
        self._state[task] = state
        met = self._meets(state) - self._meets(before)
        if met:
            for dependent in self._dependents[task]:
                self._unmet[dependent] -= met
                self._news[dependent] = None
        if state is TaskState.WAITING:
            self._news[task] = None
        if before in _STUCK or state is TaskState.WAITING or (before is TaskState.WAITING and not state.is_busy):
            self._holds.clear()
        self._recount(task, before, met)

    def set_gate(self, gate: str, *, is_open: bool) -> None:
        """Take in that a gate (`ID`, or `ID:SCOPE`) is open now, or closed."""
        (self._closed_gates.discard if is_open else self._closed_gates.add)(gate)
        self._holds.clear()
        self._moved = True
        self._news.update(dict.fromkeys(self._gated.get(gate, ())))

    def take_ready(self) -> tuple[str, ...]:
        """Tasks that became ready since the last call: waiting, with every need met and every barrier open."""
        self._look_through()
        ready = tuple(task for task in self._news if self.is_ready(task))
        self._news.clear()
        return ready

    def is_ready(self, task: str) -> bool:
        """Whether nothing but a slot keeps `task` from starting."""
        self._look_through()
        return (
            self._state[task] is TaskState.WAITING
            and not self._unmet[task]
            and not self._is_gated(task)
            and not any(self._closed_by[barrier] for barrier in self._needs_barriers[task])
        )

    def movable(self) -> Iterator[str]:
        """Tasks that are not yet at their end and get there without a person, as far as one can see now."""
        self._look_through()
        return (task for task, state in self._state.items() if not state.is_end and task not in self._stuck)

    def waits_for(self, task: str) -> Iterator[str]:
        """What a waiting task waits for: tasks first, then barriers that are closed, then gates."""
        self._look_through()
        yield from (need for need in self._needs[task] if not self._meets(self._state[need]))
        yield from (barrier for barrier in self._needs_barriers[task] if self._closed_by[barrier])
        yield from (f"gate {gate}" for gate in self._gates.get(task, ()) if gate in self._closed_gates)

    def held_up_by(self, task: str) -> tuple[str, ...]:
        """Every waiting task that waits for `task`, directly or not, nearest first."""
        if self._state[task] not in _STUCK:
            return self._search_held_up_by(task)
        if task not in self._holds:
            self._holds[task] = self._search_held_up_by(task)
        return self._holds[task]

    def is_known_what_waits_for(self, task: str) -> bool:
        """Whether `held_up_by` answers without a search."""
        return task in self._holds

    def _search_held_up_by(self, task: str) -> tuple[str, ...]:
        if self._meets(self._state[task]):
            return ()
        found: dict[str, None] = {}
        barriers: set[str] = set()
        front = [task]
        while front:
            following = []
            for dependent in (blocked for one in front for blocked in self._blocked_by(one, barriers)):
                if dependent not in found and self._state[dependent] is TaskState.WAITING:
                    found[dependent] = None
                    following.append(dependent)
            front = following
        return tuple(found)

    def _meets(self, state: TaskState) -> int:
        passed = self._continue and state in {TaskState.FAILED, TaskState.UNKNOWN}
        return int(state.is_end or passed)

    def _recount(self, task: str, before: TaskState, met: int) -> None:
        """Keep the stuck tasks and the barriers' counts right after `task` left `before`."""
        if (before in _STUCK or task in self._stuck) and (self._state[task] not in _STUCK or met):
            self._moved = True
        elif self._state[task] in _STUCK:
            self._mark_stuck(task)
        self._refresh(task)

    def _look_through(self) -> None:
        """Find all stuck tasks anew, if one has moved."""
        if self._moved:
            self._moved = False
            self._stuck.clear()
            self._stuck_barriers.clear()
            for task, state in self._state.items():
                if state in _STUCK or (state is TaskState.WAITING and self._is_gated(task)):
                    self._mark_stuck(task)
            for task in self._state:
                self._refresh(task)

    def _is_gated(self, task: str) -> bool:
        return any(gate in self._closed_gates for gate in self._gates.get(task, ()))

    def _mark_stuck(self, first: str) -> None:
        stack = [first]
        while stack:
            task = stack.pop()
            if task in self._stuck or self._state[task].is_end:
                continue
            self._stuck.add(task)
            self._refresh(task)
            if not self._meets(self._state[task]):
                blocked = self._blocked_by(task, self._stuck_barriers)
                stack += [other for other in blocked if self._state[other] is TaskState.WAITING]

    def _blocked_by(self, task: str, seen: set[str]) -> Iterator[str]:
        """Tasks that can't start while `task` is not done; on the way down a stuck task keeps no barrier closed.

        `seen` are barriers whose tasks were named already.
        """
        yield from self._dependents[task]
        if not self._down:
            for barrier in self._barriers_of[task]:
                if barrier not in seen:
                    seen.add(barrier)
                    yield from self._behind[barrier]

    def _refresh(self, task: str) -> None:
        """Count `task` in or out of the barriers that it belongs to."""
        stuck = self._down and task in self._stuck
        counts = not self._meets(self._state[task]) and not stuck
        if counts == self._counting[task]:
            return
        self._counting[task] = counts
        for barrier in self._barriers_of[task]:
            self._closed_by[barrier] += 1 if counts else -1
            if not self._closed_by[barrier]:
                self._news.update(dict.fromkeys(self._behind[barrier]))
