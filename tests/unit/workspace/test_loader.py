# ruff: noqa: E501 - what an operator reads as one line stands here as one line
"""From files to the one value, and back to what they said; which files are read, and which are refused."""

import hashlib
import os
from pathlib import Path

import pytest

from orchestrator.model.errors import FilesError, Refused, UsageError
from orchestrator.model.inventory import After, Requirement, SecretRef
from orchestrator.model.playbook import Argv, Manual, Match, OnCarrier, OnSystem, Shell
from orchestrator.model.protocol import Budget, Each, PastDeadline
from orchestrator.model.source import Ref, Source
from orchestrator.model.terms import Action, Mode, OnFailure, Platform
from orchestrator.workspace.init import write_example
from orchestrator.workspace.loader import inventory_names, load
from tests.unit.workspace.keys import ED, ED_FINGERPRINT
from tests.unit.workspace.workspaces import INVENTORY, check, loaded, problems, write

GOOD = {
    "inventories/rz/hosts.yaml": """\
defaults:
  hosts: {user: orch, port: 2200, identity: keys/orch, ssh_config: ssh/config}
customers:
  bkk-nord: {name: BKK Nord, language: de}
zones:
  muc:
    gateway: [gw, web]
    control_path: [dns]
    requires: [dns]
    parallel: 20
hosts:
  gw: {address: 192.0.2.1, way: bastion, port: 22, user: root}
  web: {runs_on: hv}
  db: {zone: muc, platform: windows, runs_on: hv, receipts: false, address: "2001:db8::5"}
""",
    "inventories/rz/systems.yaml": """\
systems:
  bastion: {kind: plain, hosts: [gw], vars: {unit: ssh}}
  hv: {kind: plain, hosts: [gw], vars: {unit: libvirtd}}
  dns: {kind: hand, managed: external}
  core-db:
    kind: svc
    hosts: [db, web]
    owner: bkk-nord
    customers: [bkk-nord]
    requires:
      - hv
      - {any: [dns, bastion], at_least: 2}
      - any: [dns, bastion]
    after:
      - dns
      - {system: hv, when: restore}
    vars: {unit: "no", port: 0080, password: {secret: env:PW}}
    labels: {tier: 1001}
    priority: -5
    protected: the backups
    serial: false
operator: {control_path: [bastion]}
services:
  eau: {name: {de: eAU-Austausch, en: eAU exchange}, customers: all, requires: [core-db]}
  tel: {name: Telephony, customers: [bkk-nord]}
""",
    "playbooks/svc.yaml": """\
kind: svc
vars: {unit: null, port: 80, password: ""}
state:
  argv: [systemctl, is-active, "{unit}"]
  online: {output: 'a{2,3}'}
  offline: [3, 4]
  timeout: 20s
  poweroff: {on: carrier, argv: [virsh, domstate, "{host}"], online: [0], offline: [1], sudo: true}
isolation: {on: {system: bastion}, shell: "nft list {{x}} {on.host}", isolated: [0], open: [1]}
evidence:
  - {name: sockets, argv: [ss, -tnap], timeout: 30s}
shutdown:
  stop:
    - {name: log in, argv: [x, ""], stdin: "{password}", changes_state: true, exit: [0, 7]}
    - {name: look, manual: "look at {system}", timeout: 1h, on_failure: continue}
  poweroff:
    - {name: off, argv: [poweroff], disconnects: true, idempotent: true, expect: 3s}
  force:
    - {name: kill, argv: [kill], leaves: poweroff, timeout: 100s}
restore:
  stop:
    - {name: start, on: {system: hv}, argv: [systemctl, start, "{unit}"]}
health:
  - {name: answers, argv: [curl, "http://127.0.0.1:{port}"], within: 3m, every: 1s, settle: 0s, exit: [0, 22]}
""",
    "playbooks/hand.yaml": "kind: hand\n",
    "playbooks/plain.yaml": "kind: plain\nvars: {unit: null}\n",
    "playbooks/unused.yaml": "kind: unused\n",
    "protocol.yaml": f"""\
organisation: rz-example
people:
  a.brandt: {{name: A. Brandt, roles: [lead], keys: ["{ED}  a  comment"]}}
  k.nord: {{name: K. Nord, roles: [liaison], customers: [bkk-nord]}}
gates:
  declare: {{before: shutdown, approvals: {{lead: 1}}, valid: 4h}}
  release: {{before: restore, of: ["owner=customer", "kind=svc,zone=m*"], each: customer, approvals: {{lead: 1, liaison: 1}}, checks: [patched]}}
modes:
  - {{of: ["kind=uplink"], mode: isolate}}
order:
  shutdown: [["kind=uplink"], ["owner=customer"]]
on_failure: {{shutdown: force}}
limits: {{parallel: 30, restore: {{unreachable: 12.5%, failed: 0}}}}
evidence: {{required: true, at_most: 5m, past: hold, cap: 1MiB}}
break_glass: {{approvals: {{lead: 1}}, review: {{people: 2, within: 24h}}}}
""",
    "known_hosts": f"gw {ED}\n",
    "ssh/config": "Host web\n  User ops\n  ServerAliveInterval 30\n",
}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    root = write(tmp_path, GOOD)
    (root / "inventories/i.yaml").unlink()
    return root


