"""What can be typed, what it answers, and with which exit code (contract section 9)."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.cli import main as cli
from orchestrator.model.errors import Broken, MustWait, OrchError, Refused
from orchestrator.model.events import TaskChanged
from orchestrator.model.terms import TaskState
from orchestrator.plan.file import plan_bytes
from orchestrator.run.execute import open_run
from orchestrator.run.journal import Journal
from tests.unit.show.fixtures import GATES, RUN, night
from tests.unit.show.run_screens import with_force

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = (
    ["init"],
    ["check"],
    ["graph"],
    ["probe"],
    ["explain"],
    ["impact"],
    ["shutdown"],
    ["restore"],
    ["plan", "show"],
    ["plan", "diff"],
    ["apply"],
    ["resume"],
    ["pause"],
    ["abort"],
    ["resolve"],
    ["escalate"],
    ["status"],
    ["runs"],
    ["show"],
    ["log"],
    ["verify"],
    ["twin", "up"],
    ["twin", "down"],
    ["twin", "fault"],
)


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ORCH_AS", raising=False)
    monkeypatch.delenv("ORCH_WORKSPACE", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run_there(tmp_path: Path) -> Path:
    """A workspace's folder with one open run, in which app-sued failed."""
    plan = with_force(night())
    folder = open_run(
        tmp_path,
        plan,
        plan_bytes(plan),
        by="o.lang",
        version="0.1.0",
        protocol_bytes=None,
        now=datetime(2026, 3, 1, 2, 14, tzinfo=UTC),
        previous_heads=(),
    )
    with Journal.open(folder.journal_path) as journal:
        events = [
            TaskChanged(task="app-sued", state=TaskState.PROBING),
            TaskChanged(task="app-sued", state=TaskState.FAILED, why="app-02 can't be reached"),
        ]
        journal.append(events, datetime(2026, 3, 1, 2, 15, tzinfo=UTC))
    return tmp_path


# --- help and usage


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*command, "--help"]) == 0

    said = capsys.readouterr().out
    assert re.search(r"^ +orch " + " ".join(command), said, re.MULTILINE)
    assert "Example" in said


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == 0

    said = capsys.readouterr().out
    assert all(f"\n  {command[0]} " in said for command in COMMANDS)
    listed = said[said.index("Commands:") :]
    assert "..." not in listed, "a summary is too long for its line"


