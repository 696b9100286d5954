"""Hand-made values that the screens are drawn from: a small night at a small provider, and a hostile one."""

from orchestrator.model.events import (
    Event,
    EvidenceKept,
    Left,
    Opened,
    OperatorDid,
    OutputRef,
    Probed,
    StepChanged,
    TaskChanged,
)
from orchestrator.model.plan import (
    Barrier,
    CameAlong,
    CustomerImpact,
    Estimate,
    Impact,
    Input,
    LeftOut,
    Need,
    Plan,
    PlanEvidence,
    PlanGate,
    PlanHost,
    PlanMatch,
    PlanProbe,
    PlanProbes,
    PlanStep,
    PlanTask,
    Request,
    ServiceImpact,
    Warn,
)
from orchestrator.model.terms import Action, Found, Mode, Platform, ProbeKind, Proof, Reason, StepState, TaskState
from orchestrator.run.chain import numbered
from orchestrator.run.view import NeedsYou, Running, RunView, Waiting

RUN = "20260301-0214-shutdown-7f3a"
HOSTILE = "\x1b[31mred\x1b]52;c;ZXZpbA==\x07 \u202etxet \u2028[/nope]\x00\x9b"
"""ESC, OSC 52, a right-to-left override, a line separator, rich's markup, NUL and a C1 control."""


def step(number: int, host: str, argv: tuple[str, ...], name: str = "stop", mode: str = "stop") -> PlanStep:
    return PlanStep(
        id=f"{mode}.{number}",
        name=name,
        host=host,
        argv=argv,
        sudo=True,
        timeout_s=120,
        expect_s=12,
        idempotent=True,
        disconnects=False,
    )


def probe(host: str, unit: str) -> PlanProbe:
    return PlanProbe(
        host=host,
        argv=("systemctl", "show", "-p", "ActiveState", "--value", unit),
        timeout_s=15,
        yes=PlanMatch(output="active"),
        no=PlanMatch(output="inactive|failed"),
    )


def task(
    id: str,
    stage: int,
    *hosts: str,
    kind: str = "java-app",
    owner: str = "internal",
    mode: Mode = Mode.STOP,
    needs: tuple[tuple[str, Reason], ...] = (),
    barrier: str | None = None,
    came_along: CameAlong | None = None,
    steps: tuple[PlanStep, ...] | None = None,
) -> PlanTask:
    waits = [Need(task=other, reason=reason, source="inventories/muc.yaml:41") for other, reason in needs]
    if barrier:
        waits.append(Need(barrier=barrier, reason=Reason.PROTOCOL, source="protocol.yaml:19"))
    return PlanTask(
        id=id,
        system=id,
        kind=kind,
        owner=owner,
        mode=mode,
        stage=stage,
        hosts=hosts,
        customers=("bkk-nord",),
        came_along=came_along,
        needs=tuple(waits),
        estimate_s=40,
        probe=PlanProbes(state=tuple(probe(host, id) for host in hosts)),
        evidence=tuple(PlanEvidence(host=host, argv=("ss", "-tnap"), timeout_s=30, name="sockets") for host in hosts),
        steps=steps
        if steps is not None
        else tuple(step(1, host, ("systemctl", "stop", f"{id}@15-main")) for host in hosts),
    )


