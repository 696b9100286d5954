"""Every screen, drawn from the fixtures: name -> lines for a width. The goldens beside the tests hold what comes out.

After a wanted change: `python -m tests.unit.show.screens` writes the goldens anew; read the diff as an operator would.
"""

from collections.abc import Callable
from pathlib import Path

from orchestrator.model.errors import Broken, FilesError, Problem, Refused
from orchestrator.model.estate import Deed, Estate, OpenRun, SystemRecord
from orchestrator.model.inventory import Customer, Inventory, Service, System
from orchestrator.model.source import Source
from orchestrator.model.terms import EstateState, Mode
from orchestrator.plan.lints.catalogue import CATALOGUE
from orchestrator.plan.lints.finding import Finding
from orchestrator.run.integrity import Verdict, VerifyAll, VerifyReport
from orchestrator.run.summary import summarise, task_notes
from orchestrator.run.timeline import timeline
from orchestrator.show.check_view import catalogue_lines, explain_lines, lint_lines, problem_lines, verdict_lines
from orchestrator.show.errors import error_lines, mistake_lines
from orchestrator.show.graph_view import Arrow, graph_lines
from orchestrator.show.layout import Line
from orchestrator.show.live_view import live_lines
from orchestrator.show.log_view import log_lines
from orchestrator.show.plain_lines import plain_line
from orchestrator.show.plan_view import plan_lines
from orchestrator.show.run_view import RunPage, run_lines, runs_lines
from orchestrator.show.status_view import Hit, status_lines
from orchestrator.show.verify_view import verify_lines
from tests.unit.show.fixtures import GATES, RUN, events, night, view
from tests.unit.show.plan_file_screens import PLAN_FILES
from tests.unit.show.probe_screens import PROBES
from tests.unit.show.question_screens import QUESTIONS
from tests.unit.show.run_screens import RUN_SCREENS

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = (80, 160)
Screen = Callable[[int], list[Line]]
_HERE = Source("inventories/muc.yaml", 1)


def page(*, busy: bool = False) -> RunPage:
    plan, said = night(), events()
    return RunPage(plan, summarise(plan, said), task_notes(plan, said), "51be7c20d1a4" + "0" * 52, busy)


def problems() -> tuple[Problem, ...]:
    loop = "\n".join(
        [
            "loop on the way down, of 2 systems, each waits for the next:",
            "    gw-ess     runs on hv-ess-03          inventories/rz/ess.yaml:12",
            "    hv-ess-03  is reached through gw-ess  inventories/rz/ess.yaml:4",
        ]
    )
    return (
        Problem(
            Source("inventories/rz/muc.yaml", 41),
            "core-db requires san-mucc, which does not exist.",
            "Did you mean san-muc (inventories/rz/storage.yaml:7)?",
        ),
        Problem(Source("inventories/rz/muc.yaml", 58), 'billing: unknown key "require".', "Did you mean requires?"),
        Problem(Source("inventories/rz/ess.yaml", 12), loop),
    )


def lints() -> tuple[Finding, ...]:
    exit_4 = "state.offline lists exit 4 of systemctl is-active: a unit that is not there would count as down."
    only = "ess-bst-01 is the only way into ess-infra, ess-data and ess-app: if it fails, 25 systems (backup-ess, "
    return (
        *(
            Finding("L06", Source("inventories/rz/muc.yaml", n), f"host muc-{n} has no key in known_hosts.", "Add it.")
            for n in range(41, 50)
        ),
        Finding("L12", Source("playbooks/nginx.yaml", 6), exit_4, "Ask systemctl show, and match its output."),
        Finding(
            "L03", Source("inventories/a-provider-with-a-long-name/zones.yaml", 11), f"{only}...) can't be reached."
        ),
    )


def estate() -> tuple[Inventory, Estate]:
    def down(*modes: Mode, complete: bool = True) -> tuple[Deed, ...]:
        return tuple(Deed(mode, ("h",), RUN, "2026-03-01T02:39:00Z", complete) for mode in modes)

    def system(state: EstateState, deeds: tuple[Deed, ...], *, found: bool = False, why: str = "") -> SystemRecord:
        return SystemRecord(state, deeds, found, RUN, "2026-03-01T02:39:00.000000Z", why)

    systems = {
        "core-db": system(EstateState.OFFLINE, down(Mode.STOP, Mode.POWEROFF)),
        "app-nord": system(EstateState.OFFLINE, (), found=True),
        "uplink-muc": system(EstateState.ISOLATED, down(Mode.ISOLATE)),
        "app-sued": system(EstateState.UNKNOWN, down(Mode.STOP, complete=False), why="stop failed: exit 1 on app-02"),
        "left-over": system(EstateState.OFFLINE, down(Mode.STOP)),
    }
    names = ("app-nord", "app-sued", "core-db", "san-muc", "uplink-muc")
    inventory = Inventory(
        name="rz",
        customers={id: Customer(id, id, "de", _HERE) for id in ("bkk-nord", "bkk-sued", "bkk-ost")},
        zones={},
        hosts={},
        systems={id: System(id, "java-app", _HERE) for id in names},
        services={"eau": Service("eau", {"en": "eAU data exchange"}, _HERE)},
    )
    open_run = OpenRun(RUN, night().action, frozenset({"app-sued", "core-db"}))
    return inventory, Estate(systems=systems, open_runs=(open_run,))


