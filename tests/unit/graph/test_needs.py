"""Which needs a system has, by which reason, and what keeps the way to it open."""

import pytest

from orchestrator.graph.needs import needs_of
from orchestrator.model.errors import FilesError
from orchestrator.plan.reach import hosts_of
from tests.builders import inventory, workspace

BEHIND_A_GATEWAY = "db on h1\nh1 in data\ndata gateway g\n"


@pytest.mark.parametrize(
    ("text", "system", "needs"),
    [
        ("a requires b c", "a", ["requires b", "requires c"]),
        ("a requires any(1) b c", "a", ["requires 1 of b|c"]),
        ("a requires any(2) b c", "a", ["requires b+c"]),
        ("a after b", "a", []),
        ("a on h\nh runs-on hv", "a", ["runs-on hv"]),
        ("a on h i\nh runs-on hv\ni runs-on hv", "a", ["runs-on hv"]),
        (BEHIND_A_GATEWAY + "bastion on g", "db", ["control-path bastion"]),
        (BEHIND_A_GATEWAY + "bastion on g\nagent on g", "db", ["control-path agent&bastion"]),
        (BEHIND_A_GATEWAY + "bastion on g\nagent on g\ng way bastion", "db", ["control-path bastion"]),
        (BEHIND_A_GATEWAY + "bastion on g\ng in data", "bastion", []),
        (BEHIND_A_GATEWAY + "bastion on g\ndb external", "db", []),
        (BEHIND_A_GATEWAY, "db", []),
        (BEHIND_A_GATEWAY + "g runs-on hv", "db", ["control-path hv"]),
        (BEHIND_A_GATEWAY + "g in dmz\ndmz gateway o\nouter on o\ng runs-on hv", "db", ["control-path hv&outer"]),
        (BEHIND_A_GATEWAY + "g in dmz\ndmz gateway o p\nx on o\ny on p", "db", ["control-path 1 of x|y"]),
        (BEHIND_A_GATEWAY + "g way vpn\nvpn on v\ng runs-on hv", "db", ["control-path vpn&hv"]),
        ("db on h1\nh1 in data\ndata gateway g o\nx on g\ny on o", "db", ["control-path 1 of x|y"]),
        ("db on h1\nh1 in data\ndata path dns ldap", "db", ["control-path dns", "control-path ldap"]),
        ("dns on h1\nh1 in data\ndata path dns ldap", "dns", []),
        ("db on h1\nh1 in data\ndata needs ntp any(1) a b", "db", ["requires ntp", "requires 1 of a|b"]),
        ("a on h1\nh1 in data\ndata needs ntp any(1) a b", "a", []),
        (
            "db on h1 h2\nh1 in data\nh2 in data\ndata needs ntp\ndata path dns",
            "db",
            ["requires ntp", "control-path dns"],
        ),
        ("db on h1 h2\nh1 in x\nh2 in y\nx path a\ny path b", "db", ["control-path a", "control-path b"]),
        ("operator vpn\na on h", "a", []),  # order only: see test_order
    ],
)
def test_needs(text: str, system: str, needs: list[str]) -> None:
    found = []
    for group in needs_of(inventory(text)).of[system]:
        alternatives = ["&".join(one) for one in group.alternatives]
        counted = f"{group.at_least} of {'|'.join(alternatives)}" if group.slack else "+".join(alternatives)
        found.append(f"{group.reason} {counted}")
    assert found == needs


def test_a_gateway_in_its_own_zone_is_bound_to_a_control_path_outside_but_not_to_what_lives_behind_it() -> None:
    text = "bastion on g\ng in data\ndata gateway g\ndata path dns ldap\ndns on h1\nh1 in data\nldap on h2"
    assert [group.members for group in needs_of(inventory(text)).of["bastion"]] == [("ldap",)]


@pytest.mark.parametrize(
    ("text", "host", "chains"),
    [
        ("a on h", "h", ()),
        ("h in data\ndata gateway g", "h", (("g",),)),
        ("h in data\ndata gateway g\ng in data", "g", ()),
        ("h in data\ndata gateway g k", "h", (("g",), ("k",))),
        ("h in data\ndata gateway g\ng in dmz\ndmz gateway o p", "h", (("o", "g"), ("p", "g"))),
        ("h in data\ndata gateway g k\ng in dmz\ndmz gateway k", "h", (("k", "g"), ("k",))),
    ],
)
def test_chains_of_gateways_from_the_outside_in(text: str, host: str, chains: tuple[tuple[str, ...], ...]) -> None:
    ways = needs_of(inventory(text)).ways
    assert ways.chains(host) == chains


def test_nested_gateways_multiply_up_to_a_limit() -> None:
    text = "h in a\na gateway g1 g2 g3\ng1 in b\ng2 in b\ng3 in b\nb gateway o1 o2 o3"
    assert len(needs_of(inventory(text)).ways.chains("h")) == 8


def test_gateways_in_a_circle_are_an_error() -> None:
    text = "h in a\na gateway g\ng in b\nb gateway k\nk in a"
    with pytest.raises(FilesError) as caught:
        needs_of(inventory(text)).ways.chains("h")
    assert "lead back to each other" in caught.value.problems[0].what


def test_every_gateway_of_a_plan_stands_in_its_hosts() -> None:
    ws = workspace("db on h\nh in data\ndata gateway g\ng in dmz\ndmz gateway o")
    hosts = hosts_of(ws, needs_of(ws.inventory).ways, ["h", "-"])
    assert {id: host.via for id, host in hosts.items()} == {"g": (("o",),), "h": (("o", "g"),), "o": ()}
    assert hosts["h"].keys == ("SHA256:h",)


@pytest.mark.parametrize(("door", "reached"), [("", False), ("out", True)])
def test_gateways_that_all_lead_to_each_other_are_searched_in_no_time(door: str, reached: bool) -> None:
    zones = range(14)
    lines = [f"s{n} on h{n}\nh{n} in z{n}\ng{n} in z{n}" for n in zones]
    lines += [f"z{n} gateway {' '.join(f'g{m}' for m in zones if m != n)} {door if n == 13 else ''}" for n in zones]
    ways = needs_of(inventory("\n".join(lines))).ways
    if reached:
        assert all(chain[0] == "out" for chain in ways.chains("h0"))
    else:
        with pytest.raises(FilesError, match="1 error") as caught:
            ways.chains("h0")
        assert "lead back to each other" in caught.value.problems[0].what
