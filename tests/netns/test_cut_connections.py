"""A cable is pulled, a connection is reset, packets get lost: in the middle of a command, whose outcome is learnt."""

from collections.abc import Callable

import pytest

from tests.netns import outside, records
from tests.netns.test_down_and_back import DOWN, expected
from tests.netns.troubles import began, ended, learnt_by_receipt, meanwhile, see_it_through
from tests.netns.world import World

CABLES = [
    "db-1",
    pytest.param("operator", marks=pytest.mark.long),
    pytest.param("gw-data", marks=pytest.mark.long),
    pytest.param("gw-deep", marks=pytest.mark.long),
]


def cable_of(site: World, name: str) -> Callable[..., None]:
    return site.operators_cable if name == "operator" else site[name].cable


@pytest.mark.parametrize("cable", CABLES)
def test_a_cable_is_pulled_in_the_middle_of_a_command_and_put_back(site: World, cable: str) -> None:
    victim = "hv" if cable == "gw-deep" else "db"
    pull = cable_of(site, cable)
    site.set_var(victim, "drain", "3")
    cut = (began(site, victim, "drain"), lambda: pull(up=False))
    back = (ended(site, victim, "drain"), lambda: pull(up=True))
    meanwhile(site, ("shutdown", "--yes"), cut, back)
    assert see_it_through(site) == 0, "at most a plain resume, for what was being asked just then"
    assert outside.running(site) == frozenset()
    assert records.begun(site) == expected(DOWN)
    assert records.problems(site) == []


def test_a_connection_is_reset_in_the_middle_of_a_command(site: World) -> None:
    site.set_var("db", "drain", "3")

    def reset() -> None:
        killed = site.in_operators_place("ss", "-HKtn", "dst", "10.90.0.12", check=False)
        if "10.90.0.12" not in killed.stdout:
            pytest.skip("this kernel lets nobody end a connection (ss -K)")

    meanwhile(site, ("shutdown", "--yes"), (began(site, "db", "drain"), reset))
    assert see_it_through(site) == 0, "at most a plain resume, for what was being asked just then"
    assert ("db", "stop.1") in learnt_by_receipt(site)
    assert outside.running(site) == frozenset()
    assert records.begun(site) == expected(DOWN)
    assert records.problems(site) == []
