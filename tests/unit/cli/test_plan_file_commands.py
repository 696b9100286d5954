"""`orch plan show --task`, `orch plan diff`, and the refusal of a stale plan, which shows the same difference."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main as cli
from tests.small_site import write_site

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ORCH_AS", raising=False)
    monkeypatch.delenv("ORCH_WORKSPACE", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def site(tmp_path: Path, capsys: Captured) -> Path:
    """A workspace, and beside it night.json, a plan that was made there."""
    where = write_site(tmp_path / "site", protocol=True)
    assert cli.run(["shutdown", "--dry-run", "--out", "night.json", "--as", "o.lang", "-C", str(where)]) == 0
    capsys.readouterr()
    return where


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def change_plan(what: Callable[[dict[str, Any]], object]) -> None:
    plan = json.loads(Path("night.json").read_text())
    what(plan)
    Path("night.json").write_text(json.dumps(plan))


# --- plan show --task


def test_one_task_is_shown_whole(site: Path, capsys: Captured) -> None:
    assert cli.run(["plan", "show", "night.json", "--task", "db"]) == 0

    said = capsys.readouterr().out
    assert said.startswith("db: stop, stage ")
    assert "db-1 10.2.0.11:22 as orch, linux, zone data, through gate (10.1.0.1)" in said
    assert "inventories/small.yaml:" in said


def test_tasks_by_name_and_glob_come_in_the_order_of_the_plan(site: Path, capsys: Captured) -> None:
    assert cli.run(["plan", "show", "night.json", "--json", "--task", "hyper", "--task", "d*"]) == 0

    said = json.loads(capsys.readouterr().out)
    assert said["format"] == "orch-plan-task/1"
    assert [each["task"]["id"] for each in said["tasks"]] == ["db", "hyper"]
    db = said["tasks"][0]
    assert sorted(db["hosts"]) == ["db-1", "db-2", "gate", "hv"]
    assert {"task": "hyper", "reason": "runs-on"} in [
        {"task": each["task"], "reason": each["reason"]} for each in db["needed_by"]
    ]


@pytest.mark.parametrize(("name", "advice"), [("dbb", "Did you mean db?"), ("zzz", "orch plan show night.json --all")])
def test_a_task_that_is_not_there(name: str, advice: str, site: Path, capsys: Captured) -> None:
    assert cli.run(["plan", "show", "night.json", "--task", name]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert f'"{name}" is no task of ' in said.err
    assert advice in said.err


# --- plan diff


@pytest.mark.parametrize("line", [[], ["night.json", "--now"]], ids=["nothing", "both"])
def test_a_plan_is_compared_with_one_thing(line: list[str], site: Path, capsys: Captured) -> None:
    assert cli.run(["plan", "diff", "night.json", *line, "-C", str(site)]) == 2
    assert "with one thing" in capsys.readouterr().err


def test_nothing_has_changed(site: Path, capsys: Captured) -> None:
    assert cli.run(["plan", "diff", "night.json", "--now", "-C", str(site)]) == 0

    said = capsys.readouterr().out
    assert said.startswith("no difference\norch apply night.json would not be refused")
    assert f"Next: orch apply night.json -C {site} --as YOU" in " ".join(said.split())


def test_planning_again_gives_the_same_bytes(site: Path, capsys: Captured) -> None:
    assert cli.run(["plan", "diff", "night.json", "--now", "-C", str(site), "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    assert said["format"] == "orch-plan-diff/1"
    assert said["fresh"] is True
    assert said["apply_is_refused"] == []
    assert said["old"]["sha256"] == said["new"]["sha256"]


@pytest.mark.parametrize(
    ("file", "old", "new", "shown"),
    [
        ("inventories/small.yaml", "10.2.0.11", "10.2.0.99", "db-1  address: 10.2.0.11 -> 10.2.0.99"),
        ("inventories/small.yaml", "{gateway: gate, ", "{", "the way to it: gate -> none"),
        (
            "inventories/small.yaml",
            "  store: {",
            "  till: {kind: service, hosts: [app], vars: {unit: t}}\n  store: {",
            "+ till",
        ),
        ("inventories/small.yaml", "    requires: [hyper]\n", "    requires: []\n", "no longer waits for db (requires"),
        ("playbooks/service.yaml", "systemctl, stop,", "systemctl, kill,", "- $ LC_ALL=C sudo -n -- systemctl stop"),
        ("playbooks/service.yaml", "expect: 6s, on_failure", "timeout: 9s, expect: 6s, on_failure", "[at most 0:09,"),
        ("protocol.yaml", "# who decides", "# who says so", "protocol.yaml has changed"),
    ],
)
def test_what_changed_is_shown_and_refused_alike(
    file: str, old: str, new: str, shown: str, site: Path, capsys: Captured
) -> None:
    change(site / file, old, new)

    assert cli.run(["plan", "diff", "night.json", "--now", "-C", str(site)]) == 0
    page = capsys.readouterr().out
    assert "orch apply night.json would be refused" in page
    assert shown in page
    assert cli.run(["plan", "diff", "night.json", "--now", "--json", "-C", str(site)]) == 0
    assert json.loads(capsys.readouterr().out)["fresh"] is False

    assert cli.run(["apply", "night.json", "--yes", "--as", "o.lang", "-C", str(site)]) == 3
    refused = capsys.readouterr().err
    assert refused.startswith("REFUSED: night.json is no longer what planning it again gives:\n")
    assert page.splitlines()[0] == refused.splitlines()[1]
    assert shown in refused
    assert f"orch plan diff night.json --now --all -C {site}" in " ".join(refused.split())
    assert not (site / "runs").exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "shown"),
    [
        ("inventories/small.yaml", "customers:\n", "\n\ncustomers:\n", "where a need is written: "),
        ("playbooks/service.yaml", "expect: 10s", "expect: 11s", "usual duration of a step: "),
        ("inventories/small.yaml", "name: BKK Nord", "name: BKK Norden", "customers hit: in another way bkk-nord"),
    ],
)
def test_what_does_not_matter_is_shown_and_not_refused(
    file: str, old: str, new: str, shown: str, site: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    change(site / file, old, new)

    assert cli.run(["plan", "diff", "night.json", "--now", "-C", str(site)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("no difference that matters, of ")
    assert shown in said.split("What does not matter")[1]
    assert cli.run(["apply", "night.json", "--as", "o.lang", "-C", str(site)]) == 3
    assert "no confirmation" in capsys.readouterr().err


def test_a_plan_that_can_no_longer_be_planned_is_stale(site: Path, capsys: Captured) -> None:
    assert cli.run(["shutdown", "db", "--dry-run", "--out", "db.json", "-C", str(site)]) == 0
    change(site / "inventories" / "small.yaml", "  db:\n", "  dbx:\n")
    change(site / "inventories" / "small.yaml", "any: [db,", "any: [dbx,")
    capsys.readouterr()

    for line in (["plan", "diff", "db.json", "--now"], ["apply", "db.json", "--yes", "--as", "o.lang"]):
        assert cli.run([*line, "-C", str(site)]) == 3
        assert 'db.json is stale: planning it again gives nothing, since "db" matches no system.' in " ".join(
            capsys.readouterr().err.split()
        )


def test_two_files(site: Path, capsys: Captured) -> None:
    assert cli.run(["shutdown", "db", "--dry-run", "--out", "db.json", "-C", str(site)]) == 0
    capsys.readouterr()

    assert cli.run(["plan", "diff", "night.json", "db.json"]) == 0
    said = capsys.readouterr().out
    assert "They were not asked for in the same words: orch shutdown, and orch shutdown db." in said
    assert cli.run(["plan", "diff", "db.json", "db.json"]) == 0
    assert "The two files are the same, byte for byte." in capsys.readouterr().out
    assert cli.run(["plan", "diff", "night.json", "db.json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["new"]["file"] == "db.json"


# --- plan files that somebody changed


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda plan: plan["tasks"].append(plan["tasks"][0]), "stands in it twice"),
        (lambda plan: plan["tasks"][0].update(hosts=["nowhere"]), "host nowhere, which does not stand in it"),
        (lambda plan: plan["tasks"][0].update(estimate_s=float("nan")), "takes no length of time"),
        (
            lambda plan: plan["tasks"][-1]["needs"].append({"task": "x", "reason": "after", "source": "y:1"}),
            "waits for x",
        ),
        (lambda plan: plan["hosts"].clear(), "does not stand in it"),
    ],
)
@pytest.mark.parametrize("line", ["show", "show --task db", "diff --now", "diff night.json"])
def test_a_plan_changed_by_hand_is_no_plan(
    line: str, spoil: Callable[[dict[str, Any]], object], said: str, site: Path, capsys: Captured
) -> None:
    change_plan(spoil)
    word, *rest = line.split()

    assert cli.run(["plan", word, "night.json", *rest, *(["-C", str(site)] if word == "diff" else [])]) == 2
    err = " ".join(capsys.readouterr().err.split())
    assert "night.json is no plan that orch wrote" in err
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "spoil",
    [
        lambda plan: plan["tasks"][0]["steps"][0].update(argv=["rm", "-rf", "/"], shell=None, manual=None),
        lambda plan: plan["tasks"][0].update(stage=7, priority=1),
        lambda plan: plan.update(summary="shutdown 1 system (1 stop), 0 customers"),
        lambda plan: plan.update(organisation="REHEARSAL of nothing"),
        lambda plan: plan["tasks"].reverse(),
        lambda plan: plan["hosts"]["db-1"].update(address="10.66.6.6"),
    ],
)
def test_what_somebody_wrote_into_a_plan_is_shown_and_refused(
    spoil: Callable[[dict[str, Any]], object], site: Path, capsys: Captured
) -> None:
    change_plan(spoil)

    assert cli.run(["plan", "diff", "night.json", "--now", "--json", "-C", str(site)]) == 0
    assert json.loads(capsys.readouterr().out)["fresh"] is False
    assert cli.run(["apply", "night.json", "--yes", "--as", "o.lang", "-C", str(site)]) == 3
    assert "no longer what planning it again gives" in capsys.readouterr().err
