"""Commands written out: what is filled, how it is quoted, where it runs, in which order."""

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.model.errors import FilesError
from orchestrator.model.inventory import SecretRef
from orchestrator.model.playbook import Argv, Evidence, Health, Manual, OnCarrier, OnSystem, Playbook, Shell, Step
from orchestrator.model.terms import Mode, Platform
from orchestrator.model.workspace import Workspace
from orchestrator.plan.commands import commands_of
from orchestrator.plan.quoting import quote_powershell
from tests.builders import BOOK, playbook, probe, step, workspace

NASTY = 'a\'b "c" $(d) `e`; f'


def stops(ws: Workspace, system: str = "a") -> list[str]:
    """The stop steps, one text each: id, hosts, command."""
    found = []
    for one in commands_of(ws, system).shutdown[Mode.STOP]:
        said = one.manual or one.shell or " ".join(one.argv or ())
        found.append(f"{one.id} {one.host}{'>' + one.on_host if one.on_host else ''}: {said}")
    return found


def stop_of(*steps: Step, text: str = "a on h1 h2", **more: Any) -> Workspace:
    """A workspace in which `a` is stopped by `steps`."""
    return workspace(text, playbooks=[playbook(shutdown={Mode.STOP: steps}, **more)])


def on(platform: Platform, ws: Workspace) -> Workspace:
    """The same with every host of that platform."""
    hosts = {id: replace(host, platform=platform) for id, host in ws.inventory.hosts.items()}
    return replace(ws, inventory=replace(ws.inventory, hosts=hosts))


def test_each_step_runs_on_all_hosts_before_the_next() -> None:
    assert stops(stop_of(step("drain"), step("stop", "stop", "{system}"))) == [
        "stop.1 h1: drain",
        "stop.1 h2: drain",
        "stop.2 h1: stop a",
        "stop.2 h2: stop a",
    ]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{system}", "a"),
        ("{host}", "h1"),
        ("{address}", "h1"),
        ("{on.host}", "h1"),
        ("{unit}", "given"),
        ("{port}", "80"),
        ("{{system}}", "{system}"),
        ("x{unit}y{unit}", "xgivenygiven"),
        ("a } b", "a } b"),
    ],
)
def test_templates(template: str, text: str) -> None:
    ws = stop_of(step("s", template), text="a on h1\na vars unit=given", vars={"unit": None, "port": "80"})
    assert stops(ws) == [f"stop.1 h1: {text}"]


@pytest.mark.parametrize(
    ("platform", "quoted"),
    [
        (Platform.LINUX, "'a'\"'\"'b \"c\" $(d) `e`; f'"),
        (Platform.WINDOWS, "'a''b \"c\" $(d) `e`; f'"),
    ],
)
def test_a_value_in_a_shell_line_is_quoted_for_the_platform_and_in_argv_it_is_one_argument(
    platform: Platform, quoted: str
) -> None:
    ws = stop_of(
        Step("s", Shell("do {x} | {{more}}"), BOOK), step("t", "run.exe", "{x}"), text="a on h1", vars={"x": NASTY}
    )
    shell, argv = commands_of(on(platform, ws), "a").shutdown[Mode.STOP]
    assert shell.shell == f"do {quoted} | {{more}}"
    assert argv.argv == ("run.exe", NASTY)


@pytest.mark.parametrize(("value", "shell"), [("web-01", "cut web-01"), ("web 01", 'cut "web 01"'), (NASTY, None)])
def test_an_appliance_gets_a_word_or_nothing(value: str, shell: str | None) -> None:
    ws = stop_of(Step("s", Shell("cut {x}"), BOOK), text="a on h1", vars={"x": value})
    if shell is None:
        with pytest.raises(FilesError):
            commands_of(on(Platform.APPLIANCE, ws), "a")
    else:
        assert commands_of(on(Platform.APPLIANCE, ws), "a").shutdown[Mode.STOP][0].shell == shell


def test_powershell_takes_typographic_quotes_for_quotes() -> None:
    assert quote_powershell("a\u2019; rm b") == "'a\u2019\u2019; rm b'"


def test_another_systems_hosts_act_once_for_each_of_ours() -> None:
    ws = stop_of(
        step("cut", "cut", "{system}", "{address}", "{on.host}", on=OnSystem("{firewall}")),
        text="a on h1 h2\nfw on f1 f2",
        vars={"firewall": "fw"},
    )
    assert stops(ws) == [
        "stop.1 h1>f1: cut a h1 f1",
        "stop.1 h1>f2: cut a h1 f2",
        "stop.1 h2>f1: cut a h2 f1",
        "stop.1 h2>f2: cut a h2 f2",
    ]


def test_the_carrier_acts_for_each_host_that_it_carries() -> None:
    ws = stop_of(
        step("off", "off", "{host}", on=OnCarrier()), text="a on h1 h2\nh1 runs-on hv\nh2 runs-on hw\nhv on x\nhw on y"
    )
    assert stops(ws) == ["stop.1 h1>x: off h1", "stop.1 h2>y: off h2"]


