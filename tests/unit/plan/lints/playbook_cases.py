"""Isolation, proofs and steps: L08 to L16."""

from collections.abc import Callable
from dataclasses import replace

from orchestrator.model.inventory import Host
from orchestrator.model.playbook import Argv, Health, Manual, Match, Playbook, Probe, Shell, Step
from orchestrator.model.protocol import NO_PROTOCOL, Protocol
from orchestrator.model.terms import Action, Mode, OnFailure, Platform
from orchestrator.model.workspace import Workspace
from tests.builders import BOOK, playbook, protocol, step
from tests.unit.plan.lints.case import Case


def _isolating(*kinds: str) -> Protocol:
    return protocol(modes={f"kind={kind}": Mode.ISOLATE for kind in kinds})


def _hosts(change: Callable[[Host], Host]) -> Callable[[Workspace], Workspace]:
    def touch(ws: Workspace) -> Workspace:
        hosts = {id: change(host) for id, host in ws.inventory.hosts.items()}
        return replace(ws, inventory=replace(ws.inventory, hosts=hosts))

    return touch


def _of(kind: str, only: Platform) -> Callable[[Host], Host]:
    return lambda host: replace(host, platform=only) if host.id == kind else host


def _asking(*argv: str, yes: Match | None = None, no: Match | None = None) -> tuple[Playbook, ...]:
    state = Probe(Argv(argv), yes or Match(exits=(0,)), no or Match(exits=(3,)), BOOK)
    return (playbook(state=state),)


def _asking_line(line: str) -> tuple[Playbook, ...]:
    return (playbook(state=Probe(Shell(line), Match(exits=(0,)), Match(exits=(4,)), BOOK)),)


LINE = playbook("line", on="fw")
NO_ISOLATE = playbook(shutdown={Mode.STOP: (step("stop"),)}, restore={Mode.STOP: (step("start"),)})
BY_HAND = Step("call", Manual("call them"), BOOK, changes_state=True)
HEALTHY = (Health("answers", Argv(("ask",)), BOOK),)

