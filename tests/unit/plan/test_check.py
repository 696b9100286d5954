"""Every command is written out before the night: what a platform can't say is a problem with its place."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from orchestrator.model.errors import Problem
from orchestrator.model.inventory import SecretRef
from orchestrator.model.playbook import OnSystem, Step
from orchestrator.model.terms import Mode, Platform
from orchestrator.model.workspace import Workspace
from orchestrator.plan.acting import acting_hosts
from orchestrator.plan.check import command_problems
from orchestrator.plan.commands import commands_of
from orchestrator.workspace.loader import load
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


# --- of systems that are alike one is written out for all


def _mixed(seed: int) -> Workspace:
    """Forty systems of three kinds on all platforms, some with a secret, a missing var, an actor that is not there."""
    random = Random(seed)
    estate = []
    for n in range(40):
        estate += [f"s{n} on h{n}", f"s{n} kind {random.choice(['plain', 'acting', 'service'])}"]
        if random.random() < 0.9:
            estate.append(f"s{n} vars word={random.choice(['x', 'a$b', 'it`s'])}")
        if random.random() < 0.9:
            estate.append(f"s{n} vars by={random.choice(['s1', 's2', 'nobody'])}")
    stop = step("stop", "run", "{word}", sudo=random.random() < 0.5)
    by = step("cut", "cut", "{word}", "{host}", "{on.host}", on=OnSystem("{by}"), sudo=random.random() < 0.5)
    books = [
        playbook("plain", shutdown={Mode.STOP: (stop,)}, restore={}),
        playbook("acting", shutdown={Mode.STOP: (by,)}, restore={}),
    ]
    ws = workspace("\n".join(estate), playbooks=books)
    platforms = [Platform.LINUX] * 6 + [Platform.WINDOWS, Platform.APPLIANCE]
    hosts = {id: replace(host, platform=random.choice(platforms)) for id, host in ws.inventory.hosts.items()}
    systems = {
        id: replace(system, vars={**system.vars, "word": SecretRef("env:X")}) if random.random() < 0.1 else system
        for id, system in ws.inventory.systems.items()
    }
    return replace(ws, inventory=replace(ws.inventory, hosts=hosts, systems=systems))


def _one_by_one(ws: Workspace) -> set[Problem]:
    """The same, each system by itself, in a workspace in which no other has a playbook."""
    found: set[Problem] = set()
    for id, system in ws.inventory.systems.items():
        systems = {**ws.inventory.systems, id: replace(system, kind=f"{system.kind}-alone")}
        others = {one: each if one == id else replace(each, kind="none") for one, each in systems.items()}
        alone = {f"{system.kind}-alone": ws.playbooks[system.kind]}
        found.update(command_problems(replace(ws, playbooks=alone, inventory=replace(ws.inventory, systems=others))))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_the_same_problems_as_one_by_one(seed: int) -> None:
    ws = _mixed(seed)

    assert set(command_problems(ws)) == _one_by_one(ws)


def test_who_acts_is_who_the_commands_go_to() -> None:
    ws = load(Path(__file__).resolve().parents[3])

    for id, system in ws.inventory.systems.items():
        if system.external:
            continue
        written = commands_of(ws, id)
        book = ws.playbooks[system.kind]
        for steps, modes in ((written.shutdown, book.shutdown), (written.restore, book.restore)):
            for mode, each in modes.items():
                for number, one in enumerate(each, 1):
                    sent = {
                        step.acting for step in steps[mode] if step.id == f"{mode}.{number}" and step.manual is None
                    }
                    assert sent in ({*acting_hosts(ws, system, one.on)}, set()), (id, one.name)
