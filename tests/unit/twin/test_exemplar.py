"""An answer can be made up for every probe that a playbook would sensibly ask."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.plan import PlanMatch, PlanProbe
from orchestrator.plan.answer import answer_of, reads_as
from orchestrator.twin.exemplar import NoExemplar, answer_for, exemplar, exemplars


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"running", "running"),
        (r"loaded\s+(active|reloading)", "loaded active"),
        (r"(loaded|masked)\s+(inactive|failed)", "loaded inactive"),
        (r"^shut off$", "shut off"),
        (r"x{3,}", "xxx"),
        (r"a?b*c", "c"),
        (r"(?P<q>['\"])\w(?P=q)", "'a'"),
        (r"(?:no|yes), \d+ of \d{2}", "no, 1 of 11"),
        (r"[^a]\S", "ba"),
        (r"(?i)State: UP", "State: UP"),
        (r"(?!a)[a-c]", "b"),
        (r".*state: up.*", "state: up"),
        (r"chain [a-z0-9-]+ \{\s+drop\s+\}", "chain a { drop }"),
        (r"(?s:.)", "x"),
        (r"(a)?(?(1)b|c)", "c"),
        (r"[\w.]+@\[\d\]", "a@[1]"),
    ],
)
def test_the_plainest_string_that_matches_in_full(pattern: str, text: str) -> None:
    assert re.fullmatch(pattern, exemplar(pattern))
    assert exemplar(pattern) == text


@pytest.mark.parametrize("pattern", [r"a\bb", r"(?=a)b", r"[^\s\S]"])
def test_what_nothing_matches_has_no_exemplar(pattern: str) -> None:
    with pytest.raises(NoExemplar):
        exemplar(pattern)


def test_what_is_no_regex_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="is no regex"):
        exemplar("(")


def _regexes() -> st.SearchStrategy[str]:
    atoms = st.sampled_from(
        [*"abz 09-", r"\.", r"\s", r"\d", r"\w", r"\S", r"\D", r"\W", ".", "[a-f]", r"[^x\d]", "[-_.]"]
    )
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=4).map("".join),
            st.lists(inner, min_size=2, max_size=3).map(lambda many: "(" + "|".join(many) + ")"),
            st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "+?"])).map(lambda t: f"(?:{t[0]}){t[1]}"),
        ),
        max_leaves=8,
    )


@given(_regexes())
def test_every_plain_regex_has_one(pattern: str) -> None:
    assert re.fullmatch(pattern, next(exemplars(pattern)))


def _probe(yes: PlanMatch, no: PlanMatch) -> PlanProbe:
    return PlanProbe(host="h", timeout_s=1, argv=("x",), yes=yes, no=no)


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        (PlanMatch(output="running"), PlanMatch(output="shut off")),
        (PlanMatch(exits=(0,)), PlanMatch(exits=(3, 4))),
        (PlanMatch(output=r"loaded\s+(active|reloading)"), PlanMatch(exits=(4,))),
        (PlanMatch(output=r".+"), PlanMatch(output="")),
        (PlanMatch(output=r"a*"), PlanMatch(output="")),  # "" reads as both, so as neither
        (PlanMatch(output=r"(up|down) x?"), PlanMatch(output="down")),
    ],
)
def test_each_of_three_answers_reads_as_itself(yes: PlanMatch, no: PlanMatch) -> None:
    probe = _probe(yes, no)
    for wanted in (True, None):
        assert answer_of(probe, *answer_for(probe, wanted)) is wanted
    if (yes.output, no.output) != (r"a*", ""):
        assert answer_of(probe, *answer_for(probe, False)) is False


def test_a_probe_that_can_not_be_answered_is_said() -> None:
    with pytest.raises(NoExemplar, match="reads as no and as nothing else"):
        answer_for(_probe(PlanMatch(output=".*"), PlanMatch(output="off")), False)


@pytest.mark.parametrize(
    ("match", "exit_code", "stdout", "reads"),
    [
        (PlanMatch(output="running"), 0, b" running\n", True),
        (PlanMatch(output="running"), 1, b"running", False),
        (PlanMatch(output="running"), 0, b"not running", False),  # the whole output, not a part of it
        (PlanMatch(output="running"), 0, b"running\nshut off", False),
        (PlanMatch(output="r.nning"), 0, b"r\xffnning", True),
        (PlanMatch(exits=(0, 3)), 3, b"anything", True),
        (PlanMatch(exits=(0, 3)), 1, b"", False),
        (PlanMatch(), 0, b"", False),
    ],
)
def test_how_an_answer_is_read(match: PlanMatch, exit_code: int, stdout: bytes, reads: bool) -> None:
    assert reads_as(match, exit_code, stdout) is reads
