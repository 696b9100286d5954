"""What counts of the two that tell of one attempt: its own session, and a question put about it meanwhile."""

from pathlib import Path

import pytest

from orchestrator.hosts.errands import Brought
from orchestrator.hosts.port import HostSpec, Outcome, OutcomeState, Result, Spec, SpecKind
from orchestrator.hosts.ssh import Job, SshCarrier
from orchestrator.model.terms import Platform

HOST = HostSpec("db", "127.0.0.1", 22, "orch", Platform.LINUX, keys=())
SPEC = Spec(SpecKind.STEP, HOST, 10, argv=("systemctl", "stop", "db"))
ENDED = Outcome(OutcomeState.DONE, Result(0, b"", b"", (0, 0)))
LOST = Outcome(OutcomeState.UNKNOWN, why="connection lost")
RUNNING = Outcome(OutcomeState.RUNNING)
SILENCE = Outcome(OutcomeState.NO_ANSWER)


@pytest.mark.parametrize(
    ("news", "known"),
    [
        ([(1, ENDED), (2, SILENCE)], OutcomeState.DONE),
        ([(1, ENDED), (2, RUNNING)], OutcomeState.DONE),
        ([(2, SILENCE), (1, ENDED)], OutcomeState.DONE),
        ([(2, SILENCE), (1, LOST)], OutcomeState.NO_ANSWER),
        ([(1, LOST), (2, ENDED)], OutcomeState.DONE),
    ],
)
def test_an_end_counts_whoever_tells_it_and_nothing_takes_it_back(
    tmp_path: Path, news: list[tuple[int, Outcome]], known: OutcomeState
) -> None:
    carrier = SshCarrier(root=tmp_path, parallel=1)
    carrier._call_a_worker = lambda: None  # type: ignore[method-assign]  # nothing is carried: the news comes from here
    carrier.submit("k", SPEC)
    carrier.stop("k", SPEC)
    for nth, outcome in news:
        carrier._set(Job("k", SPEC, "stop" if nth == 2 else None, nth), Brought(outcome))
    assert carrier.wait(0) == ("k",)
    assert carrier.outcome("k").state is known
    carrier.close()
