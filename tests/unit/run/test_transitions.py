"""The transition table of the contract, section 6, row by row; every pair that is not in it is refused."""

import pytest

from orchestrator.model.terms import TaskState as S
from orchestrator.run.transitions import TABLE, Happened, IllegalTransition, after

H = Happened

ROWS = [
    (S.WAITING, H.STARTED, S.PROBING),
    (S.PROBING, H.FOUND_DOWN, S.ALREADY),
    (S.PROBING, H.FOUND_UP, S.VERIFYING),
    (S.PROBING, H.FOUND_EVIDENCE_DUE, S.EVIDENCE),
    (S.PROBING, H.FOUND_WORK, S.RUNNING),
    (S.PROBING, H.REFUSED, S.FAILED),
    (S.PROBING, H.FORCED, S.RUNNING),
    (S.PROBING, H.FORCED_EVIDENCE_DUE, S.EVIDENCE),
    (S.RUNNING, H.FORCED, S.RUNNING),
    (S.VERIFYING, H.FORCED, S.RUNNING),
    *((state, H.PERSON_ESCALATE, state) for state in (S.WAITING, S.PROBING, S.EVIDENCE, S.RUNNING, S.VERIFYING)),
    *((state, H.PERSON_ESCALATE, S.WAITING) for state in (S.FAILED, S.UNKNOWN, S.HELD)),
    (S.EVIDENCE, H.EVIDENCE_KEPT, S.RUNNING),
    (S.EVIDENCE, H.EVIDENCE_MISSING, S.HELD),
    (S.RUNNING, H.STEP_ENDED, S.RUNNING),
    (S.RUNNING, H.STEPS_ENDED, S.VERIFYING),
    (S.RUNNING, H.STEP_FAILED, S.FAILED),
    (S.RUNNING, H.STEP_IN_DOUBT, S.VERIFYING),
    (S.RUNNING, H.MANUAL_REACHED, S.HELD),
    (S.VERIFYING, H.AS_WANTED, S.DONE),
    (S.VERIFYING, H.AS_WANTED_UNTOUCHED, S.ALREADY),
    (S.VERIFYING, H.SETTLED, S.RUNNING),
    (S.VERIFYING, H.NOT_AS_WANTED, S.FAILED),
    (S.VERIFYING, H.NO_ANSWER, S.UNKNOWN),
    (S.HELD, H.MANUAL_DONE, S.RUNNING),
    (S.HELD, H.EVIDENCE_WAIVED, S.RUNNING),
    (S.FAILED, H.RESUMED_UNSENT, S.WAITING),
    (S.WAITING, H.RESUMED, S.WAITING),
    (S.PROBING, H.RESUMED, S.PROBING),
    (S.EVIDENCE, H.RESUMED, S.PROBING),
    (S.RUNNING, H.RESUMED, S.RUNNING),
    (S.VERIFYING, H.RESUMED, S.VERIFYING),
    (S.VERIFYING, H.RESUMED_IN_DOUBT, S.RUNNING),
    (S.FAILED, H.RESUMED, S.FAILED),
    (S.UNKNOWN, H.RESUMED, S.UNKNOWN),
    (S.HELD, H.RESUMED, S.HELD),
    *(
        (state, word, end)
        for state in (S.WAITING, S.FAILED, S.UNKNOWN, S.HELD)
        for word, end in (
            (H.PERSON_DONE, S.DONE),
            (H.PERSON_SKIP, S.SKIPPED),
            (H.PERSON_RETRY, S.WAITING),
            (H.PERSON_HOLD, S.HELD),
        )
    ),
]


@pytest.mark.parametrize(("state", "happened", "to"), ROWS, ids=str)
def test_a_row_of_the_table(state: S, happened: Happened, to: S) -> None:
    assert after(state, happened) is to


def test_there_are_no_other_rows() -> None:
    assert {(s, h, to) for s, row in TABLE.items() for h, to in row.items()} == set(ROWS)


@pytest.mark.parametrize("state", S)
def test_every_other_pair_is_an_error(state: S) -> None:
    known = {h for s, h, _ in ROWS if s is state}
    for happened in set(H) - known:
        with pytest.raises(IllegalTransition):
            after(state, happened)


@pytest.mark.parametrize("state", [S.DONE, S.ALREADY, S.SKIPPED])
def test_nothing_leads_out_of_an_end_state(state: S) -> None:
    assert TABLE[state] == {}