def night(gates: tuple[PlanGate, ...] = ()) -> Plan:
    """A shutdown of eight systems: uplink first, customers, then internal; one by hand, one protected."""
    by_hand = (
        PlanStep(
            id="stop.1",
            name="have it stopped",
            host="-",
            manual="Call +49 30 5550 and ask them to close our access.",
            timeout_s=3600,
            expect_s=300,
            idempotent=False,
            disconnects=False,
        ),
    )
    tasks = (
        task("uplink-muc", 1, "muc-rt-01", kind="uplink", mode=Mode.ISOLATE),
        task("portal-nord", 2, "web-01", kind="nginx", owner="bkk-nord", barrier="order-1"),
        task("portal-sued", 2, "web-02", kind="nginx", owner="bkk-sued", barrier="order-1"),
        task("app-nord", 3, "app-01", owner="bkk-nord", needs=(("portal-nord", Reason.REQUIRES),), barrier="order-1"),
        task("app-sued", 3, "app-02", owner="bkk-sued", needs=(("portal-sued", Reason.REQUIRES),), barrier="order-1"),
        task("epa-store", 3, kind="external-service", barrier="order-2", steps=by_hand),
        task(
            "core-db",
            4,
            "muc-db-01",
            "muc-db-02",
            kind="postgresql",
            needs=(("app-nord", Reason.REQUIRES), ("app-sued", Reason.REQUIRES)),
            barrier="order-2",
            came_along=CameAlong(reason=Reason.RUNS_ON, of="san-muc"),
        ),
        task("vpn-muc", 5, "muc-vpn-01", kind="vpn", needs=(("core-db", Reason.CONTROL_PATH),)),
    )
    hosts = {
        host: PlanHost(address=f"10.20.3.{number}", port=22, user="orch", platform=Platform.LINUX, keys=("SHA256:abc",))
        for number, host in enumerate(dict.fromkeys(host for each in tasks for host in each.hosts), 11)
    }
    return Plan(
        id=RUN,
        created_at="2026-03-01T02:14:00Z",
        author="o.lang",
        action=Action.SHUTDOWN,
        request=Request(),
        inputs=(Input(path="inventories/muc.yaml", sha256="0" * 64),),
        estate_head="0" * 64,
        summary="shutdown 8 systems (1 isolate, 7 stop), 2 customers",
        hosts=hosts,
        gates=gates,
        barriers=(
            Barrier(id="order-1", needs=("uplink-muc",), source="protocol.yaml:19"),
            Barrier(id="order-2", needs=("uplink-muc", "portal-nord"), source="protocol.yaml:19"),
        ),
        tasks=tasks,
        left_out=(
            LeftOut(system="vault-ess", why="protected: the backups"),
            LeftOut(system="san-ess", why="vault-ess requires san-ess", path=("vault-ess", "san-ess")),
            LeftOut(system="dns-ess", why="vault-ess requires dns-ess", path=("vault-ess", "dns-ess")),
        ),
        estimate=Estimate(
            seconds=1260, critical_path=("portal-sued", "app-sued", "core-db", "vpn-muc"), critical_path_s=840
        ),
        impact=Impact(
            services=(
                ServiceImpact(
                    id="eau",
                    names={"de": "eAU-Datenaustausch", "en": "eAU data exchange"},
                    customers=("bkk-nord", "bkk-ost", "bkk-sued"),
                    because=("core-db",),
                ),
                ServiceImpact(
                    id="portal-sued", names={"en": "member portal"}, customers=("bkk-sued",), because=("portal-sued",)
                ),
            ),
            customers=(
                CustomerImpact(id="bkk-nord", name="BKK Nord", services=("eau",)),
                CustomerImpact(id="bkk-ost", name="BKK Ost", services=("eau",)),
                CustomerImpact(id="bkk-sued", name="BKK Süd", services=("eau", "portal-sued")),
            ),
        ),
        warnings=(
            Warn(
                code="own-way",
                text="vpn-muc goes last: it is your own way in. After it only a console reaches what is down.",
                systems=("vpn-muc",),
            ),
            Warn(
                code="protected",
                text="vault-ess stays up (protected: the backups); it keeps dns-ess, san-ess up.",
                systems=("vault-ess",),
            ),
        ),
    )


GATES = (
    PlanGate(
        id="declare", scope="all", approvals={"incident-lead": 1, "operations": 1}, valid_s=14400, tasks=("core-db",)
    ),
    PlanGate(
        id="customers", scope="customer=bkk-nord", approvals={"customer-liaison": 1}, valid_s=86400, tasks=("app-nord",)
    ),
    PlanGate(
        id="customers", scope="customer=bkk-sued", approvals={"customer-liaison": 1}, valid_s=86400, tasks=("app-sued",)
    ),
)


def hostile() -> Plan:
    """A plan file in which every text is an attack. Ids of a file that was read are whatever its author wrote."""
    evil = task(f"evil{HOSTILE}", 1, f"host{HOSTILE}", kind=HOSTILE, owner=HOSTILE, needs=((HOSTILE, Reason.REQUIRES),))
    plan = night()
    return plan.model_copy(
        update={
            "id": HOSTILE,
            "author": HOSTILE,
            "organisation": f"REHEARSAL {HOSTILE}",
            "tasks": (evil,),
            "warnings": (Warn(code="x", text=HOSTILE, systems=(HOSTILE,)),),
            "left_out": (LeftOut(system=HOSTILE, why=HOSTILE, path=(HOSTILE, HOSTILE)),),
            "impact": Impact(
                services=(
                    ServiceImpact(id=HOSTILE, names={"en": HOSTILE}, customers=(HOSTILE,), because=(HOSTILE, evil.id)),
                ),
                customers=(CustomerImpact(id=HOSTILE, name=HOSTILE, services=(HOSTILE,)),),
            ),
            "estimate": Estimate(seconds=1, critical_path=(HOSTILE, HOSTILE), critical_path_s=1),
        }
    )


