"""A host is cut off at its gateway's filter, by a step that acts there, and let in again the same way."""

import pytest

from tests.netns import outside, records
from tests.netns.world import World

CUT = {("gw-app", "web", "isolate"): 1, ("gw-app", "web", "stay-cut"): 1}
LET_IN = {("gw-app", "web", "forget-cut"): 1, ("gw-app", "web", "let-in"): 1}


def test_isolated_means_that_nothing_gets_there_and_nothing_is_stopped(site: World) -> None:
    site.orch("shutdown", "web", "--mode", "isolate", "--yes")
    (folder,) = records.run_folders(site)
    (done,) = [event for event in records.journal(folder) if event["type"] == "task" and event["state"] == "done"]
    assert (done["task"], done["proof"]) == ("web", "proven")
    assert not outside.answers_ping(site, "gw-app", "web-1"), "not even its gateway"
    assert not outside.answers_ping(site, "app-1", "web-1"), "nor its neighbour"
    assert site["web-1"].listens(80), "and it runs on"
    assert not outside.is_healthy(site, "web-1", 80), "without what it needs"
    assert outside.running(site) == outside.ALL

    site.orch("restore", "web", "--yes")
    assert outside.answers_ping(site, "app-1", "web-1")
    assert outside.is_healthy(site, "web-1", 80)
    assert records.begun(site) == CUT | LET_IN
    assert records.problems(site) == []


@pytest.mark.long
def test_a_cut_outlives_the_gateways_reboot(site: World) -> None:
    site.orch("shutdown", "cache", "--only", "--mode", "isolate", "--yes")
    site["gw-data"].power_cut()
    site["gw-data"].power_on()
    site.wait_for_sshd("gw-data")
    assert not outside.answers_ping(site, "gw-data", "cache-1")
    assert outside.answers_ping(site, "gw-data", "db-1")
    site.orch("restore", "cache", "--yes")
    assert outside.running(site) == outside.ALL