def test_inventory_says_what_its_files_say(good: Path) -> None:
    inventory = load(good).inventory
    systems = "inventories/rz/systems.yaml"
    assert (inventory.name, inventory.ssh_config) == ("rz", "ssh/config")
    assert list(inventory.systems) == ["bastion", "hv", "dns", "core-db"]
    assert inventory.operator_control_path == (Ref("bastion", Source(systems, 22)),)
    gw, web, db = inventory.hosts.values()
    assert (gw.address, gw.port, gw.user, gw.identity, gw.platform) == (
        "192.0.2.1",
        22,
        "root",
        "keys/orch",
        Platform.LINUX,
    )
    assert gw.way == Ref("bastion", Source("inventories/rz/hosts.yaml", 12))
    assert (web.address, web.port, web.user, web.zone, web.receipts) == ("web", 2200, "orch", None, True)
    assert (db.address, db.platform, db.receipts, str(db.runs_on), str(db.zone)) == (
        "2001:db8::5",
        Platform.WINDOWS,
        False,
        "hv",
        "muc",
    )
    muc = inventory.zones["muc"]
    assert ([str(ref) for ref in muc.gateways], [str(ref) for ref in muc.control_path], muc.parallel) == (
        ["gw", "web"],
        ["dns"],
        20,
    )
    assert muc.requires == (Requirement(("dns",), 1, Source("inventories/rz/hosts.yaml", 9)),)

    core = inventory.systems["core-db"]
    assert core.source == Source(systems, 5)
    assert [ref.id for ref in core.hosts] == ["db", "web"]
    assert (core.owner, core.customers, core.priority, core.protected, core.serial) == (
        "bkk-nord",
        ("bkk-nord",),
        -5,
        "the backups",
        False,
    )
    assert core.requires == (
        Requirement(("hv",), 1, Source(systems, 11)),
        Requirement(("dns", "bastion"), 2, Source(systems, 12)),
        Requirement(("dns", "bastion"), 1, Source(systems, 13)),
    )
    assert core.after == (After("dns", None, Source(systems, 15)), After("hv", Action.RESTORE, Source(systems, 16)))
    assert core.vars == {"unit": "no", "port": "0080", "password": SecretRef("env:PW")}
    assert core.labels == {"tier": "1001"}
    assert inventory.systems["dns"].external
    assert inventory.systems["bastion"].customers is None

    eau, tel = inventory.services.values()
    assert (eau.names, eau.customers, tel.names, tel.customers) == (
        {"de": "eAU-Austausch", "en": "eAU exchange"},
        None,
        {"": "Telephony"},
        ("bkk-nord",),
    )


def test_playbook_says_what_its_file_says_with_defaults_filled_in(good: Path) -> None:
    svc = load(good).playbooks["svc"]
    assert svc.vars == {"unit": None, "port": "80", "password": ""}
    assert svc.state is not None
    assert svc.poweroff_state is not None
    assert svc.isolation is not None
    assert (svc.state.yes, svc.state.no, svc.state.timeout_s) == (Match(output="a{2,3}"), Match(exits=(3, 4)), 20)
    assert (svc.poweroff_state.on, svc.poweroff_state.sudo, svc.poweroff_state.timeout_s) == (OnCarrier(), True, 15)
    assert (svc.isolation.on, svc.isolation.do) == (OnSystem("bastion"), Shell("nft list {{x}} {on.host}"))
    assert [(one.name, one.timeout_s) for one in svc.evidence] == [("sockets", 30)]
    login, look = svc.shutdown[Mode.STOP]
    assert (login.do, login.stdin, login.exits, login.timeout_s, login.expect_s) == (
        Argv(("x", "")),
        "{password}",
        (0, 7),
        60,
        6.0,
    )
    assert (look.do, look.expect_s, look.continue_on_failure) == (Manual("look at {system}"), 360.0, True)
    assert [login.changes_state, look.changes_state] == [True, False]
    (off,) = svc.shutdown[Mode.POWEROFF]
    assert (off.disconnects, off.idempotent, off.expect_s, off.changes_state) == (True, True, 3, True)
    (kill,) = svc.force
    assert (kill.leaves, kill.expect_s) == (Mode.POWEROFF, 10.0)
    assert list(svc.shutdown) == [Mode.STOP, Mode.POWEROFF]
    assert list(svc.restore) == [Mode.STOP]
    (health,) = svc.health
    assert (health.within_s, health.every_s, health.settle_s, health.exits) == (180, 1, 0, (0, 22))


