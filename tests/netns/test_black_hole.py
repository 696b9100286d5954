"""A host that neither answers nor refuses costs its own time, not the run."""

import pytest

from tests.netns import outside, records
from tests.netns.world import World

_HOLE = """\
table bridge hole {
  chain output { type filter hook output priority 0; ip daddr 10.90.2.11 drop; }
  chain forward { type filter hook forward priority 0; ip daddr 10.90.2.11 drop; }
}
"""


@pytest.mark.long
def test_a_black_hole_stops_only_what_it_must(site: World) -> None:
    hole = site["gw-data"].folder / "hole.nft"
    hole.write_text(_HOLE)
    site["gw-data"].run("nft", "-f", str(hole))

    site.orch("shutdown", "--yes", code=1)
    (folder,) = records.run_folders(site)
    ends = {event["task"]: event for event in records.journal(folder) if event["type"] == "task"}
    assert {task for task, end in ends.items() if end["state"] != "done"} == {"db"}
    assert ends["db"]["state"] == "failed"
    assert "no answer within" in ends["db"]["why"]
    assert ends["vault"]["n"] < ends["db"]["n"], "what was due with it did not wait for it"
    assert outside.running(site) == {"gate-data"}, "what it is reached through does"
    assert site["db-1"].listens(5432)

    site["gw-data"].run("nft", "delete", "table", "bridge", "hole")
    site.orch("resume", "last")
    assert outside.running(site) == frozenset()
    assert records.problems(site) == []
