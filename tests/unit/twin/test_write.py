"""The twin's workspace: the same site, but no host, key or organisation of the real one."""

from pathlib import Path

import pytest

from orchestrator.model.errors import Refused, UsageError
from orchestrator.twin.address import addresses
from orchestrator.twin.disguise import disguised
from orchestrator.twin.faults import Fault, parse_fault
from orchestrator.twin.folder import read_state
from orchestrator.twin.write import prepare, write_workspace
from orchestrator.workspace.loader import load
from tests.small_site import PERSON_KEY, load_site, write_site


def _written(tmp_path: Path) -> Path:
    ws = load_site(tmp_path / "ws", protocol=True)
    folder = tmp_path / "twin"
    prepare(folder)
    write_workspace(ws, tmp_path / "ws", folder, 2222, 1.0)
    return folder


def test_it_reads_as_the_same_inventory_at_other_addresses(tmp_path: Path) -> None:
    folder = _written(tmp_path)
    real, twin = load(tmp_path / "ws").inventory, load(folder).inventory
    assert twin.name == real.name
    for host in twin.hosts.values():
        assert (host.port, host.identity, host.user) == (2222, "keys/twin", "orch")
        assert host.address.startswith("127.77.")
    assert {
        h.id: (h.zone and h.zone.id, h.platform, h.runs_on and h.runs_on.id, h.receipts) for h in twin.hosts.values()
    } == {h.id: (h.zone and h.zone.id, h.platform, h.runs_on and h.runs_on.id, h.receipts) for h in real.hosts.values()}
    for system in real.systems.values():
        other = twin.systems[system.id]
        for field in ("kind", "owner", "customers", "vars", "labels", "priority", "protected", "external", "serial"):
            assert getattr(other, field) == getattr(system, field), (system.id, field)
        assert [r.id for r in other.hosts] == [r.id for r in system.hosts]
        assert [(r.alternatives, r.at_least) for r in other.requires] == [
            (r.alternatives, r.at_least) for r in system.requires
        ]
        assert [(a.system, a.when) for a in other.after] == [(a.system, a.when) for a in system.after]
    assert [(z.id, [g.id for g in z.gateways], z.parallel) for z in twin.zones.values()] == [
        ("dmz", [], None),
        ("data", ["gate"], 5),
    ]
    assert [(s.names, s.customers) for s in twin.services.values()] == [
        (s.names, s.customers) for s in real.services.values()
    ]


def test_what_an_ssh_config_says_is_written_out(tmp_path: Path) -> None:
    root = write_site(tmp_path / "ws")
    inventory = root / "inventories" / "small.yaml"
    text = inventory.read_text().replace("{gateway: gate, parallel: 5}", "{parallel: 5}")
    inventory.write_text(text.replace("{user: orch, port: 22,", "{ssh_config: ssh_config, port: 22,"))
    (root / "ssh_config").write_text("Host hv db-*\n  ProxyJump gate\n  User ops\n")
    folder = tmp_path / "twin"
    prepare(folder)
    write_workspace(load(root), root, folder, 2222, 1.0)
    twin = load(folder).inventory
    assert twin.ssh_config is None
    assert [gateway.id for gateway in twin.zones["data"].gateways] == ["gate"]
    assert {host.id: host.user for host in twin.hosts.values() if host.user != "orch"} == {
        "hv": "ops",
        "db-1": "ops",
        "db-2": "ops",
    }


def test_nothing_of_the_real_hosts_is_left_in_it(tmp_path: Path) -> None:
    folder = _written(tmp_path)
    text = "".join(p.read_text() for p in folder.rglob("*") if p.is_file() and p.parent.name != "playbooks")
    assert "10.1.0." not in text
    assert "id_real" not in text
    assert PERSON_KEY.split()[1] not in text
    assert "# REHEARSAL: the twin of rz-example" in text


def test_playbooks_are_the_same_to_the_byte_and_keys_are_private(tmp_path: Path) -> None:
    folder = _written(tmp_path)
    for path in (tmp_path / "ws" / "playbooks").iterdir():
        assert (folder / "playbooks" / path.name).read_bytes() == path.read_bytes()
    for name in ("keys/twin", "keys/a.brandt", "twin.keys"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_every_host_is_pinned(tmp_path: Path) -> None:
    ws = load(_written(tmp_path))
    for host in ws.inventory.hosts.values():
        assert len(ws.known_hosts.keys_for(host.id, host.address, host.port)) == 1


def test_the_protocol_is_the_same_but_for_whose_it_is(tmp_path: Path) -> None:
    folder = _written(tmp_path)
    protocol = load(folder).protocol
    assert protocol.organisation == "REHEARSAL of rz-example"
    ours = (folder / "keys" / "a.brandt.pub").read_text().strip()
    assert protocol.people["a.brandt"].keys == (ours,)
    assert (folder / "protocol.yaml").read_text().startswith("# who decides\n")


@pytest.mark.parametrize(
    ("text", "organisation", "first"),
    [
        ("organisation: rz   # c\npeople: {}\n", "rz", 'organisation: "REHEARSAL of rz"\n'),
        ("# c\nlimits: {parallel: 5}\n", "site", '# c\norganisation: "REHEARSAL of site"\nlimits: {parallel: 5}\n'),
        ('organisation: "a \\"b\\""\n', 'a "b"', 'organisation: "REHEARSAL of a \\"b\\""\n'),
    ],
)
def test_the_organisation_is_said_whatever_was_there(text: str, organisation: str, first: str) -> None:
    assert disguised(text, organisation, {}).startswith(first)


def test_a_key_that_would_stay_is_refused() -> None:
    with pytest.raises(UsageError, match="not written on one line"):
        disguised("people: {}", "x", {"ssh-ed25519 AAAA": "ssh-ed25519 BBBB"})


def test_what_is_there_already_is_only_overwritten_where_it_is_a_twins(tmp_path: Path) -> None:
    folder = _written(tmp_path)
    (folder / "runs" / "r1").mkdir(parents=True)
    prepare(folder)
    assert (folder / "runs.1" / "r1").is_dir()
    assert not (folder / "inventories").exists()
    read_state(folder)
    other = tmp_path / "other"
    other.mkdir()
    prepare(other)
    (other / "precious").write_text("x")
    with pytest.raises(Refused, match="not a twin's folder"):
        prepare(other)
    with pytest.raises(Refused, match="is no folder"):
        prepare(other / "precious")
    assert (other / "precious").read_text() == "x"


def test_every_host_has_an_address_of_its_own() -> None:
    found = addresses(f"h{n}" for n in range(600))
    assert len(set(found.values())) == 600
    assert [found["h0"], found["h249"], found["h250"], found["h599"]] == [
        "127.77.1.1",
        "127.77.1.250",
        "127.77.2.1",
        "127.77.3.100",
    ]


def test_a_fault_is_a_known_word() -> None:
    assert parse_fault("wrong-key") is Fault.WRONG_KEY
    with pytest.raises(UsageError, match='"wrong_key" is no fault'):
        parse_fault("wrong_key")
