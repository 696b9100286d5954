"""Who comes along, against the plainest reading of the rules."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.graph.closure import falling, path_to, standing
from orchestrator.graph.needs import Needs, needs_of
from orchestrator.model.terms import Reason
from tests.builders import inventory

IDS = "abcdefgh"
BOUNDED = settings(max_examples=40, deadline=None, derandomize=True)


@st.composite
def estates(draw: st.DrawFn) -> str:
    """Up to eight systems with plain needs, groups and carriers; loops too."""
    lines = [f"{id} on h-{id}" for id in IDS]
    for id in IDS:
        others = draw(st.lists(st.sampled_from([one for one in IDS if one != id]), max_size=3, unique=True))
        if others:
            any_of = draw(st.integers(0, len(others)))
            lines.append(f"{id} requires {f'any({any_of}) ' if any_of else ''}{' '.join(others)}")
        if draw(st.booleans()):
            carrier = draw(st.sampled_from([one for one in IDS if one != id]))
            lines.append(f"h-{id} runs-on {carrier}")
    behind = draw(st.lists(st.sampled_from(IDS[:5]), max_size=3, unique=True))
    lines += [f"h-{id} in zone" for id in behind]
    if behind:
        lines.append("zone gateway h-f h-g" if draw(st.booleans()) else "zone gateway h-h")
    return "\n".join(lines)


subsets = st.frozensets(st.sampled_from(IDS), max_size=4)


def naive_falling(needs: Needs, seeds: frozenset[str], gone: frozenset[str], cut: frozenset[str]) -> set[str]:
    """Add whoever is broken by somebody that takes along, until nobody is."""
    found = set(seeds)
    while True:
        more = {id for id in needs.of.keys() - found if _breaks(needs, id, found, gone, cut)}
        if not more:
            return found
        found |= more


def _breaks(needs: Needs, id: str, found: set[str], gone: frozenset[str], cut: frozenset[str]) -> bool:
    for group in needs.of[id]:
        left = sum(1 for one in group.alternatives if not (found | gone) & set(one))
        carriers = found if group.reason is Reason.CONTROL_PATH else found - cut
        if left < group.at_least and carriers & set(group.members):
            return True
    return False


@BOUNDED
@given(estates(), subsets, subsets, subsets)
def test_falling_is_what_the_plain_reading_says(
    text: str, seeds: frozenset[str], gone: frozenset[str], cut: frozenset[str]
) -> None:
    needs = needs_of(inventory(text))
    members = falling(needs, seeds, gone=gone, isolates=cut.__contains__)
    assert set(members) == naive_falling(needs, seeds, gone, cut)
    for id, joined in members.items():
        assert (joined is None) == (id in seeds)
        assert path_to(members, id)[0] in seeds


@BOUNDED
@given(estates(), subsets)
def test_what_stands_has_all_it_needs(text: str, start: frozenset[str]) -> None:
    needs = needs_of(inventory(text))
    members = standing(start, needs.of.__getitem__, up=lambda _: False, able=lambda _: True)
    for id in members:
        for group in needs.of[id]:
            standing_ones = sum(1 for one in group.alternatives if set(one) <= members.keys())
            assert standing_ones >= min(group.at_least, len(group.alternatives))
    for id, joined in members.items():
        assert joined is None or id in {one for group in needs.of[joined.of] for one in group.members}


@BOUNDED
@given(estates(), subsets)
def test_without_choices_nothing_stands_that_nobody_needs(text: str, start: frozenset[str]) -> None:
    plain = "\n".join(line for line in text.splitlines() if "any(" not in line and "gateway" not in line)
    needs = needs_of(inventory(plain))
    reached, queue = set(start), list(start)
    for id in queue:
        for other in (one for group in needs.of[id] for one in group.members):
            if other not in reached:
                reached.add(other)
                queue.append(other)
    assert set(standing(start, needs.of.__getitem__, up=lambda _: False, able=lambda _: True)) == reached


@pytest.mark.parametrize(
    ("text", "start", "offline", "stands"),
    [
        ("a requires any(1) b c", "a", "bc", "ab"),  # the order listed
        ("a requires any(1) c b", "a", "bc", "ac"),
        ("a requires any(1) b c", "a", "b", "ac"),  # what is up anyway
        ("a requires any(2) b c d", "a", "bcd", "abc"),  # as many as it takes
        ("a requires any(1) b c\nd requires c", "ad", "bc", "adc"),  # what comes anyway, though it is listed later
        ("a requires any(1) b c\nb requires d", "a", "bcd", "abd"),
    ],
)
def test_choices(text: str, start: str, offline: str, stands: str) -> None:
    needs = needs_of(inventory(text))
    members = standing(start, needs.of.__getitem__, up=lambda id: id not in offline, able=lambda _: True)
    assert set(members) == set(stands)


@pytest.mark.parametrize(
    ("seeds", "cut", "along"),
    [
        ("b", "", {"a": "requires b"}),
        ("b", "b", {}),
        ("g", "g", {"x": "control-path g"}),
        ("hv", "hv", {}),
        ("hv", "", {"b": "runs-on hv", "a": "requires b"}),
    ],
)
def test_an_isolated_system_takes_along_only_what_we_lose_the_way_to(
    seeds: str, cut: str, along: Mapping[str, str]
) -> None:
    needs = needs_of(
        inventory("a requires b\nb on h\nh runs-on hv\nx on hx\nhx in z\nz gateway hg\ng on hg\na requires g")
    )
    members = falling(needs, [seeds], isolates=lambda id: id == cut)
    assert {id: f"{joined.reason} {joined.of}" for id, joined in members.items() if joined} == along
