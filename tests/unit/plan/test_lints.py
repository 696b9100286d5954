"""What looks dangerous: each lint finds what has it, and says nothing of what nearly has it (sections 3, 4, 9)."""

from dataclasses import replace

import pytest
import yaml

from orchestrator.model.errors import UsageError
from orchestrator.model.source import Source
from orchestrator.plan.lints.catalogue import CATALOGUE, by_danger, lint_named, lints_of, of_all
from orchestrator.plan.lints.finding import Danger, Finding, Lint
from tests.builders import playbook, workspace
from tests.unit.plan.lints import playbook_cases, reach_cases, use_cases
from tests.unit.plan.lints.case import Case

CASES = (*reach_cases.CASES, *playbook_cases.CASES, *use_cases.CASES)
ON_DISK = "L07"  # what is wrong with key files is found by whoever looks at the disk, and given


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.lint}: {case.about}")
def test_what_a_lint_says(case: Case) -> None:
    said = tuple(finding.what for finding in lints_of(case.workspace) if finding.id == case.lint)

    assert sorted(said) == sorted(case.says)


def test_every_lint_has_a_case_that_has_it_and_one_that_nearly_has() -> None:
    assert {case.lint for case in CASES if case.says} == CATALOGUE.keys() - {ON_DISK}
    assert {case.lint for case in CASES if not case.says} == CATALOGUE.keys() - {ON_DISK}


def test_every_finding_says_where_and_is_one_line() -> None:
    for case in CASES:
        for finding in lints_of(case.workspace):
            assert finding.source.path, finding
            assert "\n" not in finding.what + finding.advice, finding


def test_key_files_are_told_once_with_all_their_hosts() -> None:
    ws = workspace("db on h1 h2\nunused-host in zone")
    hosts = {id: replace(host, identity="keys/orch") for id, host in ws.inventory.hosts.items()}
    ws = replace(ws, inventory=replace(ws.inventory, hosts=hosts))

    said = [one for one in lints_of(ws, {"keys/orch": "is not there"}) if one.id == ON_DISK]

    assert [one.what for one in said] == [
        "the key file keys/orch, with which orch logs in to h1 and 1 more, is not there."
    ]
    assert said[0].about == ("h1", "h2")
    assert not [one for one in lints_of(ws) if one.id == ON_DISK]


# --- the catalogue


def test_ids_are_numbered_and_titles_differ() -> None:
    assert list(CATALOGUE) == [f"L{number:02}" for number in range(1, len(CATALOGUE) + 1)]
    assert len({lint.title for lint in CATALOGUE.values()}) == len(CATALOGUE)
    assert {lint.danger for lint in CATALOGUE.values()} == set(Danger)


@pytest.mark.parametrize("lint", CATALOGUE.values(), ids=lambda lint: lint.id)
def test_every_lint_is_explained(lint: Lint) -> None:
    assert all(text.endswith(".") for text in (lint.means, lint.night, lint.do))
    assert lint.wrong != lint.right
    for example in (lint.wrong, lint.right):
        assert max(map(len, example.splitlines())) <= 76, "fits a terminal of 80 columns"
        if "ssh-ed25519" not in example:
            yaml.safe_load(example)


@pytest.mark.parametrize("text", ["L12", "l12", " L12 "])
def test_a_lint_by_name(text: str) -> None:
    assert lint_named(text).id == "L12"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("L1", "Did you mean L01 "),
        ("1", "Did you mean L01 "),
        ("L012", "Did you mean L12 "),
        ("health check", "Did you mean L11 (A system without a health check)? There are "),
        ("L99", "There are L01 to L24; what each is: orch check --explain all"),
        ("", "There are L01 to L24"),
        ("\x1b[2J", "There are L01 to L24"),
    ],
)
def test_no_such_lint(text: str, advice: str) -> None:
    with pytest.raises(UsageError) as raised:
        lint_named(text)

    assert raised.value.advice.startswith(advice)


# --- together


def test_the_dangerous_comes_first_and_what_is_alike_together() -> None:
    found = lints_of(workspace("a on h1\nh1 in data\ndata gateway gw\nvault protected", keys=False))

    assert [CATALOGUE[one.id].danger for one in found] == sorted(CATALOGUE[one.id].danger for one in found)
    ids = [one.id for one in found]
    assert sorted(set(ids), key=ids.index) == [id for at, id in enumerate(ids) if at == 0 or ids[at - 1] != id]


def test_the_same_answer_for_files_in_another_order() -> None:
    text = "a on h1\nb on h2\nh1 in data\nh2 in data\ndata gateway gw\na requires any(1) x y\nx on h3\ny on h3"
    one, other = workspace(text), workspace("\n".join(reversed(text.splitlines())))

    assert [(each.id, each.what) for each in lints_of(one)] == [(each.id, each.what) for each in lints_of(other)]


def _said(id: str, what: str) -> Finding:
    return Finding(id, Source("playbooks/x.yaml", 1), what)


SHARED, OWN = _said("L22", "no system is of kind x."), _said("L18", "vault stays up.")


@pytest.mark.parametrize(
    ("by_inventory", "all_looked_at", "told"),
    [
        ([[SHARED, OWN], [SHARED]], True, [OWN, SHARED]),
        ([[SHARED, OWN], [OWN]], True, [OWN]),  # the other inventory uses it
        ([[SHARED, OWN]], True, [OWN, SHARED]),
        ([[SHARED, OWN]], False, [OWN]),  # somebody else may use it
        ([], True, []),
    ],
)
def test_several_inventories(by_inventory: list[list[Finding]], all_looked_at: bool, told: list[Finding]) -> None:
    assert of_all(by_inventory, all_looked_at=all_looked_at) == tuple(told)


def test_a_loop_does_not_keep_the_lints_from_being_told() -> None:
    ws = workspace("a requires b\nb requires a\na on h1\nb on h1\nvault protected", playbooks=[playbook("unused")])

    assert {"L18", "L22"} <= {one.id for one in lints_of(ws)}


def test_nothing_to_say_twice() -> None:
    assert by_danger([OWN, OWN]) == (OWN,)
