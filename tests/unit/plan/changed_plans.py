"""One plan with something in every field, and every field changed on its own: what matters for freshness, what not."""

from collections.abc import Callable
from dataclasses import is_dataclass, replace
from typing import Any, TypeVar, cast

from orchestrator.model.plan import (
    Barrier,
    CameAlong,
    Estimate,
    EvidencePolicy,
    Impact,
    Input,
    LeftOut,
    Need,
    Plan,
    PlanEvidence,
    PlanGate,
    PlanHealth,
    PlanHost,
    PlanMatch,
    PlanProbe,
    PlanProbes,
    PlanStep,
    PlanTask,
    Policy,
    Request,
    Warn,
)
from orchestrator.model.terms import Action, Mode, OnFailure, Platform, Reason

T = TypeVar("T")
Table = tuple[tuple[type, Callable[..., Plan], dict[str, Any]], ...]


def changed(value: T, **update: Any) -> T:
    """The value with some fields changed, whether a model or a dataclass."""
    if is_dataclass(value):
        return cast(T, replace(cast(Any, value), **update))
    return cast(T, cast(Any, value).model_copy(update=update))


def _step(**more: Any) -> PlanStep:
    given: dict[str, Any] = {"id": "stop.1", "name": "stop", "host": "h", "argv": ("stop", "it"), "timeout_s": 60}
    return PlanStep(**{**given, "expect_s": 6.0, "idempotent": False, "disconnects": False, **more})


YES, NO = PlanMatch(exits=(0,)), PlanMatch(exits=(3,))
TASK = PlanTask(
    id="b",
    system="b",
    kind="service",
    owner="internal",
    mode=Mode.STOP,
    stage=2,
    hosts=("h",),
    customers=("nord",),
    came_along=CameAlong(reason=Reason.REQUIRES, of="a"),
    needs=(Need(task="a", reason=Reason.REQUIRES, source="i.yaml:4"),),
    gates=("declare",),
    estimate_s=6.0,
    probe=PlanProbes(state=(PlanProbe(host="h", argv=("state",), timeout_s=15, yes=YES, no=NO),)),
    evidence=(PlanEvidence(host="h", argv=("ss",), timeout_s=30, name="sockets"),),
    steps=(_step(),),
    force=(_step(id="force.1"),),
    health=(PlanHealth(host="h", argv=("ok",), timeout_s=9, name="ok", within_s=9, every_s=5, settle_s=0),),
)
HOST = PlanHost(
    address="10.0.0.1",
    port=22,
    user="orch",
    platform=Platform.LINUX,
    zone="z",
    identity="keys/orch",
    via=(("gate",),),
    keys=("SHA256:h",),
    key_types=("ssh-ed25519",),
)
WHOLE = Plan(
    id="p",
    created_at="2026-03-01T02:14:00Z",
    author="o.lang",
    action=Action.SHUTDOWN,
    organisation="rz-example",
    request=Request(),
    inputs=(Input(path="i.yaml", sha256="1"), Input(path="protocol.yaml", sha256="1")),
    estate_head="0",
    summary="shutdown 2 systems (2 stop), 1 customer",
    policy=Policy(),
    hosts={"h": HOST, "gate": changed(HOST, via=())},
    gates=(PlanGate(id="declare", scope="all", approvals={"lead": 1}, checks=("x",), valid_s=60, tasks=("b",)),),
    barriers=(Barrier(id="order-1", needs=("a",), source="protocol.yaml:9"),),
    tasks=(replace(TASK, id="a", system="a", stage=1, needs=(), gates=()), TASK),
    left_out=(LeftOut(system="vault", why="protected"),),
    estimate=Estimate(seconds=12.0, critical_path=("a", "b"), critical_path_s=12.0),
    impact=Impact(dependents_left_online=("c",)),
    warnings=(Warn(code="own-way", text="vpn goes last"),),
)


def _plan(**update: Any) -> Plan:
    return changed(WHOLE, **update)


def _task(**update: Any) -> Plan:
    return _plan(tasks=(WHOLE.tasks[0], replace(TASK, **update)))


def _first_step(**update: Any) -> Plan:
    return _task(steps=(replace(TASK.steps[0], **update),))


def _need(**update: Any) -> Plan:
    update = {"task": None, **update} if "barrier" in update else update
    return _task(needs=(replace(TASK.needs[0], **update),))


def _host(**update: Any) -> Plan:
    return _plan(hosts={**WHOLE.hosts, "h": changed(HOST, **update)})


def _gate(**update: Any) -> Plan:
    return _plan(gates=(changed(WHOLE.gates[0], **update),))


def _barrier(**update: Any) -> Plan:
    return _plan(barriers=(changed(WHOLE.barriers[0], **update),))


def _policy(**update: Any) -> Plan:
    return _plan(policy=changed(WHOLE.policy, **update))


def _kept(**update: Any) -> Plan:
    return _policy(evidence=changed(WHOLE.policy.evidence, **update))


def _probe(**update: Any) -> Plan:
    return _task(probe=PlanProbes(state=(replace(TASK.probe.state[0], **update),)))


def _match(**update: Any) -> Plan:
    return _probe(yes=replace(YES, **update))


