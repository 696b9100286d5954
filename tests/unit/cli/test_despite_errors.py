"""`orch shutdown --despite-errors` at the command line: when it is offered, what it says, and that a plan keeps it."""

import json
from pathlib import Path

import pytest

from orchestrator.cli import main as cli
from orchestrator.workspace.init import write_example

LOOP = "  gw: {runs_on: hv}\n  hv-h: {zone: z}\nsystems:\n"


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ORCH_AS", "ORCH_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A small workspace in which one system's entry is wrong, in line 5."""
    where = tmp_path / "site"
    write_example(where)
    for path in (where / "inventories").rglob("*.yaml"):
        path.unlink()
    (where / "protocol.yaml").unlink(missing_ok=True)
    text = "hosts: {h1: {}, h2: {}}\nsystems:\n"
    text += "  db: {kind: systemd-service, hosts: [h2], vars: {unit: db, port: 1}}\n"
    text += "\n  app: {kind: systemd-service, hosts: [h1], vars: {unit: app, port: 1}, requires: [db, dbb]}\n"
    (where / "inventories").mkdir(exist_ok=True)
    (where / "inventories" / "i.yaml").write_text(text, encoding="utf-8")
    return where


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What stands on stdout and on stderr, as one line each."""
    got = capsys.readouterr()
    return " ".join(got.out.split()), " ".join(got.err.split())


def test_the_refusal_says_that_there_is_a_way_past_it(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["shutdown", "app", "--dry-run", "-C", str(site)]) == 2
    out, err = said(capsys)
    assert out == ""
    assert "app requires dbb, which does not exist." in err
    assert (
        f"If it can't wait, orch shutdown app --despite-errors -C {site} goes on with the rest: 1 system would be"
        in err
    )


@pytest.mark.parametrize("line", [["restore", "--dry-run"], ["check"], ["graph"]], ids=" ".join)
def test_nothing_else_offers_it(line: list[str], site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*line, "-C", str(site)]) == 2
    assert "despite" not in "".join(said(capsys))
    assert cli.run([*line, "--despite-errors", "-C", str(site)]) == 2
    assert "No such option" in said(capsys)[1]


def test_it_is_not_offered_where_it_would_not_help(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "inventories" / "i.yaml").open("a", encoding="utf-8").write("defaults: {host: {}}\n")
    assert cli.run(["shutdown", "--dry-run", "-C", str(site)]) == 2
    assert "--despite-errors can't go past 1 of them either." in said(capsys)[1]
    assert cli.run(["shutdown", "--dry-run", "--despite-errors", "-C", str(site)]) == 2
    err = said(capsys)[1]
    assert 'unknown key "host"' in err
    assert "dbb" not in err
    assert "It would go past 1 other; to see all: orch check" in err


def test_the_first_lines_say_what_was_gone_past(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["shutdown", "--dry-run", "--despite-errors", "-C", str(site)]) == 0
    lines = capsys.readouterr().out.splitlines()
    warns = [line for line in lines if line.startswith("! ")]
    assert (
        warns[0] == "! 1 error in the files gone past (--despite-errors): 1 system is done by a person, first of all."
    )
    assert warns[1].startswith("! inventories/i.yaml:5  app requires dbb, which does not exist. Did you mean db ")
    assert warns[1].endswith("By hand: app.")
    assert lines[-1] == f"Next: orch shutdown --despite-errors -C {site} --as YOU"


def test_many_errors_leave_room_for_the_plan(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    systems = "".join(f"  s{n}: {{kind: nothing-{n}}}\n" for n in range(80))
    (site / "inventories" / "i.yaml").open("a", encoding="utf-8").write(systems)
    assert cli.run(["shutdown", "--dry-run", "--despite-errors", "-C", str(site)]) == 0
    out = capsys.readouterr().out
    assert out.count("By hand: ") == 8
    assert "! ... and 73 more; --all shows every one." in out
    assert cli.run(["shutdown", "--dry-run", "--despite-errors", "--json", "-C", str(site)]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert sum("By hand: " in warn["text"] for warn in plan["warnings"]) == 81


def test_what_a_file_says_is_shown_neutralised(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "inventories" / "i.yaml").open("a", encoding="utf-8").write("  x: {kind: svc, '\u202eevil': 1}\n")
    assert cli.run(["shutdown", "--dry-run", "--despite-errors", "--commands", "-C", str(site)]) == 0
    assert "\u202e" not in capsys.readouterr().out


def plan_file(site: Path) -> list[str]:
    """A plan that goes past the error, in `night.json`, and the line that applies it."""
    line = ["shutdown", "--dry-run", "--despite-errors", "--out", "night.json", "--as", "o.lang", "-C", str(site)]
    assert cli.run(line) == 0
    return ["apply", "night.json", "--as", "o.lang", "-C", str(site)]


def test_a_plan_file_says_that_it_goes_past_errors(site: Path) -> None:
    plan_file(site)
    plan = json.loads(Path("night.json").read_text(encoding="utf-8"))
    assert plan["request"]["despite_errors"] is True
    first = plan["tasks"][0]
    assert (first["id"], first["hosts"], [step["manual"][:24] for step in first["steps"]]) == (
        "app",
        ["-"],
        ["take app offline by hand"],
    )


def test_such_a_plan_is_read_again_as_it_was(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    apply = plan_file(site)
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    assert cli.run(apply) == 3
    assert "no confirmation" in said(capsys)[1]
    assert cli.run(["plan", "diff", "night.json", "--now", "-C", str(site)]) == 0
    assert "would not be refused" in said(capsys)[0]


def test_it_is_stale_once_the_error_is_mended(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apply = plan_file(site)
    file = site / "inventories" / "i.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(", dbb", ""), encoding="utf-8")
    capsys.readouterr()
    assert cli.run([*apply, "--yes"]) == 3
    assert "no longer what planning it again gives" in said(capsys)[1]


def test_a_restore_plan_that_says_so_is_read_without_errors_only(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apply = plan_file(site)
    plan = json.loads(Path("night.json").read_text(encoding="utf-8"))
    plan["action"] = "restore"
    for task in plan["tasks"]:
        task["undoes"] = [task.pop("mode")]
    Path("night.json").write_text(json.dumps(plan), encoding="utf-8")
    capsys.readouterr()
    assert cli.run([*apply, "--yes"]) == 2
    assert "dbb, which does not exist" in said(capsys)[1]
