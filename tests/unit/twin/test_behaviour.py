"""What the simulated hosts understand, and what can't be told apart."""

from pathlib import Path

import pytest

from orchestrator.twin.behaviour import Behaviour, behaviour_of
from orchestrator.twin.meaning import Effect, Kind, likeliest
from orchestrator.workspace.loader import load
from tests.small_site import PLAYBOOKS, load_site

SUDO = "LC_ALL=C sudo -n -- "


@pytest.fixture(scope="module")
def behaviour(tmp_path_factory: pytest.TempPathFactory) -> Behaviour:
    return behaviour_of(load_site(tmp_path_factory.mktemp("ws") / "small"))


def test_a_clean_site_has_no_problem(behaviour: Behaviour) -> None:
    assert behaviour.problems == ()


@pytest.mark.parametrize(
    ("host", "line", "means"),
    [
        ("app", "systemctl show -p LoadState -p ActiveState --value app", ["app probe state"]),
        ("fw", "show cut app", ["app probe isolation"]),
        ("fw", "cut app", ["app shutdown isolate.1 cut"]),
        ("fw", "cut bastion", ["bastion shutdown isolate.1 cut"]),
        ("app", "ss -tnap", ["app evidence sockets"]),
        (
            "app",
            SUDO + "systemctl mask app",
            ["app shutdown stop.3"],
        ),  # the marked step changes the state, not the last
        ("app", SUDO + "systemctl stop app", ["app shutdown stop.2 down", "app shutdown poweroff.1"]),
        ("app", SUDO + "systemctl kill -s KILL app", ["app force force.1 as-asked"]),
        ("hv", SUDO + "virsh domstate db-2", ["db probe poweroff"]),
        ("hv", SUDO + "virsh destroy db-2", ["db force force.1 off"]),
        ("win", "Stop-Service Mail", ["mail shutdown stop.1 down"]),
        ("win", "(Get-Service Mail).Status", ["mail probe state"]),
        ("app", "systemctl show -p LoadState -p ActiveState --value db", []),
        ("db-1", SUDO + "virsh domstate db-2", []),
        ("app", "rm -rf /", []),
        ("nowhere", "cut app", []),
    ],
)
def test_what_a_line_means_on_a_host(behaviour: Behaviour, host: str, line: str, means: list[str]) -> None:
    found = [" ".join(filter(None, (m.system, m.action, m.step, m.effect))) for m in behaviour.meanings(host, line)]
    assert found == means


def test_what_a_step_does_to_the_state_and_where_it_is_cut(behaviour: Behaviour) -> None:
    assert behaviour.cutters["app", "app"] == {"fw"}
    assert behaviour.usual == {
        "bastion": Effect.DOWN,
        "firewall": Effect.OFF,
        "hyper": Effect.DOWN,
        "db": Effect.DOWN,
        "app": Effect.DOWN,
        "mail": Effect.DOWN,
        "store": Effect.DOWN,
    }


def test_the_meant_one_is_that_which_follows(behaviour: Behaviour) -> None:
    both = behaviour.meanings("app", SUDO + "systemctl stop app")
    (drain,) = [m for m in behaviour.meanings("app", "systemctl reload app && sleep 5") if m.kind is Kind.STEP]
    assert likeliest(both, "app", drain).step == "stop.2"
    assert likeliest(both, "app", None).step == "poweroff.1"


ASKER = """\
kind: asker
state: {argv: [ask], online: [0], offline: [3]}
shutdown:
  stop: [{name: stop, argv: [stop, "{system}"]}]
"""


@pytest.mark.parametrize(
    ("kind", "change", "problem"),
    [
        (
            "windows",
            ("Start-Service Mail", "Stop-Service Mail"),
            "win: 'Stop-Service Mail' has opposite effects: mail shutdown stop.1, mail restore stop.1",
        ),
        (
            "windows",
            ('"Stop-Service Mail"', '"(Get-Service Mail).Status"'),
            "win: '(Get-Service Mail).Status' is asked as a question and changes something: "
            "mail probe state, mail shutdown stop.1",
        ),
        (
            "windows",
            ("{output: Stopped}", "{output: '.*'}"),
            'mail: state probe: no answer reads as yes and as nothing else (yes: output "Running", no: output ".*")',
        ),
    ],
)
def test_what_can_not_be_told_apart_is_said(tmp_path: Path, kind: str, change: tuple[str, str], problem: str) -> None:
    text = PLAYBOOKS[kind].replace(*change)
    problems = behaviour_of(load_site(tmp_path / "ws", playbooks={kind: text})).problems
    assert problem in problems


def test_two_systems_that_ask_alike_but_are_not_changed_alike(tmp_path: Path) -> None:
    ws = tmp_path / "ws"
    load_site(ws)
    inventory = ws / "inventories" / "small.yaml"
    more = "  app2: {kind: asker, hosts: [app]}\n  app3: {kind: asker, hosts: [app]}\n  store:"
    inventory.write_text(inventory.read_text().replace("  store:", more, 1))
    (ws / "playbooks" / "asker.yaml").write_text(ASKER)
    assert behaviour_of(load(ws)).problems == (
        "app: 'ask' asks after app2 and app3 alike, but other commands change each",
    )


def test_health_and_state_in_one_line_get_one_answer_for_both(tmp_path: Path) -> None:
    text = PLAYBOOKS["firewall"] + "health: [{name: version, argv: [show, version]}]\n"
    assert behaviour_of(load_site(tmp_path / "ws", playbooks={"firewall": text})).problems == ()
    text = PLAYBOOKS["firewall"] + "health: [{name: version, argv: [show, version], exit: [9]}]\n"
    problems = behaviour_of(load_site(tmp_path / "ws2", playbooks={"firewall": text})).problems
    assert problems == (
        "fw: 'show version' can't be answered so that all who ask read the same: "
        "firewall probe state, firewall health version",
    )
