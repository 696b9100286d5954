"""`orch graph`: the tree, the document, the pictures, and what is never overwritten."""

import json
import os
from pathlib import Path

import pytest

from orchestrator.cli import graph_pictures
from orchestrator.cli import main as cli
from orchestrator.show.drawing import dot_text, graphviz, svg
from tests.small_site import write_site

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ORCH_WORKSPACE", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.chdir(write_site(site))


@pytest.fixture
def _no_graphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphviz, "program", lambda: None)


def said(capsys: pytest.CaptureFixture[str], *line: str, code: int = 0) -> tuple[str, str]:
    """What a command line answers."""
    assert cli.run(["graph", *line]) == code
    captured = capsys.readouterr()
    return captured.out, captured.err


# --- the tree


def test_around_a_selection_stands_who_needs_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "hyper")

    assert out.splitlines() == [
        "hyper",
        "└─ bastion  control-path",
        "   └─ firewall  actuator",
        "3 systems; each needs what stands below it. Needs that another need brings along",
        "are left out.",
        "",
        "Needed by",
        "hyper",
        "└─ db  requires, runs-on, actuator",
        "2 systems need it: what stands below needs what it stands under. 1 of them is",
        "further away than that: --depth 2",
    ]


def test_depth_holds_both_ways(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "hyper", "--depth", "2")
    assert "   └─ app  requires (or another)" in out.splitlines()

    out, _ = said(capsys, "db", "--depth", "0")
    assert out.splitlines()[0] == "db"
    assert "hyper" not in out


def test_what_nobody_needs(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "store")

    assert out.splitlines()[-1] == "Nothing else needs it."


def test_what_you_come_in_by_is_needed_by_everything(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "vpn-muc", "-C", str(ROOT), "-i", "krankenkassen")

    assert "Everything needs vpn-muc, as it is your own way in (control-path)." in out
    assert "Nothing else" not in out


def test_what_was_asked_for_is_opened_even_where_it_was_named_before(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "app", "db", "--depth", "1")

    assert out.splitlines()[:2] == ["app", "├─ db  requires (or another)"]
    assert "db" in out.splitlines()
    assert "└─ hyper  requires, runs-on, actuator" in out.splitlines()


def test_the_whole_estate_has_no_second_tree(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys)

    assert "eeded by" not in out
    assert "7 systems;" in out


# --- the document


