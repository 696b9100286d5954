"""Every golden scenario, found in its folder; and that the harness itself sees what is wrong."""

from pathlib import Path

import pytest

from tests.scenarios.harness import BadScenario, Scenario, scenarios

ALL = scenarios()
GOOD_REQUEST = "action: shutdown\n"
GOOD_ABOUT = "What a scenario for the harness is about.\n"


def test_there_are_scenarios() -> None:
    assert len(ALL) >= 30


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.folder.name)
def test_the_page_is_as_expected(scenario: Scenario, tmp_path: Path) -> None:
    scenario.check()
    assert scenario.expected.exists(), "no golden: python -m tests.scenarios.regenerate, then read it"
    assert scenario.page(tmp_path) == scenario.expected.read_text()


def test_no_two_scenarios_are_about_the_same() -> None:
    abouts = [(scenario.folder / "about.txt").read_text() for scenario in ALL]
    assert len(set(abouts)) == len(abouts)


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({}, "is missing"),
        ({"about.txt": GOOD_ABOUT, "request.yaml": GOOD_REQUEST}, "inventory.yaml is missing"),
        (
            {"about.txt": GOOD_ABOUT, "request.yaml": GOOD_REQUEST, "inventory.yaml": "", "notes.md": ""},
            "nobody reads notes.md",
        ),
        (
            {"about.txt": GOOD_ABOUT, "request.yaml": GOOD_REQUEST + "selcet: [a]\n", "inventory.yaml": ""},
            "unknown key selcet",
        ),
        ({"about.txt": GOOD_ABOUT, "request.yaml": "select: [a]\n", "inventory.yaml": ""}, "needs an action"),
        ({"about.txt": "short\n", "request.yaml": GOOD_REQUEST, "inventory.yaml": ""}, "about.txt is one line"),
    ],
)
def test_a_folder_that_is_no_scenario_fails(files: dict[str, str], complaint: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(BadScenario, match=complaint):
        Scenario(tmp_path).check()


def test_another_plan_is_another_page(tmp_path: Path) -> None:
    folder, scratch = tmp_path / "one", tmp_path / "scratch"
    folder.mkdir()
    (folder / "inventory.yaml").write_text("hosts: {h1: {}}\nsystems:\n  a: {kind: service, hosts: [h1]}\n")
    pages = set()
    for number, request in enumerate(("action: shutdown\n", "action: shutdown\nmode: [isolate]\n")):
        (folder / "request.yaml").write_text(request)
        workspace = scratch / str(number)
        workspace.mkdir(parents=True)
        pages.add(Scenario(folder).page(workspace))
    assert len(pages) == 2
