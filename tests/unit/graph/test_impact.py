"""What it would mean if systems went down: down, degraded or untouched, against the plainest walk through an estate."""

from collections.abc import Collection, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.graph.impact import hits_of
from orchestrator.graph.modes import modes_of
from orchestrator.graph.needs import needs_of
from orchestrator.graph.selection import Selection
from orchestrator.graph.serves import customers_of
from orchestrator.graph.what_if import Impact, Level, impact_of
from orchestrator.model.errors import FilesError, UsageError
from orchestrator.model.inventory import Inventory, Requirement
from orchestrator.model.terms import Mode
from tests.builders import down, inventory, protocol, taken_down, workspace

IDS = [f"s{n}" for n in range(8)]
BOUNDED = settings(max_examples=120, deadline=None, derandomize=True)


@st.composite
def estates(draw: st.DrawFn, *, loops: bool = True) -> str:
    """Groups with redundancy, hosts on carriers, a zone that requires and is reached through a gateway; loops too."""
    some = st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True)
    lines = ["zone gateway h-s7", f"zone needs {draw(st.sampled_from(IDS))}", f"zone path {draw(st.sampled_from(IDS))}"]
    lines.append(f"zone needs any(1) {' '.join(draw(some))}")
    for id in IDS:
        lines.append(f"{id} on h-{id}")
        others = [other for other in draw(some) if other > id or (loops and other != id)]
        verb = draw(st.sampled_from(["requires", "requires", "after", "any", "nothing"]))
        if verb == "any" and others:
            lines.append(f"{id} requires any({draw(st.integers(1, len(others)))}) {' '.join(others)}")
        elif others and verb != "nothing":
            lines.append(f"{id} {verb} {' '.join(others)}")
        if draw(st.integers(0, 3)) == 0:
            lines.append(f"h-{id} runs-on {draw(st.sampled_from(IDS))}")
        elif draw(st.integers(0, 3)) == 0:
            lines.append(f"h-{id} in zone")
    for n in range(3):
        many = draw(some)
        lines.append(
            f"service-{n} service {draw(st.sampled_from(IDS))} any({draw(st.integers(1, len(many)))}) {' '.join(many)}"
        )
    owner, serves = draw(st.sampled_from(IDS)), draw(st.sampled_from(IDS))
    return "\n".join([*lines, f"{owner} owner nord", f"{serves} serves sued"])


def required(one: Inventory, id: str) -> Iterator[Requirement]:
    """What a system needs to work, as the files say it."""
    system = one.systems[id]
    yield from system.requires
    zones = {one.hosts[ref.id].zone for ref in system.hosts}
    for zone in [one.zones[ref.id] for ref in zones if ref is not None]:
        if not any(id in requirement.alternatives for requirement in zone.requires):
            yield from zone.requires
    for ref in system.hosts:
        carrier = one.hosts[ref.id].runs_on
        if carrier is not None and carrier.id != id:
            yield Requirement((carrier.id,), 1, carrier.source)


def without(one: Inventory, offline: Collection[str]) -> set[str]:
    """Every system that does not work while some are offline: cross out until nothing more is."""
    dead = set(offline)
    while True:
        more = {
            id
            for id in one.systems
            if id not in dead
            and any(sum(other not in dead for other in need.alternatives) < need.at_least for need in required(one, id))
        }
        if not more:
            return dead
        dead |= more


def needed(one: Inventory, start: Collection[str]) -> set[str]:
    """Everything that some systems need to work, at whatever remove."""
    found, queue = set(start), list(start)
    for id in queue:
        for other in [other for need in required(one, id) for other in need.alternatives]:
            if other not in found:
                found.add(other)
                queue.append(other)
    return found


def level_of(one: Inventory, service: str, dead: Collection[str]) -> Level:
    requires = one.services[service].requires
    if any(sum(id not in dead for id in need.alternatives) < need.at_least for need in requires):
        return Level.DOWN
    behind = needed(one, [id for need in requires for id in need.alternatives])
    return Level.DEGRADED if behind & set(dead) else Level.UNTOUCHED


def impact(one: Inventory, *asked: str, gone: Collection[str] = (), isolated: Collection[str] = ()) -> Impact:
    return impact_of(one, needs_of(one), asked, gone=gone, isolates=lambda id: id in isolated)


@BOUNDED
@given(
    estates(),
    st.frozensets(st.sampled_from(IDS), min_size=1, max_size=3),
    st.frozensets(st.sampled_from(IDS), max_size=2),
    st.frozensets(st.sampled_from(IDS), max_size=2),
)
def test_impact_is_a_naive_walk(
    text: str, asked: frozenset[str], gone: frozenset[str], isolated: frozenset[str]
) -> None:
    one = inventory(text)
    found = impact(one, *asked, gone=gone, isolated=isolated)
    offline = set(found.members)
    before, after = without(one, gone - offline), without(one, gone | offline)
    assert asked <= offline
    assert set(found.cut_off) == after - before - offline
    assert found.already == gone & offline
    assert [service.service for service in found.services] == sorted(one.services)
    for service in found.services:
        requires = {id for need in one.services[service.service].requires for id in need.alternatives}
        news = needed(one, requires) & (after - before)
        assert service.level is level_of(one, service.service, after)
        if service.level is Level.DOWN:
            assert service.already == (level_of(one, service.service, before) is Level.DOWN)
            assert set(service.lost) == requires & after
        else:
            assert service.already == (service.level is Level.DEGRADED and not news)
            assert set(service.lost) == {id for id in requires if needed(one, [id]) & after}
        assert service.is_hit == bool(service.because)
        assert set(service.because) <= asked


