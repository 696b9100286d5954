# ruff: noqa: E501 - what an operator reads as one line stands here as one line
"""Every way an inventory can be wrong, with the line and the words an operator reads."""

from pathlib import Path

import pytest

from tests.unit.workspace.workspaces import INVENTORY, check, problems, write

INV = "inventories/i.yaml"
H = "hosts:\n  h1: {address: 10.0.0.1}\n"  # lines 1 and 2
S = "  a: {kind: svc, hosts: [h1], vars: {unit: a}}\n"  # a good system
G = "lower-case letters, digits, . _ -, 63 at most"


def systems(*lines: str) -> str:
    """An inventory whose systems begin in line 4."""
    return H + "systems:\n" + "".join(f"  {line}\n" for line in lines)


TABLE = {
    "unknown section": (
        INVENTORY + "service: {}\n",
        [f'{INV}:5  unknown key "service". Did you mean services?'],
    ),
    "unknown key, with the one that was meant": (
        systems("billing: {kind: svc, hosts: [h1], vars: {unit: a}, require: [a]}"),
        [f'{INV}:4  billing: unknown key "require". Did you mean requires?'],
    ),
    "unknown key, like none": (
        systems("a: {kind: svc, hosts: [h1], vars: {unit: a}, xyz: 1}"),
        [
            f'{INV}:4  a: unknown key "xyz". Known here: kind, hosts, owner, customers, requires, after, vars, labels, '
            "priority, protected, managed, serial."
        ],
    ),
    "missing key": (systems("a: {hosts: [h1]}"), [f'{INV}:4  a: the key "kind" is missing.']),
    "wrong type: text for a list": (
        systems("a: {kind: svc, hosts: h1, vars: {unit: a}}"),
        [f'{INV}:4  a: hosts is "h1"; expected a list ([a, b]). Put it into brackets.'],
    ),
    "wrong type: list for a mapping": (
        H + "systems: [a]\n",
        [f"{INV}:3  systems is a list; expected a mapping of systems by their ids."],
    ),
    "wrong type: list for text": (
        systems("a: {kind: [svc], hosts: [h1]}"),
        [f"{INV}:4  a: kind is a list; expected an id ({G})."],
    ),
    "nothing where an entry belongs": (
        systems("a:"),
        [
            f"{INV}:4  a: the entry is nothing; expected keys and values (kind, hosts, owner, customers, requires, after, "
            "vars, labels, priority, protected, managed, serial)."
        ],
    ),
    "bad id": (
        systems("a b: {kind: svc, hosts: [h1], vars: {unit: a}}"),
        [f'{INV}:4  the id of a system is "a b"; expected an id ({G}).'],
    ),
    "id with capitals, used as it should be": (
        systems(
            "A1: {kind: svc, hosts: [h1], vars: {unit: a}}",
            "b: {kind: svc, hosts: [h1], vars: {unit: b}, requires: [a1]}",
        ),
        [f'{INV}:4  the id of a system is "A1"; expected an id ({G}). Ids are lower case: a1.'],
    ),
    "ids that differ only in case": (
        systems(S.strip(), "A: {kind: svc, hosts: [h1], vars: {unit: a}}"),
        [f'{INV}:5  system "A" differs only in case from a ({INV}:4).'],
    ),
    "id of 64 characters": (
        systems(f"{'a' * 64}: {{kind: svc, hosts: [h1], vars: {{unit: a}}}}"),
        [f'{INV}:4  the id of a system is "{"a" * 57}..."; expected an id ({G}).'],
    ),
    "id twice in a file": (
        systems(S.strip(), S.strip()),
        [f'{INV}:5  the key "a" stands twice here, first in line 4. Delete one.'],
    ),
    "mentioned id that is near one": (
        systems(
            "san-muc: {kind: svc, hosts: [h1], vars: {unit: a}}",
            "core-db: {kind: svc, hosts: [h1], vars: {unit: a}, requires: [san-mucc]}",
        ),
        [f"{INV}:5  core-db requires san-mucc, which does not exist. Did you mean san-muc ({INV}:4)?"],
    ),
    "mentioned id that is near none": (
        systems("a: {kind: svc, hosts: [h1], vars: {unit: a}, after: [zzzzzz]}"),
        [f"{INV}:4  a comes after zzzzzz, which does not exist."],
    ),
    "mentions of every kind": (
        "zones:\n"
        "  z: {gateway: hx, control_path: [s1], requires: [s2]}\n"
        "hosts:\n"
        "  h1: {zone: zz, runs_on: s3}\n"
        "systems:\n"
        "  a:\n"
        "    kind: svc\n"
        "    hosts: [hy]\n"
        "    owner: c1\n"
        "    customers: [c2]\n"
        "    requires:\n"
        "      - {any: [s4, a]}\n"
        "    vars: {unit: a}\n"
        "operator: {control_path: [s5]}\n"
        "services:\n"
        "  s: {name: S, customers: [c3], requires: [s6]}\n",
        [
            f"{INV}:2  zone z has in its control path s1, which does not exist.",
            f"{INV}:2  zone z is reached through the host hx, which does not exist.",
            f"{INV}:2  zone z requires s2, which does not exist.",
            f"{INV}:4  host h1 lies in zone zz, which does not exist.",
            f"{INV}:4  host h1 runs on s3, which does not exist.",
            f"{INV}:8  a lives on the host hy, which does not exist.",
            f"{INV}:9  a is owned by c1, which does not exist. An owner is internal or a customer's id.",
            f"{INV}:10  a serves the customer c2, which does not exist.",
            f"{INV}:12  a requires s4, which does not exist.",
            f"{INV}:14  operator has in its control path s5, which does not exist.",
            f"{INV}:16  service s requires s6, which does not exist.",
            f"{INV}:16  service s serves the customer c3, which does not exist.",
        ],
    ),
    "a host twice": (
        systems("a: {kind: svc, hosts: [h1, h1], vars: {unit: a}}"),
        [f"{INV}:4  a: hosts lists h1 twice. Delete one."],
    ),
    "at_least of none": (
        systems("a: {kind: svc, hosts: [h1], vars: {unit: a}, requires: [{any: [b, c], at_least: 0}]}"),
        [
            f"{INV}:4  a requires b, which does not exist.",
            f"{INV}:4  a requires c, which does not exist.",
            f'{INV}:4  a: a group of requires.at_least is "0"; expected a whole number from 1 to 1000000.',
        ],
    ),
    "at_least of more than there are": (
        systems(
            "a: {kind: svc, hosts: [h1], vars: {unit: a}, requires: [{any: [b], at_least: 2}]}",
            "b: {kind: svc, hosts: [h1], vars: {unit: b}}",
        ),
        [f"{INV}:4  a: at_least is 2, but the group has only 1."],
    ),
    "an empty group": (
        systems("a: {kind: svc, hosts: [h1], vars: {unit: a}, requires: [{any: []}]}"),
        [f"{INV}:4  a: a group of requires.any is empty; expected 1 at least."],
    ),
    "one alternative twice": (
        systems("a: {kind: svc, hosts: [h1], vars: {unit: a}, requires: [{any: [a, a]}]}"),
        [f"{INV}:4  a: a group of requires.any lists a twice. Delete one."],
    ),
    "after at an unknown time": (
        systems("a: {kind: svc, hosts: [h1], vars: {unit: a}, after: [{system: a, when: restor}]}"),
        [f'{INV}:4  a: an item of after.when is "restor"; expected shutdown or restore. Did you mean restore?'],
    ),
    "numbers and switches": (
        systems("a: {kind: svc, hosts: [h1], vars: {unit: a}, priority: high, serial: no, managed: internal}"),
        [
            f'{INV}:4  a: managed is "internal"; expected external. Leave it out where orch does it.',
            f'{INV}:4  a: priority is "high"; expected a whole number from -1000000 to 1000000.',
            f'{INV}:4  a: serial is "no"; expected true or false.',
        ],
    ),
    "protected without a reason": (
        systems("a: {kind: svc, hosts: [h1], vars: {unit: a}, protected: true}"),
        [
            f'{INV}:4  a: protected is "true"; expected the reason in words. '
            "Say why in words; leave the key out where the system is not protected."
        ],
    ),
    "vars that are none": (
        systems("a: {kind: svc, hosts: [h1], vars: {unit: null, Port: 1, port: [1]}}"),
        [
            f'{INV}:4  a: vars has "Port"; expected a name of a-z, 0-9 and _.',
            f"{INV}:4  a: vars.port is a list; expected text or {{secret: env:NAME}}. Leave it out to take the playbook's default.",
            f'{INV}:4  a: vars.unit is "null"; expected text or {{secret: env:NAME}}. Leave it out to take the playbook\'s default.',
        ],
    ),
    "a secret that is pasted in is not repeated": (
        systems("a: {kind: svc, hosts: [h1], vars: {unit: {secret: hunter2}}}"),
        [
            f"{INV}:4  a: vars.unit.secret: it is no reference to a secret; expected env:NAME.",
        ],
    ),
    "a host that SSH could misread": (
        "defaults:\n  hosts: {user: -x, port: 0, identity: -i}\n"
        "hosts:\n  h1: {address: -oProxyCommand=id}\n  h2: {address: 'fe80::1%eth0', user: 'a b', port: 70000, platform: solaris}\n"
        "systems:\n" + S,
        [
            f'{INV}:2  defaults.hosts.identity is "-i"; expected a path, which begins with no -.',
            f'{INV}:2  defaults.hosts.port is "0"; expected a whole number from 1 to 65535.',
            f'{INV}:2  defaults.hosts.user is "-x"; expected a login name (letters, digits, . _ -).',
            f'{INV}:4  host h1: address is "-oProxyCommand=id"; expected a host name or an IPv4 or IPv6 address.',
            f'{INV}:5  host h2: address is "fe80::1%eth0"; expected a host name or an IPv4 or IPv6 address.',
            f'{INV}:5  host h2: platform is "solaris"; expected linux or windows or appliance.',
            f'{INV}:5  host h2: port is "70000"; expected a whole number from 1 to 65535.',
            f'{INV}:5  host h2: user is "a b"; expected a login name (letters, digits, . _ -).',
        ],
    ),
    "customers and services": (
        INVENTORY
        + "customers:\n  internal: {name: X}\n  c: {language: deutsch?}\nservices:\n  s: {name: {d: X}, requires: [a]}\n",
        [
            f'{INV}:6  customer internal: "internal" means something else where owners and customers are named. Rename it.',
            f'{INV}:7  customer c: language is "deutsch?"; expected a language such as de or en.',
            f'{INV}:7  customer c: the key "name" is missing.',
            f'{INV}:9  service s: a language of name is "d"; expected a language such as de or en.',
        ],
    ),
    "labels": (
        systems("a: {kind: svc, hosts: [h1], vars: {unit: a}, labels: {Tier: x, t: [1]}}"),
        [
            f'{INV}:4  a: a name in labels is "Tier"; expected an id ({G}). Ids are lower case: tier.',
            f"{INV}:4  a: labels.t is a list; expected text.",
        ],
    ),
    "way where no way leads": (
        "zones:\n  z: {gateway: g}\n"
        "hosts:\n  g: {way: b}\n  h1: {zone: z, way: a}\n"
        "systems:\n"
        + S
        + "  b: {kind: svc, hosts: [h1], vars: {unit: b}}\n  c: {kind: svc, hosts: [g], vars: {unit: c}}\n",
        [
            f"{INV}:4  host g: way names b, which does not live on this host. Systems on it: c.",
            f"{INV}:5  host h1: way stands on a host that is no zone's gateway. Delete it, or name the host as a gateway.",
        ],
    ),
    "zones behind each other": (
        "zones:\n  x: {gateway: gy}\n  y: {gateway: gx}\n  ok: {gateway: [gy, h1]}\n"
        "hosts:\n  gx: {zone: x}\n  gy: {zone: y}\n  h1: {zone: ok}\n"
        "systems:\n" + S,
        [
            f"{INV}:2  zone x can't be reached: its gateway (gy in zone y) lies behind this zone again. One gateway needs another way in.",
            f"{INV}:3  zone y can't be reached: its gateway (gx in zone x) lies behind this zone again. One gateway needs another way in.",
        ],
    ),
    "no systems": (H, [f"{INV}  the inventory has no systems. There is nothing to plan."]),
    "an empty file": ("", [f"{INV}  the file is empty; expected keys and values."]),
    "kind without playbook": (
        systems("a: {kind: svcc, hosts: [h1], vars: {unit: a}}", "b: {kind: nginx, hosts: [h1]}"),
        [
            f'{INV}:4  a: the kind "svcc" has no playbook; expected playbooks/svcc.yaml. Did you mean svc (playbooks/svc.yaml)?',
            f'{INV}:5  b: the kind "nginx" has no playbook; expected playbooks/nginx.yaml. There are: svc.',
        ],
    ),
    "vars against the playbook": (
        systems(
            "a: {kind: svc, hosts: [h1], vars: {unit: a, prot: 1}}",
            "b:",
            "  kind: svc",
            "  hosts: [h1]",
            "  vars:",
            "    zzz: 1",
        ),
        [
            f"{INV}:4  a: playbooks/svc.yaml has no var prot. Did you mean port?",
            f"{INV}:5  b: the var unit is not given; playbooks/svc.yaml has no default for it.",
            f"{INV}:9  b: playbooks/svc.yaml has no var zzz. Its vars: unit, port.",
        ],
    ),
    "a secret in argv": (
        systems("a: {kind: svc, hosts: [h1], vars: {unit: {secret: env:X}}}"),
        [
            f"{INV}:4  a: the secret unit would reach argv of playbooks/svc.yaml:3, where others can read it. "
            'A secret goes by stdin: "{unit}" alone.',
            f"{INV}:4  a: the secret unit would reach argv of playbooks/svc.yaml:9, where others can read it. "
            'A secret goes by stdin: "{unit}" alone.',
        ],
    ),
    "a system without hosts whose playbook needs them": (
        systems("a: {kind: svc, vars: {unit: a}}"),
        [
            f"{INV}:4  a has no hosts, but playbooks/svc.yaml:3 acts on the system's own. "
            "Give it hosts, or let every command act on: another system."
        ],
    ),
    "what another party runs": (
        systems("a: {kind: svc, managed: external, vars: {unit: a}}", "b: {kind: nowhere, managed: external}"),
        [
            f"{INV}:4  a is managed: external, but playbooks/svc.yaml:9 is a step that is not manual. "
            "What another party runs has manual steps only."
        ],
    ),
}


