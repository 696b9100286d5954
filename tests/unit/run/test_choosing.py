"""Which tasks of a run a person means: the language of selectors, as far as a plan knows the words (section 9)."""

import pytest

from orchestrator.model.errors import UsageError
from orchestrator.model.terms import TaskState
from orchestrator.run.choosing import KEYS, chosen, unfinished
from tests.unit.show.fixtures import night

PLAN = night()
STATES = {
    "uplink-muc": TaskState.DONE,
    "portal-nord": TaskState.ALREADY,
    "portal-sued": TaskState.SKIPPED,
    "app-nord": TaskState.UNKNOWN,
    "app-sued": TaskState.FAILED,
    "epa-store": TaskState.HELD,
    "core-db": TaskState.WAITING,
    "vpn-muc": TaskState.RUNNING,
}


@pytest.mark.parametrize(
    ("arguments", "tasks"),
    [
        ("app-sued", "app-sued"),
        ("uplink-muc", "uplink-muc"),  # by its id a task is meant in any state; what can be said of it is judged later
        ("app-*", "app-nord app-sued"),
        ("*-sued", "app-sued"),  # portal-sued is over
        ("state=unknown", "app-nord"),
        ("state=[fu]*", "app-nord app-sued"),
        ("kind=java-app", "app-nord app-sued"),
        ("kind=java-app,state=failed", "app-sued"),
        ("owner=customer", "app-nord app-sued"),
        ("owner=internal", "epa-store core-db vpn-muc"),
        ("host=muc-db-0?", "core-db"),
        ("platform=linux", "app-nord app-sued core-db vpn-muc"),
        ("customer=bkk-nord", "app-nord app-sued epa-store core-db vpn-muc"),
        ("service=eau", "core-db"),
        ("vpn-muc state=failed", "app-sued vpn-muc"),
        ("app-sued app-*", "app-nord app-sued"),
    ],
)
def test_what_is_meant(arguments: str, tasks: str) -> None:
    assert " ".join(chosen(PLAN, STATES, arguments.split())) == tasks


@pytest.mark.parametrize(
    ("argument", "what", "advice"),
    [
        ("app-sud", "means no task", "Did you mean app-sued"),
        ("state=skipped", "means no task of this run that is still open", "is over"),
        ("state=runing", "means no task", "Did you mean running"),
        ("kind=posgresql", "means no task", "Did you mean postgresql"),
        ("owner=nobody", "means no task", "owner is here one of: bkk-nord, bkk-sued, customer, internal"),
        ("zone=x", "means no task", "No task has a zone"),
        ("kind=java-app,host=web-02", "means no task", "no task fits all of it"),
        ("label.tier=data", 'a run does not know "label.tier"', ", ".join(KEYS)),
        ("managed=external", 'a run does not know "managed"', ", ".join(KEYS)),
        ("colour=red", 'unknown key "colour"', ""),
        ("state=", "nothing stands after state=", ""),
        (" ", "is empty", ""),
    ],
)
def test_what_means_nothing_is_an_error_that_helps(argument: str, what: str, advice: str) -> None:
    with pytest.raises(UsageError) as raised:
        chosen(PLAN, STATES, ["app-sued", argument])
    assert what in raised.value.what
    assert advice in raised.value.advice


def test_all_means_what_is_not_over() -> None:
    assert unfinished(PLAN, STATES) == ("app-nord", "app-sued", "epa-store", "core-db", "vpn-muc")
