"""The page of `orch explain`: of the reasons no word is cut, however long the names beside them are."""

from dataclasses import replace

import pytest

from orchestrator.graph.explain import Explanation, explain
from orchestrator.graph.plan_waits import Hop, PlanWaits
from orchestrator.model.terms import Reason
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