@BOUNDED
@given(estates(), st.sampled_from(IDS), st.frozensets(st.sampled_from(IDS), max_size=2))
def test_one_alone_is_why_it_is_hit(text: str, asked: str, gone: frozenset[str]) -> None:
    for service in impact(inventory(text), asked, gone=gone).services:
        assert service.because == ((asked,) if service.is_hit else ())


@BOUNDED
@given(
    estates(loops=False),
    st.frozensets(st.sampled_from(IDS), min_size=1, max_size=2),
    st.frozensets(st.sampled_from(IDS), max_size=2),
    st.none() | st.sampled_from(Mode),
)
def test_what_comes_along_is_what_a_shutdown_takes(
    text: str, asked: frozenset[str], gone: frozenset[str], mode: Mode | None
) -> None:
    ws = workspace(text, protocol=protocol(modes={"id=s[0-3]": Mode.ISOLATE}))
    one = ws.inventory
    needs = needs_of(one)
    modes = modes_of(ws, Selection(one, lambda: customers_of(one, needs)), one.systems, (mode,) if mode else None)
    found = impact_of(one, needs, asked, gone=gone, isolates=lambda id: modes[id] is Mode.ISOLATE)
    try:
        plan = down(ws, *sorted(asked), estate=taken_down(*gone), mode=(mode,) if mode else None)
    except (FilesError, UsageError):  # a loop, which a plan refuses and a question does not
        return
    assert {task.id for task in plan.tasks} == set(found.members)
    assert {task.id: task.came_along and task.came_along.of for task in plan.tasks} == {
        id: joined and joined.of for id, joined in found.members.items()
    }


ESTATE = """
    portal requires app
    app requires db any(1) dns-a dns-b
    db on h
    h runs-on hv
    h in z
    z gateway g
    gate on g
    db after ntp
    up owner nord
    mine serves sued
    eau service portal
    mail service any(1) mx-a mx-b
    mx-a requires disk
    x owner ost
"""


@pytest.mark.parametrize(
    ("asked", "gone", "isolated", "eau", "mail", "along", "cut_off"),
    [
        ("portal", "", "", "down", "untouched", "", ""),
        ("hv", "", "", "down", "untouched", "app db portal", ""),
        ("dns-a", "", "", "degraded", "untouched", "", ""),
        ("dns-a dns-b", "", "", "down", "untouched", "app portal", ""),
        ("dns-a", "dns-b", "", "down", "untouched", "app portal", ""),
        ("dns-a", "portal", "", "already down", "untouched", "", ""),
        ("mx-a", "dns-b", "", "already degraded", "degraded", "", ""),
        ("mx-a", "mx-b", "", "untouched", "down", "", ""),
        ("mx-a", "mx-a", "", "untouched", "degraded", "", ""),  # what is asked about is never taken for granted
        ("mx-a", "disk", "", "untouched", "already degraded", "", ""),  # it did not work anyway
        ("gate", "", "", "down", "untouched", "app db portal", ""),  # unreachable, so it comes along
        ("ntp", "", "", "untouched", "untouched", "", ""),
        ("db", "", "db", "down", "untouched", "", "app portal"),  # an isolation takes nobody along, and cuts them off
        ("dns-a", "dns-b", "dns-a", "down", "untouched", "", "app portal"),
        ("up", "", "", "untouched", "untouched", "", ""),
    ],
)
def test_how_a_service_is_then(
    asked: str, gone: str, isolated: str, eau: str, mail: str, along: str, cut_off: str
) -> None:
    found = impact(inventory(ESTATE), *asked.split(), gone=gone.split(), isolated=isolated.split())
    levels = {one.service: f"{'already ' if one.already else ''}{one.level}" for one in found.services}
    assert levels == {"eau": eau, "mail": mail}
    assert " ".join(sorted(id for id, joined in found.members.items() if joined)) == along
    assert " ".join(found.cut_off) == cut_off


def test_customers_are_hit_by_services_and_by_systems_of_theirs() -> None:
    found = {one.customer: one for one in impact(inventory(ESTATE), "up").customers}
    assert {id: (one.is_hit, one.systems) for id, one in found.items()} == {
        "nord": (True, ("up",)),
        "ost": (False, ()),
        "sued": (False, ()),
    }
    assert impact(inventory(ESTATE), "mine").customers[2].systems == ("mine",)
    nord = impact(inventory(ESTATE), "dns-a").customers[0]
    assert [one.service for one in nord.at(Level.DEGRADED)] == ["eau"]
    assert [one.service for one in nord.at(Level.UNTOUCHED)] == ["mail"]
    assert nord.is_hit
    gone = impact(inventory(ESTATE), "up", gone=["portal"]).customers[1]
    assert [one.service for one in gone.at(Level.DOWN)] == ["eau"]
    assert not gone.is_hit  # it was so before


def test_only_what_makes_the_difference_is_why() -> None:
    one = inventory("mail service any(1) x y\nx requires n\nx requires g")
    assert impact(one, "n", "y", gone=["g"]).services[0].because == ("y",)
    assert impact(one, "n", "y").services[0].because == ("n", "y")


def test_a_plan_counts_on_nothing_that_does_not_work_already() -> None:
    one = inventory("mail service any(1) a b\nb requires c")
    assert [hit.because for hit in hits_of(one, needs_of(one), ["a"], ["c"]).services] == [("a",)]
    assert hits_of(one, needs_of(one), ["a"]).services == ()


def test_a_chain_is_followed_without_recursion() -> None:
    text = "\n".join(f"s{n:05} requires s{n + 1:05}" for n in range(3000))
    found = impact(inventory(f"{text}\nx owner nord\nlast service s00000"), "s03000")
    assert (len(found.members), found.services[0].because) == (3001, ("s03000",))
