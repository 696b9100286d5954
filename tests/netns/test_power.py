"""Power goes and comes back: of a gateway in the middle of a command, and of a host that nobody told."""

import pytest

from tests.netns import outside, records
from tests.netns.test_down_and_back import DOWN, expected
from tests.netns.troubles import began, ended, learnt_by_receipt, meanwhile, see_it_through
from tests.netns.world import World


@pytest.mark.long
@pytest.mark.parametrize(("gateway", "victim"), [("gw-data", "db"), ("gw-data", "hv"), ("gw-deep", "hv")])
def test_a_gateway_loses_power_in_the_middle_of_a_command(site: World, gateway: str, victim: str) -> None:
    site.set_var(victim, "drain", "3")
    off = (began(site, victim, "drain"), site[gateway].power_cut)
    on = (ended(site, victim, "drain"), site[gateway].power_on)
    meanwhile(site, ("shutdown", "--yes"), off, on)
    see_it_through(site)
    assert (victim, "stop.1") in learnt_by_receipt(site)
    assert outside.running(site) == frozenset()
    assert records.begun(site) == expected(DOWN)
    assert records.problems(site) == []


@pytest.mark.long
def test_a_host_loses_power_in_the_middle_of_a_command(site: World) -> None:
    site.set_var("cache", "drain", "3")
    ran = meanwhile(
        site, ("shutdown", "cache", "--only", "--yes"), (began(site, "cache", "drain"), site["cache-1"].power_cut)
    )
    (folder,) = records.run_folders(site)
    assert ran.code == 1, ran.out
    assert records.ends(folder)["cache"] == "unknown", "nobody can tell how far it came"
    assert not records.has_ended(site, "cache", "drain")

    site["cache-1"].power_on()
    site.wait_for_sshd("cache-1")
    assert see_it_through(site) >= 1, "a person has to say that it may be tried again"
    assert not outside.is_up(site, "cache")
    told = records.begun(site)
    assert told["cache-1", "cache", "drain"] == 2, "the second time by a person's word, as another attempt"
    assert told["cache-1", "cache", "stop"] == 1
    assert records.problems(site) == []


@pytest.mark.long
def test_a_gateway_without_power_does_not_make_a_host_look_powered_off(site: World) -> None:
    site.set_var("batch", "drain", "2")
    off = (began(site, "batch", "drain"), site["gw-deep"].power_cut)
    ran = meanwhile(site, ("shutdown", "batch", "--only", "--yes"), off)
    (folder,) = records.run_folders(site)
    assert ran.code == 1, ran.out
    assert records.ends(folder)["batch"] in {"failed", "unknown"}, "its port can't be asked: that is no silence"
    assert outside.is_up(site, "batch")
    assert not records.has_begun(site, "batch", "poweroff")

    site["gw-deep"].power_on()
    site.wait_for_sshd("gw-deep")
    see_it_through(site)
    assert site["batch-1"].processes() == ()
    assert records.begun(site) == {("batch-1", "batch", "drain"): 1, ("batch-1", "batch", "poweroff"): 1}
    assert records.problems(site) == []
