"""A run's figures and its log, from plan and events: one small night with a failure, a retry and a crash."""

from typing import Any

from orchestrator.model.events import (
    Event,
    EvidenceKept,
    Left,
    Opened,
    OperatorDid,
    OutputRef,
    Probed,
    Resumed,
    Sealed,
    StepChanged,
    TaskChanged,
)
from orchestrator.model.plan import Estimate, Need, Plan, PlanEvidence, PlanStep, PlanTask, Request
from orchestrator.model.terms import Action, Found, Mode, ProbeKind, Proof, Reason, StepState, TaskState
from orchestrator.run.chain import numbered
from orchestrator.run.summary import summarise
from orchestrator.run.timeline import timeline

OUTPUT = OutputRef(stdout="a" * 64, stderr="b" * 64, bytes=(5, 0), truncated=(False, False))


def step(host: str, **more: Any) -> PlanStep:
    argv = ("systemctl", "stop", "pg@15 main")
    values: dict[str, Any] = {"id": "stop.1", "name": "stop", "host": host, "argv": argv, "sudo": True}
    rest: dict[str, Any] = {"timeout_s": 60, "expect_s": 5.0, "idempotent": True, "disconnects": False}
    return PlanStep(**(values | rest | more))


def task(name: str, *steps: PlanStep, needs: tuple[Need, ...] = (), gates: tuple[str, ...] = ()) -> PlanTask:
    return PlanTask(
        id=name,
        system=name,
        kind="k",
        owner="internal",
        mode=Mode.STOP,
        stage=1,
        hosts=("a", "b"),
        estimate_s=1,
        steps=steps,
        needs=needs,
        gates=gates,
        evidence=(PlanEvidence(name="sockets", host="a", argv=("ss", "-tan"), timeout_s=5),),
    )


NEEDS = (
    Need(task="app", reason=Reason.REQUIRES, source="x.yaml:1"),
    Need(task="app", reason=Reason.AFTER, source="x.yaml:2"),
    Need(barrier="order-2", reason=Reason.PROTOCOL, source="protocol.yaml:3"),
)
PLAN = Plan(
    id="night",
    created_at="2026-03-01T02:00:00Z",
    author="o.lang",
    action=Action.SHUTDOWN,
    request=Request(),
    inputs=(),
    estate_head="",
    summary="shutdown 4 systems",
    hosts={},
    tasks=(
        task("core", step("a"), step("b", on_host="hv"), needs=NEEDS, gates=("declare",)),
        task("app", step("a", argv=None, manual="Switch it off at the rack.", sudo=False)),
        task("fax", step("a", argv=None, shell="stopsrc -s fax | cat")),
        task("late"),
    ),
    estimate=Estimate(seconds=0, critical_path=(), critical_path_s=0),
)


def state(of: str, to: TaskState, **more: object) -> Event:
    return TaskChanged(task=of, state=to, **more)  # type: ignore[arg-type]


def attempt(host: str, to: StepState, n: int = 1, on_host: str | None = None, **more: object) -> Event:
    values = {"task": "core", "step": "stop.1", "host": host, "on_host": on_host, "attempt": n, "state": to}
    return StepChanged(**(values | more))  # type: ignore[arg-type]


def probe(host: str, found: Found) -> Event:
    return Probed(task="core", host=host, probe=ProbeKind.STATE, found=found, output=OUTPUT)


NIGHT: tuple[Event, ...] = (
    Opened(run="night", plan_sha256="0" * 64, by="o.lang", version="1"),
    state("app", TaskState.ALREADY),
    state("fax", TaskState.DONE, proof=Proof.UNPROVEN),
    state("core", TaskState.PROBING),
    probe("a", Found.ONLINE),
    probe("b", Found.ONLINE),
    state("core", TaskState.EVIDENCE),
    EvidenceKept(task="core", host="a", name="sockets", exit=0, output=OUTPUT),
    state("core", TaskState.RUNNING),
    attempt("a", StepState.INTENT),
    attempt("a", StepState.FAILED, exit=1, why="timeout waiting for worker", output=OUTPUT),
    state("core", TaskState.FAILED, why="exit 1: timeout waiting for worker"),
    OperatorDid.model_validate(
        {"did": "resolve", "task": "core", "as": "retry", "by": "k.sued", "on_behalf_of": "o.lang", "reason": "gone"}
    ),
    attempt("a", StepState.INTENT, 2),
    attempt("a", StepState.OK, 2, exit=0, by_receipt=True),
    attempt("b", StepState.INTENT, on_host="hv"),
    Resumed(by="o.lang", version="1"),
    Left(reason="paused"),
)


