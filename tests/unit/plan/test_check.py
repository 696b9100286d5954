"""Every command is written out before the night: what a platform can't say is a problem with its place."""

from dataclasses import replace

import pytest

from orchestrator.model.playbook import Step
from orchestrator.model.terms import Mode, Platform
from orchestrator.plan.check import command_problems
from tests.builders import playbook, step, workspace

CASES = [
    (Platform.LINUX, step("stop", "run", 'a "b"', sudo=True), []),
    (Platform.WINDOWS, step("stop", "run", sudo=True), ["sudo: true, but h1 is windows, which has no sudo."]),
    (Platform.APPLIANCE, step("stop", "run", "a b"), []),
    (
        Platform.APPLIANCE,
        step("stop", "run", 'a "b"'),
        [
            '"a "b"" can\'t be sent to h1: an appliance\'s line can\'t hold quotes, backslashes, dollars or control '
            "characters."
        ],
    ),
]


@pytest.mark.parametrize(("platform", "one", "problems"), CASES)
def test_what_a_platform_cannot_say(platform: Platform, one: Step, problems: list[str]) -> None:
    ws = workspace(
        "a on h1\nb on h1",
        playbooks=[playbook(shutdown={Mode.STOP: (one,)}, restore={}, force=(), health=(), evidence=())],
    )
    hosts = {id: replace(host, platform=platform) for id, host in ws.inventory.hosts.items()}
    ws = replace(ws, inventory=replace(ws.inventory, hosts=hosts))
    assert [problem.what for problem in command_problems(ws)] == problems
