"""What is really up, asked of the services themselves and of the kernel: never of orch, nor through its connections."""

from tests.netns.layout import HOST_OF
from tests.netns.world import World

ALL = frozenset(HOST_OF)


def running(site: World) -> frozenset[str]:
    """The systems that do their work."""
    return frozenset(system for system in HOST_OF if is_up(site, system))


def is_up(site: World, system: str) -> bool:
    """Whether one system does its work."""
    machine = site[HOST_OF[system]]
    gateway = site[machine.plug.at if machine.plug.at in site.machines else machine.plug.name]
    address = machine.plug.address
    match machine.plug.service:
        case "redis":
            said = gateway.run("timeout", "2", "redis-cli", "-h", address, "ping", check=False).stdout
            return said.strip() == "PONG"
        case "postgresql":
            where = f"host={address} user=postgres dbname=postgres connect_timeout=3"
            return gateway.run("psql", where, "-tAc", "select 41 + 1", check=False).stdout.strip() == "42"
        case "nginx":
            return machine.listens(80)
        case "app":
            return machine.listens(8000)
        case "gate":
            return machine.run("cat", "/proc/sys/net/ipv4/ip_forward").stdout.strip() == "1"
        case _:
            return bool(machine.processes()) and (machine.folder / "open").exists()


def is_healthy(site: World, host: str, port: int) -> bool:
    """Whether an application answers that it and all that it needs are well."""
    words = ("curl", "-fsS", "-m", "5", "-o", "/dev/null", f"http://127.0.0.1:{port}/")
    return site[host].run(*words, check=False).returncode == 0


def answers_ping(site: World, by: str, host: str) -> bool:
    """Whether `host` answers `by`."""
    return site[by].run("ping", "-c", "1", "-W", "1", site[host].plug.address, check=False).returncode == 0


def remember(site: World, word: str) -> None:
    """Give the data systems something to keep."""
    for host in ("cache-1", "vault-1"):
        site[host].run("redis-cli", "set", "kept", word)
        site[host].run("redis-cli", "save")
    site["db-1"].run("psql", _LOCAL, "-qc", f"create table kept as select '{word}' as word")


def remembered(site: World) -> set[str]:
    """What the data systems kept."""
    words = {site[host].run("redis-cli", "get", "kept").stdout.strip() for host in ("cache-1", "vault-1")}
    return words | {site["db-1"].run("psql", _LOCAL, "-tAc", "select word from kept").stdout.strip()}


_LOCAL = "host=127.0.0.1 user=postgres dbname=postgres"
