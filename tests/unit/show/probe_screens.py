"""What `orch probe` shows, over findings made by hand: a good day, a bad one, hostile hosts, a plan, a watch."""

from collections.abc import Callable
from dataclasses import replace

from orchestrator.hosts.look import ReceiptPlace
from orchestrator.model.plan import PlanHost
from orchestrator.model.terms import EstateState, Found, Platform, ProbeKind
from orchestrator.run.survey.drive import Progress
from orchestrator.run.survey.findings import (
    HostFinding,
    HostState,
    Offset,
    Seen,
    Survey,
    SystemFinding,
    SystemState,
    ToolFinding,
    Trouble,
)
from orchestrator.run.survey.watch import Change, Round
from orchestrator.show.layout import Line, cut, line
from orchestrator.show.probe_live import progress_text, round_lines
from orchestrator.show.probe_view import next_commands, planned_lines, probe_lines
from tests.unit.show.fixtures import HOSTILE, RUN, night

GATEWAY = "gateway muc-bst-01: 10.20.1.1 port 22: no answer within 10 s"


def host(id: str, state: HostState = HostState.FINE, *troubles: Trouble, **measures: object) -> HostFinding:
    reached = PlanHost(address="10.20.3.11", port=22, user="orch", platform=Platform.LINUX, via=(("muc-bst-01",),))
    values: dict[str, object] = {"login_s": 0.212, "answer_s": 0.05, "shell": "/bin/bash", "sudo": True}
    values |= {"clock": Offset(-0.02, 0.05), "receipts": ReceiptPlace("/run/lock", "new")}
    values |= {"tools": (ToolFinding("nft", True, ("fw",), "/usr/sbin/nft"),)}
    if state not in {HostState.FINE, HostState.SUDO, HostState.TOOLS}:
        values = {}
    return HostFinding(id, reached, state, troubles, **{**values, **measures})  # type: ignore[arg-type]


def system(
    id: str,
    state: SystemState = SystemState.AS_BELIEVED,
    seen: str = "online",
    believed: EstateState = EstateState.ONLINE,
    *,
    run: str | None = None,
    found: Found = Found.ONLINE,
    ready: bool | None = None,
) -> SystemFinding:
    answers = (Seen(ProbeKind.STATE, f"{id}-1", None, found),)
    return SystemFinding(id, state, believed, seen, answers, run=run, ready=ready)


def survey(*parts: HostFinding | SystemFinding, took_s: float = 4.2, whole: bool = True) -> Survey:
    hosts = {part.host: part for part in parts if isinstance(part, HostFinding)}
    systems = {part.system: part for part in parts if isinstance(part, SystemFinding)}
    return Survey(hosts, systems, took_s, whole)


