"""What the journals of all runs mean for a system: tables of `what a run's journal says` -> `what is believed`.

A story is a few words a line, each an event of one task (`core` on hosts a and b, unless it says otherwise):
`online a` and the like: a probe; `intent a`, `ok a`, `never a`, `failed-step a`, `unknown-step a`, `unsent a` (failed
before anything was sent): a step; `done`, `failed`, ...: the task's state.
"""

import hashlib

import pytest

from orchestrator.estate.fold import fold_estate, head_of
from orchestrator.model.estate import EMPTY_HEAD, Deed, Estate, RunRecord, SystemRecord
from orchestrator.model.events import Event, Opened, OperatorDid, Probed, Sealed, StepChanged, TaskChanged
from orchestrator.model.plan import Estimate, Plan, PlanStep, PlanTask, Request
from orchestrator.model.terms import Action, EstateState, Found, Mode, ProbeKind, Proof, StepState, TaskState
from orchestrator.run.chain import numbered

FOUND = {found.value for found in Found}
STEP_WORDS = {"unknown-step": "unknown", "failed-step": "failed", "unsent": "failed"}
KINDS = {
    "isolated": ProbeKind.ISOLATION,
    "open": ProbeKind.ISOLATION,
    "silent": ProbeKind.PORT,
    "answers": ProbeKind.PORT,
}


def task(what: str, hosts: str = "ab", system: str = "core") -> PlanTask:
    """A task by what it does: `stop`, or `undo poweroff isolate`."""
    words = what.split()
    undoes = tuple(Mode(word) for word in words[1:]) if words[0] == "undo" else None
    return PlanTask(
        id=system,
        system=system,
        kind="k",
        owner="internal",
        mode=None if undoes else Mode(what),
        undoes=undoes,
        stage=1,
        hosts=tuple(hosts),
        estimate_s=1,
        force=tuple(
            PlanStep(
                id="force.1",
                name="pull the plug",
                host=host,
                timeout_s=1,
                expect_s=1,
                idempotent=True,
                disconnects=False,
                leaves=Mode.POWEROFF,
            )
            for host in hosts
        ),
    )


def said(of: PlanTask, words: str) -> Event:
    """One event of a story: `done person`, `online a power`, `intent a force 2` (phase and attempt may be left out)."""
    first, *rest = words.split()
    if not rest or first == "done":
        state = TaskState(first)
        proof = Proof(rest[0] if rest else "proven") if state is TaskState.DONE else None
        return TaskChanged(task=of.id, state=state, proof=proof, why="exit 1" if state is TaskState.FAILED else None)
    host, *more = rest
    if first in FOUND:
        kind = KINDS.get(first, ProbeKind.POWEROFF if "power" in more else ProbeKind.STATE)
        return Probed(task=of.id, host=host, probe=kind, found=Found(first))
    phase = "force" if "force" in more else of.mode or (of.undoes or (Mode.STOP,))[0]
    attempt = next((int(word) for word in more if word.isdigit()), 1)
    word = StepState(STEP_WORDS.get(first, first))
    return StepChanged(task=of.id, step=f"{phase}.1", host=host, attempt=attempt, state=word, sent=first != "unsent")


def run(
    name: str, of: PlanTask, story: str, *, minute: int = 0, sealed: bool = True, named: tuple[str, ...] = ()
) -> RunRecord:
    """A run with one task, whose journal tells `story` (events separated by commas)."""
    told: list[Event] = [Opened(run=name, plan_sha256="0" * 64, by="o.lang", version="1", previous_run_heads=named)]
    told += [said(of, words.strip()) for words in story.split(",") if words.strip()]
    if sealed:
        told.append(Sealed(result="done", tasks={}))
    at = f"2026-03-01T02:{minute:02}:00.000000Z"
    events = tuple(numbered(e, n, at) for n, e in enumerate(told, 1))
    plan = Plan(
        id=name,
        created_at=at,
        author=None,
        action=Action.RESTORE if of.undoes else Action.SHUTDOWN,
        request=Request(),
        inputs=(),
        estate_head="",
        summary="",
        hosts={},
        tasks=(of,),
        estimate=Estimate(seconds=0, critical_path=(), critical_path_s=0),
    )
    return RunRecord(plan, events, hashlib.sha256(name.encode()).hexdigest())


