"""What hangs on one thing: the only gateway of a zone, and alternatives that fail together (section 3).

An alternative hangs on itself, on its host where it has but one, and on what carries all of its hosts. A gateway
hangs on what carries its host, and on the gateway before it where there is but one.
"""

from collections.abc import Iterator, Sequence

from orchestrator.model.inventory import Requirement
from orchestrator.model.source import Ref, Source
from orchestrator.plan.lints.finding import Danger, Finding, Lint, counted, named, verb
from orchestrator.plan.lints.whole import Whole

SINGLE_GATEWAY = Lint(
    id="L03",
    title="A zone with a single way in",
    danger=Danger.KNOW,
    means="One gateway is all that leads into a zone. If it fails, or is among what was attacked, orch reaches nothing "
    "behind it, neither down nor back.",
    night="The attacker has reset the bastion's host key along with everything else. orch refuses it, rightly, and "
    "the thirty-four systems behind it have to be stopped at their consoles, one by one.",
    do="A second gateway in the zone's list, on other hardware. Where there is none to be had: consoles for what "
    "stands behind it, tried beforehand.",
    wrong="""\
zones:
  muc-data: {gateway: muc-bst-01}
""",
    right="""\
zones:
  muc-data: {gateway: [muc-bst-01, muc-bst-02]}    # tried in this order
""",
)
TOGETHER = Lint(
    id="L04",
    title="Alternatives that fail together",
    danger=Danger.KNOW,
    means="The alternatives of an `any` group, or a zone's gateways, hang on one host or one carrier: what looks like "
    "redundancy goes all at once.",
    night="Both resolvers are virtual machines on hv-ess-03. It is taken down for the analysis, since `any` says that "
    "one resolver is enough, and with it goes every name in both data centres.",
    do="Put them on different carriers. Where that can't be done now, name the one they hang on instead of the group: "
    "then the plan knows what falls with it.",
    wrong="""\
hosts:
  ns-01: {address: 10.10.0.53, runs_on: hv-ess-03}
  ns-02: {address: 10.10.0.54, runs_on: hv-ess-03}
systems:
  app: {kind: java-app, hosts: [app-01], requires: [{any: [dns-a, dns-b]}]}
""",
    right="""\
hosts:
  ns-01: {address: 10.10.0.53, runs_on: hv-ess-03}
  ns-02: {address: 10.20.0.53, runs_on: hv-muc-01}
""",
)


def single_gateway(whole: Whole) -> Iterator[Finding]:
    """Gateways that are the only way into a zone, each once."""
    inside = _reached_in_zones(whole)
    by_gateway: dict[str, list[str]] = {}
    for zone in whole.inventory.zones.values():
        if len(zone.gateways) == 1 and inside.get(zone.id):
            by_gateway.setdefault(zone.gateways[0].id, []).append(zone.id)
    for gateway, zones in sorted(by_gateway.items()):
        source = whole.inventory.zones[zones[0]].gateways[0].source
        systems = sorted(set().union(*(inside[zone] for zone in zones)))
        what = f"{gateway} is the only way into {named(zones)}: if it fails, {counted(systems)} can't be reached."
        advice = "A second gateway in the list, or a console that was tried."
        yield SINGLE_GATEWAY.at(source, what, advice, (*zones, *systems))


def _reached_in_zones(whole: Whole) -> dict[str, set[str]]:
    """The systems that are reached through each zone's gateways."""
    ways = whole.ground.needs.ways
    found: dict[str, set[str]] = {}
    for host, systems in whole.on_host.items():
        zone = ways.zone_of(host)
        if zone is not None:
            found.setdefault(zone.id, set()).update(systems)
    return found


def together(whole: Whole) -> Iterator[Finding]:
    """Redundancy that is none."""
    inventory = whole.inventory
    for system in inventory.systems.values():
        for requirement in system.requires:
            yield from _group(whole, requirement)
    for zone in inventory.zones.values():
        for requirement in zone.requires:
            yield from _group(whole, requirement)
        yield from _gateways(whole, zone.gateways)
    for service in inventory.services.values():
        for requirement in service.requires:
            yield from _group(whole, requirement)


def _group(whole: Whole, requirement: Requirement) -> Iterator[Finding]:
    if requirement.is_plain:
        return
    shared: dict[str, list[str]] = {}
    for id in requirement.alternatives:
        for point in _hangs_on(whole, id):
            shared.setdefault(point, []).append(id)
    slack = len(requirement.alternatives) - requirement.at_least
    for point, ids in shared.items():
        if len(ids) > slack:
            yield _told(requirement.source, ids, point, f"of {len(requirement.alternatives)} alternatives")
            return


def _hangs_on(whole: Whole, system: str) -> list[str]:
    hosts = [whole.inventory.hosts[ref.id] for ref in whole.inventory.systems[system].hosts]
    carriers = {None if host.runs_on is None else host.runs_on.id for host in hosts}
    (carrier,) = carriers if len(carriers) == 1 else (None,)
    points = [system, carrier, hosts[0].id if len(hosts) == 1 else None]
    return [point for point in dict.fromkeys(points) if point is not None]


def _gateways(whole: Whole, gateways: Sequence[Ref]) -> Iterator[Finding]:
    if len(gateways) < 2:
        return
    shared: dict[str, list[str]] = {}
    for ref in gateways:
        host = whole.inventory.hosts[ref.id]
        before = whole.ground.needs.ways.zone_of(ref.id)
        points = {
            None if host.runs_on is None else host.runs_on.id,
            before.gateways[0].id if before is not None and len(before.gateways) == 1 else None,
        }
        for point in sorted(point for point in points if point is not None):
            shared.setdefault(point, []).append(ref.id)
    for point, ids in shared.items():
        if len(ids) == len(gateways):
            yield _told(gateways[0].source, ids, point, "gateways")
            return


def _told(source: Source, ids: Sequence[str], point: str, what_they_are: str) -> Finding:
    hang = [id for id in ids if id != point]
    what = f"{named(hang)}, {what_they_are}, {verb(hang, 'hangs', 'hang')} on {point}: they fail together."
    return TOGETHER.at(source, what, "Set them apart, or require what they hang on.", (*ids, point))
