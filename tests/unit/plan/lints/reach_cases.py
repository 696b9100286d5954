"""Ways in, shared hosts, redundancy, addresses, keys: L01 to L07."""

from collections.abc import Callable
from dataclasses import replace

from orchestrator.model.inventory import Host
from orchestrator.model.playbook import OnSystem
from orchestrator.model.protocol import Protocol
from orchestrator.model.source import Source
from orchestrator.model.terms import Mode
from orchestrator.model.workspace import HostKey, KnownHosts, Workspace
from tests.builders import playbook, protocol, step
from tests.unit.plan.lints.case import Case


def _isolating(*kinds: str) -> Protocol:
    return protocol(modes={f"kind={kind}": Mode.ISOLATE for kind in kinds})


def _hosts(change: Callable[[Host], Host]) -> Callable[[Workspace], Workspace]:
    def touch(ws: Workspace) -> Workspace:
        hosts = {id: change(host) for id, host in ws.inventory.hosts.items()}
        return replace(ws, inventory=replace(ws.inventory, hosts=hosts))

    return touch


def _without_key(*hosts: str) -> Callable[[Workspace], Workspace]:
    def touch(ws: Workspace) -> Workspace:
        pins = {host: keys for host, keys in ws.known_hosts.pins.items() if host not in hosts}
        return replace(ws, known_hosts=KnownHosts(pins))

    return touch


def _revoked(ws: Workspace) -> Workspace:
    return replace(ws, known_hosts=replace(ws.known_hosts, revoked=frozenset({"SHA256:h2"})))


def _by_address(ws: Workspace) -> Workspace:
    key = (HostKey("ssh-ed25519", "SHA256:x", Source("known_hosts", 1)),)
    hosts = {id: replace(host, address="10.0.0.2", port=2222) for id, host in ws.inventory.hosts.items()}
    pins = {"[10.0.0.2]:2222": key}
    return replace(ws, inventory=replace(ws.inventory, hosts=hosts), known_hosts=KnownHosts(pins))


LINE = playbook("line", on="fw")
CUT_CARRIER = playbook(
    "guest",
    on="carrier",
    shutdown={
        Mode.STOP: (step("stop"),),
        Mode.ISOLATE: (step("cut", "nft", "cut {host}", on=OnSystem("hv"), changes_state=True),),
        Mode.POWEROFF: (step("off"),),
    },
)
CUT_LINE = playbook(
    "guest",
    shutdown={
        Mode.STOP: (step("stop"),),
        Mode.ISOLATE: (step("cut", "nft", "cut {system}", on=OnSystem("hv"), changes_state=True),),
    },
)
BEHIND = "db on db-1\ndb-1 in data\ndata gateway gw\nbastion on gw"
TWO_WAYS = "db on db-1\ndb-1 in data\ndata gateway gw-1 gw-2\nb1 on gw-1\nb2 on gw-2"

