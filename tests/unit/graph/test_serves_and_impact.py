"""Whom a system serves, and who notices when it is gone."""

import pytest

from orchestrator.graph.check import loop_problems
from orchestrator.graph.digraph import digraph_of
from orchestrator.graph.impact import hits_of
from orchestrator.graph.needs import needs_of
from orchestrator.graph.serves import customers_of
from orchestrator.model.terms import Reason
from tests.builders import inventory, workspace


@pytest.mark.parametrize(
    ("text", "serves"),
    [
        ("a owner nord", {"a": "nord"}),
        ("a requires b\na owner nord", {"a": "nord", "b": "nord"}),
        ("a on h\nh runs-on hv\na owner nord", {"a": "nord", "hv": "nord"}),
        ("a on h\nh in z\nz path dns\na owner nord", {"a": "nord", "dns": ""}),  # not what only the way leads over
        ("a after b\na owner nord", {"a": "nord", "b": ""}),
        ("a requires any(1) b c\na owner nord", {"a": "nord", "b": "nord", "c": "nord"}),
        ("a requires b\nb requires c\na owner nord\nb serves sued", {"a": "nord", "b": "sued", "c": "sued"}),
        ("a requires b\nb requires a\na owner nord\nb owner sued", {"a": "nord sued", "b": "nord sued"}),
        ("s service a\na requires b\nx owner nord\ny owner sued", {"a": "nord sued", "b": "nord sued", "x": "nord"}),
    ],
)
def test_customers_of_a_system(text: str, serves: dict[str, str]) -> None:
    one = inventory(text)
    found = customers_of(one, needs_of(one))
    assert {id: " ".join(found[id]) for id in serves} == serves


@pytest.mark.parametrize(
    ("down", "gone", "because"),
    [
        ("web", "", "web"),
        ("db", "", "db"),  # web no longer works
        ("hv", "", "hv"),
        ("dns-a", "", None),
        ("dns-a dns-b", "", "dns-a dns-b"),
        ("dns-a", "dns-b", "dns-a"),
        ("gate", "", None),  # we lose the way, nobody else notices
        ("ntp", "", None),  # only an order
        ("web db", "", "web"),
    ],
)
def test_a_service_is_hit_when_it_can_no_longer_be_met(down: str, gone: str, because: str | None) -> None:
    one = inventory(
        """
        s service web any(1) dns-a dns-b
        web requires db
        web after ntp
        db on h
        h runs-on hv
        h in z
        z gateway g
        gate on g
        x owner nord
        """
    )
    hits = hits_of(one, needs_of(one), down.split(), frozenset(gone.split()))
    assert [" ".join(hit.because) for hit in hits.services] == ([] if because is None else [because])


def test_check_finds_loops_both_ways_and_keeps_quiet_about_alternatives() -> None:
    ws = workspace(
        "a requires b\nb after(restore) a\nc after(shutdown) d\nd requires c\ne requires any(1) f g\nf requires e"
    )
    assert [problem.what.splitlines()[0] for problem in loop_problems(ws)] == [
        "loop on the way down, of 2 systems, each waits for the next:",
        "loop on the way back, of 2 systems, each waits for the next:",
    ]


def test_the_graph_has_every_reason_on_its_edges() -> None:
    graph = digraph_of(workspace("a requires b\na after b\nc on h"))
    assert sorted(graph.nodes) == ["a", "b", "c"]
    assert [edge.reason for edge in graph.edges["a", "b"]["edges"]] == [Reason.REQUIRES, Reason.AFTER]