def shown(record: SystemRecord) -> str:
    """A record in a line: `offline: stop ab by r1` and, where it is so, `?` after an incomplete deed."""
    deeds = [f"{d.mode} {''.join(d.hosts)} by {d.run}{'' if d.complete else '?'}" for d in record.deeds]
    return f"{record.state}: " + "; ".join(deeds + (["found offline"] if record.found_offline else []))


def believed(*runs: tuple[str, str]) -> str:
    """The record of `core` after runs r1, r2, ... each given as (what, story)."""
    records = [run(f"r{i}", task(what), story, minute=i) for i, (what, story) in enumerate(runs, 1)]
    return shown(fold_estate(records).record("core"))


STOPPED = ("stop", "online a, online b, intent a, ok a, intent b, ok b, offline a, offline b, done")
ISOLATED = ("isolate", "open a, open b, intent a, ok a, intent b, ok b, isolated a, isolated b, done")
POWERED_OFF = (
    "poweroff",
    "online a power, online b power, intent a, gone a, intent b, gone b, silent a, silent b, done unproven",
)

ONE_SHUTDOWN = {
    "done": (STOPPED, "offline: stop ab by r1"),
    "isolated": (ISOLATED, "isolated: isolate ab by r1"),
    "powered off, unproven": (POWERED_OFF, "offline: poweroff ab by r1"),
    "one host was found as wanted and gets no deed": (
        ("stop", "offline a, online b, intent b, ok b, offline a, offline b, done"),
        "offline: stop b by r1",
    ),
    "found offline": (("stop", "offline a, offline b, already"), "offline: found offline"),
    "found isolated": (("isolate", "isolated a, isolated b, already"), "isolated: found offline"),
    "failed, and plainly still online": (
        ("stop", "online a, online b, intent a, failed-step a, online a, online b, failed"),
        "online: ",
    ),
    "failed, one of two went down": (
        ("stop", "online a, online b, intent a, ok a, intent b, failed-step b, offline a, online b, failed"),
        "unknown: stop a by r1?",
    ),
    "failed, and not asked since": (
        ("stop", "online a, online b, intent a, failed-step a, failed"),
        "unknown: stop a by r1?",
    ),
    "failed, and the host can't be asked any more": (
        ("stop", "online a, online b, intent a, failed-step a, unreachable a, unreachable b, failed"),
        "unknown: stop a by r1?",
    ),
    "unknown": (
        ("stop", "online a, online b, intent a, unknown-step a, unknown a, unknown"),
        "unknown: stop a by r1?",
    ),
    "online is no proof while the step may still run": (
        ("stop", "online a, online b, intent a, unknown-step a, online a, online b, unknown"),
        "unknown: stop a by r1?",
    ),
    "an outcome that came after the probe": (
        ("stop", "online a, online b, intent a, online a, online b, ok a, failed"),
        "unknown: stop a by r1?",
    ),
    "unreachable: nothing sent, nothing known": (("stop", "unreachable a, failed"), "unknown: "),
    "login refused, and the other host online": (("stop", "login a, online b, failed"), "unknown: "),
    "failed before anything was sent, and seen online": (
        ("stop", "online a, online b, intent a, unsent a, failed"),
        "online: ",
    ),
    "proven never begun": (("stop", "online a, online b, intent a, never a, failed"), "online: "),
    "killed between intent and outcome": (("stop", "online a, online b, running, intent a"), "unknown: stop a by r1?"),
    "killed while probing": (("stop", "probing, online a"), "online: "),
    "held for a person before anything": (("stop", "online a, online b, held"), "online: "),
    "skipped": (("stop", "unreachable a, failed, skipped"), "online: "),
    "skipped after something was sent": (
        ("stop", "online a, online b, intent a, failed-step a, failed, skipped"),
        "unknown: stop a by r1?",
    ),
    "a person says done, nothing was sent": (("stop", "unreachable a, failed, done person"), "offline: stop ab by r1"),
    "a person says done, one was found offline": (
        ("stop", "offline a, online b, intent b, unknown-step b, unknown, done person"),
        "offline: stop b by r1",
    ),
    "tried again, and done": (
        ("stop", "online a, online b, intent a, failed-step a, failed, online a, online b, intent a 2, ok a 2, "
         "intent b, ok b, offline a, offline b, done"),
        "offline: stop ab by r1",
    ),
    "by force, which leaves it powered off": (
        ("stop", "online a, online b, intent a, failed-step a, intent a force, ok a force, "
         "intent b force, ok b force, done"),
        "offline: stop a by r1; poweroff ab by r1",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("told", "record"), ONE_SHUTDOWN.values(), ids=ONE_SHUTDOWN)
def test_one_shutdown(told: tuple[str, str], record: str) -> None:
    assert believed(told) == record


UNDO_STOP = ("undo stop", "offline a, offline b, intent a, ok a, intent b, ok b, online a, online b, done")
HALF = ("stop", "online a, online b, intent a, unknown-step a, unknown")

SEVERAL_RUNS = {
    "modes add up": ((ISOLATED, POWERED_OFF), "offline: isolate ab by r1; poweroff ab by r2"),
    "a restore undoes what it undoes": ((STOPPED, UNDO_STOP), "online: "),
    "the isolation stays": (
        (ISOLATED, POWERED_OFF, ("undo poweroff", "intent a, ok a, online a, online b, done")),
        "isolated: isolate ab by r1",
    ),
    "both undone": ((ISOLATED, POWERED_OFF, ("undo poweroff isolate", "intent a, ok a, done")), "online: "),
    "up already": ((STOPPED, ("undo stop", "online a, online b, already")), "online: "),
    "a restore that can't reach the host": (
        (STOPPED, ("undo stop", "unreachable a, failed")),
        "offline: stop ab by r1",
    ),
    "a restore that failed, still down": (
        (STOPPED, ("undo stop", "offline a, offline b, intent a, failed-step a, offline a, offline b, failed")),
        "offline: stop ab by r1",
    ),
    "a restore that failed its health checks": (
        (STOPPED, ("undo stop", "intent a, ok a, intent b, ok b, online a, online b, failed")),
        "online: stop ab by r1",
    ),
    "a restore that is half way": (
        (STOPPED, ("undo stop", "intent a, ok a, online a, offline b, failed")),
        "unknown: stop ab by r1",
    ),
    "a restore in doubt, still down": (
        (STOPPED, ("undo stop", "intent a, unknown-step a, offline a, offline b, unknown")),
        "unknown: stop ab by r1",
    ),
    "a restore that is up but not seen to be open": (
        (ISOLATED, ("undo isolate", "intent a, failed-step a, online a, online b, failed")),
        "unknown: isolate ab by r1",
    ),
    "a restore that is up and still isolated": (
        (ISOLATED, ("undo isolate", "intent a, failed-step a, online a, online b, isolated a, isolated b, failed")),
        "isolated: isolate ab by r1",
    ),
    "a restore that a person skips": ((STOPPED, ("undo stop", "held, skipped")), "offline: stop ab by r1"),
    "a restore that a person did": ((STOPPED, ("undo stop", "held, done person")), "online: "),
    "down again": (
        (STOPPED, UNDO_STOP, STOPPED),
        "offline: stop ab by r3",
    ),
    "stopped already, by us": ((STOPPED, ("stop", "offline a, offline b, already")), "offline: stop ab by r1"),
    "unknown, then found as wanted": ((HALF, ("stop", "offline a, offline b, already")), "offline: stop a by r1"),
    "unknown, then the rest": (
        (HALF, ("stop", "offline a, online b, intent b, ok b, offline a, offline b, done")),
        "offline: stop a by r1; stop b by r2",
    ),
    "unknown, then plainly online": (
        (HALF, ("stop", "online a, online b, intent a, failed-step a, online a, online b, failed")),
        "online: ",
    ),
    "isolated, and the stop failed plainly": (
        (ISOLATED, ("stop", "online a, online b, intent a, failed-step a, online a, online b, failed")),
        "isolated: isolate ab by r1",
    ),
    "isolated, and then unreachable": ((ISOLATED, ("stop", "unreachable a, failed")), "isolated: isolate ab by r1"),
    "found stopped, then powered off: it comes back stopped": (
        (("stop", "offline a, offline b, already"), POWERED_OFF),
        "offline: poweroff ab by r2; found offline",
    ),
    "found stopped, then isolated and let go": (
        (("stop", "offline a, offline b, already"), ISOLATED, ("undo isolate", "intent a, ok a, done")),
        "offline: found offline",
    ),
    "found stopped, started by hand, stopped by us": (
        (("stop", "offline a, offline b, already"), STOPPED),
        "offline: stop ab by r2",
    ),
}


@pytest.mark.parametrize(("told", "record"), SEVERAL_RUNS.values(), ids=SEVERAL_RUNS)
def test_several_runs(told: tuple[tuple[str, str], ...], record: str) -> None:
    assert believed(*told) == record


def test_only_the_hosts_of_the_restore_are_undone() -> None:
    runs = [run("r1", task("stop"), STOPPED[1]), run("r2", task("undo stop", "a"), "intent a, ok a, done", minute=1)]
    assert shown(fold_estate(runs).record("core")) == "offline: stop b by r1"


def test_a_system_on_no_host_of_its_own() -> None:
    down = run("r1", task("isolate", ""), "intent -, ok -, done unproven")
    up = run("r2", task("undo isolate", ""), "intent -, ok -, done", minute=1)
    assert shown(fold_estate([down]).record("core")) == "isolated: isolate - by r1"
    assert shown(fold_estate([down, up]).record("core")) == "online: "


def test_the_record_says_who_when_and_why() -> None:
    record = fold_estate([run("r1", task("stop"), STOPPED[1], minute=7)]).record("core")
    assert (record.last_run, record.last_at, record.why) == ("r1", "2026-03-01T02:07:00.000000Z", "stop by r1")
    assert record.deeds == (Deed(Mode.STOP, ("a", "b"), "r1", "2026-03-01T02:07:00.000000Z", True),)
    failed = fold_estate([run("r2", task("stop"), "unreachable a, failed")]).record("core")
    assert failed.why == "stop failed in r2: exit 1"


def test_the_order_of_the_runs_is_that_of_their_opening_whatever_order_they_come_in() -> None:
    runs = [run(f"r{i}", task(what), story, minute=i) for i, (what, story) in enumerate((STOPPED, UNDO_STOP, STOPPED))]
    assert len({repr(fold_estate(some)) for some in (runs, runs[::-1], [runs[1], runs[2], runs[0]])}) == 1


OPEN: dict[str, tuple[str, frozenset[str]]] = {
    "nothing yet": ("", frozenset({"core"})),
    "running": ("running", frozenset({"core"})),
    "failed": ("failed", frozenset({"core"})),
    "unknown": ("unknown", frozenset({"core"})),
    "held": ("held", frozenset({"core"})),
    "done": ("done", frozenset()),
    "already": ("already", frozenset()),
    "skipped": ("skipped", frozenset()),
}


@pytest.mark.parametrize(("story", "holds"), OPEN.values(), ids=OPEN)
def test_an_open_run_holds_what_it_has_not_ended(story: str, holds: frozenset[str]) -> None:
    estate = fold_estate([run("r1", task("stop"), story, sealed=False)])
    assert [(found.run, found.action, found.holds) for found in estate.open_runs] == [("r1", Action.SHUTDOWN, holds)]
    assert fold_estate([run("r1", task("stop"), story)]).open_runs == ()


ABORTED: dict[str, tuple[str, str, str]] = {
    "never begun": ("", "online: ", ""),
    "only asked": ("probing, online a, online b", "online: ", ""),
    "in the middle of a step": (
        "probing, online a, online b, running, intent a",
        "unknown: stop a by r1?",
        "stop begun, then given up with r1",
    ),
    "in the middle, and asked since": (
        "running, intent a, ok a, online a, online b, verifying",
        "online: ",
        "stop begun, then given up with r1",
    ),
    "unknown": ("running, intent a, unknown-step a, unknown", "unknown: stop a by r1?", "stop unknown in r1"),
    "forced": (
        "running, intent a, superseded a, intent a force",
        "unknown: stop a by r1?; poweroff a by r1?",
        "given up",
    ),
    "done": (STOPPED[1], "offline: stop ab by r1", "stop by r1"),
}


@pytest.mark.parametrize(("story", "record", "why"), ABORTED.values(), ids=ABORTED)
def test_an_aborted_run_holds_nothing_and_what_it_left_midway_is_unknown(story: str, record: str, why: str) -> None:
    told = run("r1", task("stop"), story, sealed=False)
    end = numbered(Sealed(result="aborted", tasks={}), len(told.events) + 1, "2026-03-01T02:00:01.000000Z")
    estate = fold_estate([RunRecord(told.plan, (*told.events, end), told.head)])
    assert estate.open_runs == ()
    assert shown(estate.record("core")) == record
    assert why in estate.record("core").why
    assert "given up" not in fold_estate([told]).record("core").why, "an open run has given up nothing"


def test_a_persons_word_alone_ends_nothing() -> None:
    record = run("r1", task("stop"), "failed", sealed=False)
    word = OperatorDid.model_validate(
        {"n": 9, "at": "x", "did": "resolve", "task": "core", "as": "retry", "by": "o.lang", "reason": "r"}
    )
    estate = fold_estate([RunRecord(record.plan, (*record.events, word), record.head)])
    assert estate.open_runs[0].holds == {"core"}


def test_without_runs() -> None:
    assert fold_estate([]) == Estate()
    assert head_of([]) == EMPTY_HEAD == hashlib.sha256(b"").hexdigest()


def test_a_run_that_was_never_opened_never_was() -> None:
    record = run("r1", task("stop"), "")
    assert fold_estate([RunRecord(record.plan, (), "0" * 64)]) == Estate()


def test_heads() -> None:
    first, second = run("r1", task("stop"), ""), run("r2", task("stop"), "", minute=1)
    third = run("r3", task("stop"), "", minute=2, named=(first.head, "f" * 64))
    estate = fold_estate([third, first, second])
    assert estate.run_heads == (first.head, second.head, third.head)
    assert estate.unnamed_heads == (second.head, third.head)
    text = "".join(f"{head}\n" for head in sorted(estate.run_heads))
    assert estate.head == hashlib.sha256(text.encode()).hexdigest()
    assert estate.head != fold_estate([first, second]).head


def test_every_prefix_of_a_journal_folds_and_never_says_more_than_the_journal() -> None:
    whole = run("r1", task("stop"), STOPPED[1])
    for cut in range(1, len(whole.events) + 1):
        record = fold_estate([RunRecord(whole.plan, whole.events[:cut], whole.head)]).record("core")
        ended = any(isinstance(e, TaskChanged) for e in whole.events[:cut])
        assert (record.state is EstateState.OFFLINE) == ended
        sent = any(isinstance(e, StepChanged) for e in whole.events[:cut])
        assert bool(record.deeds) == sent
