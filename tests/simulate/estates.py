"""Random plans and worlds, each from a seed: what a campaign lets runs loose on.

A system goes down by `stop`, `isolate` or `poweroff`, and comes back from any of these or from several; a firewall or
a power controller acts on it from another host, which may itself belong to a system of the plan, as may the gateway
that everything is reached by. What the planner would write as needs for that stands in the plan.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.model.events import OperatorDid
from orchestrator.model.plan import (
    EvidencePolicy,
    Plan,
    PlanEvidence,
    PlanHealth,
    PlanHost,
    PlanProbe,
    PlanProbes,
    PlanStep,
    PlanTask,
    Policy,
)
from orchestrator.model.terms import Action, Mode, OnFailure, Platform
from tests.simulate.hosts import World
from tests.simulate.plans import OFFLINE, ONLINE, make_plan

ACTOR = "actor"
"""A host that no system of the plan lives on."""

WAYS_DOWN = ((Mode.STOP,), (Mode.STOP,), (Mode.STOP,), (Mode.POWEROFF,), (Mode.ISOLATE,))
WAYS_BACK = (
    (Mode.STOP,),
    (Mode.STOP,),
    (Mode.ISOLATE,),
    (Mode.POWEROFF,),
    (Mode.POWEROFF, Mode.ISOLATE),
    (Mode.ISOLATE, Mode.STOP),
)


def said(task: str, word: str, by: str = "o") -> OperatorDid:
    """A person's decision."""
    return OperatorDid.model_validate({"did": "resolve", "task": task, "as": word, "by": by, "reason": "so it is"})


def about_the_run(did: str) -> OperatorDid:
    """A person's word about the run as a whole: `pause`, `abort`, `past-limit`."""
    return OperatorDid.model_validate({"did": did, "by": "o", "reason": "so it is"})


@dataclass(frozen=True)
class Estate:
    """A plan, and which of its systems others are acted on or reached through."""

    plan: Plan
    acting: str  # the host that acts on others
    actor: str | None  # the task whose system that host belongs to
    gateway: str | None  # the task whose system all others are reached through


def random_needs(rng: random.Random, names: list[str]) -> dict[str, tuple[str, ...]]:
    """Up to three needs for each, among those named before it."""
    return {name: tuple(sorted(rng.sample(names[:n], min(n, rng.randint(0, 3))))) for n, name in enumerate(names)}


def random_estate(rng: random.Random, *, patient: bool = False) -> Estate:
    """A plan of up to a dozen systems, of every kind that the contract knows.

    `patient`: evidence has time, and every host keeps receipts, in a folder that a probe has seen before the first
    step: there nothing that orch was killed over stays unknown.
    """
    action = rng.choice(list(Action))
    down = action is Action.SHUTDOWN
    names = [f"s{n:02}" for n in range(rng.randint(2, rng.choice([4, 7, 7, 11])))]
    needs, barriers = random_needs(rng, names), {}
    last = names[-1] if down else names[0]
    actor = last if rng.random() < 0.4 else None
    gateway = last if rng.random() < 0.25 else None
    for name in names:
        if last in (actor, gateway) and name != last:
            before, after = (name, last) if down else (last, name)
            needs[after] = tuple(dict.fromkeys((*needs[after], before)))
    if len(names) > 4 and rng.random() < 0.5:
        cut = rng.randint(1, len(names) - 1)
        barriers["order-1"] = tuple(names[:cut])
        needs |= {name: (*needs[name], "order-1") for name in names[cut:]}
    plan = make_plan(
        needs,
        action=action,
        hosts=rng.choice([1, 1, 2, 3]),
        policy=random_policy(rng, action, patient=patient),
        barriers=barriers,
        idempotent=rng.random() < 0.3,
    )
    acting = f"{actor}-0" if actor else ACTOR
    bare = not patient and rng.random() < 0.2  # an estate whose hosts keep no receipts
    hosts = {
        name: replace(host, zone=rng.choice(["z0", "z1", None]), receipts=patient or (not bare and rng.random() < 0.95))
        for name, host in plan.hosts.items()
    }
    if acting == ACTOR:
        hosts[ACTOR] = PlanHost(address=ACTOR, port=22, user="orch", platform=Platform.LINUX, receipts=not bare)
    tasks = tuple(
        _varied(rng, task, action, acting, plain=patient or task.id in (actor, gateway)) if rng.random() < 0.9 else task
        for task in plan.tasks
    )
    return Estate(plan.model_copy(update={"tasks": tasks, "hosts": hosts}), acting, actor, gateway)


