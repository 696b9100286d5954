"""One seed of a campaign: a random estate, world and people; processes that end in every way; then all is mended.

What the judge finds is raised with the seed, so that `python -m tests.simulate SEED` is the reproduction. After the
troubles are over and every decision is taken the right way, a run that never waits for nothing must get to its end.
Some nights are steady: their troubles do not depend on the moment, so that a run which was killed over and over must
end where it ends undisturbed.
"""

import math
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.run.execute import RunEnd
from orchestrator.run.scheduler import Scheduler
from orchestrator.run.task_run import TaskRun
from tests.simulate.estates import random_estate, random_world
from tests.simulate.night import START, TICK_S, Core, Found, Night
from tests.simulate.people import People

AT_REST = {RunEnd.FAILED, RunEnd.PAUSED, RunEnd.WAITING, RunEnd.INTERRUPTED}
OVER = {RunEnd.DONE, RunEnd.ABORTED}
SAID = (
    "state", "why", "proof", "life", "right", "disproven", "generations", "begun", "evidence", "waived", "unsent",
    "untouched", "by_person", "forced", "escalated", "held_from", "confirmed",
)  # fmt: skip
"""What a journal says of a task, but for its times, which are rounded there."""


@contextmanager
def folder_for_a_night() -> Iterator[Path]:
    """An empty folder in memory where there is one, and gone afterwards."""
    memory = Path("/dev/shm")
    where = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix="orch-night-", dir=where))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Ended:
    """A night that ended well: the SHA-256 of its journal, and what happened in it."""

    digest: str
    tally: Counter[str]


def one_night(seed: int) -> Ended:
    """Runs one seed to its end. Raises Found, or what orch raised."""
    rng = random.Random(seed)
    try:
        if rng.random() < 0.08:
            return _steady(rng)
        return _troubled(rng)
    except Found as found:
        raise Found(f"{found}\n  again: python -m tests.simulate {seed}") from None


def _troubled(rng: random.Random) -> Ended:
    world = random_world(rng, random_estate(rng), now=START)
    with folder_for_a_night() as root:
        night = Night(world, root, rng, tick=rng.choice([TICK_S] * 19 + [5.0]))
        people = People(night, rng, rng.choice([0.0, 0.0, 0.02, 0.1]))
        with night.surroundings():
            while not night.open(_boundary(rng) if rng.random() < 0.05 else None):
                pass
            people.come_and_go(400.0)
            night.wanted = people.mend if rng.random() < 0.7 else None
            end: RunEnd | None = None
            for _ in range(rng.randint(0, 4)):
                if end not in OVER:
                    end = _disturbed(night, rng)
            if end not in OVER:
                end = _mended(night, people)
            _check(night, end)
            return Ended(night.digest(), night.tally)


def _steady(rng: random.Random) -> Ended:
    """The same run twice, once undisturbed, once killed over and over: it ends in the same states."""
    estate = random_estate(rng, patient=True)
    luck = rng.random()
    states, digests = [], []
    for times in (0, rng.randint(1, 4)):
        world = random_world(random.Random(luck), estate, steady=True, now=START)
        with folder_for_a_night() as root:
            night = Night(world, root, rng)
            with night.surroundings():
                night.open()
                for _ in range(times):
                    if night.judge.sealed is None:
                        _live(night, crash_at=_boundary(rng))
                for _ in range(3):  # what was never sent is tried again by each resume
                    if night.judge.sealed is None:
                        _live(night)
                wrong = night.close()
                if wrong:
                    raise Found("; ".join(wrong[:5]))
                states.append(night.judge.states())
                digests.append((night.digest(), night.tally))
    if states[0] != states[1]:
        other = {task: (state, states[1][task]) for task, state in states[0].items() if state != states[1][task]}
        raise Found(f"killed, it does not end where it ends undisturbed: {other}")
    return Ended(*digests[-1])


def _boundary(rng: random.Random) -> int:
    """Where a process is killed: early as likely as late."""
    return int(math.exp(rng.uniform(0.0, math.log(1200.0))))


