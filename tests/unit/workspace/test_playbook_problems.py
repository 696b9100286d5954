# ruff: noqa: E501 - what an operator reads as one line stands here as one line
"""Every way a playbook can be wrong, by itself and with the systems that use it."""

from pathlib import Path

import pytest

from tests.unit.workspace.workspaces import PLAYBOOK, check, problems, write

P = "playbooks/p.yaml"
INV = "inventories/i.yaml"


def step(words: str, mode: str = "stop") -> str:
    """A playbook whose one step stands in line 4."""
    return f"kind: p\nvars: {{unit: x, port: '1'}}\nshutdown: {{{mode}: [\n  {words}\n]}}\n"


def probe(words: str) -> str:
    """A playbook whose state stands in line 2."""
    return f"kind: p\nstate: {words}\n"


ALONE = {
    "file name and kind": ("kind: q\n", [f'{P}:1  kind is "q", but the file is named p.yaml. Name both alike.']),
    "no kind": ("vars: {}\n", [f'{P}:1  the key "kind" is missing.']),
    "unknown key": ("kind: p\nshutdwon: {}\n", [f'{P}:2  unknown key "shutdwon". Did you mean shutdown?']),
    "unknown key of a step": (
        step("{name: x, argv: [a], time_out: 3s}"),
        [f'{P}:4  unknown key "time_out" in shutdown.stop.1. Did you mean timeout?'],
    ),
    "unknown mode": (
        step("{name: x, argv: [a]}", "halt"),
        [f'{P}:3  unknown key "halt" in shutdown. Known here: isolate, stop, poweroff, force.'],
    ),
    "force is no restore": (
        "kind: p\nrestore: {force: [{name: x, argv: [a]}]}\n",
        [f'{P}:2  unknown key "force" in restore. Known here: isolate, stop, poweroff.'],
    ),
    "a mode without steps": ("kind: p\nshutdown: {stop: []}\n", [f"{P}:2  shutdown.stop is empty. Leave it out."]),
    "step without a name": (step("{argv: [a]}"), [f'{P}:4  the key "shutdown.stop.1.name" is missing.']),
    "step without a command": (
        step("{name: x}"),
        [f"{P}:4  shutdown.stop.1 has no command; expected one of argv, shell, manual."],
    ),
    "step with two": (
        step("{name: x, argv: [a], shell: b}"),
        [f"{P}:4  shutdown.stop.1 has argv and shell; expected one of argv, shell, manual."],
    ),
    "what reads is not manual": (
        probe("{manual: look, online: [0], offline: [1]}"),
        [
            f'{P}:2  unknown key "manual" in state. Known here: argv, shell, on, sudo, timeout, within, online, offline, poweroff.',
        ],
    ),
    "argv as text": (
        step("{name: x, argv: systemctl stop x}"),
        [
            f'{P}:4  shutdown.stop.1.argv is "systemctl stop x"; expected a list of arguments ([systemctl, stop, x]). Put it into brackets.'
        ],
    ),
    "argv of nothing": (step("{name: x, argv: []}"), [f"{P}:4  shutdown.stop.1.argv names no program."]),
    "a hole without quotes": (
        step("{name: x, argv: [stop, {unit}]}"),
        [
            f'{P}:4  an argument of shutdown.stop.1.argv is a mapping; expected text. A text that begins with a brace is quoted: "{{unit}}".'
        ],
    ),
    "an empty argument is quoted": (step("{name: x, argv: [a, ]}"), []),
    "an unknown hole": (
        step('{name: x, argv: [stop, "{unti}"]}'),
        [
            f"{P}:4  shutdown.stop.1.argv has {{unti}}, which is no var of this playbook (and none of address, host, system). Add it to vars, or write {{{{ for a brace."
        ],
    ),
    "a brace that opens nothing": (
        step("{name: x, shell: 'awk {print}{'}"),
        [f'{P}:4  shutdown.stop.1.shell: "{{" opens no {{name}}; write "{{{{" for a brace.'],
    ),
    "built-in holes and braces": (step("{name: x, shell: 'echo {system} {host} {address} {{x}} {unit} }'}"), []),
    "on.host without on": (
        step('{name: x, argv: [a, "{on.host}"]}'),
        [f"{P}:4  shutdown.stop.1.argv has {{on.host}}, which only a command with on: knows."],
    ),
    "on.host with on": (step('{name: x, on: carrier, argv: [a, "{on.host}", "{on.address}"]}'), []),
    "on as YAML 1.1 would have read it": (
        step("{name: x, on: yes, argv: [a]}"),
        [f'{P}:4  shutdown.stop.1.on is "yes"; expected carrier or {{system: ID}}.'],
    ),
    "on with more than one var": (
        step("{name: x, on: {system: '{unit}-{port}'}, argv: [a]}"),
        [
            f'{P}:4  shutdown.stop.1.on.system is "{{unit}}-{{port}}"; expected a system\'s id, or one var ("{{firewall}}").'
        ],
    ),
    "on with an unknown var": (
        step("{name: x, on: {system: '{fw}'}, argv: [a]}"),
        [
            f"{P}:4  shutdown.stop.1.on has {{fw}}, which is no var of this playbook (and none of address, host, system). Add it to vars, or write {{{{ for a brace."
        ],
    ),
    "stdin that is no var": (
        step("{name: x, argv: [a], stdin: 'hello {unit}'}"),
        [f'{P}:4  shutdown.stop.1.stdin is "hello {{unit}}"; expected one var ("{{password}}").'],
    ),
    "durations": (
        step("{name: x, argv: [a], timeout: 0s, expect: 5}"),
        [
            f'{P}:4  shutdown.stop.1.expect is "5"; expected a duration such as 30s, 5m, 2h or 1d.',
            f'{P}:4  shutdown.stop.1.timeout is "0s"; expected 1s at least.',
        ],
    ),
    "too long": (
        step("{name: x, argv: [a], timeout: 99999d}"),
        [f'{P}:4  shutdown.stop.1.timeout is "99999d"; expected 3650d at most.'],
    ),
    "exit codes": (
        step("{name: x, argv: [a], exit: [0, -1, 0, x]}"),
        [
            f'{P}:4  an item of shutdown.stop.1.exit is "-1"; expected a whole number from 0 to 4294967295.',
            f'{P}:4  an item of shutdown.stop.1.exit is "x"; expected a whole number from 0 to 4294967295.',
            f"{P}:4  shutdown.stop.1.exit lists 0 twice. Delete one.",
        ],
    ),
    "switches": (
        step("{name: x, argv: [a], sudo: yes, on_failure: hold}"),
        [
            f'{P}:4  shutdown.stop.1.on_failure is "hold"; expected continue. Leave it out where a failure ends the task\'s steps.',
            f'{P}:4  shutdown.stop.1.sudo is "yes"; expected true or false.',
        ],
    ),
    "manual with what only a command has": (
        step("{name: x, manual: do it, sudo: true}"),
        [f"{P}:4  shutdown.stop.1 is manual, so sudo means nothing. Delete it."],
    ),
    "leaves outside of force": (
        step("{name: x, argv: [a], leaves: poweroff}"),
        [
            f'{P}:4  unknown key "leaves" in shutdown.stop.1. Known here: name, argv, shell, on, sudo, timeout, manual, expect, exit, idempotent, disconnects, on_failure, changes_state, stdin.'
        ],
    ),
    "leaves in force": (step("{name: x, argv: [a], leaves: poweroff}", "force"), []),
    "leaves what it has anyway": (
        step("{name: x, argv: [a], leaves: stop}", "force"),
        [f'{P}:4  shutdown.force.1.leaves is "stop"; expected poweroff or isolate.'],
    ),
    "two that change the state": (
        step("{name: x, argv: [a], changes_state: true},\n  {name: y, argv: [a], changes_state: true}"),
        [f"{P}:5  shutdown.stop has two steps with changes_state, the first in line 4; expected one."],
    ),
    "a state with one answer": (probe("{argv: [a], online: [0]}"), [f'{P}:2  the key "state.offline" is missing.']),
    "an answer that is text": (
        probe("{argv: [a], online: 0, offline: [1]}"),
        [f'{P}:2  state.online is "0"; expected a list of exit codes ([0]) or {{output: REGEX}}.'],
    ),
    "the same answer twice": (
        probe("{argv: [a], online: [0, 3], offline: [3]}"),
        [f"{P}:2  state: the same answer stands for both states."],
    ),
    "a regex that is none": (
        probe("{argv: [a], online: {output: '(x'}, offline: {output: y}}"),
        [f"{P}:2  state.online.output is no regex: missing ), unterminated subpattern at position 0."],
    ),
    "a regex that counts too far": (
        probe("{argv: [a], online: {output: 'x{99999999999}'}, offline: {output: y}}"),
        [f"{P}:2  state.online.output is no regex: the repetition number is too large."],
    ),
    "a regex that nests": (
        probe(f"{{argv: [a], online: {{output: '{'(' * 249 + ')' * 249}'}}, offline: {{output: y}}}}"),
        None,
    ),
    "a regex of a novel": (
        probe(f"{{argv: [a], online: {{output: {'x' * 501}}}, offline: {{output: y}}}}"),
        [f"{P}:2  state.online.output is a regex of 501 characters; 500 are the most."],
    ),
    "isolation has other words": (
        "kind: p\nisolation: {argv: [a], online: [0], open: [1]}\n",
        [
            f'{P}:2  the key "isolation.isolated" is missing.',
            f'{P}:2  unknown key "online" in isolation. Known here: argv, shell, on, sudo, timeout, within, isolated, open.',
        ],
    ),
    "evidence twice": (
        "kind: p\nevidence:\n  - {name: log, argv: [a]}\n  - {name: log, argv: [b]}\n",
        [f'{P}:4  evidence has "log" twice, first in line 3. Rename one.'],
    ),
    "health": (
        "kind: p\nhealth:\n  - {name: x, argv: [a], within: 0s, settle: 0s}\n",
        [f'{P}:3  health.1.within is "0s"; expected 1s at least.'],
    ),
    "vars": (
        "kind: p\nvars: {host: x, Unit: y, list: [a]}\n",
        [
            f'{P}:2  vars has "Unit"; expected a name of a-z, 0-9 and _.',
            f'{P}:2  vars has "host", which is built in. Rename it.',
            f"{P}:2  vars.list is a list; expected text, or null where the inventory must give it.",
        ],
    ),
    "an empty file": ("", [f"{P}  the file is empty; expected keys and values."]),
}


