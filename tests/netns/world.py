"""The whole estate, alive: namespaces, cables, machines with their services, and the operator's workspace.

`with world(folder) as site:` has everything up and online; at its end nothing is left of it, whatever happened.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.orch import Orch
from tests.e2e.sshd import make_key
from tests.netns import namespaces
from tests.netns.layout import CORE, HYPERVISORS, OPERATOR, PLUGS, Plug, net_of
from tests.netns.machine import Machine
from tests.netns.namespaces import inside, run
from tests.netns.needs import postgresql

HERE = Path(__file__).parent
_SSHD = """\
HostKey /srv/host
AuthorizedKeysFile /srv/authorized_keys
PidFile /srv/sshd.pid
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
LogLevel VERBOSE
SetEnv SHLVL=9 PATH=/srv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
"""


@dataclass(frozen=True)
class World:
    """The estate, and `orch` as the operator has it: in a namespace of its own, which reaches the outer gateways."""

    orch: Orch
    operator: str
    machines: dict[str, Machine]
    cables: dict[str, tuple[str, str]]

    def __getitem__(self, name: str) -> Machine:
        return self.machines[name]

    def set_var(self, system: str, name: str, value: str) -> None:
        """Give a system's var another value, in the inventory."""
        path = self.orch.workspace / "inventories" / "site.yaml"
        text, changed = re.subn(rf'(?m)^(  {system}: .*\b{name}: )"[^"]*"', rf'\1"{value}"', path.read_text())
        assert changed == 1
        path.write_text(text)

    def in_operators_place(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """A command in the operator's network."""
        return run(*inside(self.operator, *words), check=check)

    def wait_for_sshd(self, name: str) -> None:
        """Wait until a machine's sshd listens."""
        until(lambda: self[name].listens(22), f"the sshd of {name}")

    def operators_cable(self, *, up: bool) -> None:
        """Pull the operator's cable, or put it in again."""
        namespace, port = self.cables[OPERATOR]
        run("ip", "-n", namespace, "link", "set", port, "up" if up else "down")


@contextmanager
def world(folder: Path, database: Path) -> Iterator[World]:
    """The estate, online."""
    namespaces.sweep()
    prefix = namespaces.new_prefix()
    machines = {plug.name: Machine(plug, prefix, folder / "machines" / plug.name) for plug in PLUGS}
    names = [prefix + OPERATOR, prefix + CORE, *(machine.netns for machine in machines.values())]
    try:
        for name in names:
            namespaces.make(name)
        _lay_cables(prefix)
        key = make_key(folder / "login")
        for machine in machines.values():
            _furnish(machine, machines, key, database)
        for machine in machines.values():
            if machine.plug.at not in HYPERVISORS:
                machine.power_on()
        workspace = _workspace(folder / "workspace", machines, key)
        orch = Orch(workspace, prefix=inside(prefix + OPERATOR))
        until(lambda: all(machine.listens(22) for machine in machines.values()), "every sshd")
        until(
            lambda: run(*inside(machines["web-1"].netns, *_FETCH), check=False).returncode == 0,
            "web, app and all behind them",
        )
        until(
            lambda: run(*inside(machines["batch-1"].netns, *_FETCH_APP), check=False).returncode == 0, "batch and vault"
        )
        yield World(orch, prefix + OPERATOR, machines, {OPERATOR: (prefix + CORE, f"p-{OPERATOR}")})
    finally:
        namespaces.end(names)
        for machine in machines.values():
            machine.forget()
            shutil.rmtree(machine.folder / "pg", ignore_errors=True)  # large, and tells nothing


_FETCH = ("curl", "-fsS", "-m", "5", "-o", "/dev/null", "http://127.0.0.1/")
_FETCH_APP = (*_FETCH[:-1], "http://127.0.0.1:8000/")


def until(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait for something; a limit, no measurement."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.02)


# A gateway notices within two seconds, not ten, that a neighbour is gone; a rule that drops stays a black hole.
_FORGETFUL = """cd /proc/sys/net/ipv4/neigh/br0
echo 1000 >base_reachable_time_ms; echo 1 >delay_first_probe_time; echo 1 >ucast_solicit; echo 1 >mcast_solicit
"""


def _lay_cables(prefix: str) -> None:
    """What is there without power: the core, the bridges of the zones, and the operator's cable."""
    core, operator = prefix + CORE, prefix + OPERATOR
    run("ip", "-n", core, "link", "add", "br0", "type", "bridge")
    run("ip", "-n", core, "link", "set", "br0", "up")
    run("ip", "-n", core, "link", "add", f"p-{OPERATOR}", "type", "veth", "peer", "name", "eth0", "netns", operator)
    run("ip", "-n", core, "link", "set", f"p-{OPERATOR}", "master", "br0", "up")
    run("ip", "-n", operator, "addr", "add", "10.90.0.2/24", "dev", "eth0")
    run("ip", "-n", operator, "link", "set", "eth0", "up")
    for plug in PLUGS:
        if plug.inside or plug.name in HYPERVISORS:
            # With an address of its own a bridge does not change it when something is plugged in.
            mac = "02:01:" + ":".join(f"{int(byte):02x}" for byte in (plug.inside or plug.address).split("."))
            run("ip", "-n", prefix + plug.name, "link", "add", "br0", "address", mac, "type", "bridge")
            run("ip", "-n", prefix + plug.name, "link", "set", "br0", "up")
            if plug.inside:
                run("ip", "-n", prefix + plug.name, "addr", "add", f"{plug.inside}/24", "dev", "br0")
                run(*inside(prefix + plug.name, "/bin/sh", "-c", _FORGETFUL))


def _furnish(machine: Machine, machines: dict[str, Machine], key: Path, database: Path) -> None:
    """What is on a machine's disk."""
    folder, plug = machine.folder, machine.plug
    folder.mkdir(parents=True)
    folder.chmod(0o755)  # root is not the only one on it
    for name in ("machine.sh", "init.sh", "nginx.conf", "redis.conf"):
        if not name.endswith(".conf") or name == f"{plug.service}.conf":
            shutil.copy(HERE / "host" / name, folder)
    shutil.copytree(HERE / "host" / "bin", folder / "bin")
    server = postgresql()
    assert server is not None
    (folder / "bin" / "pg_ctl").symlink_to(server / "pg_ctl")
    (folder / "service").write_text(plug.service)
    (folder / "sshd_config").write_text(_SSHD)
    (folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
    make_key(folder / "host")
    (folder / "tmp").mkdir()
    (folder / "log").touch()
    if plug.arguments:
        (folder / "app.conf").write_text(plug.arguments)
    if plug.service == "postgresql":
        run("cp", "-a", str(database), str(folder / "pg"))
    boot = ["rm -f /srv/pg/postmaster.pid"] if plug.service == "postgresql" else []
    if plug.inside:
        (folder / "cut").mkdir()
        (folder / "rules.nft").write_text(_rules(plug))
        boot += ["nft -f /srv/rules.nft", 'for cut in /srv/cut/*.nft; do [ ! -e "$cut" ] || nft -f "$cut"; done']
        boot += [f"ip route replace {net} via {by}" for net, by in plug.routes]
    boot.append("[ -e /srv/down ] || service start")
    if plug.name in HYPERVISORS:
        (folder / "guests").mkdir()
        boot += [
            "ip addr flush dev eth0",
            "ip link set eth0 master br0",
            f"ip addr replace {plug.address}/24 dev br0",
            f"ip route replace default via {plug.router}",
        ]
        for guest in machines.values():
            if guest.plug.at == plug.name:
                (folder / "guests" / guest.plug.name).write_text(" ".join(guest.power_words))
                boot.append(f"vm start {guest.plug.name}")
    (folder / "boot.sh").write_text("".join(f"{line}\n" for line in boot))


def _rules(plug: Plug) -> str:
    """A gateway's filter: SSH is forwarded to nobody, and each host behind it has a chain that can cut it off."""
    net = net_of(plug.inside)
    behind = [other for other in PLUGS if net_of(other.address) == net]
    jumps = "".join(f"ip {way} {host.address} jump {host.name}; " for host in behind for way in ("saddr", "daddr"))
    chains = "".join(f"  chain {host.name} {{ }}\n" for host in behind)
    hooks = "".join(
        f"  chain {hook} {{ type filter hook {hook} priority 0; {jumps}}}\n" for hook in ("input", "forward", "output")
    )
    return f"""\
flush ruleset
table inet zone {{
  chain forward {{
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    ip saddr {net} ip daddr {net} accept
    tcp dport {{ 5432, 6379, 8000 }} accept
    meta l4proto icmp accept
  }}
}}
table bridge cut {{
{chains}{hooks}}}
"""


def _workspace(folder: Path, machines: dict[str, Machine], key: Path) -> Path:
    """The operator's folder."""
    shutil.copytree(HERE / "site" / "playbooks", folder / "playbooks")
    (folder / "inventories").mkdir()
    shutil.copy(HERE / "site" / "inventory.yaml", folder / "inventories" / "site.yaml")
    shutil.copy(HERE / "site" / "protocol.yaml", folder)
    (folder / "keys").mkdir(mode=0o700)
    shutil.copy(key, folder / "keys" / "operator")
    shutil.copy(key.with_suffix(".pub"), folder / "keys" / "operator.pub")
    pins = [f"{machine.plug.address} {(machine.folder / 'host.pub').read_text()}" for machine in machines.values()]
    (folder / "known_hosts").write_text("".join(pins))
    return folder
