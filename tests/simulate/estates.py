"""Random plans, worlds and operators, each from a seed: what a campaign lets runs loose on."""

import random
from dataclasses import dataclass, field, replace

from orchestrator.model.events import OperatorDid
from orchestrator.model.plan import EvidencePolicy, Plan, PlanEvidence, PlanHealth, PlanStep, PlanTask, Policy
from orchestrator.model.terms import Action, Mode, OnFailure, TaskState
from orchestrator.run.people import objection
from orchestrator.run.steps import by_hand, due_steps
from tests.simulate.world import Drive, World, make_plan

WORDS = ("done", "retry", "skip", "hold", "waive-evidence")


def said(task: str, word: str, by: str = "o") -> OperatorDid:
    """A person's decision."""
    return OperatorDid.model_validate({"did": "resolve", "task": task, "as": word, "by": by, "reason": "so it is"})


def random_needs(rng: random.Random, names: list[str]) -> dict[str, tuple[str, ...]]:
    """Up to three needs for each, among those named before it."""
    return {name: tuple(sorted(rng.sample(names[:n], min(n, rng.randint(0, 3))))) for n, name in enumerate(names)}


def random_plan(rng: random.Random) -> Plan:
    """A plan of up to a dozen systems: one or more hosts, serial or not, evidence, barriers, manual steps, zones."""
    action = rng.choice(list(Action))
    names = [f"s{n:02}" for n in range(rng.randint(2, 11))]
    needs, barriers = random_needs(rng, names), {}
    if len(names) > 4 and rng.random() < 0.5:
        cut = rng.randint(1, len(names) - 1)
        barriers["order-1"] = tuple(names[:cut])
        needs |= {name: (*needs[name], "order-1") for name in names[cut:]}
    policy = Policy(
        parallel=rng.randint(2, 8),
        on_failure=rng.choice([OnFailure.HOLD, OnFailure.HOLD, OnFailure.CONTINUE]),
        zone_parallel=rng.choice([{}, {"z0": 1}, {"z0": 2, "z1": 1}]),
        evidence=EvidencePolicy(
            required=rng.random() < 0.6, at_most_s=rng.choice([2, 30]), past=rng.choice(["hold", "go-on"])
        ),
    )
    idempotent = rng.random() < 0.3
    plan = make_plan(
        needs, action=action, hosts=rng.randint(1, 3), policy=policy, barriers=barriers, idempotent=idempotent
    )
    bare = rng.random() < 0.2  # an estate whose hosts keep no receipts
    hosts = {
        name: replace(host, zone=rng.choice(["z0", "z1", None]), receipts=not bare) for name, host in plan.hosts.items()
    }
    tasks = tuple(_varied(rng, task, action) if rng.random() < 0.8 else _powered_off(task) for task in plan.tasks)
    return plan.model_copy(update={"tasks": tasks, "hosts": hosts})


def _varied(rng: random.Random, task: PlanTask, action: Action) -> PlanTask:
    by_person = set(rng.choice([(), (), (), ("stop.1",), ("stop.2",), ("stop.1", "stop.2")]))
    follows = rng.random() < 0.5
    steps = [_manual(step) if step.id in by_person else step for step in task.steps]
    if follows:  # a step after the one that changes the state
        steps += [
            replace(step, id="stop.3", name="stay", argv=("stay", task.system, step.host), changes_state=False)
            for step in task.steps
            if step.id == "stop.2"
        ]
    going_on = rng.random() < 0.3
    steps = [replace(step, continue_on_failure=going_on and step.id == "stop.1") for step in steps]
    down = action is Action.SHUTDOWN
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
        health=() if down else health,
        steps=tuple(steps),
        serial=rng.random() < 0.6,
        priority=rng.choice([10, 50, 90]),
        evidence=evidence if down else (),
    )


def _powered_off(task: PlanTask) -> PlanTask:
    """Going down in mode poweroff, which only the SSH ports show; coming back as it is."""
    if task.mode is None:
        return task
    steps = [replace(step, id=step.id.replace("stop", "poweroff")) for step in task.steps]
    last = [replace(s, name="off", argv=("poweroff", task.system, s.host), disconnects=True) for s in steps]
    steps = [off if off.changes_state else step for step, off in zip(steps, last, strict=True)]
    return replace(task, mode=Mode.POWEROFF, steps=tuple(steps))


def _manual(step: PlanStep) -> PlanStep:
    return replace(step, manual=" ".join(step.argv or ()), argv=None)


def random_world(rng: random.Random, plan: Plan) -> World:
    """Hosts of which some are down already, lie, fail, can't be reached or lose connections."""
    pairs = [(task.system, host) for task in plan.tasks for host in task.hosts]
    online = plan.action is Action.SHUTDOWN
    hosts = list(plan.hosts)

    def some(chance: float, most: int = 2) -> set[str]:
        return set(rng.sample(hosts, min(most, len(hosts)))) if rng.random() < chance else set()

    up = dict.fromkeys(rng.sample(pairs, rng.randint(0, len(pairs) // 4)), not online)
    off = {
        host for task in plan.tasks if task.mode is Mode.POWEROFF for host in task.hosts if (task.system, host) in up
    }
    return World(
        plan,
        random.Random(rng.random()),
        trouble=rng.choice([0.0, 0.2, 0.6]),
        up=up,
        off=off,
        fails=some(0.3),
        silent=some(0.2),
        liars=some(0.2),
        deaf=rng.choice([0.0, 0.0, 0.05]),
        forgetful=rng.choice([0.0, 0.0, 0.2]),
        twice=rng.choice([0.0, 0.3]),
        slow=rng.choice([0.0, 0.0, 0.2]),
    )


@dataclass
class Operator:
    """Decides at random; does what a manual step asks for before saying so."""

    rng: random.Random
    often: float
    asked: int = 0
    retried: dict[str, int] = field(default_factory=dict)

    def __call__(self, run: Drive) -> tuple[OperatorDid, ...]:
        """What is decided this turn."""
        if self.rng.random() >= self.often:
            return ()
        task = self.rng.choice(list(run.scheduler.runs))
        word = self.rng.choice(WORDS)
        return self.say(run, task, word)

    def say(self, run: Drive, task: str, word: str) -> tuple[OperatorDid, ...]:
        """One decision, if it can be taken."""
        decision = said(task, word)
        state = run.scheduler.runs[task]
        if objection(state, decision) is not None:
            return ()
        if word == "done" and state.state is TaskState.HELD and state.held_from is TaskState.RUNNING:
            for step in by_hand(due_steps(state)):
                verb, system, host = (step.manual or "").split()
                run.world.effect((verb, system, host), run.now)
        self.retried[task] = self.retried.get(task, 0) + (word == "retry")
        return (decision,)

    def mend(self, run: Drive) -> tuple[OperatorDid, ...]:
        """Everything that only a person can move, moved the right way."""
        decisions: tuple[OperatorDid, ...] = ()
        for task in tuple(run.scheduler.held_up()):
            state = run.scheduler.runs[task]
            by_hand_now = state.state is TaskState.HELD and state.held_from is TaskState.RUNNING
            waits = state.state is TaskState.HELD and state.held_from is TaskState.EVIDENCE
            decisions += self.say(run, task, "done" if by_hand_now else "waive-evidence" if waits else "retry")
        return decisions
