"""Whom an error of the files concerns, when it is gone past: a row for every place of the format (section 4)."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.model.errors import FilesError
from orchestrator.model.inventory import Requirement
from orchestrator.model.workspace import Workspace
from orchestrator.workspace.loader import load
from orchestrator.workspace.salvage import SAYS_PROTECTED
from tests.unit.workspace.keys import ED
from tests.unit.workspace.workspaces import PLAYBOOK, write

INVENTORY = """\
defaults: {hosts: {user: orch}}
customers:
  nord: {name: BKK Nord}
zones:
  dmz: {}
  data: {gateway: gate, control_path: [dns]}
hosts:
  gate: {address: 10.0.0.1, zone: dmz}
  metal: {address: 10.0.0.2, zone: dmz}
  h1: {address: 10.0.1.1, zone: data, runs_on: hyper}
  h2: {address: 10.0.1.2, zone: data}
  h3: {address: 10.0.1.3, zone: data}
  h4: {address: 10.0.1.4}
  h5: {address: 10.0.1.5}
  spare: {address: 10.0.1.9}
systems:
  bastion: {kind: svc, hosts: [gate], vars: {unit: a}}
  hyper: {kind: svc, hosts: [metal], vars: {unit: a}}
  dns: {kind: svc, hosts: [h4], vars: {unit: a}}
  vpn: {kind: svc, hosts: [h5], vars: {unit: a}}
  a: {kind: svc, hosts: [h1], vars: {unit: a}, requires: [b], owner: nord, labels: {tier: data}}
  b: {kind: other, hosts: [h2], vars: {unit: b}}
  c: {kind: svc, hosts: [h3], vars: {unit: c}, requires: [{any: [a, b], at_least: 2}]}
services:
  portal: {name: Portal, customers: [nord], requires: [a]}
