"""When a plan is no longer what planning again gives."""

from dataclasses import replace

import pytest

from orchestrator.model.plan import Input, Plan
from orchestrator.model.source import Source
from orchestrator.model.terms import Mode
from orchestrator.model.workspace import HostKey, KnownHosts, Workspace
from orchestrator.plan.diff import diff, headline
from orchestrator.plan.freshness import compare, differences, field_names, other_inputs
from tests.builders import down, playbook, protocol, step, workspace
from tests.unit.plan.changed_plans import DOES_NOT, MATTERS, TASK, WHOLE, cases

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
        (
            workspace(TEXT + "\nc on j"),
            (
                "task c is new",
                "host j is new",
                "plan: summary changed from shutdown 2 systems (2 stop), 0 customers"
                " to shutdown 3 systems (3 stop), 0 customers",
            ),
        ),
        (workspace("a on h\nb on i"), ("task b: no longer waits for a (requires)",)),
        (workspace(TEXT + "\na after b"), ("task b: now waits for a (after)",)),
        (workspace(TEXT + "\na priority 60"), ("task a: its priority changed from 50 to 60",)),
        (workspace(TEXT + "\na owner nord"), ("task a: its owner changed from internal to nord",)),
        (workspace(TEXT + "\nh in z"), ("host h: zone changed",)),
        (workspace(TEXT, playbooks=[BOOK]), ("task a: the commands changed", "task b: the commands changed")),
        (
            workspace(TEXT, protocol=protocol(modes={"a": Mode.POWEROFF})),
            (
                "task a: its mode changed from stop to poweroff",
                "task a: the commands changed",
                "plan: summary changed from shutdown 2 systems (2 stop), 0 customers"
                " to shutdown 2 systems (1 stop, 1 poweroff), 0 customers",
            ),
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
    assert tuple(map(str, differences(plan_of(workspace(TEXT)), plan_of(again)))) == says


def test_a_host_key_is_a_difference() -> None:
    again = replace(workspace(TEXT), known_hosts=OTHER_KEY)
    found = differences(plan_of(workspace(TEXT)), plan_of(again))
    assert str(found[0]) == "host h: keys changed from SHA256:h to SHA256:new"


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
    assert [str(one) for one in differences(old, changed)] == ["protocol.yaml has changed"]


# --- every field there is: one of it changed, and whether that refuses


def test_no_field_of_a_plan_is_forgotten() -> None:
    """A field that is new in the format has to be put into one of the tables."""
    for kind in dict.fromkeys(kind for kind, _, _ in (*MATTERS, *DOES_NOT)):
        told = {field for one, _, updates in (*MATTERS, *DOES_NOT) if one is kind for field in updates}
        assert told == set(field_names(kind)) - {"format"}, kind


@pytest.mark.parametrize(("name", "changed"), cases(MATTERS), ids=lambda value: value if isinstance(value, str) else "")
def test_what_matters_refuses_and_shows(name: str, changed: Plan) -> None:
    for old, again in ((WHOLE, changed), (changed, WHOLE)):
        found = diff(old, again)

        assert differences(old, again)
        assert not found.fresh
        assert headline(found) != headline(diff(WHOLE, WHOLE))


@pytest.mark.parametrize(
    ("name", "changed"), cases(DOES_NOT), ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_does_not_matter_is_told_and_refuses_nothing(name: str, changed: Plan) -> None:
    for old, again in ((WHOLE, changed), (changed, WHOLE)):
        assert differences(old, again) == ()
        assert diff(old, again).fresh
        assert [one.matters for one in compare(old, again)] == [False]
        assert headline(diff(old, again)) == "no difference that matters, of 2 tasks"


def test_a_task_that_stands_twice_never_hides_behind_the_other() -> None:
    evil = replace(TASK, steps=(replace(TASK.steps[0], argv=("rm", "-rf", "/")),))
    twice = WHOLE.model_copy(update={"tasks": (WHOLE.tasks[0], evil, TASK)})

    assert [str(one) for one in differences(twice, WHOLE)] != []


def test_the_order_of_the_tasks_matters_since_a_run_goes_by_it() -> None:
    turned = WHOLE.model_copy(update={"tasks": WHOLE.tasks[::-1]})

    assert [one.field for one in differences(WHOLE, turned)] == ["order of the tasks"]
