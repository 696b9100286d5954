"""Three hundred kills of the real command, on the twin and on real sshd: nothing lost, nothing doubled.

`make kill` has ten thousand. Nearly all processes here are forked from an interpreter that has imported orch already
(`forks`), and are real in all else; those of `test_a_new_interpreter_*` begin as they do at a shell's prompt.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.sshd import need_sshd
from tests.kill.campaign import Campaign, Sites
from tests.kill.on_sshd import on_sshd
from tests.kill.on_twin import on_twin
from tests.kill.trial import Trial

SLICES = [("twin", 50, seed) for seed in range(4)] + [("sshd", 25, seed) for seed in range(4)]
SITES: dict[str, Sites] = {"twin": on_twin, "sshd": on_sshd}
PROMPT = (
    "shutdown plain journal.fsync.before:9 random:0.9",
    "restore plain wire.step.after:4 dispatch.ask.before:1",
)


@pytest.fixture
def campaign(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Campaign]:
    """On the site and with the seed that the test asks for."""
    site, seed = request.param
    if site == "sshd":
        need_sshd()
    with Campaign(SITES[site], tmp_path, seed=seed) as found:
        yield found


@pytest.mark.parametrize(
    ("campaign", "kills"),
    [((site, seed), kills) for site, kills, seed in SLICES],
    indirect=["campaign"],
    ids=[f"{site}-{seed}" for site, _, seed in SLICES],
)
def test_nothing_is_lost_or_doubled(campaign: Campaign, kills: int) -> None:
    tally = campaign.run(kills)

    assert tally.wrong == []
    assert tally.kills >= kills


@pytest.mark.parametrize("campaign", [("twin", 0), ("sshd", 0)], indirect=True, ids=["twin", "sshd"])
def test_a_new_interpreter_dies_and_is_taken_up_alike(campaign: Campaign) -> None:
    wrong = [what for text in PROMPT for what in campaign.one(Trial.of(text), fresh=True)]

    assert wrong == []
    assert campaign.tally.kills >= len(PROMPT)
