"""A virtual world for the scheduler: hosts that hold states, lose connections, keep receipts, come late or lie.

The world counts what was really executed, so that a test can compare it with what the journal says. A `Drive` is one
process that executes a run: it can be killed at any turn, with the last batch of its journal cut anywhere (then
nothing of what that batch wanted was sent), or whole with only a part of it sent.
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestrator.hosts.port import Outcome, OutcomeState, Result, Spec, SpecKind
from orchestrator.model.events import Event, OperatorDid, OutputRef, Resumed
from orchestrator.model.plan import (
    Barrier,
    Estimate,
    Need,
    Plan,
    PlanHost,
    PlanMatch,
    PlanProbe,
    PlanProbes,
    PlanStep,
    PlanTask,
    Policy,
    Request,
)
from orchestrator.model.terms import Action, Found, Mode, Platform, Reason, TaskState
from orchestrator.run.scheduler import Scheduler, Standing
from orchestrator.run.turn import Ask, Heard, Submit

ONLINE, OFFLINE = PlanMatch(output="up"), PlanMatch(output="down")
NO_OUTPUT = OutputRef(stdout="0" * 64, stderr="0" * 64, bytes=(0, 0), truncated=(False, False))


def make_plan(
    needs: dict[str, tuple[str, ...]],
    *,
    action: Action = Action.SHUTDOWN,
    hosts: int = 1,
    parallel: int = 50,
    policy: Policy | None = None,
    barriers: dict[str, tuple[str, ...]] | None = None,
    **step: object,
) -> Plan:
    """A plan of tasks, each with a drain and a stop on `hosts` hosts; `needs` also names barriers, as `order-1`."""
    tasks = []
    plan_hosts = {}
    for name, needed in needs.items():
        names = tuple(f"{name}-{n}" for n in range(hosts))
        for host in names:
            plan_hosts[host] = PlanHost(address=host, port=22, user="orch", platform=Platform.LINUX)
        probe = tuple(PlanProbe(host=h, argv=("state", name, h), timeout_s=15, yes=ONLINE, no=OFFLINE) for h in names)
        verbs = ("drain", "stop") if action is Action.SHUTDOWN else ("allow", "start")
        options = {"timeout_s": 60, "expect_s": 6.0, "idempotent": False, "disconnects": False} | step
        steps = tuple(
            PlanStep(id=f"stop.{n}", name=verb, host=h, argv=(verb, name, h), changes_state=n == 2, **options)  # type: ignore[arg-type]
            for n, verb in enumerate(verbs, 1)
            for h in names
        )
        tasks.append(
            PlanTask(
                id=name,
                system=name,
                kind="test",
                owner="internal",
                mode=Mode.STOP if action is Action.SHUTDOWN else None,
                undoes=None if action is Action.SHUTDOWN else (Mode.STOP,),
                stage=1,
                hosts=names,
                needs=tuple(
                    Need(barrier=n, reason=Reason.PROTOCOL, source="t:1")
                    if n.startswith("order-")
                    else Need(task=n, reason=Reason.REQUIRES, source="t:1")
                    for n in needed
                ),
                estimate_s=12.0,
                probe=PlanProbes(state=probe),
                steps=steps,
            )
        )
    return Plan(
        id="20260301-0214-test-0000",
        created_at="2026-03-01T02:14:00Z",
        author=None,
        action=action,
        request=Request(),
        inputs=(),
        estate_head="0" * 64,
        summary="test",
        policy=policy or Policy(parallel=parallel),
        hosts=plan_hosts,
        barriers=tuple(Barrier(id=b, needs=n, source="t:1") for b, n in (barriers or {}).items()),
        tasks=tuple(tasks),
        estimate=Estimate(seconds=0, critical_path=(), critical_path_s=0),
    )


@dataclass
class World:
    """What is true. `up` holds (system, host) pairs that are online; `done` counts executions of each key."""

    plan: Plan
    rng: random.Random
    trouble: float = 0.0  # how often something goes wrong with a step
    honest: bool = True
    up: dict[tuple[str, str], bool] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    receipts: dict[str, Result | None] = field(default_factory=dict)  # None: still running
    fenced: set[str] = field(default_factory=set)
    finished: list[tuple[float, str, str]] = field(default_factory=list)  # when, verb, host
    fails: set[str] = field(default_factory=set)  # hosts whose steps fail
    silent: set[str] = field(default_factory=set)  # hosts that can't be reached
    lost: set[str] = field(default_factory=set)  # parts of keys whose answers are lost
    liars: set[str] = field(default_factory=set)  # hosts whose steps say done, and do nothing
    off: set[str] = field(default_factory=set)  # hosts without power
    deaf: float = 0.0  # how often a question is lost
    forgetful: float = 0.0  # how often a receipt folder turns out to be another one
    twice: float = 0.0  # how often news comes again
    slow: float = 0.0  # how often a step takes longer than its timeout
    running: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (verb, system, host) being executed now
    overlaps: list[str] = field(default_factory=list)  # the same thing executed while it was being executed
    cut: set[str] = field(default_factory=set)  # hosts off the network, but for who asks their carrier

    def __post_init__(self) -> None:
        self.forgetful_ever, self.silent_ever = bool(self.forgetful), bool(self.silent or self.deaf)
        online = self.plan.action is Action.SHUTDOWN
        for task in self.plan.tasks:
            for host in task.hosts:
                self.up.setdefault((task.system, host), online)

    def effect(self, argv: tuple[str, ...], at: float) -> None:
        verb, system, host = argv
        if host in self.liars:
            verb = "nothing"
        match verb:
            case "stop" | "start":
                self.up[system, host] = verb == "start"
            case "cut" | "join":
                (self.cut.add if verb == "cut" else self.cut.discard)(host)
            case "poweroff" | "poweron":
                (self.off.add if verb == "poweroff" else self.off.discard)(host)
                self.up[system, host] = verb == "poweron"
        self.finished.append((at, verb, host))

    def answer(self, argv: tuple[str, ...]) -> bytes:
        """What a probe reads: `state`, `isolation` (cut or not) or `power`."""
        verb, system, host = argv
        match verb:
            case "isolation":
                return b"up" if host in self.cut else b"down"  # yes is isolated
            case "health":
                return b""
            case "power":
                return b"down" if host in self.off else b"up"
            case _:
                return b"up" if self.up[system, host] else b"down"


class Drive:
    """Drives one scheduler through a world on a virtual clock, and keeps the journal."""

    def __init__(self, world: World, now: float = 1000.0) -> None:
        self.world = world
        self.now = now
        self.scheduler = Scheduler(world.plan)
        self.journal: list[tuple[float, Event]] = []
        self._news: list[tuple[float, int, str, Outcome]] = []
        self._late: list[tuple[float, int, str, tuple[str, ...]]] = []  # effects that end on the host by themselves
        self._n = 0
        self._heard: list[Heard] = []
        self.most_busy = 0

    def resume(self) -> "Drive":
        """A new process takes the journal up; what the old one had under way ends on the hosts all the same."""
        again = Drive(self.world, self.now)
        for at, event in self.journal:
            again.scheduler.replay(event, at)
        again.journal = list(self.journal)
        event = Resumed(by="t", version="0")
        again.scheduler.replay(event, again.now)
        again.journal.append((again.now, event))
        again._late = self._late
        again._n = self._n
        return again

    def run(
        self,
        *,
        turns: int = 100_000,
        decisions: tuple[OperatorDid, ...] = (),
        operator: Callable[["Drive"], tuple[OperatorDid, ...]] | None = None,
        torn: random.Random | None = None,
    ) -> Standing:
        """Until nothing is under way, or `turns` turns are over (as if killed; `torn`: in the middle of writing)."""
        for turn in range(turns):
            decisions += operator(self) if operator else ()
            decided = self.scheduler.advance(self.now, self._heard, decisions)
            decisions, self._heard = (), []
            events, effects = decided.events, decided.effects
            killed = torn is not None and turn == turns - 1
            if torn is not None and killed:
                events = events[: torn.randint(0, len(events))]
                whole = len(events) == len(decided.events)
                effects = effects[: torn.randint(0, len(effects))] if whole else ()
            self.journal += [(self.now, event) for event in events]
            busy = sum(run.state.is_busy for run in self.scheduler.runs.values())
            self.most_busy = max(self.most_busy, busy)
            for effect in effects:
                match effect:
                    case Submit(key, spec):
                        self._submit(key, spec)
                    case Ask(key, spec):
                        self._ask(key, spec)
            standing = self.scheduler.standing()
            if killed:
                return Standing.BUSY
            if standing is not Standing.BUSY:
                return standing
            self._heard = self._next()
        return Standing.BUSY

    def _next(self) -> list[Heard]:
        wake = self.scheduler.wake_at()
        times = [t for t in (self._news[0][0] if self._news else None, wake) if t is not None]
        assert times, "the run waits for nothing: " + str({t: r.state for t, r in self.scheduler.runs.items()})
        self.now = max(self.now, min(times))
        self._end_late()
        heard = []
        while self._news and self._news[0][0] <= self.now:
            _, _, key, outcome = heapq.heappop(self._news)
            heard.append(Heard(key, outcome, NO_OUTPUT if outcome.result else None))
        return heard

    def _later(self, delay: float, key: str, outcome: Outcome) -> None:
        again = self.world.twice and self.world.rng.random() < self.world.twice
        for after in (0.0, self.world.rng.uniform(0.0, 90.0))[: 2 if again else 1]:
            self._n += 1
            heapq.heappush(self._news, (self.now + delay + after, self._n, key, outcome))

    def _happens_later(self, delay: float, key: str, argv: tuple[str, ...]) -> None:
        """The command reaches its host, or ends there, after `delay`, whatever becomes of us."""
        self._n += 1
        heapq.heappush(self._late, (self.now + delay, self._n, key, argv))

    def _end_late(self) -> None:
        world = self.world
        while self._late and self._late[0][0] <= self.now:
            at, _, key, argv = heapq.heappop(self._late)
            if key in world.receipts:
                world.running[argv[0], argv[1], argv[2]] -= 1
                world.effect(argv, at)
                world.receipts[key] = Result(0, b"", b"", (0, 0))
            elif key not in world.fenced:
                self._execute(key, argv, 3.0)

    def _submit(self, key: str, spec: Spec) -> None:
        world = self.world
        self._end_late()
        if spec.kind is SpecKind.PORT:
            silent = spec.host.id in world.off | world.cut
            port = Found.SILENT if silent else Found.ANSWERS
            self._later(0.5, key, Outcome(OutcomeState.DONE, port=port))
            return
        assert spec.argv is not None
        if spec.host.id in world.silent | world.off | world.cut:
            self._later(1.0, key, Outcome(OutcomeState.UNREACHABLE, why="refused", refusal=Found.UNREACHABLE))
        elif any(part in key for part in world.lost):
            self._later(1.0, key, Outcome(OutcomeState.UNKNOWN, why="connection lost"))
        elif world.deaf and world.rng.random() < world.deaf:
            refused = Outcome(OutcomeState.UNREACHABLE, why="refused", refusal=Found.UNREACHABLE)
            lost = Outcome(OutcomeState.UNKNOWN, why="connection lost")
            read = spec.kind is SpecKind.READ
            self._later(1.0, key, world.rng.choice([refused, lost]) if read else refused)
        elif spec.kind is SpecKind.READ:
            text = world.answer(spec.argv)
            generation = "g1" if spec.host.receipts else None
            verb, system, host = spec.argv
            ill = verb == "health" and not world.up[system, host]
            answer = Outcome(OutcomeState.DONE, Result(int(ill), text, b"", (len(text), 0)), generation=generation)
            takes = world.rng.uniform(0.1, 4.0) if verb == "evidence" else world.rng.uniform(0.01, 0.2)
            self._later(takes, key, answer)
        else:
            self._step(key, spec)

    def _step(self, key: str, spec: Spec) -> None:
        world, takes = self.world, self.world.rng.uniform(1.0, 8.0)
        argv = spec.argv or ()
        assert key not in world.receipts
        assert key not in world.fenced, "a fenced attempt was submitted"
        lost = Outcome(OutcomeState.UNKNOWN, why="connection lost")
        dice = world.rng.random()
        if dice < world.trouble / 4:  # lost before it reached the host
            self._later(takes / 2, key, lost)
            return
        if dice < world.trouble / 3:  # lost, and reaches the host all the same, later
            self._later(takes / 2, key, lost)
            self._happens_later(takes / 2 + world.rng.uniform(0.0, 20.0), key, argv)
            return
        if argv[2] in world.fails:
            self._begin(key, argv)
            world.running[argv[0], argv[1], argv[2]] -= 1
            world.receipts[key] = Result(1, b"", b"no", (0, 2))
            self._later(takes, key, Outcome(OutcomeState.DONE, Result(1, b"", b"no", (0, 2))))
            return
        if world.slow and world.rng.random() < world.slow:
            takes = spec.timeout_s * world.rng.uniform(1.1, 2.5)
        self._execute(key, argv, takes)
        if argv[0] == "poweroff" and argv[2] not in world.liars:
            self._later(takes, key, lost)
        elif takes > spec.timeout_s:
            self._later(spec.timeout_s, key, Outcome(OutcomeState.UNKNOWN, why=f"no end within {spec.timeout_s} s"))
        elif dice < world.trouble:  # lost while it runs
            self._later(takes / 3, key, lost)
        else:
            generation = "g1" if spec.host.receipts else None
            self._later(takes, key, Outcome(OutcomeState.DONE, Result(0, b"", b"", (0, 0)), generation=generation))

    def _begin(self, key: str, argv: tuple[str, ...]) -> None:
        what = (argv[0], argv[1], argv[2])
        self.world.done[key] += 1
        if self.world.running[what]:
            self.world.overlaps.append(key)
        self.world.running[what] += 1

    def _execute(self, key: str, argv: tuple[str, ...], takes: float) -> None:
        self._begin(key, argv)
        self.world.receipts[key] = None
        self._happens_later(takes, key, argv)

    def _ask(self, key: str, spec: Spec) -> None:
        world = self.world
        self._end_late()
        assert spec.host.receipts, "a host without receipts was asked for one"
        if spec.host.id in world.silent | world.off | world.cut:
            self._later(1.0, key, Outcome(OutcomeState.NO_ANSWER))
        elif world.forgetful and world.rng.random() < world.forgetful:
            self._later(0.1, key, Outcome(OutcomeState.STALE, why="another folder", by_receipt=True))
        elif key not in world.receipts:
            known = spec.generation is not None
            world.fenced.add(key)
            state = OutcomeState.NEVER if known else OutcomeState.STALE
            self._later(0.1, key, Outcome(state, by_receipt=True))
        elif (result := world.receipts[key]) is None:
            self._later(0.1, key, Outcome(OutcomeState.RUNNING, by_receipt=True))
        else:
            self._later(0.1, key, Outcome(OutcomeState.DONE, result, by_receipt=True))

    def states(self) -> dict[str, TaskState]:
        """The state of every task."""
        return {task: run.state for task, run in self.scheduler.runs.items()}