def test_protocol_says_what_its_file_says(good: Path) -> None:
    workspace = load(good)
    protocol = workspace.protocol
    assert workspace.protocol_path == "protocol.yaml"
    assert protocol.organisation == "rz-example"
    assert protocol.people["a.brandt"].keys == (f"{ED} a comment",)
    assert protocol.people["a.brandt"].customers is None
    assert protocol.people["k.nord"].customers == ("bkk-nord",)
    declare, release = protocol.gates
    assert (declare.id, declare.before, dict(declare.approvals), declare.valid_s, declare.of) == (
        "declare",
        Action.SHUTDOWN,
        {"lead": 1},
        14400,
        (),
    )
    assert (release.each, release.checks, release.valid_s) == (Each.CUSTOMER, ("patched",), 86400)
    assert [selector.text for selector in release.of] == ["owner=customer", "kind=svc,zone=m*"]
    assert [(rule.mode, rule.source.line) for rule in protocol.modes] == [(Mode.ISOLATE, 9)]
    assert len(protocol.order_shutdown) == 2
    assert protocol.order_restore is None
    assert protocol.on_failure == {Action.SHUTDOWN: OnFailure.FORCE, Action.RESTORE: OnFailure.HOLD}
    assert (protocol.parallel, protocol.budget_unreachable, protocol.budget_failed) == (
        30,
        Budget(percent=12.5),
        Budget(count=0),
    )
    assert (protocol.evidence.required, protocol.evidence.at_most_s, protocol.evidence.past, protocol.evidence.cap) == (
        True,
        300,
        PastDeadline.HOLD,
        1024 * 1024,
    )
    assert protocol.break_glass is not None
    assert (protocol.break_glass.review_people, protocol.break_glass.review_within_s) == (2, 86400)


def test_inputs_are_what_a_plan_depends_on_with_the_digest_of_the_bytes(good: Path) -> None:
    workspace = load(good)
    assert [one.path for one in workspace.inputs] == [
        "inventories/rz/hosts.yaml",
        "inventories/rz/systems.yaml",
        "known_hosts",
        "playbooks/hand.yaml",
        "playbooks/plain.yaml",
        "playbooks/svc.yaml",
        "protocol.yaml",
        "ssh/config",
    ]
    assert sorted(workspace.playbooks) == ["hand", "plain", "svc", "unused"]
    assert all(one.sha256 == hashlib.sha256((good / one.path).read_bytes()).hexdigest() for one in workspace.inputs)


def test_pins_are_those_of_known_hosts(good: Path) -> None:
    workspace = load(good)
    assert [key.fingerprint for key in workspace.known_hosts.keys_for("gw", "192.0.2.1", 22)] == [ED_FINGERPRINT]


def test_without_protocol_and_known_hosts(tmp_path: Path) -> None:
    workspace = loaded(tmp_path, {})
    assert workspace.protocol_path is None
    assert workspace.protocol.parallel == 50
    assert not workspace.known_hosts.pins
    assert [one.path for one in workspace.inputs] == ["inventories/i.yaml", "playbooks/svc.yaml"]


# --- which inventory ----------------------------------------------------------------------------


def test_several_inventories_want_a_name(tmp_path: Path) -> None:
    root = write(
        tmp_path, {"inventories/ess/a.yaml": INVENTORY, "inventories/.hidden.yaml": "x", "inventories/README.md": "x"}
    )
    assert inventory_names(root) == ("ess", "i")
    with pytest.raises(UsageError, match="2 inventories: ess, i"):
        load(root)
    assert load(root, "ess").inventory.name == "ess"
    with pytest.raises(UsageError, match='no inventory "es"') as error:
        load(root, "es")
    assert error.value.advice == "Did you mean ess?"


