"""A way in that is gone before what lies behind it (principle 6; section 4, *Control path* and *Isolate*).

A plan takes the way to a system down after the system. Four things it can't order, and they are told here:

- what the operator's own way in needs itself: it goes down after that way;
- the systems of a zone's `control_path` that live in the zone: they are not ordered against each other;
- a gateway of several that needs something behind it: that way is gone by then, the others are not;
- what a way in `requires` and the protocol isolates: an isolated system waits for nobody by `requires`.
"""

from collections.abc import Iterator

from orchestrator.graph.closure import Membership, falling, path_to
from orchestrator.graph.impact import BREAKS
from orchestrator.model.inventory import Zone
from orchestrator.model.terms import Mode, Reason
from orchestrator.plan.lints.finding import Danger, Finding, Lint, counted, named, verb
from orchestrator.plan.lints.whole import Whole

WAY_FIRST = Lint(
    id="L01",
    title="A way in that is taken down first",
    danger=Danger.LOST,
    means="Something is reached through a system that a shutdown takes down before it, and no order prevents that.",
    night="The bastion needs the uplink to be reached, the protocol isolates uplinks first. Two minutes into the night "
    "orch can no longer log in to anything behind that bastion, and what it could not stop goes on running.",
    do="Name what SSH really goes through as a way (`gateway`, the zone's `control_path`, `operator.control_path`): "
    "then it goes down last. What is no way does not belong there, and not into what a way requires.",
    wrong="""\
systems:
  bastion-muc: {kind: bastion, hosts: [muc-bst-01], requires: [uplink-muc]}
# protocol.yaml
modes: [{of: ["kind=uplink"], mode: isolate}]     # waits for no bastion
""",
    right="""\
systems:
  bastion-muc: {kind: bastion, hosts: [muc-bst-01]}
zones:
  muc-data:
    gateway: muc-bst-01
    control_path: [uplink-muc]     # isolated, but last
""",
)


def way_first(whole: Whole) -> Iterator[Finding]:
    """Ways in that are gone before what lies behind them."""
    yield from _own_way(whole)
    for zone in whole.inventory.zones.values():
        yield from _zone_path(whole, zone)
        yield from _lost_gateways(whole, zone)
    yield from _behind_isolated(whole)


def _own_way(whole: Whole) -> Iterator[Finding]:
    listed = whole.inventory.operator_control_path
    if not listed:
        return
    own = {ref.id for ref in listed}
    after = [
        id
        for id in sorted(whole.order.own_way - own)
        if id in whole.ours and whole.ours[id].hosts and any(whole.order.surely_before(way, id) for way in sorted(own))
    ]
    if after:
        what = (
            f"{named(sorted(own))}, your own way in, needs {counted(after)}, which therefore "
            f"{verb(after, 'goes', 'go')} down after it: by then only a console reaches {verb(after, 'it', 'them')}."
        )
        advice = "Have that console tried, or come in by something that stands alone."
        yield WAY_FIRST.at(listed[0].source, what, advice, after)


def _zone_path(whole: Whole, zone: Zone) -> Iterator[Finding]:
    planned = [ref for ref in zone.control_path if ref.id not in whole.kept]
    for ref in planned:
        if len(planned) < 2 or not _lives_behind(whole, ref.id, zone.id):
            continue
        lost = [other.id for other in planned if other.id != ref.id and _not_first(whole, ref.id, other.id)]
        if lost:
            what = (
                f"{ref.id} lives in zone {zone.id} and is reached through {named(lost)}, but a control_path orders its "
                f"systems not against each other: {verb(lost, 'that', 'those')} may go down first."
            )
            yield WAY_FIRST.at(ref.source, what, "Name only what stands outside the zone.", (ref.id, *lost))


def _lives_behind(whole: Whole, system: str, zone: str) -> bool:
    """Whether a system that orch acts on has a host in the zone that is reached through its gateways."""
    hosts, ways = whole.inventory.hosts, whole.ground.needs.ways
    return system in whole.ours and any(
        (there := hosts[ref.id].zone) is not None and there.id == zone and not ways.is_gateway_of_its_zone(ref.id)
        for ref in whole.ours[system].hosts
    )


def _not_first(whole: Whole, system: str, other: str) -> bool:
    return not whole.order.surely_before(system, other)


def _lost_gateways(whole: Whole, zone: Zone) -> Iterator[Finding]:
    if len(zone.gateways) < 2:
        return
    for gateway in zone.gateways:
        members = {id for way in whole.ground.needs.ways.through(gateway.id) for id in way}
        lost = {
            id
            for member in sorted(members)
            for id in whole.order.later(member)
            if id not in members and _lives_behind(whole, id, zone.id)
        }
        if lost:
            others = [ref.id for ref in zone.gateways if ref.id != gateway.id]
            ids = sorted(lost)
            what = (
                f"{gateway.id} needs {counted(ids)} of zone {zone.id}, to which it is one of {len(zone.gateways)} "
                f"ways: it goes down before {verb(ids, 'that one', 'them')}, and {named(others)} "
                f"{verb(others, 'is the way that is', 'are the ways that are')} left."
            )
            yield WAY_FIRST.at(gateway.source, what, "A way in needs nothing of what lies behind it.", ids)


def _behind_isolated(whole: Whole) -> Iterator[Finding]:
    isolated = {id for id, mode in whole.modes.items() if mode is Mode.ISOLATE and id not in whole.kept}
    if not isolated:
        return
    broken = falling(whole.ground.needs, isolated, reasons=BREAKS | {Reason.CONTROL_PATH})
    own = {ref.id for ref in whole.inventory.operator_control_path}
    for way in sorted(broken.keys() - isolated):
        cause = path_to(broken, way)
        joined = broken[
            cause[1]
        ]  # by requires: what it is reached through, or runs on, waits also where it is isolated
        if joined is None:
            continue
        behind = sorted(whole.ours.keys() - {way}) if way in own else _behind(whole, broken, way)
        lost = [id for id in behind if id not in whole.kept and id not in isolated and _not_first(whole, id, cause[0])]
        if lost:
            who = f"{way}, your own way in," if way in own else way
            over = f" (by way of {named(cause[1:-1])})" if len(cause) > 2 else ""
            what = (
                f"{who} requires {cause[0]}{over}, which is isolated and waits for nobody that requires it: "
                f"{counted(lost)} behind {way} may be out of reach from then on."
            )
            advice = f"If SSH goes through {cause[0]}, name it in a control_path; if not, take it out of requires."
            yield WAY_FIRST.at(joined.source, what, advice, lost)


def _behind(whole: Whole, broken: Membership, way: str) -> list[str]:
    """What is reached through `way` and lost with it."""
    needs = whole.ground.needs
    return sorted(
        {
            user.system
            for user in needs.users.get(way, ())
            if needs.of[user.system][user.group].reason is Reason.CONTROL_PATH
            and user.system in whole.ours
            and user.system in broken
        }
    )
