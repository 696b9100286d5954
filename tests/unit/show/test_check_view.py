"""What `orch check` shows of what it found: the first few of each, harmless, no wider than the terminal."""

import pytest

from orchestrator.model.errors import Problem
from orchestrator.model.source import Source
from orchestrator.plan.lints.finding import Finding
from orchestrator.show.check_view import lint_lines, problem_lines
from orchestrator.show.layout import Line

BAD = "\x1b]52;c;cm0=\x07\u202e[/nope]\u2028" + "x" * 300


def _text(lines: list[Line]) -> str:
    return "\n".join(each.plain for each in lines)


def _found(id: str, count: int, advice: str = "Mend it.") -> list[Finding]:
    return [Finding(id, Source(f"playbooks/{n}.yaml", n), f"{id} holds here.", advice) for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"L01": 1}, {"L01": 1}),
        ({"L01": 3}, {"L01": 3}),
        ({"L01": 8000}, {"L01": 3}),
        ({f"L{n:02}": 9 for n in range(1, 9)}, dict.fromkeys([f"L{n:02}" for n in range(1, 9)], 2)),
        ({f"L{n:02}": 9 for n in range(1, 25)}, dict.fromkeys([f"L{n:02}" for n in range(1, 25)], 1)),
    ],
)
def test_no_lint_drowns_the_others(counts: dict[str, int], shown: dict[str, int]) -> None:
    said = _text(lint_lines([one for id, count in counts.items() for one in _found(id, count)], 80))

    assert {id: said.count(f"[lint {id}]") for id in counts} == shown
    for id, count in counts.items():
        left = count - shown[id]
        assert (f"... and {left:,} more of {id}." in said) is (left > 0)
    assert ("Mend it." in said) is (len(counts) <= 8)


def test_advice_that_is_the_same_is_given_once() -> None:
    assert _text(lint_lines(_found("L01", 3), 80)).count("Mend it.") == 1
    assert _text(lint_lines([*_found("L01", 1), *_found("L01", 1, "Or not.")], 80)).count("Mend it.") == 1


@pytest.mark.parametrize("width", [40, 80, 160])
def test_hostile_words(width: int) -> None:
    source = Source(f"inventories/{BAD[:30]}.yaml", 3)
    lines = [*lint_lines([Finding("L18", source, BAD, BAD)], width), *problem_lines([Problem(source, BAD, BAD)], width)]

    assert not {"\x1b", "\x07", "\u202e", "\u2028"} & set(_text(lines))
    assert all(each.cell_len <= width for each in lines)
    assert (
        _text(lines).replace("\n", "").replace(" ", "").count("\\x1b]52;c;cm0=\\x07\\u202e[/nope]\\u2028xxx") == 6
    )  # twice each: place, text, advice