@pytest.mark.parametrize("name", ["../i", "", "i.yaml", "/etc", "i/../i"])
def test_an_inventory_is_named_by_its_name_alone(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no inventory"):
        load(write(tmp_path, {}), name)


def test_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        load(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="has no inventory"):
        load(tmp_path)


def test_with_several_inventories_people_may_speak_for_customers_of_another(tmp_path: Path) -> None:
    protocol = "organisation: o\npeople: {a: {name: A, roles: [x], customers: [elsewhere]}}\n"
    root = write(tmp_path, {"inventories/j.yaml": INVENTORY, "protocol.yaml": protocol})
    assert check(root, "j") == []
    (root / "inventories/j.yaml").unlink()
    assert check(root) == ["protocol.yaml:2  a speaks for the customer elsewhere, which does not exist."]


# --- files that are none ------------------------------------------------------------------------


def test_all_problems_of_all_files_come_in_one_go_in_the_order_of_the_files(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        {
            "protocol.yaml": "organisation: [x]\n",
            "known_hosts": "nonsense\n",
            "playbooks/b.yaml": "kind: c\n",
            "playbooks/a.yaml": b"\xff",
            "inventories/i.yaml": INVENTORY + "x: 1\n",
        },
    )
    assert [line.split("  ")[0] for line in found] == [
        "inventories/i.yaml:5",
        "known_hosts:1",
        "playbooks/a.yaml:1",
        "playbooks/b.yaml:1",
        "protocol.yaml:1",
    ]


def test_links_may_not_lead_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.yaml").write_text(INVENTORY)
    root = write(tmp_path / "ws", {"shared/p.yaml": "kind: p\n"})
    (root / "inventories/i.yaml").unlink()
    (root / "inventories/i.yaml").symlink_to(outside / "x.yaml")
    (root / "playbooks/p.yaml").symlink_to("../shared/p.yaml")
    (root / "playbooks/gone.yaml").symlink_to("nowhere.yaml")
    (root / "known_hosts").symlink_to("/etc/hostname")
    assert check(root) == [
        "inventories/i.yaml  the link leads out of the workspace. Copy the file into it.",
        "known_hosts  the link leads out of the workspace. Copy the file into it.",
        "playbooks/gone.yaml  the file can't be read: No such file or directory.",
    ]


def test_folders_may_not_lead_out_nor_in_circles(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = write(tmp_path / "ws", {"inventories/rz/a.yaml": INVENTORY})
    (root / "inventories/i.yaml").unlink()
    (root / "inventories/rz/round").symlink_to("..")
    assert check(root) == ["inventories/rz/round  the folder is a link, or lies too deep; its files would be missed."]
    (root / "inventories/rz/round").unlink()
    (root / "inventories/rz/a.yaml").unlink()
    (root / "inventories/rz").rmdir()
    (root / "inventories/rz").symlink_to(outside)
    assert check(root)[0] == "inventories/rz  the link leads out of the workspace. Copy the folder into it."


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    root = write(tmp_path, {})
    os.mkfifo(root / "protocol.yaml")
    (root / "known_hosts").mkdir()
    found = check(root)
    assert found[0].startswith("known_hosts  ")
    assert found[1] == "protocol.yaml  this is no plain file."


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_can_not_be_read_is_told(tmp_path: Path) -> None:
    root = write(tmp_path, {"protocol.yaml": "organisation: x\n"})
    (root / "protocol.yaml").chmod(0)
    assert check(root) == ["protocol.yaml  the file can't be read: Permission denied."]


def test_a_yml_would_be_missed(tmp_path: Path) -> None:
    assert problems(tmp_path, {"playbooks/x.yml": "kind: x\n"}) == [
        "playbooks/x.yml  a *.yml is not read. Rename it to *.yaml."
    ]


def test_an_empty_folder_is_an_inventory_without_files(tmp_path: Path) -> None:
    root = write(tmp_path, {})
    (root / "inventories/rz").mkdir()
    with pytest.raises(FilesError) as error:
        load(root, "rz")
    assert [str(problem) for problem in error.value.problems] == ["inventories/rz  the folder has no *.yaml file."]


# --- orch init ----------------------------------------------------------------------------------


def test_the_example_loads_and_is_small(tmp_path: Path) -> None:
    written = write_example(tmp_path / "new" / "ws")
    root = tmp_path / "new" / "ws"
    assert sorted(str(path.relative_to(root)) for path in written) == [
        ".gitignore",
        "inventories/example.yaml",
        "known_hosts",
        "playbooks/bastion.yaml",
        "playbooks/postgresql.yaml",
        "playbooks/systemd-service.yaml",
        "protocol.yaml",
    ]
    workspace = load(root)
    assert list(workspace.inventory.systems) == ["portal", "app", "db", "bastion"]
    assert workspace.protocol.gates == ()


def test_the_example_is_written_into_an_empty_folder_only(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert write_example(tmp_path / "empty")
    with pytest.raises(Refused, match="not empty"):
        write_example(tmp_path / "empty")
    (tmp_path / "file").write_text("x")
    with pytest.raises(Refused, match="no folder"):
        write_example(tmp_path / "file")
    with pytest.raises(UsageError, match="can't be written"):
        write_example(tmp_path / "file" / "below")
