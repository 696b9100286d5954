"""`orch explain` and `orch impact`: what can be asked, what is answered, and with which exit code (section 9)."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main as cli
from tests.small_site import INVENTORY, write_site

MORE = """\
  sued: {name: "=SUM(A1)", language: en}
zones:"""


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ORCH_AS", "ORCH_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("tests.small_site.INVENTORY", INVENTORY.replace("zones:", MORE, 1))
    monkeypatch.chdir(write_site(tmp_path / "site"))


def asked(capsys: pytest.CaptureFixture[str], *line: str, code: int = 0) -> str:
    """What a line answers, as one paragraph."""
    assert cli.run(line) == code
    said = capsys.readouterr()
    assert bool(said.out) != bool(code)
    return " ".join((said.out if code == 0 else said.err).split())


def document(capsys: pytest.CaptureFixture[str], *line: str) -> dict[str, Any]:
    assert cli.run([*line, "--json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    found: dict[str, Any] = json.loads(said.out)
    return found


# --- explain


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["db"], "db goes down in stage 2 of 5: stop, database on db-1, db-2 In the plan everything that is not"),
        (["db"], "goes down after 1 system that needs it: app requires it inventories/small.yaml:"),
        (["hyper"], "it is reached through"),
        (
            ["db", "--in", "hyper"],
            "In the plan comes along because of hyper: db requires hyper inventories/small.yaml:",
        ),
        (["db", "--in", "db"], "In the plan asked for, by db"),
        (["mail"], "mail is not in the plan: protected: kept for the auditors"),
        (["hyper", "--in", "app"], "hyper is not in the plan: it was not asked for, and keeps all that it needs"),
        (["db", "--restore"], "db is not in the plan: orch did not take it offline (it is believed online)"),
        (["hyper", "app"], "hyper goes down after app, and comes back before it: app requires db"),
        (["app", "hyper"], "app goes down before hyper, and comes back after it: app requires db"),
        (["store", "app"], "No path between store and app: they may run at once, down and back."),
        (["app", "mail"], "mail is not in the plan"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_explain_answers(line: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in asked(capsys, "explain", *line)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (["dbb"], 2, 'There is no system "dbb". Did you mean db?'),
        (["db", "hyperr"], 2, 'There is no system "hyperr". Did you mean hyper?'),
        (["db-1"], 2, "db-1 is a host. The systems on it: db"),
        (["portal"], 2, "portal is a service. The systems that it requires: app"),
        (["data"], 2, "data is a zone"),
        (["bkk-nord"], 2, "bkk-nord is a customer"),
        (["\x1b[2J"], 2, r'There is no system "\x1b[2J"'),
        (["-x"], 2, "No such option"),
        ([""], 2, 'There is no system "".'),
        (["db", "db"], 2, "between a system and itself there is nothing"),
        (["db", "--in", "nothing-*"], 2, "matches no system"),
        (["db", "--in", "mail"], 3, "REFUSED: mail is protected"),
        (["db", "--plan", "none.json"], 2, "none.json can't be read"),
        (["db", "--plan", "inventories/small.yaml"], 2, "is no plan"),
        (["db", "--plan", "x.json", "--restore"], 2, "--plan names a plan"),
        (["db", "-C", "nowhere"], 2, "nowhere is no folder"),
        (["db", "app", "hyper"], 2, ""),
        ([], 2, ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_explain_of_what_is_not_there(
    line: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in asked(capsys, "explain", *line, code=code)


def test_a_loop_on_the_way_back_does_not_keep_the_way_down_from_being_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = Path("inventories/small.yaml")
    path.write_text(path.read_text().replace("  hyper: {", "  hyper: {after: [{system: db, when: restore}], "))
    said = asked(capsys, "explain", "hyper", "db")
    assert said.startswith("hyper goes down after db: db requires hyper")
    assert "On the way back: it can't be planned as things stand: loop on the way back, of 2 systems" in said
    assert "why_not" in document(capsys, "explain", "hyper", "db")["back"]


def test_the_way_back_may_be_another(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("inventories/small.yaml")
    path.write_text(path.read_text().replace("  store: {", "  store: {after: [{system: db, when: restore}], "))
    said = asked(capsys, "explain", "store", "db")
    assert said.startswith("No path between store and db on the way down: they may run at once.")
    assert "On the way back store comes back after db: store comes up after db inventories/" in said
    path.write_text(path.read_text().replace("  db:\n", "  db:\n    after: [{system: store, when: shutdown}]\n"))
    said = asked(capsys, "explain", "store", "db")
    assert said.startswith("store goes down after db: db goes down before store")
    assert "On the way back store comes back after db too: store comes up after db" in said


def test_a_plan_file_is_explained_without_its_workspace(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    night = str(tmp_path / "night.json")
    assert cli.run(["shutdown", "hyper", "--dry-run", "--out", night, "--as", "o.lang"]) == 0
    capsys.readouterr()
    monkeypatch.chdir(tmp_path)
    assert "comes along because of hyper" in asked(capsys, "explain", "db", "--plan", night)
    said = asked(capsys, "explain", "db", "hyper", "--plan", night)
    assert said.startswith("db goes down before hyper: db requires hyper")
    assert "says nothing of bastion. All of them: orch plan show" in asked(
        capsys, "explain", "bastion", "--plan", night, code=2
    )


def test_explain_as_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "explain", "db", "--in", "hyper", "--in", "app")
    assert (found["format"], found["action"], found["in_plan"]) == ("orch-explain/1", "shutdown", True)
    assert (found["stage"], found["stages"], found["mode"]) == (2, 3, "stop")
    assert {(hop["system"], hop["reason"], hop["needs"]) for hop in found["came_along"]} <= {
        ("db", "requires", "hyper"),
        ("db", "runs-on", "hyper"),
    }
    assert [(hop["system"], hop["needs"]) for hop in found["after"]] == [("app", "db")]
    assert found["after"][0]["source"].startswith("inventories/small.yaml:")
    assert [each["system"] for each in found["longest_wait"]] == ["app"]

    found = document(capsys, "explain", "mail")
    assert (found["in_plan"], found["why"]) == (False, "protected: kept for the auditors")

    found = document(capsys, "explain", "hyper", "app")
    assert (found["first_goes"], found["back"]["first_goes"], found["at_once"]) == ("after", "before", False)
    assert document(capsys, "explain", "store", "app")["at_once"]


# --- impact


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            ["app"],
            "IMPACT of app: 2 of 2 customers hit; 1 down of 1 service Nothing was touched. 1 system would be off",
        ),
        (["hyper"], "IMPACT of hyper: 2 of 2 customers hit; 1 degraded of 1 service"),
        (["db", "mail"], "! mail is protected (kept for the auditors): no plan takes it down."),
        (["store"], "IMPACT of store: no customer would notice"),
        (["app", "--all"], "bkk-nord BKK Nord (de) down Portal offline app"),
        (["kind=database", "host=win"], "3 systems would be offline: 2 asked for, 1 that comes along."),
        (["hyper", "--mode", "isolate"], "1 more would stay up without something it requires."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_impact_answers(line: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in asked(capsys, "impact", *line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ([], "Missing argument"),
        ([""], "is empty"),
        (["nowhere"], '"nowhere" matches no system'),
        (["db", "kind=databse"], "Did you mean database?"),
        (["colour=red"], 'unknown key "colour"'),
        (["db", "--mode", "gently"], "is no list of modes"),
        (["db", "--csv", "--json"], "two answers on one stdout"),
        (["db", "-i", "other"], "other"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_impact_of_what_is_not_there(line: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in asked(capsys, "impact", *line, code=2)


def test_a_question_about_protected_systems_offers_no_shutdown(capsys: pytest.CaptureFixture[str]) -> None:
    assert "orch shutdown" not in asked(capsys, "impact", "mail")
    assert "Next: orch shutdown app --dry-run orch impact app --csv" in asked(capsys, "impact", "app")


def test_impact_as_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "impact", "db", "mail")
    assert (found["format"], found["select"]) == ("orch-impact/1", ["db", "mail"])
    systems = {one["id"]: one for one in found["systems"]}
    assert systems["app"]["came_along"]["of"] in {"db", "mail"}
    assert systems["mail"]["protected"] == "kept for the auditors"
    (service,) = found["services"]
    assert (service["id"], service["state"], service["lost"]) == ("portal", "down", ["app"])
    assert set(service["because"]) <= {"db", "mail"}
    nord, sued = found["customers"]
    assert (nord["hit"], nord["systems"], nord["counts"]) == (True, ["app"], {"down": 1, "degraded": 0, "untouched": 0})
    assert [(one["name"], one["state"]) for one in sued["services"]] == [("Portal", "down")]


def test_impact_as_a_table_for_spreadsheets(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["impact", "hyper", "--csv"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.count("\r\n") == said.out.count("\n") == 3
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [(row["customer"], row["service"], row["state"], row["because"]) for row in rows] == [
        ("bkk-nord", "portal", "degraded", "hyper"),
        ("sued", "portal", "degraded", "hyper"),
    ]
    assert rows[1]["customer_name"] == "'=SUM(A1)"


def test_what_is_offline_already_can_not_stand_in(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.builders import taken_down

    assert document(capsys, "impact", "db")["services"][0]["state"] == "degraded"
    monkeypatch.setattr("orchestrator.cli.situation.estate_of", lambda _: taken_down("mail"))
    assert document(capsys, "impact", "db")["services"][0]["state"] == "down"
    monkeypatch.setattr("orchestrator.cli.situation.estate_of", lambda _: taken_down("app"))
    (service,) = document(capsys, "impact", "db")["services"]
    assert (service["state"], service["already"]) == ("down", True)
    assert "db comes back in stage" not in asked(capsys, "explain", "app", "--restore")
    assert "In the plan everything that orch took offline comes back" in asked(capsys, "explain", "app", "--restore")
