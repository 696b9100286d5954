"""The whole estate goes down and comes back: three zones, one behind two jumps, real services that need each other."""

from tests.netns import outside, records
from tests.netns.layout import CORE, PLUGS
from tests.netns.world import World

DOWN = {
    ("web-1", "web"): ("drain", "stop", "stay-down"),
    ("app-1", "app"): ("drain", "stop", "stay-down"),
    ("db-1", "db"): ("drain", "stop", "stay-down"),
    ("cache-1", "cache"): ("drain", "stop", "stay-down"),
    ("batch-1", "batch"): ("drain", "poweroff"),
    ("vault-1", "vault"): ("drain", "poweroff"),
    ("hv-1", "hv"): ("drain", "stop", "stay-down"),
    ("gw-app", "gate-app"): ("drain", "stop", "stay-down"),
    ("gw-data", "gate-data"): ("drain", "stop", "stay-down"),
    ("gw-deep", "gate-deep"): ("drain", "stop", "stay-down"),
}
BACK = {
    **{place: ("may-run", "start") for place, steps in DOWN.items() if "stop" in steps},
    ("hv-1", "vault"): ("poweron",),
    ("hv-1", "batch"): ("poweron",),
}


def expected(*ways: dict[tuple[str, str], tuple[str, ...]]) -> dict[records.Told, int]:
    """Every step of these ways, once."""
    return {(host, system, step): 1 for way in ways for (host, system), steps in way.items() for step in steps}


def test_everything_goes_down_and_comes_back(site: World) -> None:
    outside.remember(site, "as found")
    assert outside.running(site) == outside.ALL

    site.orch("shutdown", "--yes")
    assert outside.running(site) == frozenset()
    assert records.begun(site) == expected(DOWN)
    assert records.problems(site) == []
    for host in ("vault-1", "batch-1"):
        assert site[host].processes() == (), "powered off: nothing runs there"
        assert site["hv-1"].run("ip", "link", "show", f"p-{host}", check=False).returncode, "and its cable is dead"
    assert not outside.answers_ping(site, "gw-deep", "batch-1")
    proofs = {e["task"]: e.get("proof") for e in records.journal(records.run_folders(site)[0]) if e["type"] == "task"}
    assert proofs["vault"] == "proven", "its hypervisor said so"
    assert proofs["batch"] == "unproven", "a silent port is no proof"

    site.orch("restore", "--yes")
    assert outside.running(site) == outside.ALL
    assert outside.is_healthy(site, "web-1", 80)
    assert outside.is_healthy(site, "batch-1", 8000)
    assert outside.remembered(site) == {"as found"}
    assert records.begun(site) == expected(DOWN, BACK)
    assert records.problems(site) == []


def test_the_records_are_judged(site: World) -> None:
    """What is lost, doubled or out of order in the machines' logs is seen; a judge that sees nothing proves nothing."""
    site.orch("shutdown", "cache", "--yes")
    assert records.problems(site) == []
    log = site["cache-1"].folder / "log"
    told = log.read_text()
    log.write_text(told + told.splitlines()[2] + "\n")
    assert records.problems(site) == ["doubled: ('cache-1', 'cache', 'stop') 2 of 1"]
    log.write_text("\n".join(told.splitlines()[2:]) + "\n")
    assert records.problems(site) == ["lost: ('cache-1', 'cache', 'drain') 0 of 1"]
    log.write_text(told)
    late = site["app-1"].folder / "log"
    late.write_text(late.read_text() + "9999999999.0 end app stay-down 0\n")
    assert set(records.problems(site)) == {"order: cache began before app was over"}


def test_a_host_is_reached_only_through_its_gateway(site: World) -> None:
    gateways = {"10.90.1.0/24": "10.90.0.11", "10.90.2.0/24": "10.90.0.12", "10.90.3.0/24": "10.90.0.12"}
    for net, gateway in gateways.items():
        site.in_operators_place("ip", "route", "add", net, "via", gateway)
    for plug in PLUGS:
        assert site.in_operators_place("ping", "-c", "1", "-W", "2", plug.address).returncode == 0
    scan = ("ssh-keyscan", "-T", "1", *(plug.address for plug in PLUGS))
    answers = {line.split()[0] for line in site.in_operators_place(*scan, check=False).stdout.splitlines()}
    assert answers == {plug.address for plug in PLUGS if plug.at == CORE}