def test_a_shell_line_is_quoted_for_the_host_that_acts() -> None:
    ws = stop_of(
        Step("s", Shell("do {system}x {x}"), BOOK, on=OnSystem("fw")), text="a on h1\nfw on f", vars={"x": "'"}
    )
    hosts = {**ws.inventory.hosts, "f": replace(ws.inventory.hosts["f"], platform=Platform.WINDOWS)}
    ws = replace(ws, inventory=replace(ws.inventory, hosts=hosts))
    assert stops(ws) == ["stop.1 h1>f: do 'a'x ''''"]


def test_acting_on_the_own_host_is_not_acting_elsewhere() -> None:
    assert stops(stop_of(step("s", on=OnSystem("b")), text="a on h1\nb on h1")) == ["stop.1 h1: s"]


@pytest.mark.parametrize(
    ("text", "acts", "why"),
    [
        ("a on h1", OnCarrier(), "no carrier"),
        ("a on h1\nfw external\nfw on f", OnSystem("fw"), "fw has no host to log in to"),
        ("a on h1\nfw requires a", OnSystem("fw"), "fw has no host to log in to"),
        ("a requires b", None, "it has no host"),
    ],
)
def test_where_nothing_can_act_a_person_does(text: str, acts: OnCarrier | OnSystem | None, why: str) -> None:
    book: dict[str, Any] = {
        "force": (step("kill", on=acts),),
        "state": probe("x", on=acts),
        "isolation": None,
        "poweroff_state": None,
    }
    ws = stop_of(step("cut", on=acts), text=text, **book)
    (said,) = stops(ws)
    assert "by hand" in said
    assert why in said
    commands = commands_of(ws, "a")
    assert commands.force == ()
    assert commands.probes.state == ()


def test_a_manual_step_is_filled_too() -> None:
    assert stops(stop_of(Step("pull", Manual("pull the plug of {host}"), BOOK), text="a on h1")) == [
        "stop.1 h1: pull the plug of h1"
    ]


def test_a_secret_is_a_reference_on_standard_input_and_nowhere_else() -> None:
    ws = stop_of(step("s", "run", stdin="{pw}"), step("t", "run", stdin="{system}"), text="a on h1", vars={"pw": None})
    system = replace(ws.inventory.systems["a"], vars={"pw": SecretRef("env:PW")})
    ws = replace(ws, inventory=replace(ws.inventory, systems={"a": system}))
    first, second = commands_of(ws, "a").shutdown[Mode.STOP]
    assert (first.stdin, first.stdin_secret, second.stdin, second.stdin_secret) == (None, "env:PW", "a", None)
    leaking = replace(ws, playbooks={"service": playbook(shutdown={Mode.STOP: (step("s", "run", "{pw}"),)})})
    with pytest.raises(FilesError) as caught:
        commands_of(leaking, "a")
    assert "is a secret" in caught.value.problems[0].what


def test_a_hole_without_value_is_an_error_with_its_place() -> None:
    with pytest.raises(FilesError) as caught:
        commands_of(stop_of(step("s", "{nothing}")), "a")
    assert str(caught.value.problems[0].source) == "playbooks/service.yaml:1"


def test_all_of_a_playbook_is_written_out() -> None:
    book = Playbook(
        "service",
        BOOK,
        state=probe("state"),
        isolation=probe("cut?", on=OnSystem("fw")),
        poweroff_state=probe("power?", on=OnCarrier()),
        evidence=(Evidence("sockets", Argv(("ss",)), BOOK), Evidence("disk", Shell("df"), BOOK)),
        shutdown={Mode.STOP: (step("stop", changes_state=True),), Mode.POWEROFF: (step("off", disconnects=True),)},
        force=(step("kill", leaves=Mode.POWEROFF), step("again")),
        restore={Mode.STOP: (step("start"),)},
        health=(Health("answers", Argv(("curl",)), BOOK, settle_s=3),),
    )
    commands = commands_of(workspace("a on h\nh runs-on hv\nhv on x\nfw on f", playbooks=[book]), "a")
    assert [one.acting for one in commands.probes.state] == ["h"]
    assert [one.acting for one in commands.probes.isolation] == ["f"]
    assert [one.acting for one in commands.probes.poweroff] == ["x"]
    assert [one.name for one in commands.evidence] == ["sockets", "disk"]
    assert {mode: [one.id for one in steps] for mode, steps in commands.shutdown.items()} == {
        Mode.STOP: ["stop.1"],
        Mode.POWEROFF: ["poweroff.1"],
    }
    assert [(one.id, one.leaves) for one in commands.force] == [("force.1", Mode.POWEROFF), ("force.2", None)]
    assert [one.id for one in commands.restore[Mode.STOP]] == ["stop.1"]
    assert [(one.name, one.settle_s) for one in commands.health] == [("answers", 3)]


def test_an_external_system_is_asked_nothing() -> None:
    commands = commands_of(workspace("a external\na on h"), "a")
    assert (commands.probes.state, commands.evidence, commands.shutdown, commands.force) == ((), (), {}, ())