def _disturbed(night: Night, rng: random.Random) -> RunEnd | None:
    """One process that may be killed, at any moment, or whose disk may fail."""
    dice = rng.random()
    crash_at = _boundary(rng) if dice < 0.5 else None
    fault_at = _boundary(rng) if 0.5 <= dice < 0.65 else None
    if 0.65 <= dice < 0.75:
        night.world.later(rng.uniform(0.0, 100.0), night.kill)
    if dice >= 0.9:
        night.world.later(rng.uniform(0.0, 60.0), night.interrupt)
    anew = _is_spent(night) and rng.random() < 0.5
    end = _live(night, crash_at=crash_at, fault_at=fault_at, past_limit=anew, waits=rng.random() < 0.3)
    if rng.random() < 0.3:
        night.world.pass_time(rng.uniform(0.0, 500.0), lambda: False)
    if rng.random() < 0.1:
        night.skew = rng.uniform(-7200.0, 7200.0)
    return end


def _is_spent(night: Night) -> bool:
    return bool({"failed", "unreachable"} & night.judge.stopped)


def _live(night: Night, **how: object) -> RunEnd | None:
    end = night.live(**how)  # type: ignore[arg-type]
    if night.judge.problems:
        raise Found("; ".join(night.judge.problems[:5]))
    _agrees(night, end)
    if end in AT_REST and night.judge.entries % 8 == 0:
        wrong = list(_another_after_replay(night))
        if wrong:
            raise Found("; ".join(wrong[:5]))
    return end


def _agrees(night: Night, end: RunEnd | None) -> None:
    """How a process says that it ended is how the journal says that the run stands."""
    states = set(night.judge.states().values())
    over = states <= {"done", "already", "skipped"}
    sealed = night.judge.sealed["result"] if night.judge.sealed else None
    busy = states & {"probing", "evidence", "running", "verifying"}
    wrong = (
        (end is RunEnd.DONE) != (sealed == "done" and end is not None)
        or (end is RunEnd.ABORTED and sealed != "aborted")
        or (over and end in AT_REST)
        or (end is RunEnd.DURABILITY and not night.had_fault)
        or (end is RunEnd.FAILED and (not states & {"failed", "unknown"} or busy))
        or (end is RunEnd.WAITING and (states & {"failed", "unknown"} or "held" not in states or busy))
    )
    if wrong:
        raise Found(f"it ends as {end}, sealed as {sealed}, with its tasks {sorted(states)}")


def _mended(night: Night, people: People) -> RunEnd | None:
    world = night.world
    people.is_calm = True
    world.trouble = world.deaf = world.forgetful = world.twice = world.slow = 0.0
    for troubled in (world.fails, world.silent, world.liars, world.false, world.babblers):
        troubled.clear()
    for known in (world.flaps, world.ways, world.acts_by):
        known.clear()
    end, left = None, {}
    for nth in range(12):
        end = _live(night, past_limit=_is_spent(night), waits=nth == 0)
        if end in OVER:
            return end
        assert Core.latest is not None
        left = {task: (one.state, one.why) for task, one in Core.latest.runs.items() if not one.state.is_end}
        world.pass_time(100.0, lambda: False)
        people.mend()
        if night.judge.sealed:
            return RunEnd.DONE
    raise Found(f"mended, it does not get to its end, but to {end}: {left}")


def _check(night: Night, end: RunEnd | None) -> None:
    if end not in OVER or night.judge.sealed is None:
        raise Found(f"it ends as {end}")
    wrong = [*night.close(), *_another_after_replay(night)]
    if wrong:
        raise Found("; ".join(wrong[:5]))


def _another_after_replay(night: Night) -> Iterator[str]:
    """The journal is the state: replaying it gives what living it gave."""
    lived = Core.latest
    assert lived is not None
    assert night.folder is not None
    again = Scheduler(night.world.plan)
    for event in night.folder.read().events:
        again.replay(event, lived.now)
    for task, one in lived.runs.items():
        other = again.runs[task]
        for name in SAID:
            if getattr(one, name) != getattr(other, name):
                yield f"replay: {name} of {task} is {getattr(other, name)}, and was {getattr(one, name)}"
        if _attempts(one) != _attempts(other):
            yield f"replay: the attempts of {task} are {_attempts(other)}, and were {_attempts(one)}"
    if again.counts != lived.counts or set(again.busy()) != set(lived.busy()):
        yield "replay: other counts"
    if again.budgets.hosts != lived.budgets.hosts or again.budgets.spent.keys() != lived.budgets.spent.keys():
        yield "replay: other budgets"


def _attempts(run: TaskRun) -> object:
    return {at: (a.n, a.state, a.why, a.sent, a.life, a.reruns, a.generation) for at, a in run.attempts.items()}
