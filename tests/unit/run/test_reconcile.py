"""What becomes of a step whose outcome is not known (contract section 6): receipts, crashes, retries, hosts at once."""

import random
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.hosts.port import Outcome, OutcomeState, Result
from orchestrator.model.events import Probed, Resumed, StepChanged, TaskChanged
from orchestrator.model.plan import Plan
from orchestrator.model.terms import Found, Mode, ProbeKind, StepState, TaskState
from orchestrator.run.scheduler import Scheduler, Standing
from orchestrator.run.turn import Ask, Heard, Submit
from tests.simulate.estates import said
from tests.simulate.world import Drive, World
from tests.unit.run.tasks import lived, one_task

S = TaskState


class Hand:
    """A scheduler of the task `db`, answered by hand: probes as told, steps and receipts with given outcomes."""

    def __init__(self, plan: Plan) -> None:
        self.core = Scheduler(plan)
        self.now = 0.0
        self.sent: list[str] = []
        self.found = "up"

    def go(self, *heard: Heard, decisions: tuple[Any, ...] = ()) -> list[str]:
        """Advance; probes are answered at once. Returns what was sent or asked for steps."""
        out: list[str] = []
        news = list(heard)
        while True:
            decided = self.core.advance(self.now, news, decisions)
            news, decisions = [], ()
            for effect in decided.effects:
                match effect:
                    case Submit(key) if "?" in key:
                        text = self.found.encode()
                        result = Result(0, text, b"", (len(text), 0))
                        news.append(Heard(key, Outcome(OutcomeState.DONE, result, generation="g")))
                    case Submit(key):
                        out.append("send " + "/".join(key.split("/")[2:]))
                        self.sent.append(key)
                    case Ask(key):
                        out.append("ask " + "/".join(key.split("/")[2:]))
                    case _:
                        continue
            if not news:
                return out

    def hear(self, state: OutcomeState, nth: int = -1, **rest: Any) -> list[str]:
        """News of an attempt."""
        return self.go(Heard(self.sent[nth], Outcome(state, **rest)))

    @property
    def task(self) -> Any:
        """The task."""
        return self.core.runs["db"]


@pytest.mark.parametrize(
    ("answer", "idempotent", "then", "state"),
    [
        (OutcomeState.NEVER, False, ["send stop.1/db-0/-/2"], S.RUNNING),
        (OutcomeState.RUNNING, False, [], S.RUNNING),
        (OutcomeState.NO_ANSWER, False, [], S.RUNNING),
        (OutcomeState.LOST, False, [], S.VERIFYING),
        (OutcomeState.STALE, False, [], S.VERIFYING),
        (OutcomeState.LOST, True, ["send stop.1/db-0/-/2"], S.RUNNING),
        (OutcomeState.STALE, True, ["send stop.1/db-0/-/2"], S.RUNNING),
    ],
    ids=str,
)
def test_what_the_receipt_says(answer: OutcomeState, idempotent: bool, then: list[str], state: S) -> None:
    hand = Hand(one_task("stop", idempotent=idempotent))
    assert hand.go() == ["send stop.1/db-0/-/1"]
    assert hand.hear(OutcomeState.UNKNOWN, why="connection lost") == ["ask stop.1/db-0/-/1"]
    assert hand.hear(answer) == then
    assert hand.task.state is state


@pytest.mark.parametrize("answer", [OutcomeState.RUNNING, OutcomeState.NO_ANSWER])
def test_asked_every_five_seconds_until_the_deadline_then_in_doubt(answer: OutcomeState) -> None:
    hand = Hand(one_task("stop"))
    hand.go()
    hand.hear(OutcomeState.UNKNOWN)
    asked = 1
    for second in range(1, 70):
        hand.now = float(second)
        hand.hear(answer) if hand.core.flights["db"].keys else None
        asked += len(hand.go())
    assert asked == 12
    assert hand.core.counts[S.VERIFYING] == 1
    hand.now = 100.0
    hand.go()
    assert hand.core.counts[S.UNKNOWN] == 1


