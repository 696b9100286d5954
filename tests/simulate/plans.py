"""Plans for the simulation and for the core's own tests: tasks with a drain and a stop, needs, barriers.

A command is (verb, system, host): what it does to the host that it names, wherever it is sent.
"""

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
from orchestrator.model.terms import Action, Mode, Platform, Reason

ONLINE, OFFLINE = PlanMatch(output="up"), PlanMatch(output="down")


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
