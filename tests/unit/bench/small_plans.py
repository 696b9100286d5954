"""Plans of a few tasks, for tests of the bound: who needs whom, in which zone, how urgent."""

from collections.abc import Mapping, Sequence

from orchestrator.model.plan import Barrier, Estimate, Need, Plan, PlanHost, PlanTask, Policy, Request
from orchestrator.model.terms import Action, Mode, Platform, Reason


def plan_of(
    needs: Mapping[str, Sequence[str]],
    *,
    parallel: int = 50,
    zones: Mapping[str, str] | None = None,
    zone_parallel: Mapping[str, int] | None = None,
    priority: Mapping[str, int] | None = None,
    barriers: Mapping[str, Sequence[str]] | None = None,
) -> Plan:
    """A shutdown; `needs` names tasks, and barriers as `order-1`. Each task has one host, of the same name."""
    tasks = tuple(
        PlanTask(
            id=name,
            system=name,
            kind="test",
            owner="internal",
            mode=Mode.STOP,
            stage=1,
            hosts=(name,),
            needs=tuple(
                Need(
                    task=None if one.startswith("order-") else one,
                    barrier=one if one.startswith("order-") else None,
                    reason=Reason.REQUIRES,
                    source="t:1",
                )
                for one in needed
            ),
            estimate_s=1.0,
            priority=(priority or {}).get(name, 50),
        )
        for name, needed in needs.items()
    )
    return Plan(
        id="20260301-0214-test-0000",
        created_at="2026-03-01T02:14:00Z",
        author=None,
        action=Action.SHUTDOWN,
        request=Request(),
        inputs=(),
        estate_head="0" * 64,
        summary="test",
        policy=Policy(parallel=parallel, zone_parallel=dict(zone_parallel or {})),
        hosts={
            name: PlanHost(address=name, port=22, user="o", platform=Platform.LINUX, zone=(zones or {}).get(name))
            for name in needs
        },
        barriers=tuple(Barrier(id=id, needs=tuple(own), source="t:1") for id, own in (barriers or {}).items()),
        tasks=tasks,
        estimate=Estimate(seconds=0, critical_path=(), critical_path_s=0),
    )