def test_json_leaves_no_need_out(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(said(capsys, "--json")[0])

    assert document["format"] == "orch-graph/1"
    assert [node["id"] for node in document["nodes"]] == ["app", "bastion", "db", "firewall", "hyper", "mail", "store"]
    assert {"from": "db", "to": "bastion", "reason": "control-path", "source": "inventories/small.yaml:7",
            "choice": False} in document["edges"]  # fmt: skip


def test_json_around_a_selection(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(said(capsys, "db", "--depth", "1", "--json")[0])

    nodes = {node["id"]: (node["needed_at"], node["needs_it_at"]) for node in document["nodes"]}
    assert nodes == {
        "db": (0, 0), "hyper": (1, None), "bastion": (1, None), "app": (None, 1)
    }  # fmt: skip
    assert {edge["from"] for edge in document["edges"]} == {"app", "db", "hyper"}


# --- pictures


@pytest.mark.parametrize("line", [[], ["db"], ["db", "--depth", "1"], ["--group"], ["--every"], ["--layout", "own"]])
def test_pictures_of_all_kinds(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(capsys, *line, "--svg", "x.svg", "--dot", "x.dot")

    assert err == ""
    assert "x.dot: " in out
    assert "x.svg: " in out
    assert Path("x.svg").read_text(encoding="ascii").startswith(f'<?xml version="1.0" encoding="UTF-8"?>\n{svg.MARK}\n')
    assert Path("x.dot").read_text(encoding="ascii").startswith(f"{dot_text.MARK}\n")
    assert Path("x.svg").stat().st_mode & 0o777 == 0o600, "it shows what hangs on what"

    first = Path("x.svg").read_bytes(), Path("x.dot").read_bytes()
    said(capsys, *line, "--svg", "x.svg", "--dot", "x.dot")
    assert (Path("x.svg").read_bytes(), Path("x.dot").read_bytes()) == first


def test_a_picture_of_a_selection_shows_what_lies_around_it(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "db", "--depth", "1", "--svg", "db.svg")

    text = Path("db.svg").read_text(encoding="ascii")
    assert "Around db" in text
    assert "up to 1 need away, both ways" in text
    assert ">1 of 4 systems</tspan>" in text, "the box says how much of its zone is drawn"
    assert [name for name in ("app", "bastion", "db", "firewall", "hyper", "mail", "store") if f">{name}</text>" in text
            ] == ["app", "db", "hyper"]  # fmt: skip


def test_to_stdout_goes_the_picture_alone(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(capsys, "--svg", "-", "--dot", "beside.dot")

    assert out.startswith("<?xml")
    assert out.endswith("</svg>\n")
    assert "beside.dot: 7 systems in 2 zones" in err


@pytest.mark.usefixtures("_no_graphviz")
def test_without_graphviz_our_own_stages_place_it(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(capsys, "--svg", "x.svg")
    assert "placed by orch's own stages" in out
    assert err == ""

    _, err = said(capsys, "--svg", "x.svg", "--layout", "graphviz")
    assert "graphviz is not there" in err


def test_where_graphviz_fails_it_says_so_and_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "dot"
    broken.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    broken.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))

    out, err = said(capsys, "--svg", "x.svg")

    assert "gave no answer; orch's own stages place the picture." in " ".join(err.split())
    assert "placed by orch's own stages" in " ".join(out.split())


@pytest.mark.skipif(graphviz.program() is None, reason="graphviz is not installed: there is no program dot")
def test_graphviz_places_it_where_it_is_asked_to(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(capsys, "--svg", "x.svg", "--layout", "graphviz")

    assert "placed by graphviz" in out
    assert err == ""


def test_too_many_for_one_picture(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_pictures, "EVERY_AT_MOST", 5)

    _, err = said(capsys, "--every", "--svg", "x.svg", code=2)
    assert "7 systems are too many for a picture of every one" in " ".join(err.split())
    assert not Path("x.svg").exists()

    said(capsys, "--every", "--dot", "x.dot")
    assert Path("x.dot").exists()


# --- where a picture may be written


def of_others() -> dict[str, str]:
    """File -> what it holds."""
    return {
        "notes.txt": "mine",
        "photo.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "night.plan": '{"format": 1}',
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "names no file"),
        ("inventories/small.yaml", "no name for a picture"),
        ("new.yaml", "no name for a picture"),
        ("night.json", "no name for a picture"),
        ("notes.txt", "no picture that orch drew; it was left as it is"),
        ("photo.svg", "no picture that orch drew; it was left as it is"),
        ("night.plan", "no picture that orch drew"),
        ("link.svg", "no picture that orch drew"),
        ("own-link", "no picture that orch drew"),
        ("dangling.svg", "no picture that orch drew"),
        ("/dev/null", "no picture that orch drew"),
        ("inventories", "is a folder"),
        ("runs/x.svg", "where only runs are kept"),
        ("inventories/../runs/r/x.svg", "where only runs are kept"),
        ("nowhere/x.svg", "is no folder"),
    ],
)
@pytest.mark.parametrize("option", ["--svg", "--dot"])
def test_nothing_but_our_own_pictures_is_overwritten(
    option: str, name: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for file, text in of_others().items():
        Path(file).write_text(text, encoding="utf-8")
    Path("link.svg").symlink_to("notes.txt")
    Path("dangling.svg").symlink_to("nothing.svg")
    Path("own").write_text(f"{svg.MARK}{dot_text.MARK}", encoding="utf-8")
    Path("own-link").symlink_to("own")
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}

    out, err = said(capsys, option, name, code=2)

    assert words in " ".join(err.split())
    assert out == ""
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
    assert Path("/dev/null").is_char_device()


def test_an_svg_is_not_written_over_a_dot(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "--dot", "x")

    said(capsys, "--svg", "x", code=2)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_takes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("closed").mkdir(mode=0o500)

    _, err = said(capsys, "--svg", "closed/x.svg", code=2)

    assert "could not be written" in err


@pytest.mark.parametrize(
    "line",
    [
        ["--group", "--every", "--svg", "x.svg"],
        ["--json", "--svg", "x.svg"],
        ["--svg", "x", "--dot", "x"],
        ["--svg", "-", "--dot", "-"],
        ["nobody", "--svg", "x.svg"],
        ["--layout", "neato", "--svg", "x.svg"],
        ["--depth", "-1"],
    ],
    ids=" ".join,
)
def test_what_makes_no_sense(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(capsys, *line, code=2)

    assert out == ""
    assert err
    assert not Path("x.svg").exists()


def test_the_shipped_estate_can_be_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "--svg", "estate.svg", "-C", str(ROOT), "-i", "krankenkassen")

    assert "83 systems in 9 zones" in out
    assert "as a whole" not in Path("estate.svg").read_text(encoding="ascii"), "each is drawn"
