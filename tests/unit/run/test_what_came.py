"""What came of an answer is kept: also of one that never became whole, and of a large one only on the disk."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.hosts.port import Accepted, Outcome, OutcomeState, Partial, Spec, SpecKind
from orchestrator.model.events import EvidenceKept, StepChanged
from orchestrator.model.plan import Plan, PlanEvidence
from orchestrator.model.terms import StepState
from orchestrator.run.execute import RunEnd, Stop, execute, open_run
from orchestrator.run.scheduler import Decided, Scheduler
from orchestrator.run.specs import OUTPUT_CAP
from orchestrator.run.timeline import timeline
from orchestrator.run.turn import Heard
from tests.simulate.plans import make_plan
from tests.unit.run.instant_hosts import GENERATION, InstantCarrier, InstantHosts
from tests.unit.run.test_syscall_faults import Quiet

NOW = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)
LARGE = b"x" * (3 * OUTPUT_CAP)
HALF = Partial(b"half an ans", b"w", (5_000_000, 1))


class HalfCarrier(InstantCarrier):
    """The first attempt of a step loses its connection, with what had come; the second piece of evidence too."""

    def submit(self, key: str, spec: Spec) -> Accepted:
        """As the others, or half."""
        lost = Outcome(OutcomeState.UNKNOWN, why="connection lost after 0:41", partial=HALF, generation=GENERATION)
        what = (spec.argv or ("",))[0]
        if what == "memory" or (spec.kind is SpecKind.STEP and key.endswith("/1")):
            self._tell(key, lost)
            return Accepted.ACCEPTED
        accepted = super().submit(key, spec)
        if what == "sockets":
            result = self._outcomes[key].result
            assert result is not None
            self._outcomes[key] = replace(self._outcomes[key], result=replace(result, stdout=LARGE))
        return accepted


def a_plan() -> Plan:
    plan = make_plan({"db": ()})
    evidence = tuple(
        PlanEvidence(host="db-0", name=name, argv=(name, "db", "db-0"), timeout_s=30) for name in ("sockets", "memory")
    )
    return plan.model_copy(update={"tasks": (replace(plan.tasks[0], evidence=evidence),)})


def test_what_had_come_of_an_unknown_step_is_in_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = a_plan()
    heard: list[Heard] = []
    advance = Scheduler.advance

    def listening(self: Scheduler, now: float, news: Sequence[Heard], *rest: object) -> Decided:
        heard.extend(news)
        return advance(self, now, news, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Scheduler, "advance", listening)
    folder = open_run(
        tmp_path, plan, plan.model_dump_json().encode(), by="o.lang", version="0", protocol_bytes=None, now=NOW,
        previous_heads=(),
    )  # fmt: skip
    carrier = HalfCarrier(InstantHosts(), lambda key: None, lambda: None)
    end = execute(folder, by="o.lang", version="0", carrier=carrier, listener=Quiet(), stop=Stop())
    assert end is RunEnd.DONE
    events = folder.read().events
    unknown = next(event for event in events if isinstance(event, StepChanged) and event.state is StepState.UNKNOWN)
    assert unknown.output is not None
    assert folder.outputs.read(unknown.output.stdout) == HALF.stdout
    assert (unknown.exit, unknown.output.bytes, unknown.output.truncated) == (None, HALF.sent, (True, False))
    kept = {event.name: event for event in events if isinstance(event, EvidenceKept)}
    assert kept["sockets"].output is not None
    assert folder.outputs.read(kept["sockets"].output.stdout) == LARGE
    assert kept["sockets"].why is None
    assert kept["memory"].output is not None
    assert kept["memory"].why == "connection lost after 0:41"
    results = {row.what: row.result for row in timeline(plan, events)}
    assert results["evidence sockets"] == "kept"
    assert results["evidence memory"] == "not kept whole: connection lost after 0:41"
    # The core is handed no more than it reads.
    assert all(one.outcome.partial is None for one in heard)
    assert max(len(one.outcome.result.stdout) for one in heard if one.outcome.result) == OUTPUT_CAP
