"""One seed of a campaign: a random estate, world and operator; pauses, kills with a torn journal; then all is mended.

What the oracle finds is raised with the seed, so that `one_night(SEED)` is the reproduction. After the troubles are
over and every decision is taken the right way, a run that never waits for nothing must get to its end.
"""

import random

from orchestrator.model.terms import Action
from orchestrator.run.scheduler import Standing
from tests.simulate.estates import Operator, random_plan, random_world
from tests.simulate.oracle import problems
from tests.simulate.world import Drive

TURNS = 3000
"""More than any of these runs takes by itself."""


class Found(AssertionError):
    """What a seed has brought to light."""


def one_night(seed: int) -> Drive:
    """Runs one seed to its end. Raises Found, or what the core raised."""
    rng = random.Random(seed)
    plan = random_plan(rng)
    world = random_world(rng, plan)
    run = Drive(world)
    wanted = plan.action is Action.RESTORE
    as_found = frozenset(pair for pair, up in world.up.items() if up is wanted)
    operator = Operator(rng, rng.choice([0.0, 0.0, 0.05, 0.2]))
    for _ in range(rng.randint(0, 3)):
        run = _disturbed(run, rng, operator)
        _check(seed, run, as_found)
    standing = run.run(turns=TURNS, operator=operator)
    _check(seed, run, as_found)
    if standing is Standing.BUSY:
        raise Found(f"seed {seed}: it never comes to rest: {run.states()}")
    if any(one.pending for one in run.scheduler.runs.values()):
        raise Found(f"seed {seed}: a decision was not followed")
    run = _mended(seed, run, operator)
    _check(seed, run, as_found)
    return run


def _disturbed(run: Drive, rng: random.Random, operator: Operator) -> Drive:
    """Killed after some turns, or paused; then taken up by another process."""
    turns = rng.randint(1, 40)
    if rng.random() < 0.25:
        run.run(turns=turns, operator=operator)
        run.scheduler.pausing = True
        run.run(turns=TURNS)
        assert run.scheduler.standing() is not Standing.BUSY, "a pause never ends"
    elif run.run(turns=turns, operator=operator, torn=rng) is Standing.BUSY and rng.random() < 0.3:
        run.now += rng.uniform(0.0, 500.0)  # taken up much later
    return run.resume()


def _mended(seed: int, run: Drive, operator: Operator) -> Drive:
    world = run.world
    world.trouble = world.deaf = world.forgetful = world.twice = world.slow = 0.0
    for troubled in (world.fails, world.silent, world.liars):
        troubled.clear()
    for _ in range(30):
        standing = run.run(turns=TURNS, decisions=operator.mend(run))
        if standing is Standing.DONE:
            return run
        if standing is Standing.BUSY:
            raise Found(f"seed {seed}: it never comes to rest: {run.states()}")
        run.now += 100.0
        run = run.resume()
    left = {task: one.why for task, one in run.scheduler.runs.items() if not one.state.is_end}
    raise Found(f"seed {seed}: mended, it does not get to its end: {left}")


def _check(seed: int, run: Drive, as_found: frozenset[tuple[str, str]]) -> None:
    wrong = problems(run, as_found)
    if wrong:
        raise Found(f"seed {seed}: " + "; ".join(wrong[:5]))