@pytest.mark.parametrize(("inventory", "expected"), TABLE.values(), ids=TABLE)
def test_problem(tmp_path: Path, inventory: str, expected: list[str]) -> None:
    assert problems(tmp_path, {INV: inventory}) == expected


def test_ids_twice_across_files_name_both_places(tmp_path: Path) -> None:
    folder = {
        "inventories/rz/a.yaml": INVENTORY + "defaults: {hosts: {user: x}}\noperator: {control_path: []}\n",
        "inventories/rz/deep/b.yaml": INVENTORY.replace("a:", "A:") + "defaults: {hosts: {user: x}}\noperator: {}\n",
    }
    root = write(tmp_path, folder)
    (root / "inventories/i.yaml").unlink()
    assert check(root) == [
        "inventories/rz/deep/b.yaml:2  host h1 stands twice, first in inventories/rz/a.yaml:2. Rename or delete one.",
        'inventories/rz/deep/b.yaml:4  system "A" differs only in case from a (inventories/rz/a.yaml:4).',
        'inventories/rz/deep/b.yaml:5  "defaults" stands twice in this inventory, first in inventories/rz/a.yaml:5.',
        'inventories/rz/deep/b.yaml:6  "operator" stands twice in this inventory, first in inventories/rz/a.yaml:6.',
    ]


def test_a_file_that_is_no_yaml_is_told_once_and_what_it_would_define_is_not_missed(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "inventories/rz/a.yaml": INVENTORY.replace("}}", "}, requires: [b], after: [c]}"),
            "inventories/rz/b.yaml": "systems:\n\tb: {}\n",
        },
    )
    (root / "inventories/i.yaml").unlink()
    assert check(root) == ["inventories/rz/b.yaml:2  no YAML: a tab stands where only spaces may indent or separate."]


def test_a_thousand_mistakes_are_all_told(tmp_path: Path) -> None:
    many = systems(
        S.strip(), *(f"s{n}: {{kind: svc, hosts: [h1], vars: {{unit: a}}, requires: [ss{n}]}}" for n in range(1000))
    )
    assert len(problems(tmp_path, {INV: many})) == 1000
