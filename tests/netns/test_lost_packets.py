"""A line that loses packets costs time, and nothing else."""

import pytest

from tests.netns import outside, records
from tests.netns.test_down_and_back import BACK, DOWN, expected
from tests.netns.world import World

_DROP = """\
add table inet loss
add chain inet loss in {{ type filter hook input priority 0; }}
add chain inet loss out {{ type filter hook output priority 0; }}
add rule inet loss in meta iifname eth0 numgen random mod 100 < {percent} drop
add rule inet loss out meta oifname eth0 numgen random mod 100 < {percent} drop
"""


def lose(site: World, percent: int) -> None:
    """Drop so much of what the operator sends and gets."""
    for rule in _DROP.format(percent=percent).splitlines():
        site.in_operators_place("nft", rule)


def test_a_lossy_line_carries_everything_down(site: World) -> None:
    lose(site, 5)
    site.orch("shutdown", "--yes")
    assert outside.running(site) == frozenset()
    assert records.begun(site) == expected(DOWN)
    assert records.problems(site) == []


@pytest.mark.long
def test_a_very_lossy_line_carries_everything_down_and_back(site: World) -> None:
    lose(site, 15)
    site.orch("shutdown", "--yes")
    assert outside.running(site) == frozenset()
    site.orch("restore", "--yes")
    assert outside.running(site) == outside.ALL
    assert records.begun(site) == expected(DOWN, BACK)
    assert records.problems(site) == []