CASES = (
    # --- L01 ---------------------------------------------------------------------------------------
    Case(
        "L01",
        "what the operator's own way needs goes down after it",
        "operator vpn\nvpn on h1\nvpn requires fw\nfw on h2\ndb on h3",
        (
            "vpn, your own way in, needs 1 system (fw), which therefore goes down after it: by then only a console "
            "reaches it.",
        ),
    ),
    Case("L01", "the own way stands alone", "operator vpn\nvpn on h1\nfw on h2\ndb on h3"),
    Case("L01", "what it needs is done by a person", "operator vpn\nvpn on h1\nvpn requires line\nline external"),
    Case("L01", "what it needs lives on no host", "operator vpn\nvpn on h1\nvpn requires route"),
    Case("L01", "the own way is protected", "operator vpn\nvpn on h1\nvpn requires fw\nfw on h2\nvpn protected"),
    Case(
        "L01",
        "two of a control path live behind it",
        f"{BEHIND}\ndata path dns ldap\ndns on h1\nh1 in data\nldap on h2\nh2 in data",
        (
            "dns lives in zone data and is reached through ldap, but a control_path orders its systems not against "
            "each other: that may go down first.",
            "ldap lives in zone data and is reached through dns, but a control_path orders its systems not against "
            "each other: that may go down first.",
        ),
    ),
    Case(
        "L01",
        "one of them surely goes first, and loses nothing",
        f"{BEHIND}\ndata path dns ldap\ndns on h1\nh1 in data\ndns after ldap\nldap on h2",
    ),
    Case(
        "L01",
        "what lives on the gateway itself is reached directly",
        f"{BEHIND}\ngw in data\ndata path dns ldap\ndns on gw\nldap on h2",
    ),
    Case("L01", "only one lives behind it", f"{BEHIND}\ndata path dns\ndns on h1\nh1 in data"),
    Case(
        "L01",
        "one gateway of two needs what lives behind it",
        f"{TWO_WAYS}\nb2 requires db\napp on a-1\na-1 in data",
        (
            "gw-2 needs 1 system (db) of zone data, to which it is one of 2 ways: it goes down before that one, and "
            "gw-1 is the way that is left.",
        ),
    ),
    Case(
        "L01",
        "both gateways need what lives elsewhere",
        f"{TWO_WAYS}\nb2 requires ntp\nntp on h9",
    ),
    Case(
        "L01",
        "a bastion requires an uplink that is isolated first",
        f"{BEHIND}\nbastion requires uplink\nuplink on rt\nuplink kind line\nfw on fw-1",
        (
            "bastion requires uplink, which is isolated and waits for nobody that requires it: 1 system (db) behind "
            "bastion may be out of reach from then on.",
        ),
        _isolating("line"),
        (LINE,),
    ),
    Case(
        "L01",
        "the own way requires it by way of another",
        "operator vpn\nvpn on h1\nvpn requires router\nrouter requires uplink\nrouter external\nuplink on rt\n"
        "uplink kind line\nfw on fw-1\ndb on h3",
        (
            "vpn, your own way in, requires uplink (by way of router), which is isolated and waits for nobody that "
            "requires it: 2 systems (db and fw) behind vpn may be out of reach from then on.",
        ),
        _isolating("line"),
        (LINE,),
    ),
    Case(
        "L01",
        "a bastion is reached through the line that is isolated, so it goes last",
        f"{BEHIND}\ndata path uplink\nuplink on rt\nuplink kind line\nfw on fw-1",
        (),
        _isolating("line"),
        (LINE,),
    ),
    Case(
        "L01",
        "the protocol isolates the line last",
        f"{BEHIND}\nbastion requires uplink\nuplink on rt\nuplink kind line\nfw on fw-1",
        (),
        protocol(modes={"kind=line": Mode.ISOLATE}, shutdown=["kind=service", "kind=line"]),
        (LINE,),
    ),
    Case(
        "L01",
        "another gateway leads there without it",
        f"{TWO_WAYS}\nb2 requires uplink\nuplink on rt\nuplink kind line\nfw on fw-1",
        (),
        _isolating("line"),
        (LINE,),
    ),
    Case(
        "L01",
        "it runs on what is isolated, which waits for that",
        f"{BEHIND}\ngw runs-on uplink\nuplink on rt\nuplink kind line\nfw on fw-1",
        (),
        _isolating("line"),
        (LINE,),
    ),
    Case(
        "L01",
        "another line stands in for it",
        f"{BEHIND}\nbastion requires any(1) uplink other\nuplink on rt\nuplink kind line\nother on rt-2\nfw on fw-1",
        (),
        _isolating("line"),
        (LINE,),
    ),
    # --- L02 ---------------------------------------------------------------------------------------
    Case(
        "L02",
        "powered off under a neighbour",
        "console on h1\nconsole kind console\nbastion on h1",
        ("console is powered off with its whole host h1, and bastion (not surely down by then) lives there too.",),
        protocol(modes={"kind=console": Mode.POWEROFF}),
        (playbook("console"),),
    ),
    Case(
        "L02",
        "the neighbour goes first",
        "console on h1\nconsole kind console\nbastion on h1\nbastion requires console",
        (),
        protocol(modes={"kind=console": Mode.POWEROFF}),
        (playbook("console"),),
    ),
    Case(
        "L02",
        "the protocol's groups let the neighbour go first",
        "console on h1\nconsole kind console\nbastion on h1",
        (),
        protocol(modes={"kind=console": Mode.POWEROFF}, shutdown=["kind=service", "kind=console"]),
        (playbook("console"),),
    ),
    Case(
        "L02",
        "both are powered off, which is what both want",
        "a on h1\nb on h1",
        (),
        protocol(modes={"*": Mode.POWEROFF}),
    ),
    Case(
        "L02",
        "under what is never to go down",
        "console on h1\nvault on h1\nvault protected",
        (
            "with --mode poweroff, console is powered off with its whole host h1, and vault (protected) lives there "
            "too.",
        ),
        playbooks=(playbook(shutdown={Mode.STOP: (step("stop"),), Mode.POWEROFF: (step("off"),)}),),
    ),
    Case(
        "L02",
        "under what a protected system needs",
        "console on h1\nconsole kind console\ndns on h1\nvault on h2\nvault requires dns\nvault protected",
        ("console is powered off with its whole host h1, and dns (stays up) lives there too.",),
        protocol(modes={"kind=console": Mode.POWEROFF, "dns": Mode.POWEROFF}),
        (playbook("console"),),
    ),
    Case(
        "L02",
        "isolated by rules on the host itself, which may let the rest through",
        "a on h1\na kind guest\nb on h1",
        (),
        _isolating("guest"),
        (playbook("guest", shutdown={Mode.ISOLATE: (step("cut", "cut {host}", changes_state=True),)}),),
    ),
    Case(
        "L02",
        "isolated with the whole host",
        "a on h1\na kind guest\nb on h1\nhv on hv-1",
        ("a is isolated with its whole host h1, and b (not surely down by then) lives there too.",),
        _isolating("guest"),
        (CUT_CARRIER,),
    ),
    Case(
        "L02", "isolated by itself", "a on h1\na kind guest\nb on h1\nhv on hv-1", (), _isolating("guest"), (CUT_LINE,)
    ),
    Case("L02", "alone on its host", "a on h1\nb on h2", (), protocol(modes={"a": Mode.POWEROFF})),
    # --- L03, L04 ----------------------------------------------------------------------------------
    Case(
        "L03",
        "one gateway into two zones",
        f"{BEHIND}\napps gateway gw\napp on a-1\na-1 in apps",
        ("gw is the only way into data and apps: if it fails, 2 systems (app and db) can't be reached.",),
    ),
    Case("L03", "two gateways", "db on db-1\ndb-1 in data\ndata gateway gw gw-2"),
    Case("L03", "nothing but the gateway stands in the zone", "data gateway gw\ngw in data\nbastion on gw"),
    Case(
        "L04",
        "two resolvers on one hypervisor",
        "app requires any(1) dns-a dns-b\ndns-a on n1\ndns-b on n2\nn1 runs-on hv\nn2 runs-on hv",
        ("dns-a and dns-b, of 2 alternatives, hang on hv: they fail together.",),
    ),
    Case(
        "L04",
        "two on one host",
        "app requires any(1) dns-a dns-b\ndns-a on n1\ndns-b on n1",
        ("dns-a and dns-b, of 2 alternatives, hang on n1: they fail together.",),
    ),
    Case(
        "L04",
        "the one carries the other",
        "app requires any(1) hv guest\nguest on n1\nn1 runs-on hv\nhv on n2",
        ("guest, of 2 alternatives, hangs on hv: they fail together.",),
    ),
    Case(
        "L04",
        "two must be left of three, and two hang together",
        "eau service any(2) a b c\na on n1\nb on n1\nc on n2",
        ("a and b, of 3 alternatives, hang on n1: they fail together.",),
    ),
    Case("L04", "one must be left of three", "eau service any(1) a b c\na on n1\nb on n1\nc on n2"),
    Case(
        "L04",
        "a cluster that reaches over both carriers",
        "app requires any(1) a b\na on n1 n2\nb on n3\nn1 runs-on hv-1\nn2 runs-on hv-2\nn3 runs-on hv-1",
    ),
    Case(
        "L04",
        "gateways on one carrier",
        "data gateway g1 g2\nd1 in data\ndb on d1\ng1 runs-on hv\ng2 runs-on hv",
        ("g1 and g2, gateways, hang on hv: they fail together.",),
    ),
    Case(
        "L04",
        "gateways behind one gateway",
        "data gateway g1 g2\nd1 in data\ndb on d1\ng1 in dmz\ng2 in dmz\ndmz gateway g0",
        ("g1 and g2, gateways, hang on g0: they fail together.",),
    ),
    Case(
        "L04",
        "gateways apart",
        "data gateway g1 g2\nd1 in data\ndb on d1\ng1 runs-on hv-1\ng2 runs-on hv-2",
    ),
    # --- L05, L06, L07 -----------------------------------------------------------------------------
    Case(
        "L05",
        "no address",
        "db on db-1",
        ("host db-1 has no address, so its id is looked up as a name: DNS may be down.",),
    ),
    Case(
        "L05",
        "a name",
        "db on db-1",
        ("host db-1 is reached by a name, db.rz.example: DNS may be down.",),
        touch=_hosts(lambda host: replace(host, address="db.rz.example")),
    ),
    Case("L05", "a number", "db on db-1", touch=_hosts(lambda host: replace(host, address="10.0.0.1"))),
    Case("L05", "a number of IPv6", "db on db-1", touch=_hosts(lambda host: replace(host, address="fd00::1"))),
    Case(
        "L06",
        "one host without a key",
        "db on h1 h2",
        ("host h2 (h2) has no key in known_hosts and will be refused.",),
        touch=_without_key("h2"),
    ),
    Case(
        "L06",
        "its key is revoked",
        "db on h1 h2",
        ("host h2 (h2) has no key in known_hosts and will be refused.",),
        touch=_revoked,
    ),
    Case(
        "L06",
        "none has one",
        "db on h1 h2",
        ("known_hosts pins no key of any of the 2 hosts: all of them will be refused.",),
        touch=_without_key("h1", "h2"),
    ),
    Case("L06", "a key by address and port", "db on h2", touch=_by_address),
    Case("L06", "nobody logs in there", "db on h1\npartner external\npartner on h2", touch=_without_key("h2")),
)
