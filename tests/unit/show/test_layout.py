"""Folding loses nothing, cutting says so, and columns share what there is."""

import pytest

from orchestrator.show.layout import Column, cut, fold, pad, para, some, table
from orchestrator.show.next_steps import short_run
from orchestrator.show.plan_table import ranges
from orchestrator.show.words import about


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [("core-db", 10, "core-db"), ("core-database", 10, "core-da..."), ("überübung", 6, "übe..."), ("abc", 2, "..")],
)
def test_cut(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown


def test_wide_characters_count_as_two() -> None:
    assert pad("日本", 6) == "日本  "


@pytest.mark.parametrize(
    ("names", "width", "noun", "shown"),
    [
        (["a", "b"], 10, "", "a, b"),
        (["app-01", "app-02", "app-03"], 12, "", "app-01 +2"),
        (["a-very-long-name", "b"], 9, "", "a-v... +1"),
        (["a-very-long-name", "b"], 9, "hosts", "2 hosts"),
        ([], 9, "", ""),
    ],
)
def test_some(names: list[str], width: int, noun: str, shown: str) -> None:
    assert some(names, width, noun=noun) == shown


@pytest.mark.parametrize("width", [8, 13, 20, 80])
def test_folding_loses_nothing_but_spaces_at_breaks(width: int) -> None:
    text = "sh -c 'test \"$(virsh domstate x)\" = off' && a-word-that-is-longer-than-any-line-could-ever-be end"

    lines = fold(text, width)

    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(len(each) <= width for each in lines)


def test_a_paragraph_hangs_under_its_text() -> None:
    assert [each.plain for each in para("! ", "one two three four", 11)] == ["! one two", "  three", "  four"]


def test_columns_without_greed_get_what_they_need() -> None:
    columns = (Column("n", right=True), Column("names", least=6, greed=1))

    lines = table(columns, [["7", ["alpha", "beta", "gamma"]]], 16)

    assert [each.plain for each in lines] == [" n  names", " 7  alpha +2"]


@pytest.mark.parametrize(
    ("names", "together"),
    [
        (["web-01", "web-02", "web-03"], ["web-01..03"]),
        (["db-01", "db-02"], ["db-01,02"]),
        (["db-01", "db-04", "x"], ["db-01,04", "x"]),
        (["a-9", "a-10"], ["a-9", "a-10"]),
    ],
)
def test_ranges(names: list[str], together: list[str]) -> None:
    assert ranges(names) == together


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (99, "99 s"),
        (100, "2 min"),
        (840, "14 min"),
        (6600, "1 h 50 min"),
        (7200, "2 h"),
        (180000, "2 d 2 h"),
    ],
)
def test_about(seconds: float, said: str) -> None:
    assert about(seconds) == said


def test_a_run_is_named_by_its_shortest_beginning() -> None:
    runs = {"20260301-0214-shutdown-7f3a", "20260301-0214-restore-11aa", "20260302-0900-shutdown-77aa"}

    assert short_run("20260302-0900-shutdown-77aa", runs) == "20260302-0900"
    assert short_run("20260301-0214-restore-11aa", runs) == "20260301-0214-restore"
