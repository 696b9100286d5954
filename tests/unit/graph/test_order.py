"""Who waits for whom, and in which stage: each rule of the order once."""

import pytest

from orchestrator.model.errors import FilesError
from orchestrator.model.terms import Mode
from tests.builders import back, down, playbook, protocol, taken_down, waits, workspace

ISOLATE_LINE = {"line": Mode.ISOLATE}


@pytest.mark.parametrize(
    ("text", "going_down", "coming_back"),
    [
        ("a requires b", {"b": {"a requires"}}, {"a": {"b requires"}}),
        ("a requires any(1) b c", {"b": {"a requires"}, "c": {"a requires"}}, {"a": {"b requires", "c requires"}}),
        ("a after b", {"b": {"a after"}}, {"a": {"b after"}}),
        ("a after(restore) b", {}, {"a": {"b after"}}),
        ("a after(shutdown) b", {"b": {"a after"}}, {}),
        ("a requires b\na after b", {"b": {"a requires", "a after"}}, {"a": {"b requires", "b after"}}),
        ("a on h\nh runs-on b", {"b": {"a runs-on"}}, {"a": {"b runs-on"}}),
        (
            "operator v\na requires b\nv requires w",
            {"b": {"a requires"}, "v": {"a control-path", "b control-path"}, "w": {"v requires"}},
            {"a": {"b requires", "v control-path"}, "b": {"v control-path"}, "v": {"w requires"}},
        ),
        ("operator v w\nx after v", {"v": {"x after", "x control-path"}, "w": {"x control-path"}}, None),
    ],
)
def test_waits(text: str, going_down: dict[str, set[str]], coming_back: dict[str, set[str]] | None) -> None:
    ws = workspace(text)
    plan = down(ws)
    assert {id: others for id, others in waits(plan).items() if others} == going_down
    if coming_back is not None:
        plan = back(ws, taken_down(*ws.inventory.systems))
        assert {id: others for id, others in waits(plan).items() if others} == coming_back


def test_every_need_stands_there_with_its_source() -> None:
    plan = down("a requires b\nb on h\n\nc after b")
    assert [(need.task, need.source) for task in plan.tasks if task.id == "b" for need in task.needs] == [
        ("a", "estate:1"),
        ("c", "estate:4"),
    ]


def test_an_actuator_goes_down_last_and_comes_back_first() -> None:
    ws = workspace("a kind guarded\na on h\nfw on f", playbooks=[playbook("guarded", on="fw")])
    assert waits(down(ws, mode=(Mode.ISOLATE,)))["fw"] == {"a actuator"}
    assert waits(back(ws, taken_down("a", "fw", mode=Mode.ISOLATE)))["a"] == {"fw actuator"}


@pytest.mark.parametrize("mode", [Mode.STOP, Mode.POWEROFF])
def test_the_isolation_probe_makes_its_firewall_an_actuator_in_every_mode(mode: Mode) -> None:
    ws = workspace("a kind guarded\na on h\nfw on f", playbooks=[playbook("guarded", on="fw")])
    assert waits(down(ws, mode=(mode,)))["fw"] == {"a actuator"}


def test_a_physical_need_reaches_through_what_is_outside_the_plan() -> None:
    ws = workspace("db on h\nh in z\nz gateway g\nbastion on g\ng runs-on hv")
    plan = down(ws, "db", "hv", only=True)
    assert waits(plan)["hv"] == {"db control-path"}
    assert [need.source for need in plan.tasks[1].needs] == ["estate:3"]  # the first hop's


def test_a_requirement_does_not_reach_through() -> None:
    assert waits(down("a requires b\nb requires c", "a", "c", only=True))["c"] == set()


def test_the_operators_way_reaches_through_too() -> None:
    plan = down("operator v\nv on h\nh runs-on hv\na requires b", "a", "hv", only=True)
    assert waits(plan)["hv"] == {"a control-path"}


@pytest.mark.parametrize(
    ("text", "waits_for"),
    [
        ("a requires line", set()),
        ("a after line", set()),
        ("a on h\nh runs-on line", {"a runs-on"}),
        ("a on h\nh in z\nz path line", {"a control-path"}),
    ],
)
def test_going_down_an_isolated_system_waits_only_by_the_hard_reasons(text: str, waits_for: set[str]) -> None:
    plan = down(workspace(text, protocol=protocol(modes=ISOLATE_LINE)))
    assert waits(plan)["line"] == waits_for


@pytest.mark.parametrize(
    ("groups", "waits_for"),
    [
        (None, {"line requires"}),
        (["id=other", "id=a", "id=line"], set()),  # brought back later: gives way
        (["id=line", "id=a"], {"line requires", "order-1 protocol"}),
        (["id=a"], {"line requires"}),  # the line is free
    ],
)
def test_coming_back_an_isolated_system_gives_way_where_the_protocol_brings_it_back_later(
    groups: list[str] | None, waits_for: set[str]
) -> None:
    ws = workspace("a requires line\nother on h", protocol=protocol(modes=ISOLATE_LINE, restore=groups))
    assert waits(back(ws, taken_down("a", modes={"line": (Mode.ISOLATE,)})))["a"] == waits_for


@pytest.mark.parametrize(
    ("text", "groups", "held", "moved"),
    [
        ("a on h\nb on i", ["a", "b"], {"b": "order-1"}, ()),
        ("a on h\nb on i\nc on j", ["a", "b"], {"b": "order-1"}, ()),  # c is free
        ("a on h\nb on i\nc on j", ["a", "none*", "b c"], {"b": "order-2", "c": "order-2"}, ()),
        ("b requires a\nc on h", ["a c", "b"], {"a": "order-1", "b": "order-1"}, ("a",)),
        ("b requires x\nx requires a\nc on h", ["a c", "b"], {"a": "order-1", "b": "order-1"}, ("a",)),  # x is free
        ("b requires a", ["a", "b"], {}, ("a",)),  # nobody is left in the first group
        ("a on h\nb on i", ["a b", "b"], {}, ()),  # the first match counts
    ],
)
def test_groups(text: str, groups: list[str], held: dict[str, str], moved: tuple[str, ...]) -> None:
    plan = down(workspace(text, protocol=protocol(shutdown=groups)))
    found = {task.id: need.barrier for task in plan.tasks for need in task.needs if need.barrier}
    assert found == held
    assert tuple(id for warn in plan.warnings if warn.code == "order-moved" for id in warn.systems) == moved


def test_the_last_match_counts_in_a_restore_list() -> None:
    ws = workspace("a on h\nb on i", protocol=protocol(shutdown=["b", "a"], restore=["a", "b", "a"]))
    assert waits(back(ws, taken_down("a", "b")))["a"] == {"order-2 protocol"}


def test_a_loop_is_shown_whole_with_every_place() -> None:
    with pytest.raises(FilesError) as caught:
        down("a requires b\nb after c\nc on h\nh runs-on a")
    assert str(caught.value.problems[0].what).splitlines() == [
        "loop on the way down, of 3 systems, each waits for the next:",
        "    a  requires b          estate:1",
        "    b  goes down before c  estate:2",
        "    c  runs on a           estate:4",
    ]


def test_a_system_that_requires_itself_is_a_loop_of_one() -> None:
    with pytest.raises(FilesError) as caught:
        down("a requires a")
    assert "1 system, which waits for itself" in caught.value.problems[0].what
