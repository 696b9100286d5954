"""The force rung (contract sections 3, 6): when it follows, what ends before it, what is asked after it."""

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.model.plan import EvidencePolicy, Plan, PlanEvidence, PlanHost, PlanProbe, PlanStep, Policy
from orchestrator.model.terms import Action, Mode, OnFailure, Platform, TaskState
from orchestrator.run.people import objection
from orchestrator.run.scheduler import Scheduler, Standing
from tests.simulate.world import OFFLINE, ONLINE, make_plan
from tests.unit.run.played import Played, escalated, of_the_run, resolved

FORCE = Policy(on_failure=OnFailure.FORCE)
HOLD = Policy()


def plan(policy: Policy = FORCE, *, hosts: int = 1, receipts: bool = True, **task: Any) -> Plan:
    """`db`, with a drain and a stop; forced it is killed on its own host, then cut off by its carrier."""
    made = make_plan({"db": (), "san": ("db",)}, policy=policy, hosts=hosts)
    db, san = made.tasks
    force = tuple(
        PlanStep(
            id=f"force.{n}",
            name=verb,
            host=host,
            on_host=acting,
            argv=(verb, "db", host),
            timeout_s=60,
            expect_s=1,
            idempotent=True,
            disconnects=False,
            changes_state=n == 2,
            continue_on_failure=n == 1,
            leaves=Mode.POWEROFF if acting else None,
        )
        for n, (verb, acting) in enumerate((("kill", None), ("destroy", "carrier")), 1)
        for host in db.hosts
    )
    power = tuple(
        PlanProbe(host=h, on_host="carrier", argv=("power", "db", h), timeout_s=5, yes=ONLINE, no=OFFLINE)
        for h in db.hosts
    )
    db = replace(db, force=force, probe=replace(db.probe, poweroff=power), **task)
    carrier = PlanHost(address="carrier", port=22, user="orch", platform=Platform.LINUX)
    all_hosts = {name: replace(host, receipts=receipts) for name, host in made.hosts.items()}
    return made.model_copy(update={"tasks": (db, san), "hosts": all_hosts | {"carrier": carrier}})


def of_db(played: Played) -> str:
    """The part of the trace that is about db, on one line."""
    return " / ".join(line for line in played.trace if not line.startswith(("san", "stop.1 san", "stop.2 san")))


CASES = {
    "a step fails": (
        {"stop.1 db-0": "fail"},
        "db probing / db running / stop.1 db-0 failed / db running on force / force.1 db-0 ok"
        " / force.2 db-0 by carrier ok / db verifying / db done (proven)",
    ),
    "a step runs past its time and is stopped": (
        {"stop.1 db-0": "late", "ask stop.1 db-0": "running", "halt stop.1 db-0": "ended"},
        "db probing / db running / stop.1 db-0 unknown / stop.1 db-0 failed / db running on force / force.1 db-0 ok"
        " / force.2 db-0 by carrier ok / db verifying / db done (proven)",
    ),
    "it ends well just before it is stopped": (
        {"stop.1 db-0": "late", "ask stop.1 db-0": "running", "halt stop.1 db-0": "ok"},
        "db probing / db running / stop.1 db-0 unknown / stop.1 db-0 ok / stop.2 db-0 ok / db verifying"
        " / db done (proven)",
    ),
    "it can't be stopped, and its late outcome is still written": (
        {"stop.1 db-0": "late", "ask stop.1 db-0": "running, ok", "halt stop.1 db-0": "running"},
        "db probing / db running / stop.1 db-0 unknown / stop.1 db-0 superseded / db running on force"
        " / force.1 db-0 ok / force.2 db-0 by carrier ok / db verifying / stop.1 db-0 ok / db done (proven)",
    ),
    "the host can't be reached: only what its carrier does": (
        {"state db-0": "unreachable", "force.1 db-0": "unreachable"},
        "db probing / db running on force / force.1 db-0 failed, not sent / force.2 db-0 by carrier ok / db verifying"
        " / db done (proven)",
    ),
    "nobody can be reached": (
        {"state db-0": "unreachable", "force.1 db-0": "unreachable", "force.2 db-0 by carrier": "unreachable"},
        "db probing / db running on force / force.1 db-0 failed, not sent"
        " / force.2 db-0 by carrier failed, not sent / db failed",
    ),
    "it says stopped, and is still online": (
        {"state db-0": "online"},
        "db probing / db running / stop.1 db-0 ok / stop.2 db-0 ok / db verifying / db running on force"
        " / force.1 db-0 ok / force.2 db-0 by carrier ok / db verifying / db done (proven)",
    ),
    "force is tried once": (
        {"stop.1 db-0": "fail", "force.2 db-0 by carrier": "fail"},
        "db probing / db running / stop.1 db-0 failed / db running on force / force.1 db-0 ok"
        " / force.2 db-0 by carrier failed / db failed",
    ),
    "nobody says whether it was stopped": (
        {"stop.1 db-0": "late", "ask stop.1 db-0": "running", "halt stop.1 db-0": "lost"},
        "db probing / db running / stop.1 db-0 unknown / stop.1 db-0 superseded / db running on force"
        " / force.1 db-0 ok / force.2 db-0 by carrier ok / db verifying / db done (proven)",
    ),
    "a lost receipt is asked by the probe, not forced": (
        {"stop.2 db-0": "lost", "ask stop.2 db-0": "stale", "state db-0": "online, offline"},
        "db probing / db running / stop.1 db-0 ok / stop.2 db-0 unknown / stop.2 db-0 unknown / db verifying"
        " / stop.2 db-0 ok / db done (proven)",
    ),
}


