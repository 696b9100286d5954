"""The table of `orch impact --csv`: RFC 4180, and nothing in it is ever a formula."""

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.show.impact_csv import HEAD, cell, impact_csv
from orchestrator.show.service_names import name_in
from tests.unit.show.fixtures import HOSTILE
from tests.unit.show.question_screens import hit

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("BKK Nord", "BKK Nord"),
        ("=1+1", "'=1+1"),
        ("+49 89", "'+49 89"),
        ("-", "'-"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "  '=1"),
        ("\t=1", "\\t=1"),
        ("\r=1", "\\r=1"),
        ("\uff1d1", "'\uff1d1"),
        ("BKK;=1", "BKK;'=1"),
        ("BKK; @x", "BKK; '@x"),
        ("a=b", "a=b"),
        ("\x1b[2J", "\\x1b[2J"),
    ],
)
def test_a_cell_is_text_and_nothing_else(text: str, shown: str) -> None:
    assert cell(text) == shown


@given(st.text())
def test_no_cell_begins_as_a_formula(text: str) -> None:
    for piece in cell(text).split(";"):
        assert not piece.strip().startswith(FORMULA)
    assert "\n" not in cell(text)


@pytest.mark.parametrize("every", [("core-db", "vault"), ("uplink",)])
def test_a_line_for_each_customer_and_service(every: tuple[str, ...]) -> None:
    inventory, impact = hit(*every)
    made = impact_csv(inventory, impact)
    rows = list(csv.reader(io.StringIO(made, newline="")))
    assert made.count("\r\n") == made.count("\n") == len(rows)
    assert tuple(rows[0]) == HEAD
    assert {(row[0], row[3], row[5]) for row in rows[1:]} == {
        (one.customer, service.service, service.level) for one in impact.customers for service in one.services
    }
    west = next(row for row in rows if row[0] == "west")
    assert all(char.isprintable() for char in west[1])
    assert ("vault" in {row[7] for row in rows}) is False


def test_a_customer_without_services_has_a_line() -> None:
    inventory, impact = hit("portal-nord")
    impact = replace(impact, customers=tuple(replace(one, services=()) for one in impact.customers))
    rows = list(csv.DictReader(io.StringIO(impact_csv(inventory, impact))))
    nord = next(row for row in rows if row["customer"] == "nord")
    assert (nord["service"], nord["state"], nord["their_systems_down"]) == ("", "", "portal-nord")


@pytest.mark.parametrize(
    ("names", "language", "name"),
    [
        ({"de": "Portal", "en": "portal"}, "de", "Portal"),
        ({"de": "Portal", "en": "portal"}, "de-CH", "Portal"),
        ({"de": "Portal", "en": "portal"}, "fr", "portal"),
        ({"": "P", "en": "portal"}, "fr", "P"),
        ({"de": "Portal"}, "fr", "Portal"),
        ({"de": "", "fr": ""}, "de", "id"),
        ({}, "de", "id"),
        ({"de": HOSTILE}, "de", HOSTILE),  # made harmless where it is shown, not here
    ],
)
def test_a_service_is_called_as_its_customer_speaks(names: dict[str, str], language: str, name: str) -> None:
    assert name_in(names, language, "id") == name
