"""The campaign bites: each mistake that is built into the command is caught by a few kills.

The same kills without a mistake are caught by nothing. One that no kill catches means that the judge is blind there.
"""

from collections.abc import Iterator

import pytest

from tests.kill.campaign import Campaign
from tests.kill.mutants import MUTANTS
from tests.kill.on_twin import on_twin
from tests.kill.trial import Trial

pytestmark = pytest.mark.long

CAUGHT_BY: dict[str, tuple[str, ...]] = {
    "journal-after-effect": tuple(f"shutdown plain wire.step.answered:{n}" for n in (3, 5, 7, 9)),
    "no-fsync": tuple(f"shutdown plain dispatch.submit-step.after:{n}+power" for n in (6, 8, 10)),
    "lock-ignored": tuple(f"shutdown rivals wire.step.after:{n}" for n in (1, 2, 3, 4, 5)),
    "receipts-not-asked": tuple(f"shutdown plain wire.step.after:{n}" for n in (3, 5, 7, 9)),
    "receipts-made-up": tuple(f"shutdown plain dispatch.submit-step.before:{n}" for n in (4, 7, 9)),
    "needs-ignored": ("shutdown plain journal.write.after:30", "restore plain journal.write.after:30"),
    "torn-tail-kept": tuple(f"shutdown plain journal.write.half:{n}" for n in (5, 9, 14)),
    "intents-forgotten": tuple(f"restore plain wire.plain.after:{n}" for n in range(4, 14)),
    "output-not-synced": tuple(f"shutdown plain journal.fsync.after:{n}+power" for n in (16, 20, 24)),
}


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    """On the twin."""
    with Campaign(on_twin, tmp_path_factory.mktemp("mutants")) as found:
        yield found


def test_there_are_kills_for_every_mutant() -> None:
    assert set(CAUGHT_BY) == set(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_every_mutant_is_caught(campaign: Campaign, mutant: str) -> None:
    for text in CAUGHT_BY[mutant]:
        trial = Trial.of(text)
        if wrong := campaign.one(trial, mutant=mutant):
            print(f"{mutant}: caught by {trial}: {wrong[0]}"[:300])
            return
    pytest.fail(f"none of these catches {mutant}: {CAUGHT_BY[mutant]}")


def test_without_a_mutant_the_same_kills_find_nothing(campaign: Campaign) -> None:
    wrong = [what for texts in CAUGHT_BY.values() for what in campaign.one(Trial.of(texts[0]))]

    assert wrong == []
