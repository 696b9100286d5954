"""Text that is not ours can't act on a terminal, whichever way it comes in (principle 7)."""

import io
import unicodedata

import pytest
from rich.console import Console

from orchestrator.model.errors import FilesError, Problem, Refused, UsageError
from orchestrator.model.events import OperatorDid, StepChanged, TaskChanged
from orchestrator.model.source import Source
from orchestrator.model.terms import StepState, TaskState
from orchestrator.run.summary import summarise, task_notes
from orchestrator.run.timeline import timeline
from orchestrator.show.errors import error_lines, mistake_lines
from orchestrator.show.graph_view import Arrow, graph_lines
from orchestrator.show.layout import Line, line
from orchestrator.show.live_view import live_lines
from orchestrator.show.log_view import log_lines
from orchestrator.show.neutral import LIMIT, neutral, neutral_bytes, neutral_lines
from orchestrator.show.plain_lines import plain_line
from orchestrator.show.plan_view import plan_lines
from orchestrator.show.run_view import RunPage, run_lines
from tests.unit.show.fixtures import HOSTILE, hostile, night, view


def is_harmless(text: str) -> bool:
    return all(
        c == "\n" or (unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in {"Zl", "Zp"}) for c in text
    )


@pytest.mark.parametrize(
    ("hostile_text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x1b]52;c;ZXZpbA==\x07", "\\x1b]52;c;ZXZpbA==\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("tab\tcr\rnl\nend", "tab\\tcr\\rnl\\nend"),
        ("\x00\x05", "\\x00\\x05"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("[bold]no markup[/nope]", "[bold]no markup[/nope]"),
        ("Fördeland · ok", "Fördeland · ok"),
    ],
)
def test_one_line(hostile_text: str, shown: str) -> None:
    assert neutral(hostile_text) == shown


def test_newlines_are_kept_only_on_request() -> None:
    assert neutral_lines("a\nb\x1b") == "a\nb\\x1b"


def test_bytes_that_are_no_utf8_are_shown_as_such() -> None:
    assert neutral_bytes(b"ok\xff\r\nnext\x1b") == "ok\\xff\nnext\\x1b"


def test_length_is_bounded_and_says_so() -> None:
    assert neutral("x" * (LIMIT + 5)).endswith("x... (5 more characters)")


HOSTILE_EVENTS = (
    TaskChanged(task=hostile().tasks[0].id, state=TaskState.FAILED, why=HOSTILE, at="2026-03-01T02:39:00.000000Z"),
    StepChanged(
        task=hostile().tasks[0].id,
        step="stop.1",
        host=HOSTILE,
        attempt=1,
        state=StepState.FAILED,
        why=HOSTILE,
        at="2026-03-01T02:39:00.000000Z",
    ),
    OperatorDid.model_validate(
        {"did": "resolve", "task": hostile().tasks[0].id, "as": "hold", "by": HOSTILE, "reason": HOSTILE}
    ),
)


def hostile_screens(width: int) -> dict[str, list[Line]]:
    plan = hostile()
    problem = Problem(Source(HOSTILE, 1), HOSTILE, HOSTILE)
    run = RunPage(plan, summarise(plan, HOSTILE_EVENTS), task_notes(plan, HOSTILE_EVENTS), "0" * 64, busy=False)
    return {
        "plan": plan_lines(plan, width, untouched=True, every_system=False, commands=True, then=[HOSTILE]),
        "plan --all": plan_lines(plan, width, untouched=True, every_system=True, commands=False),
        "run": run_lines(run, width),
        "log": log_lines(timeline(plan, HOSTILE_EVENTS), width),
        "plain": [said for event in HOSTILE_EVENTS if (said := plain_line(event)) is not None],
        "error": error_lines(Refused(HOSTILE, HOSTILE), width),
        "usage": error_lines(UsageError(HOSTILE, HOSTILE), width),
        "files": error_lines(FilesError([problem]), width),
        "mistake": mistake_lines(HOSTILE, HOSTILE, HOSTILE, width),
        "graph": graph_lines([Arrow(HOSTILE, "b", (HOSTILE,))], [HOSTILE], width, depth=None),
    }


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("screen", sorted(hostile_screens(80)))
def test_no_screen_lets_a_hostile_string_through(screen: str, width: int) -> None:
    out = io.StringIO()
    console = Console(file=out, width=width, markup=False, emoji=False, highlight=False, color_system=None)
    for each in hostile_screens(width)[screen]:
        console.print(each, soft_wrap=True)

    assert is_harmless(out.getvalue())


def test_a_hostile_host_in_the_live_display() -> None:
    run = view()
    evil = [
        run.needs_you[0].__class__(HOSTILE, TaskState.FAILED, HOSTILE, 1.0, (HOSTILE,)),
        run.running[0].__class__(HOSTILE, HOSTILE, HOSTILE, 1.0, 1.0, 1.0),
    ]
    shown = live_lines(
        type(run)(
            **{
                **{name: getattr(run, name) for name in run.__slots__},
                "run": HOSTILE,
                "by": HOSTILE,
                "needs_you": (evil[0],),
                "running": (evil[1],),
            }
        ),
        80,
        24,
    )

    assert is_harmless("\n".join(each.plain for each in shown))


def test_markup_is_text() -> None:
    out = io.StringIO()
    Console(file=out, markup=True).print(line(f"{night().id} [/nope]"))

    assert "[/nope]" in out.getvalue()
