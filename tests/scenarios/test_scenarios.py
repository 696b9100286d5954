"""Every golden scenario, found in its folder; and that the harness itself sees what is wrong."""

from pathlib import Path

import pytest

from tests.scenarios.harness import BadScenario, Scenario, scenarios

ALL = scenarios()
GOOD_REQUEST = "action: shutdown\n"
GOOD_ABOUT = "What a scenario for the harness is about.\n"


def test_there_are_scenarios() -> None:
    assert len(ALL) >= 200


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.folder.name)
def test_the_pages_are_as_expected(scenario: Scenario, tmp_path: Path) -> None:
    scenario.check()
    assert not (wrong := scenario.wrong(tmp_path)), "\n".join(wrong)


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


SMALL = "hosts: {h1: {}, h2: {}}\nsystems:\n  a: {kind: service, hosts: [h1]}\n  b: {kind: service, hosts: [h2]}\n"
NEEDS = SMALL.replace("hosts: [h2]", "hosts: [h2], requires: [a]")


def small(folder: Path, inventory: str, request: str) -> Scenario:
    """A scenario of two systems in a new folder."""
    folder.mkdir()
    for name, text in {"about.txt": GOOD_ABOUT, "inventory.yaml": inventory, "request.yaml": request}.items():
        (folder / name).write_text(text)
    return Scenario(folder)


def scratch(tmp_path: Path, name: str) -> Path:
    """A new empty folder."""
    (tmp_path / name).mkdir()
    return tmp_path / name


@pytest.mark.parametrize("estate", ["none", "{a: up}", "{a: [halt]}", "{a: [{mode: stop, host: h1}]}"])
def test_an_estate_that_nobody_understands_fails(estate: str, tmp_path: Path) -> None:
    one = small(tmp_path / "one", SMALL, f"action: restore\nestate: {estate}\n")
    with pytest.raises(BadScenario, match="estate"):
        one.pages(scratch(tmp_path, "scratch"))


def test_a_golden_that_is_missing_differs_or_is_too_many_fails(tmp_path: Path) -> None:
    one = small(tmp_path / "one", SMALL, GOOD_REQUEST)
    pages = one.pages(scratch(tmp_path, "first"))
    assert [wrong.partition(":")[0] for wrong in one.wrong(scratch(tmp_path, "none"))] == sorted(pages)
    for name, page in pages.items():
        (one.folder / name).write_text(page)
    assert one.wrong(scratch(tmp_path, "all")) == []
    (one.folder / "graph.txt").write_text("b  requires  a  estate.yaml:4\n")
    assert "+nobody needs anybody" in one.wrong(scratch(tmp_path, "other"))[0]


def test_another_request_is_another_plan_and_another_inventory_another_graph(tmp_path: Path) -> None:
    pages = [
        small(tmp_path / name, inventory, request).pages(scratch(tmp_path, f"in-{name}"))
        for name, inventory, request in [
            ("one", SMALL, GOOD_REQUEST),
            ("two", SMALL, GOOD_REQUEST + "mode: [isolate]\n"),
            ("three", NEEDS, GOOD_REQUEST),
        ]
    ]
    assert len({page["expected.txt"] for page in pages}) == 3
    assert pages[0]["graph.txt"] == pages[1]["graph.txt"] != pages[2]["graph.txt"]
