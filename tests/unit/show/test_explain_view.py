"""The page of `orch explain`: of the reasons no word is cut, however long the names beside them are."""

from dataclasses import replace

import pytest

from orchestrator.graph.explain import Explanation, explain
from orchestrator.graph.plan_waits import Hop, PlanWaits
from orchestrator.model.estate import SystemRecord
from orchestrator.model.terms import EstateState, Reason
from orchestrator.show.explain_view import explanation_lines
from tests.unit.show.fixtures import night


@pytest.mark.parametrize("width", [80, 160])
def test_a_reason_is_never_cut(width: int) -> None:
    plan = night()
    found = explain(PlanWaits(plan), "core-db")
    assert isinstance(found, Explanation)
    gateways = tuple(
        Hop("core-db", f"bastion-muc-{n}", Reason.CONTROL_PATH, "inventories/krankenkassen/zones.yaml:54")
        for n in (1, 2)
    )
    acted = Hop("core-db", "hv-muc-01", Reason.ACTUATOR, "playbooks/postgresql.yaml:13")

    said = "\n".join(each.plain for each in explanation_lines(plan, replace(found, before=(*gateways, acted)), width))

    assert "it is reached through  " in said
    assert "it is acted on through  " in said


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (SystemRecord(), ""),
        (SystemRecord(EstateState.OFFLINE), "believed offline already: it is asked anew"),
        (
            SystemRecord(EstateState.ISOLATED, last_run="20260301-0214-shutdown-7f3a", last_at="2026-03-01T02:20:00Z"),
            "believed isolated already, since 2026-03-01 02:20 UTC, by 20260301-0214-shutdown-7f3a",
        ),
    ],
)
def test_what_is_down_already_is_said(record: SystemRecord, said: str) -> None:
    plan = night()
    found = explain(PlanWaits(plan), "core-db")
    assert isinstance(found, Explanation)

    page = " ".join(" ".join(each.plain for each in explanation_lines(plan, found, 80, record=record)).split())

    assert (said in page) if said else ("already" not in page)