@pytest.mark.parametrize(("script", "trace"), CASES.values(), ids=CASES)
def test_where_the_protocol_says_force(script: dict[str, str], trace: str) -> None:
    assert of_db(Played(plan(), script).go()) == trace


@pytest.mark.parametrize("name", ["a step fails", "the host can't be reached: only what its carrier does"])
def test_where_it_says_hold_nothing_is_forced(name: str) -> None:
    played = Played(plan(HOLD), CASES[name][0]).go()
    assert played.scheduler.standing() is Standing.STUCK
    assert not [sent for sent in played.sent if "force" in sent]


def test_a_host_without_receipts_is_superseded_at_once() -> None:
    played = Played(plan(receipts=False), {"stop.1 db-0": "late"}).go()
    assert "stop.1 db-0 superseded / db running on force" in of_db(played)
    assert not [sent for sent in played.sent if sent.startswith(("ask", "halt"))]


def test_a_person_escalates_while_a_step_hangs() -> None:
    played = Played(plan(HOLD), {"stop.1 db-0": "hang", "halt stop.1 db-0": "ended"}).go(seconds=5)
    played.go(escalated("db"))
    assert of_db(played) == (
        "db probing / db running / o.lang: escalate / stop.1 db-0 failed / db running on force / force.1 db-0 ok"
        " / force.2 db-0 by carrier ok / db verifying / db done (proven)"
    )
    assert played.scheduler.standing() is Standing.DONE


def test_a_person_escalates_what_has_failed() -> None:
    played = Played(plan(HOLD), {"stop.1 db-0": "fail"}).go()
    assert played.scheduler.runs["db"].state is TaskState.FAILED
    played.go(escalated("db"))
    assert of_db(played).endswith(
        "db failed / o.lang: escalate / db probing / db running / db running on force / force.1 db-0 ok"
        " / force.2 db-0 by carrier ok / db verifying / db done (proven)"
    )


def test_what_waits_is_escalated_with_its_needs_as_they_stand() -> None:
    made = plan(HOLD)
    db, san = made.tasks
    made = made.model_copy(update={"tasks": (replace(db, needs=san.needs[:0]), replace(san, force=db.force))})
    played = Played(made, {"stop.1 db-0": "hang"}).go(seconds=5)
    played.go(escalated("san"), seconds=5)
    assert played.scheduler.runs["san"].state is TaskState.WAITING


def test_what_is_down_already_is_not_forced() -> None:
    played = Played(plan(HOLD), {"state db-0": "offline"})
    played.go(escalated("db"))
    assert "db already" in played.trace
    assert not [sent for sent in played.sent if "db" in sent]


def test_only_hosts_that_are_not_yet_down_are_forced() -> None:
    played = Played(plan(hosts=2), {"state db-1": "offline", "stop.1 db-0": "fail"}).go()
    assert [sent for sent in played.sent if "db-1" in sent] == []
    assert "force.2 db-0 by carrier" in played.sent


def test_evidence_that_others_have_of_a_silent_host_is_kept_before_force() -> None:
    pieces = (
        PlanEvidence(host="db-0", argv=("evidence", "db", "db-0"), timeout_s=5, name="sockets"),
        PlanEvidence(host="db-0", on_host="carrier", argv=("evidence", "db", "db-0"), timeout_s=5, name="memory"),
    )
    unreachable = {"state db-0": "unreachable", "force.1 db-0": "unreachable"}
    played = Played(plan(evidence=pieces), unreachable).go()
    assert of_db(played).startswith(
        "db probing / db evidence on force / evidence sockets db-0 not kept / evidence memory db-0 kept / db running"
        " / force.1 db-0 failed, not sent"
    )


