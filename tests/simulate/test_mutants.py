"""The simulation bites: every mistake that is built in on purpose is caught by one of a few hundred nights.

A mutant that no seed catches means that the judge or the worlds are blind there; the same seeds without a mutant are
in `test_nights`.
"""

import pytest

from tests.simulate.campaign import one_night
from tests.simulate.mutants_of_the_shell import MUTANTS

SEEDS = range(400)


@pytest.fixture(params=MUTANTS, ids=lambda mutate: mutate.__name__)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    request.param(monkeypatch)
    return str(request.param.__name__)


def test_every_mutant_is_caught(name: str) -> None:
    for seed in SEEDS:
        try:
            one_night(seed)
        except Exception as caught:  # whatever way it shows: the judge, the world, or orch itself
            print(f"{name}: caught by seed {seed}: {caught!r}"[:300])
            return
    pytest.fail(f"no seed of {SEEDS} catches {name}")
