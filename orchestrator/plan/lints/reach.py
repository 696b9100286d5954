"""What every login needs: an address that is a number, a pinned host key, a key file that can be used (section 8)."""

import ipaddress
from collections.abc import Iterator, Mapping

from orchestrator.model.source import Source
from orchestrator.plan.lints.finding import Danger, Finding, Lint
from orchestrator.plan.lints.whole import Whole

NAME = Lint(
    id="L05",
    title="An address that is a name",
    danger=Danger.KNOW,
    means="The host is found by a name, so reaching it needs whoever answers for names: DNS, which may be down, or be "
    "among what is taken down, or lie.",
    night="The resolvers are stopped as planned, third from the end. Nothing after them can be reached any more, and "
    "neither can anything on the way back until they are up, which are reached by name.",
    do="Write the number. A name that the laptop's own /etc/hosts answers is as good, if it is there on every laptop.",
    wrong="""\
hosts:
  muc-db-01: {zone: muc-data}      # no address: its id is looked up
  muc-db-02: {address: db-02.rz.example}
""",
    right="""\
hosts:
  muc-db-01: {address: 10.20.3.11, zone: muc-data}
""",
)
NO_KEY = Lint(
    id="L06",
    title="A host without a key in known_hosts",
    danger=Danger.LOST,
    means="orch never asks whether a key is right: a host whose key is not pinned in known_hosts is refused. Its "
    "systems can be neither taken offline nor brought back.",
    night="Everything stops but the new database, set up last month: nobody had pinned its key. At 03:00 somebody has "
    "to find out whether the key it shows is its own or the attacker's.",
    do="Take the key from the host's own console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub shows its "
    "fingerprint) and add a line, under the host's id or its address.",
    wrong="""\
# known_hosts says nothing of muc-db-02
muc-db-01 ssh-ed25519 AAAAC3NzaC1lZDI1...
""",
    right="""\
muc-db-01 ssh-ed25519 AAAAC3NzaC1lZDI1...
muc-db-02 ssh-ed25519 AAAAC3NzaC1lZDI2...
""",
)
KEY_FILE = Lint(
    id="L07",
    title="A key file that is missing, or that others can read",
    danger=Danger.LOST,
    means="The inventory names a key file (`identity`) to log in with. Where it is not there nobody logs in; where "
    "others on this machine can read it, they can log in everywhere too.",
    night="The laptop is the clean one from the safe, the workspace was copied onto it, keys/ was not: it is in "
    ".gitignore. No host takes a login.",
    do="Copy the file to where the inventory says (relative to the workspace, or ~), readable by you alone: chmod 600. "
    "Or leave `identity` out and load the key into an agent.",
    wrong="""\
defaults:
  hosts: {user: orch, identity: keys/orch}      # -rw-r--r-- keys/orch
""",
    right="""\
defaults:
  hosts: {user: orch, identity: keys/orch}      # -rw------- keys/orch
""",
)


def name_as_address(whole: Whole) -> Iterator[Finding]:
    """Hosts that are found by a name."""
    for id in whole.used_hosts:
        host = whole.inventory.hosts[id]
        if _is_number(host.address):
            continue
        if host.address == id:
            what = f"host {id} has no address, so its id is looked up as a name: DNS may be down."
        else:
            what = f"host {id} is reached by a name, {host.address}: DNS may be down."
        yield NAME.at(host.source, what, "Write its number: address: 10.20.3.11", (id,))


def _is_number(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True


def no_host_key(whole: Whole) -> Iterator[Finding]:
    """Hosts that will be refused."""
    known, hosts = whole.ws.known_hosts, whole.inventory.hosts
    used = [hosts[id] for id in whole.used_hosts if id in whole.on_host or id in whole.gateways]
    missing = [host for host in used if not known.keys_for(host.id, host.address, host.port)]
    if len(missing) == len(used) > 1:
        what = f"known_hosts pins no key of any of the {len(used):,} hosts: all of them will be refused."
        yield NO_KEY.at(Source("known_hosts"), what, "Take the keys from the hosts' consoles.", [h.id for h in missing])
        return
    for host in missing:
        what = f"host {host.id} ({host.address}) has no key in known_hosts and will be refused."
        yield NO_KEY.at(host.source, what, "Add its key, taken from its own console.", (host.id,))


def key_files(whole: Whole, wrong: Mapping[str, str]) -> Iterator[Finding]:
    """Key files that can't be used as they are. `wrong`: what is wrong with each, as it was found on the disk."""
    users: dict[str, list[str]] = {}
    for id in whole.used_hosts:
        identity = whole.inventory.hosts[id].identity
        if identity is not None and identity in wrong:
            users.setdefault(identity, []).append(id)
    for identity, hosts in sorted(users.items()):
        source = whole.inventory.hosts[hosts[0]].source
        many = f"{hosts[0]} and {len(hosts) - 1} more" if len(hosts) > 1 else hosts[0]
        what = f"the key file {identity}, with which orch logs in to {many}, {wrong[identity]}."
        yield KEY_FILE.at(source, what, "Put it there, readable by you alone: chmod 600", hosts)