@pytest.mark.parametrize(
    ("power", "then"),
    [
        ("offline", "db already"),
        ("online", "db running / stop.1 db-0 ok / stop.2 db-0 ok / db verifying / db done (proven)"),
    ],
)
def test_a_retry_after_force_asks_for_the_mode_that_force_may_have_left(power: str, then: str) -> None:
    first = Played(plan(), {"stop.1 db-0": "fail", "poweroff db-0 by carrier": "?"}).go()
    assert of_db(first).endswith("force.2 db-0 by carrier ok / db verifying / db unknown")
    first.script("poweroff db-0 by carrier", power)
    first.script("stop.1 db-0", "ok")
    first.events.clear()
    first.go(resolved("db", "retry"))
    assert of_db(first) == f"o.lang: resolve retry / db probing / {then}"


def test_what_a_superseded_step_still_does_is_not_joined_by_a_retry() -> None:
    script = {
        "stop.1 db-0": "late",
        "ask stop.1 db-0": "running",
        "halt stop.1 db-0": "running",
        "force.2 db-0 by carrier": "fail",
    }
    played = Played(plan(), script).go()
    assert played.scheduler.runs["db"].state is TaskState.FAILED
    before = played.sent.count("stop.1 db-0")
    played.go(resolved("db", "retry"), seconds=200)
    assert played.sent.count("stop.1 db-0") == before


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"force": ()}, "db can't be forced: its playbook has no force steps"),
        ({}, None),
    ],
)
def test_when_an_escalation_is_refused(what: dict[str, Any], why: str | None) -> None:
    made = plan(HOLD)
    made = made.model_copy(update={"tasks": (replace(made.tasks[0], **what), *made.tasks[1:])})
    assert objection(Scheduler(made).runs["db"], escalated("db")) == why


def test_coming_back_is_never_forced() -> None:
    run = Scheduler(make_plan({"db": ()}, action=Action.RESTORE)).runs["db"]
    assert objection(run, escalated("db")) == "db can't be forced: coming back is never forced"


@pytest.mark.parametrize("name", CASES)
def test_a_replay_at_any_event_stands_where_living_it_stood(name: str) -> None:
    played = Played(plan(), CASES[name][0]).go()
    again = Scheduler(plan())
    for at, event in played.events:
        again.replay(event, at)
    assert again.runs == played.scheduler.runs


def test_a_host_that_has_come_out_as_wanted_is_not_forced_with_the_others() -> None:
    played = Played(plan(hosts=2), {"state db-1": "online"}).go()
    assert {sent for sent in played.sent if "force" in sent} == {"force.1 db-1", "force.2 db-1 by carrier"}


def test_the_protocol_forces_nothing_in_a_run_that_is_being_aborted() -> None:
    played = Played(plan(), {"stop.1 db-0": "late", "ask stop.1 db-0": "stale"}).go(seconds=20)
    played.go(of_the_run("abort"))
    assert played.scheduler.standing() is Standing.ABORTED
    assert not [sent for sent in played.sent if "force" in sent]


def test_what_is_held_for_its_evidence_is_told_what_force_waits_for() -> None:
    policy = Policy(evidence=EvidencePolicy(required=True))
    piece = PlanEvidence(host="db-0", argv=("evidence", "db", "db-0"), timeout_s=5, name="sockets")
    played = Played(plan(policy, evidence=(piece,)), {"evidence:sockets db-0": "fail"}).go(escalated("db"))
    run = played.scheduler.runs["db"]
    assert run.state is TaskState.HELD
    assert "resolve waive-evidence" in (objection(run, escalated("db")) or "")
    played.go(resolved("db", "waive-evidence"))
    assert "db running on force" in played.trace


def test_what_a_person_holds_after_an_escalation_can_be_escalated_again() -> None:
    made = plan(HOLD)
    db, san = made.tasks
    made = made.model_copy(update={"tasks": (db, replace(san, force=db.force))})
    played = Played(made, {"stop.1 db-0": "hang"}).go(escalated("san"), seconds=5)
    played.go(resolved("san", "hold"), seconds=1)
    assert played.scheduler.runs["san"].state is TaskState.HELD
    assert objection(played.scheduler.runs["san"], escalated("san")) is None
