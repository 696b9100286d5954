"""What people see, word for word, at 80 and at 160 columns; and that no screen is wider than its terminal."""

import pytest
from rich.cells import cell_len

from tests.unit.show.screens import GOLDEN, SCREENS, WIDTHS, text

CASES = [(name, width) for name in SCREENS for width in WIDTHS]


@pytest.mark.parametrize(("name", "width"), CASES)
def test_screen_reads_as_agreed(name: str, width: int) -> None:
    expected = (GOLDEN / f"{name}-{width}.txt").read_text(encoding="utf-8")

    assert text(SCREENS[name](width)) == expected


@pytest.mark.parametrize("width", [60, 80, 97, 120, 160])
@pytest.mark.parametrize("name", [name for name in SCREENS if not name.startswith("plain")])
def test_no_line_is_wider_than_the_terminal_but_a_command_to_paste(name: str, width: int) -> None:
    too_wide = [each.plain for each in SCREENS[name](width) if cell_len(each.plain) > width]

    assert [each for each in too_wide if not each.startswith(("Next: orch ", "      orch "))] == []


def test_every_golden_belongs_to_a_screen() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {f"{name}-{width}" for name, width in CASES}
