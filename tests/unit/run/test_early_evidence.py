"""Evidence is kept from the opening of the run, while tasks wait (contract section 6, "Evidence"): what starts when."""

from dataclasses import replace

from orchestrator.model.events import EvidenceKept, StepChanged
from orchestrator.model.plan import EvidencePolicy, Plan, PlanEvidence, Policy
from orchestrator.model.terms import TaskState
from orchestrator.run.scheduler import Standing
from tests.simulate.world import make_plan
from tests.unit.run.played import Played, of_the_run


def plan(*, parallel: int = 50, zone_limit: int | None = None, at_most_s: int = 600, past: str = "hold") -> Plan:
    """A chain `web`, `app`, `db`, each with two pieces of evidence; all stand in one zone."""
    evidence = EvidencePolicy.model_validate({"required": True, "at_most_s": at_most_s, "past": past})
    policy = Policy(parallel=parallel, evidence=evidence, zone_parallel={"z": zone_limit} if zone_limit else {})
    made = make_plan({"web": (), "app": ("web",), "db": ("app",)}, policy=policy)
    tasks = tuple(
        replace(
            task,
            evidence=tuple(
                PlanEvidence(host=host, argv=("evidence", task.id, host), timeout_s=60, name=name)
                for name in ("sockets", "memory")
                for host in task.hosts
            ),
        )
        for task in made.tasks
    )
    hosts = {name: replace(host, zone="z") for name, host in made.hosts.items()}
    return made.model_copy(update={"tasks": tasks, "hosts": hosts})


def kept_at(played: Played) -> dict[str, list[float]]:
    """When pieces of each task were tried, in seconds from the opening."""
    times: dict[str, list[float]] = {}
    for at, event in played.events:
        if isinstance(event, EvidenceKept):
            times.setdefault(event.task, []).append(at - 1000.0)
    return times


def test_every_task_is_asked_at_the_opening_though_it_waits_for_its_needs() -> None:
    played = Played(plan(), {}).go()
    assert kept_at(played) == {"web": [2.0, 3.0], "app": [1.0, 2.0], "db": [1.0, 2.0]}
    assert played.scheduler.standing() is Standing.DONE


def test_kept_once_it_is_not_kept_again() -> None:
    played = Played(plan(), {}).go()
    assert sorted(line for line in played.trace if line.startswith("evidence")) == sorted(
        f"evidence {name} {task}-0 kept" for task in ("web", "app", "db") for name in ("sockets", "memory")
    )
    assert "db evidence" not in played.trace  # nothing was left to keep when its turn came


def test_what_failed_early_is_tried_again_in_its_turn_and_the_rest_is_left_for_it() -> None:
    played = Played(plan(), {"evidence:sockets db-0": "fail, well"}).go()
    of_db = [line for line in played.trace if "db-0" in line and line.startswith("evidence")]
    assert of_db == ["evidence sockets db-0 not kept", "evidence sockets db-0 kept", "evidence memory db-0 kept"]
    assert played.scheduler.standing() is Standing.DONE


def test_what_still_hangs_when_the_turn_comes_is_waited_for_from_the_opening_on() -> None:
    played = Played(plan(at_most_s=100, past="go-on"), {"evidence:sockets db-0": "hang"}).go()
    assert next(at for at, event in played.events if isinstance(event, StepChanged) and event.task == "db") == 1100.0
    assert played.scheduler.runs["db"].state is TaskState.DONE


def test_the_limit_of_a_zone_binds_it_too() -> None:
    played = Played(plan(zone_limit=1), {}).go()
    assert kept_at(played)["app"] == [1.0, 2.0]
    assert kept_at(played)["db"] == [3.0, 4.0]


def test_a_pause_asks_for_nothing_more() -> None:
    played = Played(plan(), {"evidence:sockets web-0": "hang"}).go(seconds=0.5)
    played.go(of_the_run("pause"), seconds=30)
    assert kept_at(played) == {"app": [1.0], "db": [1.0]}
    assert played.scheduler.runs["web"].state is TaskState.PROBING


def test_a_run_does_not_end_before_what_is_under_way_has_come_home() -> None:
    played = Played(plan(), {"stop.1 web-0": "fail", "evidence:memory db-0": "late"}).go()
    assert played.scheduler.standing() is Standing.STUCK
    assert kept_at(played)["db"] == [1.0, 61.0]
