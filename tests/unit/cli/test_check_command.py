"""`orch check`: what is wrong, what looks dangerous, and what a lint means (contract section 9)."""

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main as cli
from orchestrator.plan.lints.catalogue import CATALOGUE
from orchestrator.workspace.init import write_example
from tests.small_site import write_site

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORCH_WORKSPACE", raising=False)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The workspace that `orch init` makes."""
    write_example(tmp_path / "site")
    return tmp_path / "site"


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def _document(capsys: pytest.CaptureFixture[str], *line: str) -> dict[str, Any]:
    cli.run(["check", *line, "--json"])
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


# --- exit codes and what stands where


def test_lints_alone_are_no_error(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "-C", str(site)]) == 0

    said = capsys.readouterr().out
    assert "will be refused.  [lint L06]" in " ".join(said.split()).replace(" [lint", "  [lint")
    assert "nothing wrong, 2 lints in 6 files" in said
    assert said.endswith("Next: orch check --explain L06\n")


def test_errors_come_first_and_lints_where_they_can_be_looked_for(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _change(site / "inventories" / "example.yaml", "requires: [db]", "requires: [db, portal]")

    assert cli.run(["check", "-C", str(site)]) == 2

    said = capsys.readouterr().out
    assert said.startswith("loop on the way down")
    assert said.index("loop") < said.index("[lint L06]") < said.index("1 error, 2 lints in 6 files")


def test_files_that_cannot_be_read_keep_the_lints_back(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _change(site / "inventories" / "example.yaml", "requires: [db]", "requires: [dbb]")

    assert cli.run(["check", "-C", str(site)]) == 2

    said = " ".join(capsys.readouterr().out.split())
    assert "[lint" not in said
    assert "What looks dangerous is said once these are mended." in said


def test_the_shipped_estate_has_no_lint_that_is_not_meant(capsys: pytest.CaptureFixture[str]) -> None:
    said = _document(capsys, "-C", str(ROOT))

    assert [(lint["id"], lint["path"]) for lint in said["lints"]] == [
        ("L13", "playbooks/storage.yaml"),  # an array must not be told twice to restart
        *[("L03", "inventories/krankenkassen/zones.yaml")] * 4,
        ("L18", "inventories/krankenkassen/vault.yaml"),
    ]


def test_json_has_all_of_them(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _document(capsys, "-C", str(site))

    assert said["format"] == "orch-check/1"
    assert said["errors"] == []
    first = said["lints"][0]
    assert list(first) == ["id", "path", "line", "what", "advice", "about"]
    assert (first["id"], first["path"], first["about"]) == (
        "L06",
        "known_hosts",
        ["app-01", "db-01", "gw-01", "web-01"],
    )


# --- several inventories share the playbooks and the protocol


def _two_inventories(root: Path) -> Path:
    write_site(root)
    (root / "playbooks" / "seldom.yaml").write_text("kind: seldom\n", encoding="utf-8")
    other = "systems: {x: {kind: seldom, hosts: [h]}}\nhosts: {h: {address: 10.0.0.9}}\n"
    (root / "inventories" / "other.yaml").write_text(other, encoding="utf-8")
    return root


@pytest.mark.parametrize("line", [(), ("-i", "small"), ("-i", "other")], ids=" ".join)
def test_a_playbook_is_used_where_any_inventory_uses_it(
    line: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _document(capsys, "-C", str(_two_inventories(tmp_path / "two")), *line)

    assert "L22" not in [lint["id"] for lint in said["lints"]]


def test_a_playbook_that_none_uses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = _two_inventories(tmp_path / "two")
    (root / "playbooks" / "nobodys.yaml").write_text("kind: nobodys\n", encoding="utf-8")

    said = _document(capsys, "-C", str(root))

    assert [lint["path"] for lint in said["lints"] if lint["id"] == "L22"] == ["playbooks/nobodys.yaml"]


# --- key files


@pytest.mark.parametrize(
    ("mode", "said"),
    [(None, "is not there"), (0o644, "is open to others on this machine (-rw-r--r--)"), (0o600, "")],
)
def test_key_files_are_looked_at(mode: int | None, said: str, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _change(site / "inventories" / "example.yaml", "{user: orch, port: 22}", "{user: orch, identity: keys/orch}")
    if mode is not None:
        (site / "keys").mkdir()
        (site / "keys" / "orch").write_text("never read", encoding="utf-8")
        (site / "keys" / "orch").chmod(mode)

    found = [str(lint["what"]) for lint in _document(capsys, "-C", str(site))["lints"] if lint["id"] == "L07"]

    assert len(found) == bool(said)
    assert all(said in what for what in found)


# --- what a lint means


@pytest.mark.parametrize("id", CATALOGUE)
def test_every_lint_is_explained(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "--explain", id]) == 0

    said = capsys.readouterr().out
    assert said.startswith(f"{id}  ")
    assert len(said.splitlines()) <= 32, "one screen"
    assert max(map(len, said.splitlines())) <= 80


def test_all_lints_on_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "--explain", "all"]) == 0

    said = capsys.readouterr().out.splitlines()
    assert [line[:3] for line in said] == [*CATALOGUE, "Nex"]


@pytest.mark.parametrize(("asked", "count"), [("l12", 1), ("all", len(CATALOGUE))])
def test_explained_as_json(asked: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "--explain", asked, "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    assert said["format"] == "orch-lints/1"
    assert len(said["lints"]) == count
    assert {"id", "title", "danger", "means", "night", "do", "wrong", "right"} <= said["lints"][0].keys()


@pytest.mark.parametrize("asked", ["L99", "", "is-active", "\x1b[2J", "x" * 5000])
def test_an_unknown_lint_is_2(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "--explain", asked]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert "is no lint." in " ".join(said.err.split())
    assert "orch check --explain all" in " ".join(said.err.split())
    assert "\x1b" not in said.err


def test_help_says_that_lints_are_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["check", "--help"])

    assert "leaves 0" in " ".join(capsys.readouterr().out.split())