CASES = (
    # --- L08, L09 ----------------------------------------------------------------------------------
    Case(
        "L08",
        "undone on the isolated host",
        "a on h1\nb on h2",
        (
            'service: "join" undoes an isolation on the isolated host itself, which nobody can reach once it is '
            "cut off: 2 systems (a and b); with --mode isolate.",
        ),
    ),
    Case(
        "L08",
        "the one that undoes it is the system itself",
        "a on h1\na kind line\nfw on h2\nfw kind line",
        (
            'line: "join" undoes an isolation on the isolated host itself, which nobody can reach once it is '
            "cut off: 1 system (fw), isolated by the protocol.",
        ),
        _isolating("line"),
        (LINE,),
    ),
    Case(
        "L08",
        "undone by another system on the same host",
        "a on h1\na kind line\nfw on h1",
        (),
        _isolating("line"),
        (
            LINE,
            NO_ISOLATE,
        ),
    ),
    Case("L08", "undone elsewhere", "a on h1\na kind line\nfw on h2", playbooks=(LINE, NO_ISOLATE)),
    Case("L08", "undone by a person", "a on h1", playbooks=(playbook(restore={Mode.ISOLATE: (BY_HAND,)}),)),
    Case("L08", "never isolated", "a on h1", playbooks=(playbook(shutdown={Mode.STOP: (step("stop"),)}),)),
    Case(
        "L09",
        "asked of the isolated host",
        "a on h1\nb on h2",
        (
            "service: isolation is asked of the isolated host itself, which can't answer where it worked: 2 systems (a "
            "and b); the protocol isolates a.",
        ),
        protocol(modes={"a": Mode.ISOLATE}),
    ),
    Case("L09", "asked elsewhere", "a on h1\na kind line\nfw on h2", playbooks=(LINE, NO_ISOLATE)),
    Case("L09", "not asked", "a on h1", playbooks=(playbook(isolation=None),)),
    # --- L10, L11, L12 -----------------------------------------------------------------------------
    Case(
        "L10",
        "stopped, and nothing asks",
        "a on h1",
        ('service has "stop" and no state that proves it: 1 system (a) will be unproven.',),
        playbooks=(playbook(state=None),),
    ),
    Case(
        "L10",
        "isolated, and nothing asks",
        "a on h1",
        ('service has "isolate" and no isolation that proves it: 1 system (a) would be unproven with --mode isolate.',),
        playbooks=(playbook(isolation=None),),
    ),
    Case("L10", "stopped by a person", "a on h1", playbooks=(playbook(state=None, shutdown={Mode.STOP: (BY_HAND,)}),)),
    Case("L10", "both are asked", "a on h1"),
    Case("L10", "run by others", "a external", playbooks=(playbook(state=None),)),
    Case(
        "L11",
        "no health",
        "a on h1",
        ("service has no health: 1 system (a) will count as back without anything that shows it.",),
    ),
    Case("L11", "a check", "a on h1", playbooks=(playbook(health=HEALTHY),)),
    Case("L11", "brought back by a person", "a on h1", playbooks=(playbook(restore={Mode.STOP: (BY_HAND,)}),)),
    Case(
        "L12",
        "exits 3 and 4 of is-active",
        "a on h1",
        (
            "state.offline lists exit 3 of systemctl is-active: on many systemds a unit that is not there, or is only "
            "activating, says so too, and would count as down.",
            "state.offline lists exit 4 of systemctl is-active: a unit that is not there would count as down.",
        ),
        playbooks=_asking("/usr/bin/systemctl", "is-active", "-q", "x", no=Match(exits=(3, 4))),
    ),
    Case(
        "L12",
        "exit 4 of a line",
        "a on h1",
        ("state.offline lists exit 4 of systemctl is-active: a unit that is not there would count as down.",),
        playbooks=_asking_line("systemctl --quiet is-active {system}"),
    ),
    Case("L12", "a line whose exit is another's", "a on h1", playbooks=_asking_line("systemctl is-active x && ask x")),
    Case("L12", "a line that asks more", "a on h1", playbooks=_asking_line("systemctl cat x && systemctl is-active x")),
    Case(
        "L12",
        "output that never counts",
        "a on h1",
        ("state.offline waits for output of systemctl is-active, which counts after exit 0 alone: it never comes.",),
        playbooks=_asking("systemctl", "is-active", "x", no=Match(output="inactive")),
    ),
    Case(
        "L12",
        "a program that is not there",
        "a on h1",
        ("state.offline lists exit 127: a program that is not there would count as an answer.",),
        playbooks=_asking("pg_ctlcluster", "status", no=Match(exits=(3, 127))),
    ),
    Case(
        "L12",
        "exit 1 on Windows",
        "a on h1\nb on h2",
        ("state.offline lists exit 1, with which every error ends on 1 Windows host (h1).",),
        playbooks=_asking("sc.exe", "query", "x", no=Match(exits=(1, 36))),
        touch=_hosts(_of("h1", Platform.WINDOWS)),
    ),
    Case("L12", "exit 1 elsewhere", "a on h1", playbooks=_asking("ask", "x", no=Match(exits=(1,)))),
    Case(
        "L12",
        "another exit on Windows",
        "a on h1",
        playbooks=_asking("sc.exe", "query", "x", no=Match(exits=(36,))),
        touch=_hosts(_of("h1", Platform.WINDOWS)),
    ),
    Case("L12", "exit 3 of another program", "a on h1", playbooks=_asking("pg_ctlcluster", "status")),
    Case("L12", "exit 3 of systemctl status", "a on h1", playbooks=_asking("systemctl", "status", "x")),
    Case(
        "L12",
        "output of systemctl show",
        "a on h1",
        playbooks=_asking("systemctl", "show", "x", yes=Match(output="loaded"), no=Match(output="masked")),
    ),
    # --- L13 to L16 --------------------------------------------------------------------------------
    Case(
        "L13",
        "on an appliance",
        "a on h1\nb on h2",
        (
            'service: "stop" (shutdown.stop) is not idempotent, and 1 host (h1) keeps no receipt: a lost connection '
            "leaves it to a person.",
        ),
        playbooks=(playbook(shutdown={Mode.STOP: (step("stop"),)}, restore={}),),
        touch=_hosts(_of("h1", Platform.APPLIANCE)),
    ),
    Case(
        "L13",
        "on a carrier that keeps none",
        "a on h1\nh1 runs-on hv\nhv on hv-1\nhv kind other",
        (
            'service: "cut" (shutdown.isolate) is not idempotent, and 1 host (hv-1) keeps no receipt: a lost '
            "connection leaves it to a person.",
        ),
        playbooks=(
            playbook(on="carrier", shutdown={Mode.ISOLATE: playbook(on="carrier").shutdown[Mode.ISOLATE]}, restore={}),
            playbook("other", shutdown={}, restore={}),
        ),
        touch=_hosts(lambda host: replace(host, receipts=host.id != "hv-1")),
    ),
    Case(
        "L13",
        "said twice does no harm, or takes the host along",
        "a on h1",
        playbooks=(
            playbook(
                shutdown={
                    Mode.STOP: (step("stop", idempotent=True),),
                    Mode.POWEROFF: (step("off", disconnects=True), BY_HAND),
                },
                restore={},
            ),
        ),
        touch=_hosts(lambda host: replace(host, receipts=False)),
    ),
    Case(
        "L14",
        "the protocol's mode is missing",
        "a on h1\nb on h2",
        (
            'service has no "poweroff", by which the protocol takes 2 systems (a and b) offline: they become tasks for '
            "a person.",
        ),
        protocol(modes={"*": Mode.POWEROFF}),
        (playbook(shutdown={Mode.STOP: (step("stop"),)}),),
    ),
    Case(
        "L14",
        "the usual mode is missing",
        "a on h1",
        ('service has no "stop", by which the protocol takes 1 system (a) offline: it becomes a task for a person.',),
        playbooks=(playbook(shutdown={Mode.POWEROFF: (step("off"),)}),),
    ),
    Case("L14", "the protocol's mode is there", "a on h1", protocol=protocol(modes={"*": Mode.POWEROFF})),
    Case("L14", "never taken down", "a on h1\na protected", playbooks=(playbook(shutdown={}),)),
    Case("L14", "run by others", "a external", playbooks=(playbook(shutdown={}),)),
    Case(
        "L15",
        "no way back from poweroff",
        "a on h1",
        ('service takes 1 system (a) offline by "poweroff" and has nothing that undoes it.',),
        playbooks=(playbook(restore={Mode.STOP: (step("start"),), Mode.ISOLATE: (step("join"),)}),),
    ),
    Case(
        "L15",
        "no way back from what force leaves",
        "a on h1",
        ('service takes 1 system (a) offline by "poweroff" and has nothing that undoes it.',),
        playbooks=(
            playbook(
                shutdown={Mode.STOP: (step("stop"),)},
                restore={Mode.STOP: (step("start"),)},
                force=(step("kill", leaves=Mode.POWEROFF),),
            ),
        ),
    ),
    Case("L15", "all are undone", "a on h1"),
    Case(
        "L15",
        "undone by a person",
        "a on h1",
        playbooks=(playbook(shutdown={Mode.STOP: (step("stop"),)}, restore={Mode.STOP: (BY_HAND,)}),),
    ),
    Case(
        "L16",
        "force, and a playbook without",
        "a on h1",
        ("service has no force, which the protocol counts on: 1 system (a) without a next rung.",),
        replace(NO_PROTOCOL, on_failure={Action.SHUTDOWN: OnFailure.FORCE, Action.RESTORE: OnFailure.HOLD}),
    ),
    Case(
        "L16",
        "force, and a playbook with it",
        "a on h1",
        (),
        replace(NO_PROTOCOL, on_failure={Action.SHUTDOWN: OnFailure.FORCE, Action.RESTORE: OnFailure.HOLD}),
        (playbook(force=(step("kill"),)),),
    ),
    Case("L16", "hold", "a on h1"),
)