def at(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """A second between each event and the next."""
    return tuple(numbered(event, n, f"2026-03-01T02:14:{n:02}.250000Z") for n, event in enumerate(events, 1))


def test_the_summary_counts_and_names_what_matters() -> None:
    summary = summarise(PLAN, at(NIGHT[:12]))
    assert (summary.run, summary.opened_by, summary.entries, summary.total) == ("night", "o.lang", 12, 4)
    assert summary.counts == {
        TaskState.FAILED: 1,
        TaskState.ALREADY: 1,
        TaskState.DONE: 1,
        TaskState.WAITING: 1,
    }
    assert [(note.task, note.why) for note in summary.needs_you] == [("core", "exit 1: timeout waiting for worker")]
    assert [note.task for note in summary.found_offline] == ["app"]
    assert [note.task for note in summary.unproven] == ["fax"]
    assert summary.last_at == "2026-03-01T02:14:12.250000Z"
    assert summary.is_open
    assert summary.left is None


def test_a_retry_waits_again_and_the_last_leave_is_known() -> None:
    summary = summarise(PLAN, at(NIGHT))
    assert summary.counts[TaskState.WAITING] == 2
    assert summary.needs_you == ()
    assert summary.left == "paused"
    sealed = summarise(PLAN, at((*NIGHT, Sealed(result="aborted", tasks={}))))
    assert (sealed.result, sealed.is_open) == ("aborted", False)


def test_every_prefix_has_a_summary_and_a_timeline() -> None:
    events = at(NIGHT)
    for cut in range(len(events) + 1):
        assert sum(summarise(PLAN, events[:cut]).counts.values()) == 4
        assert [row.n for row in timeline(PLAN, events[:cut])] == sorted(row.n for row in timeline(PLAN, events[:cut]))


def test_the_log_of_one_task_reads_as_a_story() -> None:
    rows = [
        " | ".join(text for text in (row.what, row.host, row.command, row.result) if text)
        + (f" | {row.seconds:g} s" if row.seconds is not None else "")
        for row in timeline(PLAN, at(NIGHT), {"core"})
    ]
    command = "sudo systemctl stop 'pg@15 main'"
    assert rows == [
        "waited for | app, order-2, gate declare",
        "probe | a online, b online",
        "evidence sockets | a | ss -tan | kept",
        f"stop.1 stop | a | {command} | failed, exit 1: timeout waiting for worker | 1 s",
        "failed | exit 1: timeout waiting for worker",
        "retry | k.sued on behalf of o.lang: gone",
        f"stop.1 stop (attempt 2) | a | {command} | ok (by its receipt) | 1 s",
        f"stop.1 stop | b on hv | {command} | no outcome",
        "resumed | by o.lang",
        "left | paused",
    ]


def test_outputs_can_be_looked_up_from_the_rows() -> None:
    rows = timeline(PLAN, at(NIGHT), {"core"})
    assert [len(row.outputs) for row in rows[:5]] == [0, 2, 1, 1, 0]


def test_the_whole_run_has_all_tasks_and_manual_steps_and_shells_are_shown_as_they_are() -> None:
    assert {row.task for row in timeline(PLAN, at(NIGHT))} == {"", "core", "app", "fax"}
    events = (
        NIGHT[0],
        *(StepChanged(task=t, step="stop.1", host="a", attempt=1, state=StepState.OK) for t in ("app", "fax")),
    )
    commands = [row.command for row in timeline(PLAN, at(events))]
    assert commands == ["by hand: Switch it off at the rack.", "sudo sh -c 'stopsrc -s fax | cat'"]
