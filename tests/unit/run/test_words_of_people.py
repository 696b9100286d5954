"""What the screens offer a person to say is what the core takes."""

import pytest

from orchestrator.model.terms import TaskState
from orchestrator.run.people import words_for

CASES = [
    (TaskState.FAILED, TaskState.RUNNING, "retry skip done"),
    (TaskState.UNKNOWN, TaskState.VERIFYING, "done retry skip"),
    (TaskState.HELD, TaskState.RUNNING, "done retry skip"),
    (TaskState.HELD, TaskState.EVIDENCE, "waive-evidence retry skip"),
]


@pytest.mark.parametrize(("state", "before", "words"), CASES)
def test_words_for_a_task_that_needs_a_person(state: TaskState, before: TaskState, words: str) -> None:
    assert " ".join(words_for(state, before)) == words