@pytest.mark.parametrize(
    "line",
    [
        ["explode"],
        ["shutdown", "--explode"],
        ["resolve", "last", "perhaps", "core-db", "--as", "o.lang", "--reason", "x"],
        ["show"],
        ["verify"],
        ["verify", "last", "--all"],
        ["shutdown", "--json"],
        ["shutdown", "--probe", "-C", str(ROOT)],
        ["restore", "--probe", "-C", str(ROOT)],
        ["probe", "--every", "30s"],
        ["probe", "--watch", "--every", "1s"],
        ["probe", "--watch", "--every", "often"],
        ["probe", "--watch", "--json"],
        ["probe", "--watch", "--all"],
        ["probe", "no-such-system", "-C", str(ROOT)],
        ["probe", "-C", "nowhere"],
        ["check", "-C", "nowhere"],
        ["shutdown", "--mode", "explode", "--dry-run"],
        ["twin", "up", "--write", "t", "--fault", "nonsense", "-C", str(ROOT)],
        ["plan", "show", "nothing.json"],
        ["plan", "diff", "nothing.json"],
        ["plan", "diff", "nothing.json", "--now"],
        ["log", "last", "-C", "nowhere"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(line) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("line", "option"),
    [
        (["shutdown", "--revoked"], "--revoked"),
        (["shutdown", "--take-over", "X"], "--take-over"),
        (["restore", "--to", "isolate"], "--to"),
        (["status", "--next"], "--next"),
        (["apply", "x.json", "--break-glass", "--as", "o.lang"], "--break-glass"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_built_says_so(line: list[str], option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(line) == 2
    assert f"{option} is not built yet." in capsys.readouterr().err


def test_what_is_not_built_is_not_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["shutdown", "--help"])

    assert "--revoked" not in capsys.readouterr().out


# --- errors on the screen


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (Refused("no \x1b[2J", "do that"), 3, "REFUSED: no \\x1b[2J\ndo that\n"),
        (MustWait("later"), 4, "later\n"),
        (Broken("line 7"), 5, "BROKEN: line 7\n"),
        (OrchError("hm"), 1, "hm\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_are_told(
    raised: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_root: Path) -> Path:
        raise raised

    monkeypatch.setattr("orchestrator.cli.situation.folder", fails)

    assert cli.run(["runs"]) == code
    assert capsys.readouterr().err == said


def test_a_mistake_of_our_own_leaves_no_traceback_on_the_screen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    value = "s3" + "cret"

    def fails(_root: Path) -> Path:
        raise KeyError(value)

    monkeypatch.setattr("orchestrator.cli.situation.folder", fails)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    assert cli.run(["runs"]) == 1

    said = capsys.readouterr().err
    assert "mistake in orch itself" in said
    assert "Traceback" not in said
    (details,) = tmp_path.glob("orch-mistake-*.txt")
    assert details.name in said.replace("\n", "")
    assert "KeyError" in details.read_text()
    assert value not in details.read_text() + said
    assert details.stat().st_mode & 0o777 == 0o600


def test_who_reads_no_more_is_no_error() -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = f"'{sys.executable}' -m orchestrator.cli.main graph -C '{ROOT}' --json | head -c 10; exit ${{PIPESTATUS[0]}}"

    left = subprocess.run(["bash", "-c", line], env=env, capture_output=True, text=True, check=False)

    assert (left.returncode, left.stderr) == (0, "")


# --- commands that read


def test_check_of_this_repository(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "-C", str(ROOT)]) == 0
    assert "nothing wrong" in capsys.readouterr().out


def test_dry_run_writes_nothing_but_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    before = {path for path in ROOT.iterdir() if path.name != ".pytest_cache"}

    assert cli.run(["shutdown", "--dry-run", "-C", str(ROOT), "--out", "night.json", "--as", "o.lang"]) == 0
    assert capsys.readouterr().out.startswith("SHUTDOWN of ")
    assert [path.name for path in tmp_path.iterdir()] == ["night.json"]
    assert {path for path in ROOT.iterdir() if path.name != ".pytest_cache"} == before

    assert cli.run(["plan", "show", "night.json"]) == 0
    assert "sha256 " in capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    [
        ["check", "--json"],
        ["graph", "--json"],
        ["explain", "core-db", "--json"],
        ["explain", "core-db", "portal-falken", "--json"],
        ["impact", "core-db", "--json"],
        ["shutdown", "--dry-run", "--json"],
        ["status", "--json"],
        ["runs", "--json"],
        ["verify", "--all", "--json"],
    ],
    ids=" ".join,
)
def test_json_is_one_document_on_stdout(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*line, "-C", str(ROOT)]) == 0

    said = capsys.readouterr()
    assert json.loads(said.out)["format"].startswith("orch-")
    assert said.err == ""


@pytest.mark.parametrize("command", [["show", "last"], ["log", "last"], ["verify", "last"], ["runs"]], ids=" ".join)
def test_a_run_is_shown_from_its_own_folder(
    command: list[str], run_there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*command, "-C", str(run_there)]) == 0
    assert capsys.readouterr().out

    assert cli.run([*command, "-C", str(run_there), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"].startswith("orch-")


def test_the_workspace_may_stand_before_the_command(run_there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["-C", str(run_there), "runs"]) == 0
    assert RUN in capsys.readouterr().out


def test_a_broken_journal_is_5(run_there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = run_there / "runs" / RUN / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"app-sued", b"app-nord", 1))

    assert cli.run(["verify", "last", "-C", str(run_there)]) == 5
    assert "broken" in capsys.readouterr().out
    assert cli.run(["show", "last", "-C", str(run_there)]) == 5


# --- commands that change something


@pytest.mark.parametrize(
    "line",
    [
        ["shutdown", "-C", str(ROOT)],
        ["apply", "x.json"],
        ["resume", "last"],
        ["resolve", "last", "retry", "app-sued", "--reason", "x"],
        ["escalate", "last", "app-sued", "--reason", "x"],
        ["pause", "last"],
        ["abort", "last", "--reason", "x"],
    ],
    ids=" ".join,
)
def test_who_does_it_must_be_said(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(line) == 2
    assert "--as YOU" in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["", "no\n", "yes\n", "8 systems\n"])
def test_anything_but_the_numbers_is_a_no(
    typed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(typed))

    assert cli.run(["shutdown", "dwh-ruhrtal", "--as", "o.lang", "-C", str(ROOT)]) == 3
    assert "no confirmation" in capsys.readouterr().err
    assert not (ROOT / "runs").exists() or not any(ROOT.joinpath("runs").glob("*dwh*"))


def test_a_plan_with_gates_is_refused_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from orchestrator.cli.planning import execute_plan
    from orchestrator.cli.situation import Situation
    from orchestrator.model.estate import Estate
    from orchestrator.workspace.loader import load

    plan = night(GATES)
    now = Situation(tmp_path, load(ROOT), Estate())

    with pytest.raises(Refused, match=r"Approvals are not built yet.*customers, declare"):
        execute_plan(now, plan, plan_bytes(plan), by="o.lang", yes=True, file=Path("night.json"))
    assert not (tmp_path / "runs").exists()


def test_resolve_wants_a_reason(run_there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["resolve", "last", "skip", "app-sued", "--as", "o.lang", "-C", str(run_there)]) == 2
    assert "--reason" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("tasks", "code", "decided"),
    [
        (["app-sued"], 0, ["app-sued"]),
        (["state=failed"], 0, ["app-sued"]),
        (["kind=nginx"], 0, ["portal-nord", "portal-sued"]),
        (["owner=bkk-sued", "vpn-*"], 0, ["portal-sued", "app-sued", "vpn-muc"]),
        (["app-sud"], 2, []),
        (["label.tier=data"], 2, []),
        (["state=unknown"], 2, []),
        ([], 2, []),
        (["app-sued", "--all"], 2, []),
        (["--all", "--yes"], 0, [task.id for task in night().tasks]),
    ],
)
def test_resolve_decides_about_what_was_named(
    tasks: list[str], code: int, decided: list[str], run_there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["resolve", "last", "skip", *tasks, "--reason", "gone", "--as", "o.lang", "-C", str(run_there)]

    assert cli.run(line) == code

    capsys.readouterr()
    cli.run(["log", "last", "--json", "-C", str(run_there)])
    said = json.loads(capsys.readouterr().out)["events"]
    assert [each["task"] for each in said if each["type"] == "operator"] == decided
    assert {each["by"] for each in said if each["type"] == "operator"} <= {"o.lang"}


def operators(run_there: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str | None]]:
    """What people did by the log: what, and to which task."""
    capsys.readouterr()
    cli.run(["log", "last", "--json", "-C", str(run_there)])
    said = json.loads(capsys.readouterr().out)["events"]
    return [(each["did"], each.get("task")) for each in said if each["type"] == "operator"]


@pytest.mark.parametrize(
    ("line", "code", "done", "words"),
    [
        (
            "escalate last app-sued --reason x",
            0,
            [("escalate", "app-sued")],
            ("Written into the log. force: app-sued",),
        ),
        ("escalate last state=failed --reason x", 0, [("escalate", "app-sued")], ()),
        ("escalate last app-nord --reason x", 0, [("escalate", "app-nord")], ()),
        (
            "escalate last kind=java-app kind=nginx --reason x",
            0,
            [("escalate", "app-nord"), ("escalate", "app-sued")],
            ("Left as they are: portal-nord, portal-sued can't be forced: its playbook has no force steps.",),
        ),
        ("escalate last portal-nord --reason x", 3, [], ("no force steps", "resolve", "done|skip portal-nord")),
        ("escalate last app-sued portal-nord --reason x", 3, [], ("portal-nord can't be forced", "Nothing was")),
        ("escalate last kind=nginx --reason x", 3, [], ("portal-nord, portal-sued can't be forced",)),
        (
            "escalate last --all --yes --reason x",
            0,
            [("escalate", "app-nord"), ("escalate", "app-sued")],
            ("2 systems",),
        ),
        ("escalate last --all --reason x", 3, [], ("Type 2 systems", "no confirmation")),
        ("escalate last app-sud --reason x", 2, [], ("Did you mean app-sued",)),
        ("escalate last --reason x", 2, [], ("Say which tasks, or --all.",)),
        ("escalate last app-sued --all --reason x", 2, [], ("not both",)),
        ("escalate last app-sued", 2, [], ("--reason",)),
        ("pause last", 0, [], ("No process executes", "Nothing was written", "orch resume")),
        ("pause last --reason x", 0, [], ("No process executes",)),
        ("abort last --reason x", 3, [], ("ABORT of", "Type 8 systems", "no confirmation")),
        ("abort last --reason x --yes", 0, [("abort", None)], ("is over: aborted", "free for another plan")),
        ("abort last --yes", 2, [], ("--reason",)),
        ("resume last --past-limit", 2, [], ("--reason",)),
        ("resume last --past-limit --reason x", 3, [], ("no budget of this run is spent",)),
        ("resume last --reason x", 2, [], ("--past-limit",)),
    ],
)
def test_what_a_person_does_to_a_run(
    line: str,
    code: int,
    done: list[tuple[str, str | None]],
    words: tuple[str, ...],
    run_there: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    assert cli.run([*line.split(), "--as", "o.lang", "-C", str(run_there)]) == code

    said = capsys.readouterr()
    for each in words:
        assert each in " ".join((said.out + said.err).split())
    assert operators(run_there, capsys) == done


def test_an_aborted_run_is_over_for_every_command(run_there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    who = ["--as", "o.lang", "-C", str(run_there)]
    assert cli.run(["abort", "last", "--reason", "false alarm", "--yes", *who]) == 0

    for line, code, words in (
        (["resume", "last", *who], 0, "is over (aborted)"),
        (["pause", "last", *who], 0, "is over (aborted)"),
        (["abort", "last", "--reason", "x", "--yes", *who], 2, "is over (aborted)"),
        (["escalate", "last", "app-sued", "--reason", "x", *who], 2, "is over (aborted)"),
        (["resolve", "last", "skip", "app-sued", "--reason", "x", *who], 2, "is over (aborted)"),
        (["show", "last", "-C", str(run_there)], 0, "by o.lang: false alarm"),
        (["runs", "-C", str(run_there)], 0, "aborted"),
        (["log", "last", "-C", str(run_there)], 0, "aborted: 7 waiting, 1 failed"),
        (["verify", "last", "-C", str(run_there)], 0, "internal-only"),
    ):
        capsys.readouterr()
        assert cli.run(line) == code, line
        said = capsys.readouterr()
        assert words in " ".join((said.out + said.err).split()), line


def test_a_run_that_is_over_has_nothing_left(run_there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    everything = ["resolve", "last", "skip", "--all", "--yes", "--reason", "gone", "--as", "o.lang"]
    assert cli.run([*everything, "-C", str(run_there)]) == 0
    capsys.readouterr()

    assert cli.run(["resume", "last", "--as", "o.lang", "-C", str(run_there)]) == 0
    assert "nothing is left to do" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("since", "code", "count"),
    [
        ("02:15", 0, 2),
        ("02:14", 0, 3),
        ("2026-03-01T02:15", 0, 2),
        ("2026-03-02", 0, 0),
        ("1d", 0, 0),
        ("noon", 2, None),
    ],
)
def test_log_since(
    since: str, code: int, count: int | None, run_there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["log", "last", "--since", since, "--json", "-C", str(run_there)]) == code

    if count is not None:
        assert len(json.loads(capsys.readouterr().out)["events"]) == count


def test_last_is_refused_where_it_could_mean_two(run_there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = night().model_copy(update={"id": "20260302-0900-shutdown-aaaa"})
    open_run(
        run_there,
        other,
        plan_bytes(other),
        by="o.lang",
        version="0.1.0",
        protocol_bytes=None,
        now=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        previous_heads=(),
    )

    assert cli.run(["resume", "last", "--as", "o.lang", "-C", str(run_there)]) == 2
    assert "2 runs are open" in capsys.readouterr().err
    assert cli.run(["show", "last", "-C", str(run_there)]) == 0


# --- apply: one plan, once, and only while it is fresh


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A workspace of its own, as `orch init` makes it."""
    from orchestrator.workspace.init import write_example

    where = tmp_path / "site"
    write_example(where)
    return where


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_stale_plan_is_refused_with_the_difference(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["-C", str(site)]
    assert cli.run(["shutdown", "--dry-run", "--out", "night.json", "--as", "o.lang", *place]) == 0
    _change(site / "playbooks" / "systemd-service.yaml", "systemctl, stop", "systemctl, kill")
    capsys.readouterr()

    assert cli.run(["apply", "night.json", "--yes", "--as", "o.lang", *place]) == 3
    assert "no longer what planning it again gives" in capsys.readouterr().err
    assert not (site / "runs").exists()


def test_a_change_without_a_difference_is_only_told(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    place = ["-C", str(site)]
    assert cli.run(["shutdown", "--dry-run", "--out", "night.json", "--as", "o.lang", *place]) == 0
    with (site / "playbooks" / "systemd-service.yaml").open("a", encoding="utf-8") as file:
        file.write("# a remark\n")
    capsys.readouterr()

    assert cli.run(["apply", "night.json", "--as", "o.lang", *place]) == 3
    said = capsys.readouterr().err
    assert "without a difference to the plan: playbooks/systemd-service.yaml" in said
    assert "no confirmation" in said


def test_a_plan_that_ran_is_refused(run_there: Path, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["-C", str(site)]
    (run_there / "runs").rename(site / "runs")
    Path("night.json").write_bytes(plan_bytes(night()))

    assert cli.run(["apply", "night.json", "--yes", "--as", "o.lang", *place]) == 3
    assert "a plan runs at most once" in " ".join(capsys.readouterr().err.split())


def test_systems_of_an_open_run_are_held(run_there: Path, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = night().model_copy(update={"id": "20260303-0303-shutdown-bbbb"})
    portal = replace(plan.tasks[1], id="portal", system="portal", needs=())
    plan = plan.model_copy(update={"tasks": (portal,), "barriers": (), "gates": ()})
    open_run(
        site,
        plan,
        plan_bytes(plan),
        by="o.lang",
        version="0.1.0",
        protocol_bytes=None,
        now=datetime(2026, 3, 3, 3, 3, tzinfo=UTC),
        previous_heads=(),
    )

    assert cli.run(["shutdown", "portal", "--yes", "--as", "o.lang", "-C", str(site)]) == 3
    said = " ".join(capsys.readouterr().err.split())
    assert f"run {plan.id}, a shutdown, is not over, and holds portal." in said
    assert f"orch resolve {plan.id} skip portal --reason" in said