def status(width: int, *, every: bool = False) -> list[Line]:
    inventory, known = estate()
    hits = (Hit("eau", ("bkk-nord", "bkk-ost", "bkk-sued"), ("core-db",)),)
    return status_lines(inventory, known, sorted(inventory.systems), hits, width, every=every)


def graph(width: int) -> list[Line]:
    arrows = (
        Arrow("portal", "app", ("requires",)),
        Arrow("app", "db", ("requires", "after")),
        Arrow("app", "dns-a", ("requires (one of 2)",)),
        Arrow("app", "dns-b", ("requires (one of 2)",)),
        Arrow("db", "san", ("runs-on",)),
        Arrow("dns-a", "san", ("runs-on",)),
        Arrow("batch", "db", ("requires",)),
    )
    return graph_lines(arrows, ("portal", "batch"), width, depth=None)


def verify(width: int) -> list[Line]:
    whole = VerifyReport(RUN, Verdict.INTERNAL_ONLY, 412, "51be7c20d1a4" + "0" * 52, outputs=90)
    broken = VerifyReport(
        "20260302-0900-restore-11aa",
        Verdict.BROKEN,
        17,
        "ab" * 32,
        torn_bytes=31,
        problems=("journal.jsonl:18  its hash does not fit the line before",),
    )
    return verify_lines(VerifyAll((whole, broken)), width)


def plan_page(width: int, *, every: bool = False, commands: bool = False, gates: bool = False) -> list[Line]:
    plan = night(GATES if gates else ())
    return plan_lines(
        plan, width, untouched=True, every_system=every, commands=commands, then=["orch shutdown --as YOU"]
    )


def log_with_output(width: int) -> list[Line]:
    rows = timeline(night(), events(), {"app-sued"})
    sent = {"a" * 64: b"worker 3 busy\nworker 4 \x1b[2Jbusy\xff\r\n", "b" * 64: b""}
    return log_lines(rows, width, one_task=True, output=sent.__getitem__)


SCREENS: dict[str, Screen] = {
    **QUESTIONS,
    **PLAN_FILES,
    **PROBES,
    **RUN_SCREENS,
    "plan": plan_page,
    "plan-gates": lambda width: plan_page(width, gates=True),
    "plan-all": lambda width: plan_page(width, every=True),
    "plan-commands": lambda width: plan_page(width, commands=True),
    "live": lambda width: live_lines(view(), width, 24),
    "live-crowded": lambda width: live_lines(view(needs=9, running=30), width, 24),
    "plain": lambda _: [said for event in events() if (said := plain_line(event)) is not None],
    "run": lambda width: run_lines(page(), width, name="20260301-0214"),
    "runs": lambda width: runs_lines([page(), page(busy=True)], width),
    "log": lambda width: log_lines(timeline(night(), events()), width),
    "log-output": log_with_output,
    "status": status,
    "status-all": lambda width: status(width, every=True),
    "graph": graph,
    "check": lambda width: [
        *problem_lines(problems(), width),
        *verdict_lines(width, errors=3, systems=70, hosts=55, files=9, seconds=1.1),
    ],
    "check-lints": lambda width: [
        *problem_lines(problems()[:1], width),
        *lint_lines(lints(), width),
        *verdict_lines(width, errors=1, lints=11, systems=70, hosts=55, files=9, seconds=1.1),
    ],
    "check-explain": lambda width: explain_lines(CATALOGUE["L12"], width),
    "check-explain-all": lambda width: catalogue_lines(CATALOGUE, width),
    "verify": verify,
    "errors": lambda width: [
        *error_lines(FilesError(problems()[:1]), width),
        *error_lines(Refused("run X is being executed by o.lang.", "Only one may. Watch: orch log X --follow"), width),
        *error_lines(Broken("runs/X/journal.jsonl:18 does not verify."), width),
        *mistake_lines("KeyError", "planning.py, line 54", "/tmp/orch-mistake-1.txt", width),
    ],
}


def text(lines: list[Line]) -> str:
    return "".join(f"{each.plain.rstrip()}\n" for each in lines)


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name, screen in SCREENS.items():
        for width in WIDTHS:
            (GOLDEN / f"{name}-{width}.txt").write_text(text(screen(width)), encoding="utf-8")


if __name__ == "__main__":
    main()