def random_policy(rng: random.Random, action: Action, *, patient: bool) -> Policy:
    """What the protocol says."""
    down = action is Action.SHUTDOWN
    choice = [OnFailure.HOLD, OnFailure.HOLD, OnFailure.CONTINUE, *([OnFailure.FORCE] * 2 if down else [])]
    return Policy(
        parallel=rng.randint(2, 8),
        on_failure=rng.choice(choice),
        zone_parallel=rng.choice([{}, {"z0": 1}, {"z0": 2, "z1": 1}]),
        failed_limit=None if down else rng.choice([None, 1, 1, 2, 4]),
        unreachable_limit=None if down else rng.choice([None, 1, 2, 3]),
        evidence=EvidencePolicy(
            required=rng.random() < 0.6,
            at_most_s=600 if patient else rng.choice([2, 30]),
            past=rng.choice(["hold", "go-on"]),
        ),
    )


def _varied(rng: random.Random, task: PlanTask, action: Action, acting: str, *, plain: bool) -> PlanTask:
    down = action is Action.SHUTDOWN
    modes = (Mode.STOP,) if plain else rng.choice(WAYS_DOWN if down else WAYS_BACK)
    shown = (Mode.ISOLATE in modes and rng.random() < 0.8, Mode.POWEROFF in modes and rng.random() < 0.5)
    steps = [step for mode in modes for step in _steps(rng, task, mode, modes, acting)]
    by_person = set(rng.choice([(), (), (), (), (steps[0].id,), (steps[-1].id,), {step.id for step in steps}]))
    steps = [_manual(step) if step.id in by_person else step for step in steps]
    if rng.random() < 0.5 and modes[-1] is Mode.STOP:  # a step after the one that changes the state
        steps += [
            replace(step, id="stop.3", name="stay", argv=("stay", task.system, step.host), manual=None,
                    changes_state=False)
            for step in steps if step.id == "stop.2"
        ]  # fmt: skip
    going_on = rng.random() < 0.3
    steps = [replace(step, continue_on_failure=going_on and step.id == "stop.1") for step in steps]
    evidence = tuple(
        PlanEvidence(host=host, argv=("evidence", task.system, host), timeout_s=5, name=name)
        for name in ("sockets", "memory")[: rng.choice([0, 0, 1, 2])]
        for host in task.hosts
    )
    health = tuple(
        PlanHealth(host=host, argv=("health", task.system, host), timeout_s=5, name="ok", within_s=20, every_s=5,
                   settle_s=3)
        for host in task.hosts[: rng.choice([0, 1, 3])]
    )  # fmt: skip
    return replace(
        task,
        mode=modes[0] if down else None,
        undoes=None if down else modes,
        probe=PlanProbes(
            state=task.probe.state,
            isolation=_probes(task, acting, "isolation") if shown[0] else (),
            poweroff=_probes(task, acting, "power") if shown[1] else (),
        ),
        health=() if down else health,
        steps=tuple(steps),
        force=_force(rng, task, acting, plain=plain) if down and rng.random() < 0.6 else (),
        serial=rng.random() < 0.6,
        priority=rng.choice([10, 50, 90]),
        evidence=evidence if down else (),
    )


def _steps(rng: random.Random, task: PlanTask, mode: Mode, modes: tuple[Mode, ...], acting: str) -> list[PlanStep]:
    """The steps of one mode: a quiet one, then the one that changes the state."""
    down = task.mode is not None
    first = "drain" if down else "allow"
    disconnects, on_host = False, None
    match mode, down:
        case Mode.STOP, _:
            verb = "stop" if down else "start"
        case Mode.ISOLATE, _:
            verb, on_host = "cut" if down else "join", acting
        case Mode.POWEROFF, True:
            verb, disconnects = "poweroff", True
        case _:
            verb = "switchon" if Mode.STOP in modes else "poweron"
            on_host, disconnects = acting, rng.random() < 0.5
    template = task.steps[0]
    steps = []
    for n, name in enumerate((first, verb), 1):
        for host in task.hosts:
            last = n == 2
            if not last and mode is not Mode.STOP and not down:
                continue  # the host can't be reached yet
            other = on_host if last and on_host != host else None
            steps.append(
                replace(
                    template, id=f"{mode}.{n}", name=name, host=host, on_host=other, argv=(name, task.system, host),
                    changes_state=last, disconnects=last and disconnects,
                )
            )  # fmt: skip
    return steps


