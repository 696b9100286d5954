"""The screens of `orch plan show --task` and `orch plan diff`: a night that was planned, and what a day made of it."""

from collections.abc import Callable
from dataclasses import replace

from orchestrator.graph.plan_waits import PlanWaits
from orchestrator.model.plan import (
    Estimate,
    Input,
    Need,
    Plan,
    PlanStep,
    PlanTask,
    Policy,
    Warn,
)
from orchestrator.model.terms import Action, Mode, Reason
from orchestrator.plan.diff import diff
from orchestrator.show.layout import Line
from orchestrator.show.plan_diff_view import diff_lines
from orchestrator.show.plan_task_view import task_lines
from tests.unit.plan.changed_plans import changed
from tests.unit.show.fixtures import GATES, night, step, task

FORCE = PlanStep(
    id="force.1",
    name="kill",
    host="muc-db-01",
    on_host="muc-hv-01",
    shell="virsh destroy muc-db-01 && virsh autostart --disable muc-db-01",
    sudo=True,
    timeout_s=60,
    expect_s=5,
    idempotent=True,
    disconnects=False,
    leaves=Mode.POWEROFF,
)


def whole_night() -> Plan:
    """The night of the fixtures, with ways to its hosts, gates, and a last rung for the database."""
    plan = night(GATES)
    bastion = changed(plan.hosts["muc-vpn-01"], address="10.20.0.11", keys=("SHA256:bastion",))
    carrier = changed(bastion, address="10.20.1.1", via=(("muc-bst-01",),), keys=())
    hosts = {id: changed(host, zone="muc-data", via=(("muc-bst-01",),)) for id, host in plan.hosts.items()}
    tasks = [replace(each, force=(FORCE,), gates=("declare",)) if each.id == "core-db" else each for each in plan.tasks]
    return plan.model_copy(
        update={"tasks": tuple(tasks), "hosts": {**hosts, "muc-bst-01": bastion, "muc-hv-01": carrier}}
    )


def _changed(one: PlanTask) -> PlanTask:
    match one.id:
        case "portal-nord" | "portal-sued":
            drain = step(1, one.hosts[0], ("touch", "/run/drain"), name="drain")
            return replace(one, steps=(drain, replace(one.steps[0], id="stop.2", timeout_s=300)), estimate_s=50)
        case "core-db":
            need = Need(task="cache-muc", reason=Reason.REQUIRES, source="inventories/muc.yaml:77")
            return replace(one, stage=5, needs=(*one.needs[:1], need, *one.needs[2:]))
        case "vpn-muc":
            return replace(one, stage=6)
        case _:
            return one


def a_day_later() -> Plan:
    """What planning the same gives after a day of changes."""
    plan = whole_night()
    cache = task("cache-muc", 4, "app-09", needs=(("app-sued", Reason.REQUIRES),), barrier="order-2")
    tasks = [_changed(one) for one in plan.tasks if one.id != "epa-store"]
    app, db = plan.hosts["app-02"], plan.hosts["muc-db-02"]
    return plan.model_copy(
        update={
            "tasks": (*tasks[:5], cache, *tasks[5:]),
            "hosts": {
                **plan.hosts,
                "app-09": changed(app, address="10.20.4.9"),
                "app-02": changed(app, address="10.20.4.2", via=(("muc-bst-02",), ("muc-bst-01",))),
                "muc-db-02": changed(db, keys=("SHA256:0yVf3nQwXlq2mWb9",)),
            },
            "gates": (
                changed(GATES[0], approvals={"incident-lead": 1, "operations": 2}),
                *GATES[1:],
            ),
            "policy": Policy(parallel=20),
            "summary": "shutdown 8 systems (1 isolate, 7 stop), 2 customers",
            "inputs": (Input(path="inventories/muc.yaml", sha256="1" * 64), Input(path="protocol.yaml", sha256="1")),
            "estimate": Estimate(
                seconds=1500, critical_path=("portal-sued", "app-sued", "cache-muc", "core-db"), critical_path_s=900
            ),
            "warnings": (*plan.warnings, Warn(code="no-host-key", text="1 host has no key: app-09.")),
        }
    )


def only_words() -> Plan:
    """What planning the same gives where only lines, warnings and times are others."""
    plan = whole_night()
    need = replace(plan.tasks[3].needs[0], source="inventories/muc.yaml:43")
    tasks = (*plan.tasks[:3], replace(plan.tasks[3], needs=(need, *plan.tasks[3].needs[1:])), *plan.tasks[4:])
    return plan.model_copy(
        update={
            "tasks": tasks,
            "warnings": plan.warnings[:1],
            "left_out": plan.left_out[:1],
            "impact": changed(plan.impact, customers=plan.impact.customers[:2]),
            "inputs": (Input(path="inventories/muc.yaml", sha256="1" * 64),),
            "estimate": changed(plan.estimate, seconds=1500),
        }
    )


def the_way_back() -> Plan:
    plan = whole_night()
    return plan.model_copy(update={"action": Action.RESTORE, "tasks": plan.tasks[-2:]})


def _task(id: str, width: int) -> list[Line]:
    plan = whole_night()
    return task_lines(PlanWaits(plan), next(each for each in plan.tasks if each.id == id), width)


PLAN_FILES: dict[str, Callable[[int], list[Line]]] = {
    "plan-task": lambda width: _task("core-db", width),
    "plan-task-by-hand": lambda width: _task("epa-store", width),
    "plan-diff": lambda width: diff_lines(
        diff(whole_night(), a_day_later()), width, verdict=["orch apply night.json would be refused."]
    ),
    "plan-diff-all": lambda width: diff_lines(diff(whole_night(), a_day_later()), width, room=None),
    "plan-diff-refusal": lambda width: diff_lines(diff(whole_night(), a_day_later()), width, room=24, quiet=False),
    "plan-diff-words": lambda width: diff_lines(diff(whole_night(), only_words()), width),
    "plan-diff-none": lambda width: diff_lines(diff(whole_night(), whole_night()), width),
    "plan-diff-actions": lambda width: diff_lines(diff(whole_night(), the_way_back()), width),
}