FINE: list[HostFinding | SystemFinding] = [
    *(host(f"muc-app-{n:02}") for n in range(1, 9)),
    *(system(f"app-{n:02}") for n in range(1, 12)),
]
BAD = survey(
    *FINE,
    host(
        "muc-bst-01",
        HostState.UNREACHABLE,
        Trouble(
            "unreachable",
            GATEWAY.partition(": ")[2],
            "Has it power, does its sshd run? Try its port:",
            "nc -vz 10.20.1.1 22",
        ),
    ),
    *(
        host(f"muc-db-{n:02}", HostState.UNREACHABLE, Trouble("unreachable", GATEWAY, "Look at the gateway first."))
        for n in range(1, 15)
    ),
    host(
        "ess-web-03",
        HostState.KEY,
        Trouble(
            "key",
            "shows the host key SHA256:XAlqV8u8vqvk3jReW6t7a7vVZEpesB03kmf7DOZSkxI (ssh-ed25519), "
            "pinned in known_hosts: SHA256:Z53KZEfiL1oZX545kqOawpPcphAr1VEbFePDzKgLgd0",
            "If its console shows that key too, and somebody can say why it changed, replace its line in known_hosts:",
            "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
        ),
    ),
    host(
        "ess-fw-01",
        HostState.SUDO,
        Trouble(
            "sudo",
            "sudo -n refuses orch (sudo: a password is required); needed for fw-ess",
            "On it, as root, with the line: orch ALL=(root) NOPASSWD: ALL",
            "visudo -f /etc/sudoers.d/orch",
        ),
        Trouble("tool", "ss is not found; it is called for fw-ess", "Install it there, or mend the playbook."),
        sudo=False,
    ),
    host(
        "ess-ns-01",
        HostState.FINE,
        Trouble(
            "clock",
            "its clock is 47.0 s ahead of ours (give or take 0.1 s)",
            "On it, and on this machine:",
            "date -u; timedatectl",
            fails=False,
        ),
        Trouble("shell", "the login shell is /usr/bin/fish; orch's commands go through /bin/sh", fails=False),
        clock=Offset(46.9, 47.1),
        shell="/usr/bin/fish",
        receipts=ReceiptPlace(None, "none"),
    ),
    host("muc-hv-09", HostState.AWAY, Trouble("away", "it does not answer; a run powered it off", fails=False)),
    system("portal-nord", SystemState.CAME_UP, "online on muc-app-03", EstateState.OFFLINE, run=RUN),
    system("mq-ess", SystemState.FOUND_DOWN, "offline on ess-mq-01"),
    system("batch-muc", SystemState.LEARNT, "offline", EstateState.UNKNOWN, run=RUN),
    *(system(f"db-{n:02}", SystemState.UNKNOWN, "state probe: ...", found=Found.UNREACHABLE) for n in range(1, 15)),
    system("ldap-ess", SystemState.UNKNOWN, "state probe on ess-ldap-01: no end within 15 s", found=Found.UNKNOWN),
    system("guest-09", SystemState.AWAY, "state probe: muc-hv-09 can't be reached", EstateState.OFFLINE, run=RUN),
    system("epa-store", SystemState.PERSON, "no probe can tell; ask its owner"),
    replace(system("fax-gw", seen="offline", believed=EstateState.OFFLINE, run=RUN), found_before=True),
    took_s=74,
)
HOSTILE_SURVEY = survey(
    host(HOSTILE, HostState.NO_ANSWER, Trouble("answer", f"can't be asked ({HOSTILE * 2})", HOSTILE, HOSTILE)),
    host("liar", HostState.FINE, shell=HOSTILE),
    system(HOSTILE, SystemState.UNKNOWN, HOSTILE * 2, found=Found.UNKNOWN),
    took_s=1,
    whole=False,
)


def watching(width: int) -> list[Line]:
    up = system("portal-nord", SystemState.CAME_UP, "online on muc-app-03", EstateState.OFFLINE, run=RUN)
    down = replace(up, state=SystemState.AS_BELIEVED, seen="offline")
    silent = replace(up, state=SystemState.UNKNOWN, seen="state probe: muc-app-03 can't be reached")
    first = Round(1, survey(*FINE), (), (), 30)
    return [
        *round_lines(first, "02:31:07", width),
        *round_lines(replace(first, nth=2, changes=(Change("portal-nord", silent, False, False),)), "02:31:37", width),
        *round_lines(replace(first, nth=3, changes=(Change("portal-nord", up, True, False),)), "02:32:07", width),
        *round_lines(
            replace(first, nth=4, changes=(Change("portal-nord", down, False, True),), gone=("core-db",)),
            "02:32:37",
            width,
        ),
        line(cut(progress_text(Progress((34, 54), (60, 83), 12.3, ("muc-db-01", "ess-mq-02"))), width)),
    ]


def planned(width: int) -> list[Line]:
    already = [system(id, seen="offline", believed=EstateState.OFFLINE, ready=True) for id in ("app-nord", "core-db")]
    return planned_lines(survey(*FINE, *already), night(), width)


PROBES: dict[str, Callable[[int], list[Line]]] = {
    "probe-fine": lambda width: probe_lines(survey(*FINE), width, then=next_commands(survey(*FINE))),
    "probe": lambda width: probe_lines(BAD, width, then=next_commands(BAD), place=" -C site"),
    "probe-all": lambda width: probe_lines(
        survey(*FINE[:2], FINE[-1], host("ess-ns-01", clock=None)), width, every=True
    ),
    "probe-hostile": lambda width: probe_lines(HOSTILE_SURVEY, width, every=True, then=next_commands(HOSTILE_SURVEY)),
    "probe-planned": planned,
    "probe-watch": watching,
}