def test_a_host_that_says_it_keeps_no_receipts_is_not_asked_again() -> None:
    hand = Hand(one_task("stop"))
    hand.go()
    hand.hear(OutcomeState.UNKNOWN)
    hand.hear(OutcomeState.NO_ANSWER, by_receipt=True)
    assert hand.task.state is S.VERIFYING


def test_never_begun_three_times_fails_with_nothing_sent() -> None:
    hand = Hand(one_task("stop"))
    hand.go()
    for _ in range(3):
        hand.hear(OutcomeState.UNKNOWN)
        hand.hear(OutcomeState.NEVER)
    assert hand.task.state is S.FAILED
    assert hand.task.unsent
    assert len(hand.sent) == 3


def test_late_and_double_news_change_nothing() -> None:
    hand = Hand(one_task("stop"))
    hand.go()
    hand.hear(OutcomeState.UNKNOWN)
    hand.hear(OutcomeState.DONE, result=Result(0, b"", b"", (0, 0)))
    before = hand.task.state, dict(hand.task.attempts)
    hand.hear(OutcomeState.UNKNOWN)
    hand.hear(OutcomeState.DONE, result=Result(1, b"", b"", (0, 0)))
    assert (hand.task.state, dict(hand.task.attempts)) == before


def test_one_host_failed_and_one_unknown_waits_for_both_and_hides_neither() -> None:
    hand = Hand(one_task("stop", hosts=2, serial=False))
    assert hand.go() == ["send stop.1/db-0/-/1", "send stop.1/db-1/-/1"]
    hand.hear(OutcomeState.DONE, 0, result=Result(1, b"", b"no", (0, 2)))
    assert hand.core.counts[S.RUNNING] == 1
    hand.hear(OutcomeState.UNKNOWN, 1)
    hand.hear(OutcomeState.LOST, 1, why="its runner is gone")
    assert hand.task.state is S.FAILED
    assert hand.task.why == "stop on db-0: exit 1: no. stop on db-1: its runner is gone."
    assert not hand.task.unsent


def test_unknown_attempts_of_several_hosts_are_asked_all_after_a_crash() -> None:
    hand = Hand(one_task("stop", hosts=2, serial=False))
    hand.go()
    plan = hand.core.plan
    hand.core = Scheduler(plan)
    for host in ("db-0", "db-1"):
        _replay(hand.core, "probing" if host == "db-0" else "", f"{host} online")
    _replay(hand.core, "running")
    for host in ("db-0", "db-1"):
        hand.core.replay(StepChanged(task="db", step="stop.1", host=host, attempt=1, state=StepState.INTENT), hand.now)
    hand.core.replay(Resumed(by="o", version="0"), hand.now)
    assert hand.go() == ["ask stop.1/db-0/-/1", "ask stop.1/db-1/-/1"]


def _replay(core: Scheduler, *what: str) -> None:
    for text in filter(None, what):
        words = text.split()
        if len(words) == 1:
            core.replay(TaskChanged(task="db", state=S(text)), 0.0)
        else:
            core.replay(Probed(task="db", host=words[0], probe=ProbeKind.STATE, found=Found(words[1])), 0.0)


@pytest.mark.parametrize(
    ("answer", "then", "state"),
    [
        ({"state": OutcomeState.NEVER}, ["send stop.1/db-0/-/2"], S.RUNNING),
        ({"state": OutcomeState.DONE, "result": Result(0, b"", b"", (0, 0))}, [], S.DONE),
        ({"state": OutcomeState.DONE, "result": Result(1, b"", b"", (0, 0))}, ["send stop.1/db-0/-/2"], S.RUNNING),
        ({"state": OutcomeState.LOST}, ["send stop.1/db-0/-/2"], S.RUNNING),
        ({"state": OutcomeState.RUNNING}, [], S.RUNNING),
    ],
    ids=["never", "ok after all", "failed after all", "lost", "still running"],
)
def test_a_retry_asks_the_unknown_attempt_before_it(answer: dict[str, Any], then: list[str], state: S) -> None:
    hand = _unknown_then_retried()
    hand.found = "down" if state is S.DONE else "up"
    assert hand.hear(**answer) == then
    assert hand.task.state is state


