"""What a survey asks: which hosts, which tools there, which questions, what must be down, what may be out of reach."""

from pathlib import Path

import pytest

from orchestrator.graph.ways import Ways
from orchestrator.model.estate import Deed, Estate, OpenRun, SystemRecord
from orchestrator.model.plan import Plan
from orchestrator.model.terms import Action, EstateState, Mode, ProbeKind
from orchestrator.model.workspace import Workspace
from orchestrator.run.questions import questions
from orchestrator.run.survey.away import Away
from orchestrator.run.survey.wanted import wanted, wanted_of_plan
from tests.builders import down, inventory
from tests.small_site import load_site

STOP, CUT, OFF = Mode.STOP, Mode.ISOLATE, Mode.POWEROFF
RUN = "20260301-0214-shutdown-7f3a"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return load_site(tmp_path_factory.mktemp("site"))


def taken(state: EstateState, *deeds: tuple[Mode, str]) -> SystemRecord:
    made = tuple(Deed(mode, (host,), RUN, "2026-03-01T02:39:00Z", True) for mode, host in deeds)
    return SystemRecord(state, made, last_run=RUN)


def plan_of(ws: Workspace, *select: str) -> Plan:
    return down(ws, *select, only=True)


def test_every_host_and_every_system(site: Workspace) -> None:
    asked = wanted(site, Estate(), tuple(site.inventory.systems), every_host=True)

    assert set(asked.ask) == set(site.inventory.hosts)
    assert set(asked.systems) == set(site.inventory.systems)
    assert asked.ask["db-1"].jump == "orch@10.1.0.1:22"
    assert asked.ask["fw"].tools == ()  # an appliance has no `command -v`
    assert asked.ask["win"].tools == ()


def test_of_a_selection_its_hosts_their_gateways_and_who_acts_for_them(site: Workspace) -> None:
    assert set(wanted(site, Estate(), ("db",)).ask) == {"db-1", "db-2", "gate", "hv"}
    assert set(wanted(site, Estate(), ("app",)).ask) == {"app", "fw"}
    assert set(wanted(site, Estate(), ("store",)).ask) == set()  # external: nobody logs in there


def test_tools_and_sudo_are_what_the_commands_need_there(site: Workspace) -> None:
    asked = wanted(site, Estate(), ("db", "app"))

    assert asked.ask["hv"].sudo_for == ("db",)
    assert {(tool.name, tool.sudo, tool.users) for tool in asked.ask["hv"].tools} == {("virsh", True, ("db",))}
    assert {(tool.name, tool.sudo) for tool in asked.ask["app"].tools} == {
        ("curl", False),
        ("sleep", False),
        ("ss", False),
        ("systemctl", False),
        ("systemctl", True),
    }
    assert asked.ask["db-1"].sudo_for == ()


def test_of_a_plan_only_what_its_tasks_need(site: Workspace) -> None:
    asked = wanted_of_plan(site, Estate(), plan_of(site, "app"))

    assert set(asked.systems) == {"app"}
    assert asked.systems["app"].planned is not None
    assert asked.ask["app"].sudo_for == ("app",)
    assert ("systemctl", True) in {(tool.name, tool.sudo) for tool in asked.ask["app"].tools}


@pytest.mark.parametrize(
    ("system", "record", "kinds"),
    [
        ("app", SystemRecord(), {ProbeKind.STATE, ProbeKind.ISOLATION}),
        ("db", SystemRecord(), {ProbeKind.STATE, ProbeKind.POWEROFF}),
        ("mail", SystemRecord(), {ProbeKind.STATE}),
        ("store", SystemRecord(), set()),
        ("app", taken(EstateState.OFFLINE, (OFF, "app")), {ProbeKind.STATE, ProbeKind.ISOLATION, ProbeKind.PORT}),
        ("db", taken(EstateState.OFFLINE, (OFF, "db-1")), {ProbeKind.STATE, ProbeKind.POWEROFF}),
    ],
)
def test_the_questions(site: Workspace, system: str, record: SystemRecord, kinds: set[ProbeKind]) -> None:
    wish = wanted(site, Estate(systems={system: record}), (system,)).systems[system]
    assert {question.kind for question in questions(wish.task)} == kinds


def test_what_must_be_down_place_by_place(site: Workspace) -> None:
    systems = {
        "db": taken(EstateState.UNKNOWN, (STOP, "db-1"), (OFF, "db-2")),
        "app": SystemRecord(EstateState.OFFLINE, found_offline=True),
    }
    estate = Estate(systems=systems, open_runs=(OpenRun(RUN, Action.SHUTDOWN, frozenset({"app"})),))
    asked = wanted(site, estate, ("db", "app", "mail")).systems

    assert asked["db"].must_be_down == {("db-1", STOP), ("db-2", OFF)}
    assert asked["app"].must_be_down == {("app", STOP)}
    assert asked["mail"].must_be_down == frozenset()
    assert asked["app"].open_run is not None
    assert asked["db"].open_run is None


def test_a_system_that_can_not_be_written_out_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    broken = """\
kind: firewall
state: {argv: [show, "two\\nlines"], online: [0], offline: [9]}
shutdown:
  poweroff: [{name: halt, argv: [halt], disconnects: true}]
"""
    ws = load_site(tmp_path, playbooks={"firewall": broken})
    asked = wanted(ws, Estate(), ("firewall", "app"))

    assert "firewall.yaml" in (asked.systems["firewall"].problem or "")
    assert asked.systems["app"].problem is None


# --- out of reach


ESTATE = """
db on db-1
db-1 in data
data gateway gate
data path dns
gate runs-on hyper
bastion on gate
hyper on hv
dns on ns
app on app-1
app-1 in data
"""


@pytest.mark.parametrize(
    ("down", "away"),
    [
        ({}, {}),
        ({"db": (STOP, "db-1")}, {}),
        ({"db": (OFF, "db-1")}, {"db-1": "powered it off"}),
        ({"db": (CUT, "db-1")}, {"db-1": "cut db off"}),
        ({"bastion": (STOP, "gate")}, {"db-1": "gate leads nowhere: bastion", "app-1": "gate leads nowhere"}),
        ({"hyper": (OFF, "hv")}, {"hv": "powered", "gate": "hyper, which carries it", "db-1": "gate is out of reach"}),
        ({"dns": (STOP, "ns")}, {"db-1": "dns, on the way to its zone", "app-1": "dns"}),
    ],
)
def test_what_may_be_out_of_reach_and_why(down: dict[str, tuple[Mode, str]], away: dict[str, str]) -> None:
    inv = inventory(ESTATE)
    estate = Estate(systems={id: taken(EstateState.OFFLINE, deed) for id, deed in down.items()})
    asked = Away(inv, Ways(inv), estate)

    said = {host: why for host in inv.hosts if (why := asked.why(host)) is not None}
    assert set(away) <= set(said)
    assert all(why in said[host] for host, why in away.items())
    assert len(said) == len(away) or "hyper" in down  # what lies behind the gateway goes with it
