"""When a plan is no longer what planning again gives."""

from dataclasses import replace

import pytest

from orchestrator.model.plan import Input, Plan
from orchestrator.model.source import Source
from orchestrator.model.terms import Mode
from orchestrator.model.workspace import HostKey, KnownHosts, Workspace
from orchestrator.plan.freshness import differences, other_inputs
from tests.builders import down, playbook, protocol, step, workspace

TEXT = "a requires b\na on h\nb on i"
BOOK = playbook(shutdown={Mode.STOP: (step("halt", "halt"),)})
OTHER_KEY = KnownHosts({"h": (HostKey("ssh-ed25519", "SHA256:new", Source("known_hosts", 1)),)})


def plan_of(ws: Workspace) -> Plan:
    return down(ws)


@pytest.mark.parametrize(
    ("again", "says"),
    [
        (workspace(TEXT), ()),
        (workspace("\n\n" + TEXT), ()),  # only the lines moved
        (workspace("b on i\na on h\na requires b"), ()),
        (workspace(TEXT + "\nc on j"), ("task c is new", "host j is new")),
        (workspace("a on h\nb on i"), ("task b: no longer waits for a (requires)",)),
        (workspace(TEXT + "\na after b"), ("task b: now waits for a (after)",)),
        (workspace(TEXT + "\na priority 60"), ("task a: its priority changed from 50 to 60",)),
        (workspace(TEXT + "\na owner nord"), ("task a: its owner changed from internal to nord",)),
        (workspace(TEXT + "\nh in z"), ("host h: zone changed",)),
        (workspace(TEXT, playbooks=[BOOK]), ("task a: the commands changed", "task b: the commands changed")),
        (
            workspace(TEXT, protocol=protocol(modes={"a": Mode.POWEROFF})),
            ("task a: its mode changed from stop to poweroff", "task a: the commands changed"),
        ),
        (
            workspace(TEXT, protocol=protocol(shutdown=["a", "b"])),
            ("task b: now waits for order-1 (protocol)", "barrier order-1 is new"),
        ),
        (
            replace(workspace(TEXT), protocol=replace(protocol(), parallel=3)),
            ("policy: parallel changed from 50 to 3",),
        ),
    ],
)
def test_differences(again: Workspace, says: tuple[str, ...]) -> None:
    assert differences(plan_of(workspace(TEXT)), plan_of(again)) == says


def test_a_host_key_is_a_difference() -> None:
    again = replace(workspace(TEXT), known_hosts=OTHER_KEY)
    found = differences(plan_of(workspace(TEXT)), plan_of(again))
    assert found[0] == "host h: keys changed from SHA256:h to SHA256:new"


def test_another_protocol_is_a_difference_whatever_it_says_and_another_inventory_is_not() -> None:
    def with_inputs(*inputs: tuple[str, str]) -> Plan:
        found = tuple(Input(path=path, sha256=sha) for path, sha in inputs)
        return plan_of(replace(workspace(TEXT), inputs=found))

    old = with_inputs(("inventories/a.yaml", "1"), ("protocol.yaml", "1"))
    assert differences(old, with_inputs(("inventories/a.yaml", "2"), ("protocol.yaml", "1"))) == ()
    assert other_inputs(old, with_inputs(("inventories/a.yaml", "2"), ("protocol.yaml", "1"))) == (
        "inventories/a.yaml",
    )
    changed = with_inputs(("inventories/a.yaml", "1"), ("protocol.yaml", "2"))
    assert differences(old, changed) == ("protocol.yaml has changed",)