operator: {control_path: [vpn]}
"""
OTHER = PLAYBOOK.replace("kind: svc", "kind: other")
GOOD: dict[str, str | bytes] = {
    "inventories/i.yaml": INVENTORY,
    "playbooks/svc.yaml": PLAYBOOK,
    "playbooks/other.yaml": OTHER,
}
A = "  a: {kind: svc, hosts: [h1], vars: {unit: a}, requires: [b], owner: nord, labels: {tier: data}}\n"
B = "  b: {kind: other, hosts: [h2], vars: {unit: b}}\n"
PROTOCOL = "gates: {g: {before: shutdown, of: ['service=portal'], approvals: {ops: 1}}}\n"
PEOPLE = f'organisation: rz\npeople: {{p: {{name: P, roles: [ops], keys: ["{ED}"]}}}}\n'


def changed(old: str, new: str, path: str = "inventories/i.yaml") -> dict[str, str | bytes]:
    """The good workspace with one change."""
    text = str(GOOD[path])
    assert text.count(old) == 1, (old, text.count(old))
    return {**GOOD, path: text.replace(old, new)}


def changes(*pairs: tuple[str, str]) -> dict[str, str | bytes]:
    """The good workspace with several."""
    text = INVENTORY
    for old, new in pairs:
        assert text.count(old) == 1, (old, text.count(old))
        text = text.replace(old, new)
    return {**GOOD, "inventories/i.yaml": text}


def passed(root: Path, files: dict[str, str | bytes]) -> Workspace:
    """The workspace of `files`, its errors gone past."""
    return load(write(root, files), despite_errors=True)


def dangling(ws: Workspace) -> set[str]:
    """What is mentioned and not there, but for owners."""
    one = ws.inventory
    requires = [need for each in one.systems.values() for need in each.requires]
    requires += [need for each in one.services.values() for need in each.requires]
    systems = {id for need in requires for id in need.alternatives}
    systems |= {after.system for each in one.systems.values() for after in each.after}
    systems |= {ref.id for host in one.hosts.values() for ref in (host.runs_on, host.way) if ref is not None}
    customers = {id for each in one.systems.values() for id in each.customers or ()}
    customers |= {id for each in one.services.values() for id in each.customers or ()}
    hosts = {ref.id for each in one.systems.values() for ref in each.hosts}
    zones = {host.zone.id for host in one.hosts.values() if host.zone is not None}
    lost = (systems - one.systems.keys()) | (customers - one.customers.keys())
    return lost | (hosts - one.hosts.keys()) | (zones - one.zones.keys())


BROKEN = {
    "a key that nobody knows": (changed("labels: {tier", "lables: {tier"), "a"),
    "requires what is not there": (changed("requires: [b]", "requires: [x]"), "a"),
    "comes after what is not there": (changed("requires: [b]", "after: [x]"), "a"),
    "is owned by nobody": (changed("owner: nord", "owner: nrod"), "a"),
    "serves a customer who is not there": (changed("owner: nord", "customers: [nrod]"), "a"),
    "lives on a host that is not there": (changed("hosts: [h1]", "hosts: [h9]"), "a"),
    "a var that the playbook has not": (changed("vars: {unit: a}, requires", "vars: {unt: a}, requires"), "a"),
    "a var that is not given": (changed("vars: {unit: a}, requires", "vars: {}, requires"), "a"),
    "a kind without a playbook": (changed("a: {kind: svc", "a: {kind: svcc"), "a"),
    "no kind at all": (changed("a: {kind: svc, ", "a: {"), "a"),
    "a word where a list belongs": (changed("requires: [b]", "requires: b"), "a"),
    "a label of the wrong type": (changed("{tier: data}", "[tier]"), "a"),
    "a priority that is none": (changed("owner: nord", "priority: high"), "a"),
    "an entry that is no mapping": (changed(A, "  a: gone\n"), "a"),
    "an entry that is empty": (changed(A, "  a:\n"), "a"),
    "the same id twice": (changed(B, B + "  a: {kind: other, hosts: [h2], vars: {unit: x}}\n"), "a"),
    "an id that differs only in case": (changed(B, B + A.replace("  a:", "  A:")), "a"),
    "an id in upper case": (changed(A, A.replace("  a:", "  A:")), "a"),
    "an id that is no id": (changed(A, A + A.replace("  a:", "  'A b':")), "a-b"),
    "the same id twice, with an error in what is not read": (
        changed(B, B + "  a: {kind: svc, hosts: [h1], owner: &x nord, vars: {unit: a}}\n"),
        "a",
    ),
    "its own host, on which it runs itself": (
        changes(("h2: {address", "h2: {runs_on: b, address"), ("b: {kind", "b: {x: y, kind")),
        "b",
    ),
    "its entry, beside the system that keeps the way through their host open": (
        changes(("gate: {address", "gate: {way: bastion, address"), ("hosts: [h3]", "hosts: [gate], x: y")),
        "c",
    ),
    "a key twice in one entry": (changed("owner: nord,", "owner: nord, owner: nord,"), "a"),
    "a merge key": (changed("owner: nord", "<<: {owner: nord}"), "a"),
    "an anchor": (changed("owner: nord", "owner: &x nord"), "a"),
    "a tag": (changed("owner: nord", "owner: !x nord"), "a"),
    "external, with a playbook of commands": (changed("owner: nord", "managed: external"), "a"),
    "no host, though its playbook needs one": (changed("kind: svc, hosts: [h3], vars", "kind: svc, vars"), "c"),
    "its host's entry": (changed("h3: {address: 10.0.1.3,", "h3: {adress: 10.0.1.3,"), "c"),
    "its host's entry is no mapping": (changed("h3: {address: 10.0.1.3, zone: data}", "h3: [x]"), "c"),
    "its host stands twice": (changed("  spare:", "  h3: {}\n  spare:"), "c"),
    "its host lies in a zone that is not there": (changed("h3: {address: 10.0.1.3, zone: data}", "h3: {zone: x}"), "c"),
    "its host runs on what is not there": (changed("zone: data, runs_on: hyper}", "zone: data, runs_on: x}"), "a"),
    "a way of a host that is no gateway": (changed("h3: {address: 10.0.1.3,", "h3: {way: c,"), "c"),
    "its playbook, a key": (changed("online: [0]", "onlin: [0]", "playbooks/other.yaml"), "b"),
    "its playbook, no YAML": ({**GOOD, "playbooks/other.yaml": "kind: [other\n"}, "b"),
    "its playbook, not UTF-8": ({**GOOD, "playbooks/other.yaml": b"kind: \xe4\n"}, "b"),
    "its playbook, another kind": (changed("kind: other", "kind: others", "playbooks/other.yaml"), "b"),
    "its playbook, a .yml": ({k: v for k, v in GOOD.items() if "other" not in k} | {"playbooks/other.yml": OTHER}, "b"),
    "its playbook acts on what is not there": (
        changed(
            "argv: [systemctl, is-active", "on: {system: x}\n  argv: [systemctl, is-active", "playbooks/other.yaml"
        ),
        "b",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_system_is_broken_by(name: str, tmp_path: Path) -> None:
    files, system = BROKEN[name]
    ws = passed(tmp_path, files)
    assert set(ws.broken) == {system}
    assert ws.broken[system]
    assert system in ws.inventory.systems
    assert not dangling(ws)


BESIDE = {
    "a customer's key": changed("nord: {name: BKK Nord}", "nord: {name: BKK Nord, lang: de}"),
    "a customer whose name is taken": changed("nord: {name: BKK Nord}", "nord: {name: N}\n  internal: {name: I}"),
    "a customer without a name": changed("nord: {name: BKK Nord}", "nord: {}"),
    "a service that requires what is not there": changed("requires: [a]}", "requires: [x]}"),
    "a service for a customer who is not there": changed("customers: [nord]", "customers: [nrod]"),
    "a service without a name": changed("name: Portal, ", ""),
    "a service that a gate of the way back asks by": changed("requires: [a]}", "requires: [x]}")
    | {"protocol.yaml": PEOPLE + PROTOCOL.replace("before: shutdown", "before: restore")},
    "a host that nothing lives on": changed("spare: {address", "spare: {adress"),
    "a playbook that nobody uses": {**GOOD, "playbooks/unused.yaml": "kind: [\n"},
    "a pin": {**GOOD, "known_hosts": "h1 ssh-ed25519 AAAA\n"},
    "a pin by a pattern": {**GOOD, "known_hosts": f"*.example {ED}\n"},
    "a certificate authority": {**GOOD, "known_hosts": f"@cert-authority h1 {ED}\n"},
}


@pytest.mark.parametrize("name", BESIDE)
def test_no_system_is_broken_by(name: str, tmp_path: Path) -> None:
    ws = passed(tmp_path, BESIDE[name])
    assert not ws.broken
    assert ws.beside
    assert set(ws.inventory.systems) == {"bastion", "hyper", "dns", "vpn", "a", "b", "c"}
    assert not dangling(ws)


REFUSING: dict[str, tuple[Mapping[str, str | bytes | None], str]] = {
    "a gateway's host": (changed("gate: {address", "gate: {adress"), 'host gate: unknown key "adress"'),
    "a gateway's system": (changed("bastion: {kind", "bastion: {knd: x, kind"), 'bastion: unknown key "knd"'),
    "a gateway's host on which nothing lives": (
        changes(("gateway: gate,", "gateway: [gate, spare],"), ("10.0.1.9", "-x")),
        "host spare: address is",
    ),
    "what the operator comes in by": (changed("vpn: {kind", "vpn: {x: y, kind"), 'vpn: unknown key "x"'),
    "a hypervisor": (changed("hyper: {kind", "hyper: {knd: x, kind"), 'hyper: unknown key "knd"'),
    "a hypervisor's host": (changed("metal: {address", "metal: {adress"), 'host metal: unknown key "adress"'),
    "a system of a control path": (changed("dns: {kind", "dns: {knd: x, kind"), 'dns: unknown key "knd"'),
    "the playbook of what others stand on": (changed("online: [0]", "onlin: [0]", "playbooks/svc.yaml"), "state"),
    "a zone": (changed("dmz: {}", "dmz: {paralel: 2}"), 'zone dmz: unknown key "paralel"'),
    "a zone's gateway that is not there": (changed("gateway: gate", "gateway: gat"), "gat, which does not exist"),
    "a zone behind itself": (changed("gate: {address: 10.0.0.1, zone: dmz}", "gate: {zone: data2}"), "data2"),
    "the operator's way": (changed("control_path: [vpn]", "control_path: [vnp]"), "vnp"),
    "defaults": (changed("user: orch", "usr: orch"), 'unknown key "usr"'),
    "a section that is none": (changed("services:\n", "servces:\n"), 'unknown key "servces"'),
    "a section as a list": (
        changed("services:\n  portal: {name: Portal, customers: [nord], requires: [a]}", "services: []"),
        "services",
    ),
    "a section twice": ({**GOOD, "inventories/i.yaml": INVENTORY + "systems: {}\n"}, "stands twice"),
    "a file that is no YAML inside an entry": (changed("requires: [b]", "requires: [b"), "no YAML"),
    "a file with a key that is a list": (changed("requires: [b]", "[x]: [b]"), "a key is a list"),
    "a file that is no YAML": ({**GOOD, "inventories/i.yaml": INVENTORY + "x: [\n"}, "no YAML"),
    "a file that is not read": ({**GOOD, "inventories/i.yaml": None}, "can't be read"),
    "the protocol": ({**GOOD, "protocol.yaml": "limit: {}\n"}, 'unknown key "limit"'),
    "the protocol, with a key that inventories have": ({**GOOD, "protocol.yaml": "systems: {a: &x {}}\n"}, "systems"),
    "a revocation": ({**GOOD, "known_hosts": "@revoked h1 ssh-ed25519 AAAA\n"}, "known_hosts"),
    "keys that slipped to the left": (changed(A, "  a:\n  kind: svc\n  hosts: [h1]\n"), "kind: the entry is"),
    "an entry inside another": (
        changed(A, "  a:\n    kind: svc\n    hosts: [h1]\n    d: {kind: svc}\n"),
        'unknown key "d"',
    ),
    "a service that a gate asks by": (
        changed("requires: [a]}", "requires: [x]}") | {"protocol.yaml": PEOPLE + PROTOCOL},
        "service portal requires x",
    ),
}


@pytest.mark.parametrize("name", REFUSING)
def test_it_still_refuses(name: str, tmp_path: Path) -> None:
    files, said = REFUSING[name]
    root = write(tmp_path, {path: text for path, text in files.items() if text is not None})
    for path in (path for path, text in files.items() if text is None):
        (root / path).unlink()
        (root / path).symlink_to("nowhere")
    with pytest.raises(FilesError) as refused:
        load(root, "i", despite_errors=True)
    assert any(said in str(problem) for problem in refused.value.problems), refused.value.problems
    assert "can't go past" in refused.value.advice


def test_an_id_in_two_files_is_broken(tmp_path: Path) -> None:
    files = {path: text for path, text in GOOD.items() if path != "inventories/i.yaml"}
    files |= {"inventories/rz/a.yaml": INVENTORY, "inventories/rz/b.yaml": "systems:\n" + A.replace("svc", "other")}
    root = write(tmp_path, files)
    (root / "inventories" / "i.yaml").unlink()
    ws = load(root, despite_errors=True)
    assert [str(problem) for problem in ws.broken["a"]] == [
        "inventories/rz/b.yaml:2  system a stands twice, first in inventories/rz/a.yaml:21. Rename or delete one."
    ]
    assert ws.inventory.systems["a"].kind == "svc"
    assert ws.unfit == {"a"}


def test_only_what_cant_be_passed_is_told(tmp_path: Path) -> None:
    files = changed("bastion: {kind", "bastion: {knd: x, kind")
    files["inventories/i.yaml"] = str(files["inventories/i.yaml"]).replace("requires: [b]", "requires: [x]")
    with pytest.raises(FilesError) as refused:
        passed(tmp_path, files)
    assert [problem.what for problem in refused.value.problems] == ['bastion: unknown key "knd".']
    assert "go past 1 other;" in refused.value.advice


def test_files_without_errors_are_read_as_ever(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    assert load(tmp_path, despite_errors=True) == load(tmp_path)


# --- what is left of what is broken


def test_the_known_part_of_its_needs_counts(tmp_path: Path) -> None:
    groups = "{any: [b, x, c], at_least: 2}, {any: [x, y]}, {any: [b, x], at_least: 2}"
    ws = passed(tmp_path, changed("requires: [b]", f"requires: [x, {groups}, c]"))
    assert [(one.alternatives, one.at_least) for one in ws.inventory.systems["a"].requires] == [
        (("b", "c"), 2),
        (("b",), 1),
        (("c",), 1),
    ]


def test_an_owner_who_is_not_there_stays_an_owner(tmp_path: Path) -> None:
    ws = passed(tmp_path, changed("owner: nord", "owner: nrod"))
    assert ws.inventory.systems["a"].owner == "nrod"


@pytest.mark.parametrize(
    ("entry", "owner"),
    [
        ("{kind: svc, hosts: [h1], vars: {unit: a}, owner: [nord]}", "?"),
        ("{kind: svc, hosts: [h1], vars: {unit: a}, onwer: nord}", "?"),
        ("{kind: svc, hosts: [h1], vars: {unit: a}, Owner: nord}", "?"),
        ("{kind: svc, hosts: [h1], vars: {unit: a}, <<: {owner: nord}}", "?"),
        ("gone", "?"),
        ("{kind: svc, hosts: [h1], vars: {unit: a}, owner: nord, priority: high}", "nord"),
        ("{kind: svc, hosts: [h1], vars: {unit: a}, owner: internal, priority: high}", "internal"),
        ("{kind: svc, hosts: [h1], vars: {unit: a}, priority: high}", "internal"),
    ],
)
def test_an_owner_who_cannot_be_read_is_a_customer_nobody_knows(tmp_path: Path, entry: str, owner: str) -> None:
    ws = passed(tmp_path, changed(A, f"  a: {entry}\n"))
    assert "a" in ws.broken
    assert ws.inventory.systems["a"].owner == owner


def test_who_needs_a_broken_one_is_not_broken(tmp_path: Path) -> None:
    ws = passed(tmp_path, changed(B, "  b: gone\n"))
    assert set(ws.broken) == {"b"}
    assert [one.alternatives for one in ws.inventory.systems["a"].requires] == [("b",)]
    assert isinstance(ws.inventory.systems["c"].requires[0], Requirement)


def test_a_customer_whose_entry_is_wrong_is_known_by_the_id(tmp_path: Path) -> None:
    ws = passed(tmp_path, changed("nord: {name: BKK Nord}", "nord: {}"))
    assert ws.inventory.customers["nord"].name == "nord"
    assert ws.inventory.services["portal"].customers == ("nord",)


def test_a_playbook_that_is_wrong_is_not_there(tmp_path: Path) -> None:
    ws = passed(tmp_path, changed("online: [0]", "onlin: [0]", "playbooks/other.yaml"))
    assert set(ws.playbooks) == {"svc"}


@pytest.mark.parametrize(
    ("files", "unfit"),
    [
        (changed("labels: {tier", "lables: {tier"), False),
        (changed("requires: [b]", "requires: [x]"), False),
        (changed("hosts: [h1]", "hosts: [h1, h9]"), True),
        (changed("hosts: [h1]", "hosts: [h1, H9]"), True),
        (changed("hosts: [h1]", "hosts: h1"), True),
        (changed("hosts: [h1]", "hosts: [h1], hosts: [h1, h2]"), True),
        (changed(A, "  a: gone\n"), True),
        (changed("h1: {address: 10.0.1.1,", "h1: {adress: 10.0.1.1,"), True),
        (changed(B, B + A), True),
    ],
)
def test_nothing_acts_through_whose_hosts_are_in_doubt(
    files: dict[str, str | bytes], unfit: bool, tmp_path: Path
) -> None:
    ws = passed(tmp_path, files)
    assert set(ws.broken) == {"a"}
    assert ws.unfit == ({"a"} if unfit else set())


# --- protection is never lost through an error


@pytest.mark.parametrize(
    "entry",
    [
        "{kind: svc, hosts: [h1], vars: {unit: a}, protected: yes}",
        "{kind: svc, hosts: [h1], vars: {unit: a}, protected: [why]}",
        "{kind: svc, hosts: [h1], vars: {unit: a}, protectd: why}",
        "{kind: svc, hosts: [h1], vars: {unit: a}, Protected: why}",
        "{kind: svc, hosts: [h1], vars: {unit: a}, is: {protected: why}}",
        "{kind: svc, hosts: [h1], vars: {unit: a, protected: why}}",
        "{kind: svc, hosts: {protected: why}}",
        "{kind: svc, hosts: [h1], vars: {unit: a}, <<: {protected: why}}",
        "{kind: svc, hosts: [h1], vars: {unit: a}, labels: {protected: &x why}}",
        "protected",
        "[kind, protected]",
        "{protected: the backups}",
        "{kind: svc, hosts: [h1], vars: {unit: a}}\n  a: {kind: svc, hosts: [h1], vars: {unit: a}, protected: why}",
        "{kind: svc, hosts: [h1], vars: {unit: a}}\n  A: {kind: svc, hosts: [h1], vars: {unit: a}, protected: why}",
    ],
)
def test_a_broken_entry_that_says_protected_stays_protected(entry: str, tmp_path: Path) -> None:
    ws = passed(tmp_path, changed(A, f"  a: {entry}\n"))
    assert set(ws.broken) == {"a"}
    assert ws.inventory.systems["a"].protected in {SAYS_PROTECTED, "the backups"}


def test_an_alias_of_what_says_protected_is_protected(tmp_path: Path) -> None:
    ws = passed(
        tmp_path, changed(A, "  a: &kept {kind: svc, hosts: [h1], vars: {unit: a}, protected: why}\n  d: *kept\n")
    )
    assert {id: one.protected for id, one in ws.inventory.systems.items() if one.protected} == {
        "a": "why",
        "d": SAYS_PROTECTED,
    }


@pytest.mark.parametrize(
    "entry",
    [
        "{kind: endpoint-protection, hosts: [h1], x: 1}",
        "{kind: svc, hosts: [h1], vars: {unit: a, note: write-protected}, x: 1}",
        "{kind: svc, hosts: [h1], vars: {unit: a}, project: x}",
        "{kind: svc, hosts: [protect-1], vars: {unit: a}, x: 1}",
    ],
)
def test_a_word_in_what_other_keys_say_protects_nothing(entry: str, tmp_path: Path) -> None:
    ws = passed(tmp_path, changed(A, f"  a: {entry}\n"))
    assert set(ws.broken) == {"a"}
    assert ws.inventory.systems["a"].protected is None


def test_what_is_written_of_others_is_untouched(tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    good = load(write(whole, GOOD))
    for name, (files, system) in BROKEN.items():
        if "host" in name or name == "an id that is no id" or "playbook" in name:
            continue
        ws = passed(part / name.replace(" ", "-"), files)
        for id, one in good.inventory.systems.items():
            if id != system:
                now = ws.inventory.systems[id]
                assert [each.alternatives for each in now.requires] == [each.alternatives for each in one.requires]
                assert [ref.id for ref in now.hosts] == [ref.id for ref in one.hosts]
                assert replace(now, source=one.source, hosts=(), requires=()) == replace(one, hosts=(), requires=())
