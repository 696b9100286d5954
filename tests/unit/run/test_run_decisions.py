"""What stops a run as a whole, until when, and which words are taken then (contract section 6)."""

import pytest

from orchestrator.model.events import BudgetSpent, Event, OperatorDid, Resumed
from orchestrator.run.objections import objection_to
from orchestrator.run.stopped_by import stopped_by
from orchestrator.run.task_run import TaskRun
from tests.unit.run.played import escalated, of_the_run, resolved
from tests.unit.run.tasks import one_task

EVENTS: dict[str, Event] = {
    "pause": of_the_run("pause"),
    "abort": of_the_run("abort"),
    "past-limit": of_the_run("past-limit"),
    "failed": BudgetSpent(which="failed", count=5, limit=5),
    "unreachable": BudgetSpent(which="unreachable", count=1, limit=1),
    "resumed": Resumed(by="o.lang", version="0"),
    "retry": resolved("db", "retry"),
    "escalate": escalated("db"),
}
STOPS = [
    ("", ""),
    ("retry escalate", ""),
    ("pause", "pause"),
    ("pause resumed", ""),
    ("pause resumed pause", "pause"),
    ("failed", "failed"),
    ("failed resumed", "failed"),
    ("failed unreachable", "failed unreachable"),
    ("failed unreachable past-limit", ""),
    ("failed past-limit failed", "failed"),
    ("failed failed", "failed"),
    ("pause failed", "failed pause"),
    ("pause failed resumed past-limit", ""),
    ("abort", "abort"),
    ("abort resumed", "abort"),
    ("abort pause failed past-limit resumed", "abort"),
]


@pytest.mark.parametrize(("events", "stops"), STOPS)
def test_what_stops_a_run(events: str, stops: str) -> None:
    found = stopped_by(EVENTS[word] for word in events.split())
    said = [*(["abort"] if found.abort else []), *(spent.which for spent in found.spent)]
    said += ["pause"] if found.pause else []
    assert " ".join(said) == stops
    assert bool(found) == bool(stops)


def test_the_first_who_said_it_is_named() -> None:
    others = [of_the_run("abort").model_copy(update={"by": by}) for by in ("k.sued", "o.lang")]
    abort = stopped_by(others).abort
    assert abort is not None
    assert abort.by == "k.sued"


WORDS: list[tuple[str, OperatorDid, str]] = [
    ("", of_the_run("pause"), ""),
    ("pause", of_the_run("pause"), ""),
    ("failed", of_the_run("pause"), ""),
    ("abort", of_the_run("pause"), "is being aborted already"),
    ("", of_the_run("abort"), ""),
    ("pause failed", of_the_run("abort"), ""),
    ("abort", of_the_run("abort"), "is being aborted already"),
    ("", of_the_run("past-limit"), "no budget of this run is spent"),
    ("pause", of_the_run("past-limit"), "no budget of this run is spent"),
    ("failed", of_the_run("past-limit"), ""),
    ("pause", resolved("db", "skip"), ""),
    ("abort", resolved("db", "skip"), ""),
    ("abort", resolved("db", "done"), ""),
    ("abort", resolved("db", "retry"), "nothing new is started"),
    ("abort", escalated("db"), "nothing new is started"),
    ("", resolved("san", "skip"), "there is no task san"),
    ("", resolved("db", "retry"), "has not been tried yet"),
    ("", escalated("db"), "has no force steps"),
]


@pytest.mark.parametrize(("events", "word", "why"), WORDS)
def test_which_word_is_taken_when(events: str, word: OperatorDid, why: str) -> None:
    runs = {"db": TaskRun(one_task("stop").tasks[0])}
    said = objection_to(runs, stopped_by(EVENTS[each] for each in events.split()), word)
    assert why in (said or "")
    assert (said is None) == (not why)
