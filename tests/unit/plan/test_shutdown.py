"""What a shutdown plan takes, keeps and says, beside the golden scenarios."""

from dataclasses import replace

import pytest

from orchestrator.model.errors import Refused
from orchestrator.model.estate import Estate, OpenRun
from orchestrator.model.protocol import Each, GateRule
from orchestrator.model.source import Source
from orchestrator.model.terms import Action, Mode, OnFailure
from orchestrator.plan.holds import refuse_held
from tests.builders import down, playbook, protocol, step, taken_down, workspace

LACKING = playbook("lacking", shutdown={Mode.STOP: (step("stop"),)})


@pytest.mark.parametrize(
    ("asked", "modes"),
    [
        (None, {"a": "stop", "b": "stop", "c": "stop"}),
        ((Mode.ISOLATE,), {"a": "isolate", "b": "isolate", "c": "isolate"}),
        ((Mode.POWEROFF, Mode.STOP), {"a": "poweroff", "b": "stop", "c": "poweroff"}),
        ((Mode.ISOLATE, Mode.POWEROFF), {"a": "isolate", "b": "isolate", "c": "isolate"}),
    ],
)
def test_mode_takes_the_first_that_the_playbook_has(asked: tuple[Mode, ...] | None, modes: dict[str, str]) -> None:
    ws = workspace("a on h\nb on i\nb kind lacking\nc external", playbooks=[LACKING])
    assert {task.id: task.mode for task in down(ws, mode=asked).tasks} == modes | (
        {"c": "poweroff"} if asked == (Mode.POWEROFF, Mode.STOP) else {}
    )


@pytest.mark.parametrize(
    ("text", "kind", "by_hand"),
    [
        ("a on h", "service", None),
        ("a on h i\na kind lacking", "lacking", 'a (its playbook has no "poweroff")'),
        ("a external\na on h", "unknown", "a (external)"),
        ("a requires b", "service", "a (it has no host), b (it has no host)"),
    ],
)
def test_what_a_person_does_is_one_warning(text: str, kind: str, by_hand: str | None) -> None:
    plan = down(workspace(text, playbooks=[LACKING]), mode=(Mode.POWEROFF,))
    found = [warn.text for warn in plan.warnings if warn.code == "by-hand"]
    assert len(found) == (by_hand is not None)
    assert all(by_hand in text for text in found if by_hand)


def test_an_external_task_is_one_manual_step_without_host() -> None:
    (task,) = down("a external\na on h i\na kind none").tasks
    assert [(one.id, one.host, one.manual) for one in task.steps] == [
        ("stop.1", "-", "take a offline by hand (stop) and confirm")
    ]
    assert task.hosts == ("-",)
    assert task.is_manual


def test_warnings_put_what_frightens_first() -> None:
    text = "operator vpn\nvpn on v\na on h\nb external\nvault protected the backups\nvault on w"
    plan = down(workspace(text, keys=False))
    assert [warn.code for warn in plan.warnings] == ["own-way", "protected", "no-host-key", "by-hand"]


def test_a_gate_that_asks_customer_by_customer_says_whom_it_does_not_hold() -> None:
    rule = GateRule("customers", Action.SHUTDOWN, {"liaison": 1}, Source("protocol.yaml", 3), each=Each.CUSTOMER)
    ws = workspace("a owner nord\na on h\nb on i", protocol=replace(protocol(), gates=(rule,)))
    plan = down(ws)
    assert [(gate.id, gate.scope, gate.tasks) for gate in plan.gates] == [("customers", "customer=nord", ("a",))]
    assert [task.gates for task in plan.tasks] == [("customers:customer=nord",), ()]
    assert [warn.systems for warn in plan.warnings if warn.code == "gate-no-scope"] == [("b",)]


def test_tasks_stand_in_an_admissible_order_by_stage_priority_and_id() -> None:
    plan = down("c on h\nb on i\nb priority 90\na requires c")
    assert [(task.id, task.stage) for task in plan.tasks] == [("b", 1), ("a", 1), ("c", 2)]


def test_a_plan_holds_the_policy_of_its_protocol() -> None:
    rules = replace(protocol(), on_failure={Action.SHUTDOWN: OnFailure.CONTINUE}, parallel=7)
    policy = down(workspace("a on h", protocol=rules)).policy
    assert (policy.on_failure, policy.parallel) == (OnFailure.CONTINUE, 7)


def test_what_is_down_already_stays_in_the_plan() -> None:
    plan = down("a requires b", "b", estate=taken_down("a", "b"))
    assert [task.id for task in plan.tasks] == ["a", "b"]


def test_nothing_to_do_is_a_plan() -> None:
    assert down("vault protected why").tasks == ()


@pytest.mark.parametrize("held", ["a", "b"])
def test_an_open_run_holds_its_unfinished_systems(held: str) -> None:
    plan = down("a requires b")
    estate = Estate(open_runs=(OpenRun("run-7", Action.SHUTDOWN, frozenset({held})),))
    with pytest.raises(Refused, match=f"run-7, a shutdown, is not over, and holds {held}"):
        refuse_held(plan, estate)
    refuse_held(plan, Estate(open_runs=(OpenRun("run-7", Action.SHUTDOWN, frozenset({"other"})),)))
    refuse_held(plan, Estate(open_runs=(OpenRun(plan.id, Action.SHUTDOWN, frozenset({held})),)))


def test_a_protected_system_whose_alternatives_are_all_down_already_refuses_nothing() -> None:
    ws = workspace("vault requires any(1) a b\nvault protected why\nc on h")
    plan = down(ws, estate=taken_down("a", "b"))
    assert {task.id for task in plan.tasks} == {"b", "c"}
    assert {one.system for one in plan.left_out} == {"a", "vault"}


def test_a_barrier_stands_where_its_last_group_does() -> None:
    plan = down(workspace("a on h\nb on i\nc on j", protocol=protocol(shutdown=["a", "b", "c"])))
    assert [(one.id, one.needs, one.source) for one in plan.barriers] == [
        ("order-1", ("a",), "protocol.yaml:10"),
        ("order-2", ("a", "b"), "protocol.yaml:11"),
    ]
