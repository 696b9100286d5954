"""The workspace of this repository can be rehearsed: every command is understood, and by one meaning."""

from pathlib import Path

import pytest

from orchestrator.hosts.command_line import read_line, unwrap_read
from orchestrator.hosts.receipt import ReceiptCall, call_line, parse_call
from orchestrator.model.terms import Platform
from orchestrator.model.workspace import Workspace
from orchestrator.plan.powershell import script_of
from orchestrator.twin.behaviour import Behaviour, behaviour_of
from orchestrator.workspace.loader import load

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def ws() -> Workspace:
    return load(ROOT)


@pytest.fixture(scope="module")
def behaviour(ws: Workspace) -> Behaviour:
    return behaviour_of(ws)


def test_nothing_is_ambiguous(behaviour: Behaviour) -> None:
    assert behaviour.problems == ()


def test_every_host_understands_something(behaviour: Behaviour) -> None:
    assert [host for host, table in behaviour.tables.items() if not table] == []


def test_what_is_sent_is_read_back_as_the_line_that_is_known(ws: Workspace, behaviour: Behaviour) -> None:
    for host, table in behaviour.tables.items():
        platform = ws.inventory.hosts[host].platform
        for line in table:
            sent = read_line(platform, line)
            if platform is Platform.LINUX:
                call = ReceiptCall("run", "id", "spec", line, 1, "orch", None)
                assert (unwrap_read(sent), parse_call(call_line(call))) == (line, call)
            elif platform is Platform.WINDOWS:
                assert script_of(sent) == line
            else:
                assert sent == line
