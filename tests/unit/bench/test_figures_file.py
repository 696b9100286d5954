"""The benchmark fills its own places of a page and touches nothing else."""

from pathlib import Path

import pytest

from bench.figures_file import fill
from bench.table import Figure, columns, table

PLANNING = "<!-- measured: planning -->\nold\n<!-- end -->\n"
PAGE = f"# Figures\n\n{PLANNING}said by people\n<!-- measured: help -->\n<!-- end -->\n"


def test_each_row_has_its_place(tmp_path: Path) -> None:
    page = tmp_path / "figures.md"
    page.write_text(PAGE)
    fill(page, {"help": "2 <!-- x", "planning": "1"})
    assert page.read_text() == (
        "# Figures\n\n<!-- measured: planning -->\n\n1\n\n<!-- end -->\nsaid by people\n"
        "<!-- measured: help -->\n\n2 <!-- x\n\n<!-- end -->\n"
    )
    fill(page, {"planning": "again"})
    assert "\n\nagain\n\n" in page.read_text()


@pytest.mark.parametrize("row", ["fanout", "plan"])
def test_a_row_without_a_place_leaves_the_page_as_it_is(row: str, tmp_path: Path) -> None:
    page = tmp_path / "figures.md"
    page.write_text(PAGE)
    with pytest.raises(KeyError, match=row):
        fill(page, {"help": "2", row: "1"})
    assert page.read_text() == PAGE


def test_the_page_of_this_repository_has_a_place_for_every_row(tmp_path: Path) -> None:
    from bench.__main__ import ROWS

    page = tmp_path / "figures.md"
    page.write_text((Path(__file__).parents[3] / "docs" / "figures.md").read_text())
    fill(page, dict.fromkeys(ROWS, "measured"))
    assert page.read_text().count("\n\nmeasured\n\n") == len(ROWS)


def test_tables_are_as_wide_as_their_longest_cell() -> None:
    assert columns([["a", "bb"], ["ccc", "d"]]) == "| a   | bb |\n| --- | -- |\n| ccc | d  |"


def test_a_figure_says_whether_what_is_asked_is_met() -> None:
    lines = table(
        [Figure("x", "1 s", "2 s", 1.234, "y", True), Figure("z", "3 s", "2 s", met=False), Figure("w", "4 s")]
    )
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines.splitlines()]
    assert cells[0] == ["what", "asked", "measured", "ratio", "compared with", "met"]
    assert cells[2:] == [
        ["x", "2 s", "1 s", "1.23", "y", "yes"],
        ["z", "2 s", "3 s", "", "", "**no**"],
        ["w", "", "4 s", "", "", ""],
    ]