def _probes(task: PlanTask, acting: str, verb: str) -> tuple[PlanProbe, ...]:
    return tuple(
        PlanProbe(host=host, on_host=acting if acting != host else None, argv=(verb, task.system, host), timeout_s=15,
                  yes=ONLINE, no=OFFLINE)
        for host in task.hosts
    )  # fmt: skip


def _force(rng: random.Random, task: PlanTask, acting: str, *, plain: bool) -> tuple[PlanStep, ...]:
    """The force steps: killed on the host itself, or switched off by its carrier."""
    off = not plain and rng.random() < 0.3
    verb = "poweroff" if off else "kill"
    return tuple(
        replace(
            task.steps[0], id="force.1", name=verb, host=host, on_host=acting if off and acting != host else None,
            argv=(verb, task.system, host), idempotent=rng.random() < 0.5, changes_state=True,
            leaves=Mode.POWEROFF if off else Mode.STOP,
        )
        for host in task.hosts
    )  # fmt: skip


def _manual(step: PlanStep) -> PlanStep:
    return replace(step, manual=" ".join(step.argv or ()), argv=None, on_host=None, disconnects=False)


def random_world(rng: random.Random, estate: Estate, *, steady: bool = False, now: float = 1000.0) -> World:
    """Hosts of which some are down already, lie, fail, flap, restart, can't be reached or lose connections.

    `steady`: only troubles that do not depend on the moment.
    """
    plan = estate.plan
    hosts = [name for name in plan.hosts if name != estate.acting]

    def some(chance: float, most: int = 2) -> set[str]:
        return set(rng.sample(hosts, min(most, len(hosts)))) if hosts and rng.random() < chance else set()

    up, cut, off = _as_found(rng, plan)
    gateway = (estate.gateway, f"{estate.gateway}-0")
    own = {host for task in plan.tasks if task.id == estate.gateway for host in task.hosts}
    ways = {host: gateway for host in plan.hosts if estate.gateway and host not in own and host != ACTOR}
    # Killed over an intent to force what can't be reached, nobody knows: undisturbed it is known that nothing was sent.
    can_be_away = not (steady and plan.policy.on_failure is OnFailure.FORCE)
    world = World(
        plan,
        random.Random(rng.random()),
        now=now,
        up=up,
        cut=cut,
        off=off,
        fails=some(0.3),
        silent=some(0.2 if can_be_away else 0.0),
        liars=some(0.2),
        ways=ways if can_be_away else {},  # type: ignore[arg-type]
        acts_by={estate.acting: (estate.actor, estate.acting)} if estate.actor else {},
        **({} if steady else _moods(rng, some)),
    )
    if not steady:
        for host in [*sorted(some(0.3)), *([estate.acting] if rng.random() < 0.1 else [])]:
            at, takes = rng.uniform(5.0, 200.0), rng.uniform(5.0, 40.0)
            world.later(at, lambda host=host, takes=takes: world.restart(host, takes))  # type: ignore[misc]
    return world


def _moods(rng: random.Random, some: Callable[[float], set[str]]) -> dict[str, Any]:
    return {
        "trouble": rng.choice([0.0, 0.2, 0.6]),
        "deaf": rng.choice([0.0, 0.0, 0.05]),
        "forgetful": rng.choice([0.0, 0.0, 0.2]),
        "twice": rng.choice([0.0, 0.3]),
        "slow": rng.choice([0.0, 0.0, 0.2]),
        "boots_s": rng.choice([0.0, 8.0, 20.0]),
        "false": some(0.1),
        "babblers": some(0.1),
        "flaps": {host: (rng.uniform(20.0, 90.0), rng.uniform(2.0, 12.0)) for host in sorted(some(0.15))},
    }


def _as_found(rng: random.Random, plan: Plan) -> tuple[dict[tuple[str, str], bool], set[str], set[str]]:
    """Which systems are up, which hosts cut off or without power, before the night: a few are as wanted already."""
    up: dict[tuple[str, str], bool] = {}
    cut, off = set(), set()
    for task in plan.tasks:
        for host in task.hosts:
            done = rng.random() < 0.12
            modes = {task.mode} if task.mode else set(task.undoes or ())
            was_down = done if task.mode else not done
            up[task.system, host] = not (was_down and modes & {Mode.STOP, Mode.POWEROFF})
            cut |= {host} if was_down and Mode.ISOLATE in modes else set()
            off |= {host} if was_down and Mode.POWEROFF in modes else set()
    return up, cut, off
