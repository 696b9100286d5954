"""How long a plan takes."""

import pytest

from orchestrator.plan.estimate import Job, estimate


def job(text: str, *, group: int = 0, zone: str = "", priority: int = 50) -> Job:
    """`ID SECONDS WAITS...`; what it waits for is `a`, the first of the jobs, `b`, the second, and so on."""
    id, seconds, *waits = text.split()
    return Job(id, float(seconds), priority, tuple("abc".index(one) for one in waits), group, (zone,) if zone else ())


@pytest.mark.parametrize(
    ("jobs", "parallel", "zones", "seconds", "chain"),
    [
        ([], 5, {}, 0, ()),
        ([job("a 3")], 5, {}, 3, ("a",)),
        ([job("a 3"), job("b 4")], 5, {}, 4, ("b",)),
        ([job("a 3"), job("b 4")], 1, {}, 7, ("b",)),
        ([job("a 3"), job("b 4"), job("c 2 a b")], 5, {}, 6, ("b", "c")),
        ([job("a 3", zone="z"), job("b 4", zone="z"), job("c 5")], 5, {"z": 1}, 7, ("c",)),
        ([job("a 3", zone="z"), job("b 3", zone="z"), job("c 3", zone="z")], 5, {"z": 2}, 6, ("c",)),
        ([job("a 3", group=1), job("b 4", group=2), job("c 9")], 5, {}, 9, ("c",)),
        ([job("a 3", group=1), job("x 5", group=1), job("b 4", group=3)], 5, {}, 9, ("x", "b")),
        ([job("a 9"), job("b 1", priority=90), job("c 9 b")], 1, {}, 19, ("b", "c")),
        ([job("a 1"), job("b 9 a"), job("c 9 a", priority=90)], 2, {}, 10, ("a", "c")),
    ],
)
def test_estimate(
    jobs: list[Job], parallel: int, zones: dict[str, int], seconds: float, chain: tuple[str, ...]
) -> None:
    found = estimate(jobs, parallel, zones)
    assert (found.seconds, found.critical_path) == (seconds, chain)
    assert found.critical_path_s <= found.seconds