def test_a_retry_never_joins_an_attempt_that_still_runs() -> None:
    hand = _unknown_then_retried()
    for _ in range(14):
        hand.hear(OutcomeState.RUNNING)
        hand.now += 5
        hand.go()
    assert len(hand.sent) == 1
    assert hand.task.state is S.FAILED
    assert "still runs" in hand.task.why


def _unknown_then_retried() -> Hand:
    hand = Hand(one_task("stop"))
    hand.go()
    hand.hear(OutcomeState.UNKNOWN)
    hand.hear(OutcomeState.STALE)
    while hand.task.state is not S.UNKNOWN:
        hand.now += 2
        hand.go()
    assert hand.go(decisions=(said("db", "retry"),)) == ["ask stop.1/db-0/-/1"]
    return hand


@pytest.mark.parametrize(
    ("what", "state"),
    [
        (("probing", "db-0 unreachable", "failed"), S.WAITING),
        (("probing", "db-0 online", "running", "stop.1 db-0 unsent", "failed"), S.WAITING),
        (("probing", "db-0 online", "running", "stop.1 db-0 failed", "failed"), S.FAILED),
        (("probing", "db-0 online", "running", "stop.1 db-0 ok", "stop.2 db-0 unsent", "failed"), S.FAILED),
        (("probing", "db-0 online", "running", "stop.1 db-0 failed", "stop.1 db-1 unsent", "failed"), S.FAILED),
        (("probing", "db-0 online", "evidence"), S.PROBING),
        (("probing", "db-0 online", "running"), S.RUNNING),
        (("probing", "db-0 online", "running", "stop.1 db-0 ok", "verifying"), S.VERIFYING),
        (("probing", "db-0 online", "running", "stop.1 db-0 unknown", "verifying"), S.RUNNING),
        (("probing", "db-0 online", "running", "stop.1 db-0 unknown", "verifying", "unknown"), S.UNKNOWN),
    ],
    ids=lambda one: " > ".join(one) if isinstance(one, tuple) else str(one),
)
def test_where_a_resume_takes_a_task(what: tuple[str, ...], state: S) -> None:
    run = lived(one_task("stop", "stay", hosts=2), *what)
    run.resumed(99.0)
    assert run.state is state


def test_a_power_off_that_was_written_and_never_sent_is_begun_anew() -> None:
    """Killed between the intent and the sending: the host still answers, and its receipt says that nothing began."""
    plan = one_task("drain", "poweroff")
    task = plan.tasks[0]
    drain, off = (replace(step, id=step.id.replace("stop", "poweroff")) for step in task.steps)
    steps = (drain, replace(off, disconnects=True))
    plan = plan.model_copy(update={"tasks": (replace(task, mode=Mode.POWEROFF, steps=steps),)})
    run = Drive(World(plan, random.Random(1)))
    while not any(e.type == "step" and e.step == "poweroff.2" for _, e in run.journal):
        run.run(turns=1)
    again = Drive(World(plan, random.Random(1)), run.now)  # a world in which it was not sent
    for at, event in [*run.journal, (run.now, Resumed(by="o", version="0"))]:
        again.scheduler.replay(event, at)
    again.run()
    attempts = again.scheduler.runs["db"].attempts
    assert [a.n for a in attempts.values()] == [1, 2]
    assert again.world.off == {"db-0"}


def test_giving_up_keeps_what_was_heard_by_then() -> None:
    hand = Hand(one_task("drain", "stop"))
    hand.go()
    heard = Heard(hand.sent[0], Outcome(OutcomeState.DONE, Result(0, b"", b"", (0, 0))))
    decided = hand.core.give_up(1.0, [heard])
    assert [e.state for e in decided.events if isinstance(e, StepChanged)] == [StepState.OK]
    assert decided.effects == ()
    assert hand.core.standing() is Standing.BUSY