def _ref(size: int = 120) -> OutputRef:
    return OutputRef(stdout="a" * 64, stderr="b" * 64, bytes=(size, 0), truncated=(False, False))


def _at(second: float) -> str:
    return f"2026-03-01T02:39:{second:09.6f}Z"


def events() -> tuple[Event, ...]:
    """The journal of a night in which app-sued failed, epa-store waits for a person, and core-db for app-sued."""
    said: list[Event] = [
        Opened(run=RUN, plan_sha256="9f2c" * 16, by="o.lang", version="0.1.0"),
        TaskChanged(task="uplink-muc", state=TaskState.PROBING),
        TaskChanged(task="uplink-muc", state=TaskState.DONE, proof=Proof.UNPROVEN, why="it has no isolation probe"),
        TaskChanged(task="portal-nord", state=TaskState.ALREADY),
        TaskChanged(task="portal-sued", state=TaskState.PROBING),
        Probed(task="portal-sued", host="web-02", probe=ProbeKind.STATE, found=Found.ONLINE, exit=0, output=_ref()),
        EvidenceKept(task="portal-sued", host="web-02", name="sockets", exit=0, output=_ref(4096)),
        TaskChanged(task="portal-sued", state=TaskState.RUNNING),
        StepChanged(task="portal-sued", step="stop.1", host="web-02", attempt=1, state=StepState.INTENT),
        StepChanged(
            task="portal-sued", step="stop.1", host="web-02", attempt=1, state=StepState.OK, exit=0, output=_ref()
        ),
        Probed(task="portal-sued", host="web-02", probe=ProbeKind.STATE, found=Found.OFFLINE, exit=0),
        TaskChanged(task="portal-sued", state=TaskState.DONE, proof=Proof.PROVEN),
        TaskChanged(task="app-nord", state=TaskState.SKIPPED, why="o.lang: it was moved away last week"),
        StepChanged(task="app-sued", step="stop.1", host="app-02", attempt=1, state=StepState.INTENT),
        StepChanged(
            task="app-sued",
            step="stop.1",
            host="app-02",
            attempt=1,
            state=StepState.FAILED,
            exit=1,
            output=_ref(),
            why="timeout waiting for worker",
        ),
        TaskChanged(task="app-sued", state=TaskState.FAILED, why="stop on app-02: exit 1: timeout waiting for worker"),
        TaskChanged(task="epa-store", state=TaskState.HELD, why="have it stopped: Call +49 30 5550."),
        OperatorDid.model_validate(
            {"did": "resolve", "task": "epa-store", "as": "hold", "by": "a.brandt", "reason": "nobody answers there"}
        ),
        Left(reason="ended"),
    ]
    return tuple(numbered(event, number, _at(1.377 * number)) for number, event in enumerate(said, 1))


def view(*, needs: int = 2, running: int = 3) -> RunView:
    """The run in its sixth minute."""
    return RunView(
        run=RUN,
        action=Action.SHUTDOWN,
        by="o.lang",
        total=68,
        counts={
            TaskState.DONE: 30,
            TaskState.ALREADY: 1,
            TaskState.FAILED: 1,
            TaskState.UNKNOWN: 1,
            TaskState.RUNNING: running,
            TaskState.VERIFYING: 2,
            TaskState.WAITING: 30,
        },
        started=1000.0,
        now=1372.0,
        left_s=480.0,
        slots=50,
        running=tuple(
            Running(f"app-{number:02}", "stop", f"app-{number:02}", 1360.0 - 90 * (number == 1), 20.0, 600.0)
            for number in range(1, running + 1)
        ),
        needs_you=(
            NeedsYou(
                "mq-ess-01",
                TaskState.UNKNOWN,
                "drain: connection lost, its receipt does not answer",
                1331.0,
                (),
                ("done", "retry", "skip"),
            ),
            *(
                NeedsYou(
                    f"app-sued-{number}",
                    TaskState.FAILED,
                    'stop on app-02: exit 1: "timeout waiting for worker"',
                    1100.0,
                    ("core-db", "san-muc", "vpn-muc"),
                    ("retry", "skip", "done"),
                )
                for number in range(1, needs)
            ),
        ),
        waiting=(
            Waiting("core-db", ("app-sued-1 (failed)", "batch-muc (running)")),
            Waiting("mq-muc", ("app-sued-1 (failed)",)),
            Waiting("san-muc", ("core-db",)),
        ),
    )
