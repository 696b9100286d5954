"""What stands in the files and nothing uses: left over, or a line that is missing somewhere else."""

from collections.abc import Iterator

from orchestrator.plan.lints.finding import Danger, Finding, Lint
from orchestrator.plan.lints.whole import Whole

PLAYBOOK = Lint(
    id="L22",
    title="A playbook that no system uses",
    danger=Danger.TIDY,
    means="No system of any inventory has this kind.",
    night="The playbook that everybody tested is called postgres. The databases say kind: postgresql, and go down by "
    "another one.",
    do="Give the systems this kind, or delete the file.",
    wrong="""\
# playbooks/postgres.yaml exists
systems: {core-db: {kind: postgresql, hosts: [db-01]}}
""",
    right="""\
systems: {core-db: {kind: postgres, hosts: [db-01]}}
""",
    everywhere=True,
)
HOST = Lint(
    id="L23",
    title="A host on which nothing lives",
    danger=Danger.TIDY,
    means="No system names this host, and it is nobody's gateway: no plan ever touches it. It stays up.",
    night="The second node of the database is in the inventory, but core-db lists the first alone. The first is "
    "stopped; the second takes over, as it was built to do.",
    do="Name it in the `hosts` of the system that lives there, or delete it.",
    wrong="""\
hosts: {db-01: {address: 10.20.3.11}, db-02: {address: 10.20.3.12}}
systems: {core-db: {kind: postgresql, hosts: [db-01]}}
""",
    right="""\
systems: {core-db: {kind: postgresql, hosts: [db-01, db-02]}}
""",
)
ZONE = Lint(
    id="L24",
    title="A zone in which nothing stands",
    danger=Danger.TIDY,
    means="No host is in this zone: its gateway, its needs and its limit hold for nobody.",
    night="The gateway of muc-data is in the inventory, its hosts were never told that they are behind it. orch tries "
    "each of them directly, and each of them times out.",
    do="Name the zone at its hosts, or delete it.",
    wrong="""\
zones: {muc-data: {gateway: muc-bst-01}}
hosts: {db-01: {address: 10.20.3.11}}
""",
    right="""\
hosts: {db-01: {address: 10.20.3.11, zone: muc-data}}
""",
)


def unused_playbook(whole: Whole) -> Iterator[Finding]:
    """Playbooks of no system."""
    used = {system.kind for system in whole.inventory.systems.values()}
    for kind, book in sorted(whole.ws.playbooks.items()):
        if kind not in used:
            yield PLAYBOOK.at(book.source, f"no system is of kind {kind}.", "Is one to be? Or delete it.", (kind,))


def unused_host(whole: Whole) -> Iterator[Finding]:
    """Hosts of no system, and no gateways."""
    used = set(whole.used_hosts)
    for id, host in whole.inventory.hosts.items():
        if id not in used:
            what = f"no system lives on host {id}, so no plan ever touches it."
            yield HOST.at(host.source, what, "Name it at its system, or delete it.", (id,))


def unused_zone(whole: Whole) -> Iterator[Finding]:
    """Zones of no host."""
    used = {host.zone.id for host in whole.inventory.hosts.values() if host.zone is not None}
    for id, zone in whole.inventory.zones.items():
        if id not in used:
            yield ZONE.at(zone.source, f"no host is in zone {id}.", "Name it at its hosts, or delete it.", (id,))
