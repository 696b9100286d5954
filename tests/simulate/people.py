"""People in other terminals: at random while there is trouble, and the right way when all is mended."""

import random
from collections import Counter

from orchestrator.model.events import OperatorDid
from orchestrator.model.terms import Mode, TaskState
from orchestrator.run.people import objection
from orchestrator.run.steps import by_hand, due_steps
from orchestrator.run.task_run import TaskRun
from tests.simulate.estates import about_the_run, said
from tests.simulate.night import Core, Found, Night
from tests.simulate.truth import is_as_wanted, make_as_wanted

WORDS = ("done", "retry", "skip", "hold", "waive-evidence")
RUBBISH = (b"", b"{", b"\x00" * 100, b'{"did": "resolve"}', b"x" * 70_000, b'{"did": "abort", "by": "", "reason": " "}')


class People:
    """What people do in one night. They do what a manual step asks for before they say so."""

    def __init__(self, night: Night, rng: random.Random, often: float) -> None:
        self._night, self._rng, self._often = night, rng, often
        self._retried: Counter[str] = Counter()
        self.is_calm = False  # nothing bad happens any more

    def come_and_go(self, seconds: float) -> None:
        """Something every now and then, for so many seconds from now."""
        world, at = self._night.world, 0.0
        while self._often and at < seconds:
            at += self._rng.expovariate(self._often)
            world.later(at, self._something)

    def _something(self) -> None:
        night = self._night
        if not night.is_alive:
            return
        if not self.is_calm and self._rng.random() < 0.15:
            night.disk.crash_soon(self._rng.randint(1, 12))
        dice = self._rng.random()
        if dice < 0.06:
            night.second_process()
        elif dice < 0.12:
            night.stop.request()
            night.world.is_new = True
        elif dice < 0.15:
            night.stop.request()
            night.stop.request()
            night.world.is_new = True
        elif dice < 0.2:
            night.rubbish(self._rng.choice(RUBBISH))
        elif dice < 0.24:
            night.skew += self._rng.uniform(-7200.0, 7200.0)
        elif dice < 0.27:
            night.say(about_the_run("pause"))
        elif dice < 0.275:
            night.say(about_the_run("abort"))
        else:
            self._decide(self._rng.choice(list(night.judge.tasks)))

    def _decide(self, task: str) -> None:
        run = self._run(task)
        word = self._rng.choice([*WORDS, "retry", "escalate"])
        sensible = run is not None and objection(run, _word(task, word)) is None
        if sensible or self._rng.random() < 0.2:  # now and then a word that can't be taken
            self.say(task, word)

    def say(self, task: str, word: str) -> bool:
        """One word about one task."""
        return self._night.say(self._prepared(task, word))

    def mend(self) -> None:
        """Everything that only a person can move, moved the right way."""
        assert Core.latest is not None
        words = []
        for task in tuple(Core.latest.held_up()):
            run = Core.latest.runs[task]
            if run.state is TaskState.HELD and run.held_from is TaskState.EVIDENCE:
                word = "waive-evidence"
            elif _waits_for_hands(run) or self._is_down_or_up(run):
                word = "done"  # by hand now, or one looked on the spot
            elif self._retried[task] > 2 and self._is_beyond_retry(run):
                make_as_wanted(self._night.world, run.task)
                word = "done"
            else:
                word = "retry"
                self._retried[task] += 1
            words.append(self._prepared(task, word))
        if words and not self._night.say(*words):
            raise Found(f"what has to be decided can't be: {words}")

    def _is_down_or_up(self, run: TaskRun) -> bool:
        """Whether all is as wanted, or as force left it, for who looks on the spot."""
        return all(is_as_wanted(self._night.world, run.task, host, forced=True) for host in run.task.hosts)

    def _is_beyond_retry(self, run: TaskRun) -> bool:
        """What no probe sees, and what a lying host called done, is not done again by a retry: a person has to."""
        blind = run.task.mode is Mode.ISOLATE and not run.task.probe.isolation
        return blind or bool(self._night.world.liars_ever.intersection(run.task.hosts))

    def _prepared(self, task: str, word: str) -> OperatorDid:
        """What a person says; what a manual step asks for is done before."""
        run = self._run(task)
        if word == "done" and run is not None and _waits_for_hands(run):
            for step in by_hand(due_steps(run)):
                verb, system, host = (step.manual or "").split()
                self._night.world.effect((verb, system, host), self._night.world.now)
        return _word(task, word)

    def _run(self, task: str) -> TaskRun | None:
        return Core.latest.runs.get(task) if Core.latest is not None else None


def _word(task: str, word: str) -> OperatorDid:
    if word == "escalate":
        return OperatorDid(did="escalate", task=task, by="o", reason="so it is")
    return said(task, word)


def _waits_for_hands(run: TaskRun) -> bool:
    return run.state is TaskState.HELD and run.held_from is TaskState.RUNNING
