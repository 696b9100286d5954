"""sshd dies with all its sessions, in the middle of a command, and comes back."""

import pytest

from tests.netns import outside, records
from tests.netns.test_down_and_back import DOWN, expected
from tests.netns.troubles import began, learnt_by_receipt, meanwhile, see_it_through
from tests.netns.world import World

HOSTS = ["db-1", pytest.param("gw-data", marks=pytest.mark.long)]


@pytest.mark.parametrize("host", HOSTS)
def test_sshd_is_killed_and_comes_back(site: World, host: str) -> None:
    site.set_var("db", "drain", "3")

    def kill() -> None:
        assert site[host].kill_sshd() >= 2, "the listener and a session"

    killed = (began(site, "db", "drain"), kill)
    back = (lambda: not site[host].listens(22), site[host].start_sshd)
    meanwhile(site, ("shutdown", "--yes"), killed, back)
    assert see_it_through(site) == 0, "at most a plain resume, for what was being asked just then"
    assert ("db", "stop.1") in learnt_by_receipt(site)
    assert outside.running(site) == frozenset()
    assert records.begun(site) == expected(DOWN)
    assert records.problems(site) == []
