"""The ssh_config that an inventory names: what it fills, what it can't, and that nothing in it is ever run."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.errors import FilesError, Problem
from orchestrator.model.inventory import Host, Inventory
from orchestrator.workspace.loader import load
from orchestrator.workspace.ssh_config import SshConfig
from orchestrator.workspace.ssh_config_file import parse_ssh_config
from tests.unit.workspace.workspaces import loaded, problems, write

HEAD = "defaults: {hosts: {ssh_config: ssh/config}}\n"
ONE = """\
zones: {inner: {}}
hosts: {h1: {}}
systems: {a: {kind: svc, hosts: [h1], vars: {unit: a}}}
"""
WAYS = """\
zones: {edge: {}, inner: {}}
hosts: {gw: {address: 10.0.0.1, zone: edge}, h1: {zone: inner}, h2: {zone: inner}}
systems: {a: {kind: svc, hosts: [h1, h2], vars: {unit: a}}}
"""


def files(config: str | bytes, inventory: str = HEAD + ONE) -> dict[str, str | bytes]:
    return {"inventories/i.yaml": inventory, "ssh/config": config}


def host(tmp_path: Path, config: str, inventory: str = HEAD + ONE) -> Host:
    return loaded(tmp_path, files(config, inventory)).inventory.hosts["h1"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("", ("h1", 22, "orch", None)),
        ("Host h1\n  HostName 10.0.0.9\n  Port 2222\n  User ops\n  IdentityFile ~/.ssh/id_ops\n",
         ("10.0.0.9", 2222, "ops", "~/.ssh/id_ops")),
        ("HOST h1\n\tHOSTNAME = 10.0.0.9\n\tport=2222\n", ("10.0.0.9", 2222, "orch", None)),
        ("User first\nHost h1\n  User second\n", ("h1", 22, "first", None)),
        ("Host h1\n  User first\nHost *\n  User second\n  Port 2200\n", ("h1", 2200, "first", None)),
        ("Host h2\n  User other\n", ("h1", 22, "orch", None)),
        ("Host H1\n  User other\n", ("h1", 22, "orch", None)),
        ("Host h? !h1\n  User other\n", ("h1", 22, "orch", None)),
        ("Host a h* z\n  User ops\n", ("h1", 22, "ops", None)),
        ('Host "h1" # ours\n  User "ops" # who\n', ("h1", 22, "ops", None)),
        ("Host h1\n  HostName %h.example.net\n", ("h1.example.net", 22, "orch", None)),
        ("Host h1\n  IdentityFile keys/%n\n  IdentityFile keys/other\n", ("h1", 22, "orch", "keys/h1")),
        ("Host h1\n  IdentityFile %d/.ssh/100%%\n", ("h1", 22, "orch", "~/.ssh/100%")),
        ("Host h1\n  IdentityFile none\n", ("h1", 22, "orch", None)),
        ("Match all\n  User ops\n", ("h1", 22, "ops", None)),
        ("Match originalhost h1\n  User ops\n", ("h1", 22, "ops", None)),
        ("Match host=10.0.0.*\n  User no\nHost h1\n  HostName 10.0.0.9\nMatch host 10.0.0.*\n  User ops\n",
         ("10.0.0.9", 22, "ops", None)),
        ("Match !host h1\n  User no\n", ("h1", 22, "orch", None)),
        ("Match host h2 exec true\n  User no\n", ("h1", 22, "orch", None)),
        ("Host h2\n  ProxyCommand nc %h %p\n", ("h1", 22, "orch", None)),
        ("ProxyCommand none\nCanonicalizeHostname no\nIdentityAgent SSH_AUTH_SOCK\n", ("h1", 22, "orch", None)),
        ("ServerAliveInterval 30\nForwardAgent yes\nUserKnownHostsFile /dev/null\nUseKeychain yes\nCiphers a,b\n",
         ("h1", 22, "orch", None)),
        ("IgnoreUnknown Sparkle*\nSparkleOften yes\n", ("h1", 22, "orch", None)),
    ],
)  # fmt: skip
def test_what_a_file_says_of_a_host(tmp_path: Path, config: str, said: tuple[str, int, str, str | None]) -> None:
    found = host(tmp_path, config)
    assert (found.address, found.port, found.user, found.identity) == said


@pytest.mark.parametrize(
    ("entry", "default", "said"),
    [
        ("", "", ("10.0.0.9", 2222, "ops", "keys/ops")),
        ("address: 10.0.0.5, port: 22, user: me, identity: k", "", ("10.0.0.5", 22, "me", "k")),
        ("address: 10.0.0.5", ", user: all, port: 22", ("10.0.0.5", 22, "all", "keys/ops")),
    ],
)
def test_what_the_inventory_says_itself_counts(
    tmp_path: Path, entry: str, default: str, said: tuple[str, int, str, str]
) -> None:
    inventory = f"defaults: {{hosts: {{ssh_config: ssh/config{default}}}}}\n" + ONE.replace(
        "h1: {}", f"h1: {{{entry}}}"
    )
    config = "Host h1\n  HostName 10.0.0.9\n  Port 2222\n  User ops\n  IdentityFile keys/ops\n"
    found = host(tmp_path, config, inventory)
    assert (found.address, found.port, found.user, found.identity) == said


def test_a_host_block_may_name_the_address(tmp_path: Path) -> None:
    inventory = HEAD + ONE.replace("h1: {}", "h1: {address: 10.1.0.7}")
    assert host(tmp_path, "Host 10.1.*\n  User ops\n", inventory).user == "ops"
    assert host(tmp_path, "Host * !10.1.0.7\n  User no\n", inventory).user == "orch"


WRONG = [
    (
        "Host h1\n  HostNmae 10.0.0.9\n",
        'ssh/config:2  "HostNmae" is no keyword of an ssh_config that is known. Did you mean hostname?',
    ),
    ("Host h1\n  Port\n", "ssh/config:2  Port has no value."),
    ("Host h1\n  Port 1 2\n", "ssh/config:2  Port has 2 values; expected one (said of h1)."),
    ("Host h1\n  Port ssh\n", 'ssh/config:2  Port is "ssh"; expected a number from 1 to 65535 (said of h1).'),
    ("Host h1\n  Port 0\n", 'ssh/config:2  Port is "0"; expected a number from 1 to 65535 (said of h1).'),
    (
        "Host h1\n  User -oProxyCommand=id\n",
        'ssh/config:2  User is "-oProxyCommand=id"; expected a login name (letters, digits, . _ -) (said of h1).',
    ),
    ("HostName -x\n", 'ssh/config:1  HostName is "-x"; expected a host name or an IPv4 or IPv6 address (said of h1).'),
    ("HostName %r.net\n", 'ssh/config:1  HostName is "%r.net"; expected no token but %h and %% (said of h1).'),
    (
        "IdentityFile ${HOME}/k\n",
        'ssh/config:1  IdentityFile is "${HOME}/k"; expected no token but %n, %d and %% (said of h1).',
    ),
    (
        "Host h1\n  ProxyCommand nc %h %p\n",
        "ssh/config:2  ProxyCommand would change the way, and orch can't do it (said "
        "of h1). Say the way by ProxyJump, or by the zone's gateway.",
    ),
    (
        "CanonicalizeHostname yes\n",
        "ssh/config:1  CanonicalizeHostname would change the way, and orch can't do it (said "
        "of h1). Write each host's whole name or number as its HostName.",
    ),
    (
        "Match exec true\n  User ops\n",
        "ssh/config:1  Match exec: nobody can tell whether it holds (said of h1). Say it "
        "by Host, or by `Match host`; what is no name is never asked, and exec never run.",
    ),
    (
        "Match host h1 user ops\n  Port 1\n",
        "ssh/config:1  Match user: nobody can tell whether it holds (said of h1). Say "
        "it by Host, or by `Match host`; what is no name is never asked, and exec never run.",
    ),
    ("Match host\n", 'ssh/config:1  Match: "host" has no value.'),
    ("Include more\n", "ssh/config:1  Include is not followed. Write the hosts that orch reaches into one file."),
    ('User "ops\n', "ssh/config:1  a quote stands where none can, or is not closed."),
    ("User a\x07b\n", "ssh/config:1  the line holds a control character. Delete it."),
    ("= 1\n", 'ssh/config:1  "= 1" is no line of an ssh_config; expected a keyword and its value.'),
]


@pytest.mark.parametrize(("config", "problem"), WRONG)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, config: str, problem: str) -> None:
    assert problems(tmp_path, files(config)) == [problem]


def test_match_exec_is_never_run(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    config = f'Match host * exec "touch {witness}"\n  User ops\nHost *\n  ProxyCommand touch {witness}\n'
    assert len(problems(tmp_path, files(config))) == 2
    assert not witness.exists()


def test_a_line_said_of_several_hosts_is_told_once(tmp_path: Path) -> None:
    found = problems(tmp_path, files("ProxyCommand x\n", HEAD + WAYS))
    assert found[0].startswith(
        "ssh/config:1  ProxyCommand would change the way, and orch can't do it (said of gw, h1, h2)"
    )
    assert len(found) == 1


def test_what_is_wrong_with_one_host_is_only_that_hosts() -> None:
    told: list[Problem] = []
    config = SshConfig(parse_ssh_config("c", b"Host h1\n  ProxyCommand x\nHost *\n  BindAddress y\n", told))
    for id in ("h1", "h2"):
        config.of(id, None)
    assert told == []
    assert [problem.entry for problem in config.problems()] == [("hosts", "h1"), ("", "")]


def test_a_file_that_is_not_there_is_told_where_it_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path, {"inventories/i.yaml": HEAD + ONE}) == [
        'inventories/i.yaml:1  "ssh/config" is not there.'
    ]
    outside = HEAD.replace("ssh/config", str(tmp_path / "no" / "such")) + ONE
    assert "can't be read" in problems(tmp_path, {"inventories/i.yaml": outside})[0]


def test_a_file_out_of_the_workspace_is_read_only_where_it_is_named_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, ws = tmp_path / "home", tmp_path / "ws"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "config").write_text("User ops\n")
    monkeypatch.setenv("HOME", str(home))
    found = loaded(ws, {"inventories/i.yaml": HEAD.replace("ssh/config", "~/.ssh/config") + ONE})
    assert found.inventory.hosts["h1"].user == "ops"
    assert "~/.ssh/config" in {one.path for one in found.inputs}
    (ws / "ssh").mkdir()
    (ws / "ssh" / "config").symlink_to(home / ".ssh" / "config")
    write(ws, {"inventories/i.yaml": HEAD + ONE})
    with pytest.raises(FilesError) as error:
        load(ws)
    assert [str(one) for one in error.value.problems] == [
        "ssh/config  the link leads out of the workspace. Copy the file into it."
    ]


def test_the_file_is_an_input_of_the_plan(tmp_path: Path) -> None:
    before = {one.path: one.sha256 for one in loaded(tmp_path, files("User ops\n")).inputs}
    after = {one.path: one.sha256 for one in loaded(tmp_path, files("User ops \n")).inputs}
    assert before["ssh/config"] != after["ssh/config"]


# --- ProxyJump ---


def gateways(tmp_path: Path, config: str, inventory: str = WAYS) -> dict[str, list[str]]:
    found: Inventory = loaded(tmp_path, files(config, HEAD + inventory)).inventory
    return {id: [f"{ref.id} {ref.source}" for ref in zone.gateways] for id, zone in found.zones.items()}


@pytest.mark.parametrize(
    ("config", "edge", "inner"),
    [
        ("Host h*\n  ProxyJump gw\n", [], ["gw ssh/config:2"]),
        ("Host h*\n  ProxyJump orch@gw:22\n", [], ["gw ssh/config:2"]),
        ("Host h*\n  ProxyJump ssh://gw\n", [], ["gw ssh/config:2"]),
        ("Host h*\n  ProxyJump 10.0.0.1\n", [], ["gw ssh/config:2"]),
        ("Host jump\n  HostName 10.0.0.1\nHost h*\n  ProxyJump jump\n", [], ["gw ssh/config:4"]),
        ("Host h*\n  ProxyJump none\nHost h*\n  ProxyJump gw\n", [], []),
        ("Host nobody\n  ProxyJump gw\n", [], []),
    ],
)
def test_a_jump_is_the_gateway_of_the_zone(tmp_path: Path, config: str, edge: list[str], inner: list[str]) -> None:
    assert gateways(tmp_path, config) == {"edge": edge, "inner": inner}


def test_a_chain_goes_from_the_outside_in(tmp_path: Path) -> None:
    inventory = WAYS.replace("edge: {}", "edge: {}, far: {}").replace("h1: {zone", "out: {zone: far}, h1: {zone")
    found = gateways(tmp_path, "Host h*\n  ProxyJump out,gw\n", inventory)
    assert found == {"edge": ["out ssh/config:2"], "far": [], "inner": ["gw ssh/config:2"]}


def test_the_inventorys_own_gateway_wins(tmp_path: Path) -> None:
    inventory = WAYS.replace("inner: {}", "inner: {gateway: gw}")
    found = gateways(tmp_path, "Host h*\n  ProxyJump elsewhere.example\n", inventory)
    assert found == {"edge": [], "inner": ["gw inventories/i.yaml:2"]}


def test_a_gateway_inside_its_zone_is_reached_directly(tmp_path: Path) -> None:
    inventory = WAYS.replace("zone: edge", "zone: inner")
    assert gateways(tmp_path, "Host h*\n  ProxyJump gw\n", inventory) == {"edge": [], "inner": ["gw ssh/config:2"]}


@pytest.mark.parametrize(
    ("config", "change", "problem"),
    [
        (
            "Host h*\n  ProxyJump out\n",
            ("", ""),
            "ssh/config:2  ProxyJump of h1: out is no host of the inventory. Every hop is pinned: add it to hosts.",
        ),
        (
            "Host h*\n  ProxyJump me@gw\n",
            ("", ""),
            "ssh/config:2  ProxyJump of h1: it says me, port 22, but host gw "
            "(inventories/i.yaml:3) has orch, port 22. Write it with the host.",
        ),
        (
            "Host h*\n  ProxyJump g w\n",
            ("", ""),
            'ssh/config:2  ProxyJump of h1: "g w" is no hop; expected [user@]host[:port].',
        ),
        (
            "Host h*\n  ProxyJump -oX=y\n",
            ("", ""),
            "ssh/config:2  ProxyJump of h1: -oX=y is no host of the inventory. Every hop is pinned: add it to hosts.",
        ),
        (
            "Host h1\n  ProxyJump gw\n",
            ("", ""),
            "ssh/config:2  zone inner (inventories/i.yaml:2) is reached through gw, "
            "but its host h2 has no ProxyJump. Give the zone `gateway: gw`, or h2 another zone.",
        ),
        (
            "Host h*\n  ProxyJump gw\n",
            ("h2: {zone: inner}", "h2: {}"),
            "ssh/config:2  host h2 (inventories/i.yaml:3) is "
            "reached through gw, and stands in no zone. Put it into a zone with all that is reached the same way.",
        ),
        (
            "Host h1\n  ProxyJump gw\nHost h2\n  ProxyJump g2\n",
            ("hosts: {", "hosts: {g2: {zone: edge}, "),
            "ssh/config:4  "
            "zone inner (inventories/i.yaml:2) would be reached two ways: h2 through g2, h1 through gw (ssh/config:2). "
            "Give the zone its gateway, a list where any of them will do, or make two zones of it.",
        ),
        (
            "Host h*\n  ProxyJump gw\nHost gw\n  ProxyJump h1\n",
            ("", ""),
            "inventories/i.yaml:2  zone inner can't be "
            "reached: its gateway (gw in zone edge) lies behind this zone again. One gateway needs another way in.",
        ),
    ],
)
def test_a_jump_that_can_not_be(tmp_path: Path, config: str, change: tuple[str, str], problem: str) -> None:
    inventory = WAYS.replace(*change) if change[0] else WAYS
    assert problem in problems(tmp_path, files(config, HEAD + inventory))


# --- hostile ---


@given(st.binary(max_size=300) | st.text(st.sampled_from('Host Mathex*?!,"#=%\n\t12'), max_size=200).map(str.encode))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    told: list[Problem] = []
    config = SshConfig(parse_ssh_config("c", data, told))
    said = config.of("h1", "10.0.0.1")
    assert all(problem.source.line >= 1 for problem in [*told, *config.problems()])
    assert set(said.values) <= {"address", "port", "user", "identity"}


def test_a_pattern_of_many_stars_costs_nothing() -> None:
    told: list[Problem] = []
    data = f"Host {'*a' * 40}b\n  User ops\n".encode()
    assert SshConfig(parse_ssh_config("c", data, told)).of("a" * 63, None).values == {}
    assert told == []


def test_a_file_without_end_is_not_read() -> None:
    told: list[Problem] = []
    assert parse_ssh_config("c", b"#" * 2_000_000, told) == ()
    assert "the most that is read is" in told[0].what


def test_the_problems_of_a_host_leave_the_others_standing(tmp_path: Path) -> None:
    ws = load(write(tmp_path, files("Host h1\n  ProxyCommand x\n")), despite_errors=True)
    assert list(ws.broken) == ["a"]