def _evidence(**update: Any) -> Plan:
    return _task(evidence=(replace(TASK.evidence[0], **update),))


def _health(**update: Any) -> Plan:
    return _task(health=(replace(TASK.health[0], **update),))


MATTERS: Table = (
    (
        Plan,
        _plan,
        {
            "action": Action.RESTORE,
            "organisation": "other",
            "inputs": (WHOLE.inputs[0], Input(path="protocol.yaml", sha256="2")),
            "policy": Policy(parallel=3),
            "hosts": {"h": HOST},
            "gates": (),
            "barriers": (),
            "tasks": WHOLE.tasks[:1],
            "summary": "shutdown 1 system (1 stop), 1 customer",
        },
    ),
    (
        PlanTask,
        _task,
        {
            "id": "c",
            "system": "c",
            "kind": "other",
            "owner": "nord",
            "mode": Mode.POWEROFF,
            "undoes": (Mode.STOP,),
            "hosts": ("gate",),
            "needs": (),
            "gates": (),
            "priority": 60,
            "serial": False,
            "probe": PlanProbes(),
            "evidence": (),
            "steps": (),
            "force": (),
            "health": (),
        },
    ),
    (
        PlanStep,
        _first_step,
        {
            "id": "stop.7",
            "name": "halt",
            "host": "gate",
            "on_host": "gate",
            "argv": ("stop", "that"),
            "shell": "stop it",
            "manual": "call",
            "stdin": "yes",
            "stdin_secret": "env:PW",
            "sudo": True,
            "timeout_s": 61,
            "exits": (0, 1),
            "idempotent": True,
            "disconnects": True,
            "continue_on_failure": True,
            "changes_state": True,
            "leaves": Mode.POWEROFF,
        },
    ),
    (Need, _need, {"task": "z", "barrier": "order-1", "reason": Reason.AFTER}),
    (
        PlanHost,
        _host,
        {
            "address": "10.0.0.2",
            "port": 23,
            "user": "root",
            "platform": Platform.APPLIANCE,
            "zone": "y",
            "identity": None,
            "receipts": False,
            "via": (),
            "keys": (),
            "key_types": (),
        },
    ),
    (
        PlanGate,
        _gate,
        {"id": "other", "scope": "system=b", "approvals": {}, "checks": (), "valid_s": 61, "tasks": ("a", "b")},
    ),
    (Barrier, _barrier, {"id": "order-2", "needs": ()}),
    (Policy, _policy, {"on_failure": OnFailure.FORCE, "parallel": 3, "zone_parallel": {"z": 1}, "evidence": None}),
    (Policy, _policy, {"failed_limit": 2, "unreachable_limit": 3}),
    (EvidencePolicy, _kept, {"required": True, "at_most_s": 1, "past": "hold", "cap": 1}),
    (
        PlanProbes,
        lambda **update: _task(probe=replace(TASK.probe, **update)),
        {
            "state": (),
            "isolation": TASK.probe.state,
            "poweroff": TASK.probe.state,
        },
    ),
    (PlanMatch, _match, {"output": "on", "exits": (1,)}),
    (
        PlanProbe,
        _probe,
        {
            "host": "gate",
            "on_host": "gate",
            "argv": ("other",),
            "shell": "x",
            "sudo": True,
            "timeout_s": 1,
            "within_s": 1,
            "yes": NO,
            "no": YES,
        },
    ),
    (
        PlanEvidence,
        _evidence,
        {
            "host": "gate",
            "on_host": "gate",
            "argv": ("other",),
            "shell": "x",
            "sudo": True,
            "timeout_s": 1,
            "name": "other",
        },
    ),
    (
        PlanHealth,
        _health,
        {
            "host": "gate",
            "on_host": "gate",
            "argv": ("other",),
            "shell": "x",
            "sudo": True,
            "timeout_s": 1,
            "name": "other",
            "within_s": 1,
            "every_s": 1,
            "settle_s": 1,
            "exits": (1,),
        },
    ),
)
DOES_NOT: Table = (
    (
        Plan,
        _plan,
        {
            "id": "q",
            "created_at": "2026-03-02T02:14:00Z",
            "author": None,
            "request": Request(only=True),
            "inputs": (Input(path="i.yaml", sha256="2"), WHOLE.inputs[1]),
            "estate_head": "1",
            "left_out": (),
            "estimate": Estimate(seconds=1.0, critical_path=(), critical_path_s=0.0),
            "impact": Impact(),
            "warnings": (),
            "summary": "shutdown 2 systems (2 stop), 2 customers",
        },
    ),
    (PlanTask, _task, {"stage": 3, "customers": (), "came_along": None, "estimate_s": 9.0}),
    (PlanStep, _first_step, {"expect_s": 9.0}),
    (Need, _need, {"source": "i.yaml:5"}),
    (Barrier, _barrier, {"source": "protocol.yaml:10"}),
)


def cases(table: Table) -> list[tuple[str, Plan]]:
    """Each changed plan with the name of its field. `evidence` of a policy is changed field by field."""
    return [
        (f"{kind.__name__}.{field}", make(**{field: value}))
        for kind, make, updates in table
        for field, value in updates.items()
        if (kind, field) != (Policy, "evidence")
    ]