@pytest.mark.parametrize(("playbook", "expected"), ALONE.values(), ids=ALONE)
def test_problem_of_a_playbook_that_nobody_uses(tmp_path: Path, playbook: str, expected: list[str] | None) -> None:
    found = problems(tmp_path, {P: playbook})
    if expected is None:  # whether `re` takes it is its own affair; it may not fall over
        assert len(found) <= 1
    else:
        assert found == expected


USED = {
    "on a var that names nothing": (
        "kind: p\nvars: {fw: null}\nshutdown:\n  isolate:\n    - {name: cut, on: {system: '{fw}'}, argv: [nft, x]}\n",
        "a: {kind: p, vars: {fw: fw-mux}}\n  fw-muc: {kind: svc, hosts: [h1], vars: {unit: a}}",
        [
            f"{INV}:4  a: {P}:5 with the var fw acts on the system fw-mux, which does not exist. Did you mean fw-muc ({INV}:5)?"
        ],
    ),
    "on a fixed system that is not there, for two systems": (
        "kind: p\nshutdown:\n  isolate:\n    - {name: cut, on: {system: fw}, argv: [nft, x]}\n",
        "a: {kind: p}\n  b: {kind: p}",
        [f"{P}:4  the command acts on the system fw, which does not exist."],
    ),
    "on a system without hosts": (
        "kind: p\nvars: {fw: null}\nshutdown:\n  isolate:\n    - {name: cut, on: {system: '{fw}'}, argv: [nft, x]}\n",
        "a: {kind: p, vars: {fw: b}}\n  b: {kind: p, vars: {fw: c}}\n  c: {kind: svc, hosts: [h1], vars: {unit: c}}",
        [f"{INV}:4  a: {P}:5 with the var fw acts on the system b ({INV}:5), which has no hosts."],
    ),
    "on a system with hosts, without own ones": (
        "kind: p\nvars: {fw: null}\nshutdown:\n  isolate:\n    - {name: cut, on: {system: '{fw}'}, argv: [nft, x]}\n"
        "    - {name: look, manual: 'Look at {system}.'}\n",
        "a: {kind: p, vars: {fw: c}}\n  c: {kind: svc, hosts: [h1], vars: {unit: c}}",
        [],
    ),
    "on carrier without runs_on": (
        "kind: p\nshutdown:\n  poweroff:\n    - {name: off, on: carrier, argv: [virsh, x]}\n",
        "a: {kind: p, hosts: [h1]}",
        [f"{INV}:4  a: {P}:4 acts on: carrier, but host h1 ({INV}:2) has no runs_on. Say what carries the host."],
    ),
    "on carrier without hosts": (
        "kind: p\nshutdown:\n  poweroff:\n    - {name: off, on: carrier, argv: [virsh, x]}\n",
        "a: {kind: p}",
        [f"{INV}:4  a has no hosts, but {P}:4 acts on what carries them (on: carrier)."],
    ),
    "a secret by stdin": (
        "kind: p\nvars: {pw: null}\nshutdown:\n  stop:\n    - {name: off, argv: [x], stdin: '{pw}'}\n",
        "a: {kind: p, hosts: [h1], vars: {pw: {secret: env:PW}}}",
        [],
    ),
    "a secret by everything else": (
        "kind: p\nvars: {pw: null}\nshutdown:\n  stop:\n    - {name: off, shell: 'x {pw}', stdin: '{pw}'}\n"
        "    - {name: b, manual: 'type {pw}'}\n    - {name: c, on: {system: '{pw}'}, argv: [x]}\n",
        "a: {kind: p, hosts: [h1], vars: {pw: {secret: env:PW}}}",
        [
            f'{INV}:4  a: the secret pw would reach on of {P}:7, where others can read it. A secret goes by stdin: "{{pw}}" alone.',
            f'{INV}:4  a: the secret pw would reach shell of {P}:5, where others can read it. A secret goes by stdin: "{{pw}}" alone.',
            f'{INV}:4  a: the secret pw would reach the text of {P}:6, where others can read it. A secret goes by stdin: "{{pw}}" alone.',
        ],
    ),
    "several lines for stdin": (
        "kind: p\nvars: {pw: null}\nshutdown:\n  stop:\n    - {name: off, argv: [x], stdin: '{pw}'}\n",
        'a: {kind: p, hosts: [h1], vars: {pw: "a\\nb"}}',
        [f"{INV}:4  a: pw has several lines; stdin takes one."],
    ),
}


@pytest.mark.parametrize(("playbook", "systems", "expected"), USED.values(), ids=USED)
def test_problem_of_a_playbook_with_its_systems(
    tmp_path: Path, playbook: str, systems: str, expected: list[str]
) -> None:
    assert problems(tmp_path, {P: playbook, INV: f"hosts:\n  h1: {{}}\nsystems:\n  {systems}\n"}) == expected


def test_a_wrong_playbook_is_told_once_however_many_use_it(tmp_path: Path) -> None:
    root = write(tmp_path, {"playbooks/svc.yaml": PLAYBOOK.replace("[0]", "[zero]")})
    assert check(root) == [
        'playbooks/svc.yaml:5  an item of state.online is "zero"; expected a whole number from 0 to 4294967295.'
    ]


def test_no_playbooks_at_all(tmp_path: Path) -> None:
    root = write(tmp_path, {})
    (root / "playbooks/svc.yaml").unlink()
    assert check(root) == [
        f'{INV}:4  a: the kind "svc" has no playbook; expected playbooks/svc.yaml. playbooks/ is empty.'
    ]
