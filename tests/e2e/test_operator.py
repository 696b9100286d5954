"""The operator's hand on a running run, by the real command on the twin: from other terminals, by keys and signals, and
when the terminal goes away (contract section 6, "People decide", Ctrl-C, one process, sealed).

Each case has systems of its own on one twin, so their runs stand side by side. The twin's log is the witness of what
was sent to the hosts.
"""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.model.events import OperatorDid
from orchestrator.run import inbox
from orchestrator.run.folder import RunFolder
from tests.e2e.operator_site import Site, begun, held_by, on_its_twin
from tests.e2e.orch import REPOSITORY
from tests.e2e.terminal import CTRL_C, on_terminal

Journal = list[dict[str, Any]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The workspace on its twin."""
    with on_its_twin(tmp_path_factory.mktemp("operator")) as here:
        yield here


def did(journal: Journal) -> list[tuple[str, str, str]]:
    """What people did to the run as a whole: what, who, why."""
    return [(e["did"], e["by"], e["reason"]) for e in journal if e["type"] == "operator" and "task" not in e]


def left(journal: Journal) -> list[str]:
    """Why processes left the run, and how it was sealed."""
    return [e.get("reason") or e["result"] for e in journal if e["type"] in {"left", "sealed"}]


# --- pause


def test_pause_from_another_terminal_finishes_what_runs_and_starts_nothing_new(site: Site) -> None:
    n = site.copy()
    with site.running("shutdown", f"slow{n}", f"base{n}", "--yes") as (run, process):
        with site.at_work(run, f"slow{n}"):
            paused = site.orch("pause", run, "--as", "k.sued", "--reason", "the firewall first")
        assert f"Taken by the process that executes the run ({held_by(process)}" in " ".join(paused.out.split())
        assert process.wait(timeout=60) == 4
    assert site.states(run) == {f"slow{n}": "done", f"base{n}": "waiting"}
    assert did(site.journal(run)) == [("pause", "k.sued", "the firewall first")]
    shown = site.orch("show", run)
    assert shown.out.startswith("PAUSED")
    assert "by k.sued: the firewall first" in shown.out
    assert site.orch("show", run, "--json").json()["stopped"]["paused"]["by"] == "k.sued"

    site.orch("resume", run)
    assert left(site.journal(run)) == ["paused", "ended", "done"]
    assert site.orch("show", run, "--json").json()["stopped"] == {}


def test_a_process_that_can_not_look_is_said_to_have_been_told_and_looks_when_it_can(site: Site) -> None:
    n = site.copy()
    with site.running("shutdown", f"slow{n}", f"base{n}", "--yes") as (run, process):
        site.when(run, begun(f"slow{n}"))
        process.send_signal(signal.SIGSTOP)
        try:
            paused = site.orch("pause", run)
            forced = site.orch("escalate", run, f"base{n}", f"slow{n}", "--reason", "x", code=3)
            told = site.orch("escalate", run, f"slow{n}", "--reason", "it hangs")
        finally:
            process.send_signal(signal.SIGCONT)
        assert process.wait(timeout=60) == 4
    assert "it has not looked at it yet. It pauses when it does" in " ".join(paused.out.split())
    assert "it has not looked at it yet" in " ".join(told.out.split())
    assert f"base{n} can't be forced" in forced.err
    words = [e["did"] for e in site.journal(run) if e["type"] == "operator"]
    assert words == ["pause", "escalate"]
    assert site.states(run) == {f"slow{n}": "done", f"base{n}": "waiting"}


def test_pause_where_nobody_executes_the_run_says_so_and_writes_nothing(site: Site) -> None:
    n = site.copy()
    before = site.runs()
    site.orch("shutdown", f"outside{n}", "--yes", code=4)
    run = site.opened(before)
    written = site.journal(run)
    assert "No process executes" in site.orch("pause", run).out
    assert site.journal(run) == written
    site.orch("resolve", run, "done", f"outside{n}", "--reason", "called them")
    site.orch("resume", run)
    assert "is over (done)" in site.orch("pause", run).out


# --- abort


def test_abort_finishes_what_runs_seals_and_frees_the_systems(site: Site) -> None:
    n = site.copy()
    with site.running("shutdown", f"slow{n}", f"base{n}", f"outside{n}", "--yes") as (run, process):
        with site.at_work(run, f"slow{n}"):
            assert "no confirmation" in site.orch("abort", run, "--reason", "false alarm", code=3).err
            said = site.orch("abort", run, "--reason", "false alarm", "--yes")
        assert "Confirmed by --yes: 3 systems." in said.err
        assert f"slow{n}   under way, and waited for" in said.err
        assert process.wait(timeout=60) == 1
    assert site.states(run) == {f"slow{n}": "done", f"base{n}": "waiting", f"outside{n}": "held"}
    assert site.told(f"slow{n}") == [("stop.1", 0)]
    assert site.told(f"base{n}") == []
    assert did(site.journal(run)) == [("abort", "o.lang", "false alarm")]
    assert left(site.journal(run)) == ["ended", "aborted"]
    assert "ABORTED" in site.orch("show", run).out
    assert "aborted" in site.orch("runs").out
    assert site.orch("verify", run).code == 0
    assert "over (aborted)" in site.orch("resume", run).out
    assert site.orch("resolve", run, "skip", f"base{n}", "--reason", "x", code=2).err
    assert run not in {r["run"] for r in site.orch("status", "--json").json()["open_runs"]}
    site.orch("shutdown", f"base{n}", "--only", "--yes")  # free for another plan


def test_abort_of_a_run_whose_process_was_killed_leaves_what_it_was_doing_unknown(site: Site) -> None:
    n = site.copy()
    with site.running("shutdown", f"endless{n}", f"quick{n}", "--yes") as (run, process):
        site.when(run, begun(f"endless{n}"))
        site.when(run, lambda j: any(e["type"] == "task" and e["state"] == "done" for e in j))
        process.kill()
        process.wait(timeout=60)
    said = site.orch("abort", run, "--reason", "start over", "--yes")
    assert f"endless{n} left by a process that is gone" in " ".join(said.err.split())
    known = {s["id"]: s for s in site.orch("status", f"endless{n}", f"quick{n}", "--json").json()["systems"]}
    assert known[f"quick{n}"]["state"] == "offline"
    assert known[f"endless{n}"]["state"] == "unknown"
    assert "given up" in known[f"endless{n}"]["why"]
    assert "midway" in site.orch("show", run).out


# --- escalate


def test_escalate_goes_from_graceful_to_force_in_the_middle_of_a_step(site: Site) -> None:
    n = site.copy()
    with site.running("shutdown", f"endless{n}", "--yes") as (run, process):
        site.when(run, begun(f"endless{n}"))
        assert "Taken by" in site.orch("escalate", run, f"endless{n}", "--reason", "drains for ever").out
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
    assert site.states(run) == {f"endless{n}": "done"}
    assert site.told(f"endless{n}")[-1] == ("force.1", 0)
    assert "1 forced" in out
    assert "o.lang: drains for ever" in out
    assert site.orch("show", run, "--json").json()["forced"] == [f"endless{n}"]
    assert "FORCE" in site.orch("log", run).out


def test_escalate_takes_what_can_be_forced_of_a_selector_and_names_the_rest(site: Site) -> None:
    n = site.copy()
    with site.running("shutdown", f"endless{n}", f"outside{n}", "--yes") as (run, process):
        site.when(run, begun(f"endless{n}"))
        refused = site.orch("escalate", run, f"outside{n}", "--reason", "x", code=3)
        assert f"outside{n} can't be forced: its playbook has no force steps" in refused.err
        assert f"orch resolve {run} done|retry|skip outside{n}" in refused.err
        assert "no confirmation" in site.orch("escalate", run, "--all", "--reason", "x", code=3).err
        said = site.orch("escalate", run, "--all", "--yes", "--reason", "no more time")
        assert "Confirmed by --yes: 1 system." in said.err
        assert f"Left as they are: outside{n}" in said.out
        assert process.wait(timeout=60) == 4
    site.orch("resolve", run, "done", f"outside{n}", "--reason", "called them")
    site.orch("resume", run)
    assert site.states(run) == {f"endless{n}": "done", f"outside{n}": "done"}
    assert site.told(f"endless{n}")[-1] == ("force.1", 0)


def test_escalate_after_a_failure_is_written_and_the_resume_forces(site: Site) -> None:
    n = site.copy()
    site.orch("twin", "fault", f"on-slow{n}", "fail")
    with site.running("shutdown", f"slow{n}", f"base{n}", "--yes") as (run, process):
        assert process.wait(timeout=60) == 1
    site.orch("twin", "fault", f"on-slow{n}", "none")
    assert re.search(rf"orch escalate \S+ slow{n} --reason", site.orch("show", run).out)
    assert "Written into the log" in site.orch("escalate", run, "state=failed", "--reason", "it hangs").out
    site.orch("resume", run)
    assert site.states(run) == {f"slow{n}": "done", f"base{n}": "done"}
    assert [step for step, _ in site.told(f"slow{n}")] == ["stop.1", "force.1"]


# --- keys, signals, terminals


@pytest.mark.parametrize(
    ("number", "why"),
    [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "SIGHUP: its terminal went away")],
)
def test_a_signal_pauses_and_the_journal_says_which(site: Site, number: signal.Signals, why: str) -> None:
    n = site.copy()
    with site.running("shutdown", f"slow{n}", f"base{n}", "--yes") as (run, process):
        site.when(run, begun(f"slow{n}"))
        process.send_signal(number)
        assert process.wait(timeout=60) == 4
    assert site.states(run) == {f"slow{n}": "done", f"base{n}": "waiting"}
    assert did(site.journal(run)) == [("pause", "o.lang", why)]
    assert left(site.journal(run)) == ["paused"]


def test_ctrl_c_twice_gives_up_and_a_resume_finds_out(site: Site) -> None:
    n = site.copy()
    before = site.runs()
    with on_terminal(site.orch.workspace, "shutdown", f"slow{n}", f"base{n}", "--yes") as terminal:
        run = site.opened(before)
        terminal.until(lambda: begun(f"slow{n}")(site.journal(run)))
        terminal.press(CTRL_C)
        terminal.until(lambda: b"PAUSING" in terminal.shown)
        assert b"Ctrl-C again" in terminal.shown
        terminal.press(CTRL_C)
        assert terminal.end() == 130
    assert left(site.journal(run)) == ["interrupted"]
    assert any(e["type"] == "step" and e["state"] == "unknown" for e in site.journal(run))
    site.orch("resume", run)
    assert site.told(f"slow{n}") == [("stop.1", 0)], "not sent again"
    assert site.states(run) == {f"slow{n}": "done", f"base{n}": "done"}


def test_ctrl_c_twice_ends_an_abort_without_waiting(site: Site) -> None:
    n = site.copy()
    before = site.runs()
    with on_terminal(site.orch.workspace, "shutdown", f"endless{n}", f"outside{n}", "--yes") as terminal:
        run = site.opened(before)
        terminal.until(lambda: begun(f"endless{n}")(site.journal(run)))
        site.orch("abort", run, "--as", "k.sued", "--reason", "false alarm", "--yes")
        terminal.until(lambda: b"ABORTING" in terminal.shown)
        assert b"aborted by k.sued: false alarm" in terminal.shown
        terminal.press(CTRL_C)
        terminal.until(lambda: b"Ctrl-C again" in terminal.shown)
        terminal.press(CTRL_C)
        assert terminal.end() == 130
    assert left(site.journal(run)) == ["interrupted", "aborted"]
    status = site.orch("status", f"endless{n}", "--json").json()["systems"]
    assert [s["state"] for s in status] == ["unknown"]


@pytest.mark.parametrize("controlling", [True, False], ids=["its own", "only written to"])
def test_a_terminal_that_goes_away_pauses_the_run(site: Site, controlling: bool) -> None:
    n = site.copy()
    words = ("shutdown", f"slow{n}", f"base{n}", "--yes")
    before = site.runs()
    with on_terminal(site.orch.workspace, *words, controlling=controlling) as terminal:
        run = site.opened(before)
        terminal.until(lambda: begun(f"slow{n}")(site.journal(run)))
        terminal.hang_up()
        assert terminal.end() == 4
    assert site.states(run) == {f"slow{n}": "done", f"base{n}": "waiting"}
    ((what, _, why),) = did(site.journal(run))
    assert what == "pause"
    assert "terminal" in why
    assert left(site.journal(run)) == ["paused"]


def test_under_nohup_a_run_outlives_its_terminal(site: Site) -> None:
    n = site.copy()
    with site.running("shutdown", f"slow{n}", f"base{n}", "--yes", nohup=True) as (run, process):
        site.when(run, begun(f"slow{n}"))
        process.send_signal(signal.SIGHUP)
        assert process.wait(timeout=60) == 0
    assert did(site.journal(run)) == []


def test_a_run_without_any_standard_stream_goes_its_way(site: Site) -> None:
    n = site.copy()
    before = site.runs()
    closed = 'exec "$0" -m orchestrator.cli.main "$@" <&- >&- 2>&-'
    words = ["bash", "-c", closed, sys.executable, "shutdown", f"quick{n}", "--yes", "-C", str(site.orch.workspace)]
    ran = subprocess.run([*words, "--as", "o.lang"], cwd=REPOSITORY, check=False, timeout=120)
    run = site.opened(before)
    assert ran.returncode == 0
    assert site.states(run) == {f"quick{n}": "done"}
    assert site.orch("verify", run).code == 0, "nothing was written where it does not belong"


def test_a_second_process_is_refused_and_told_who_holds_the_run(site: Site) -> None:
    n = site.copy()
    with site.running("shutdown", f"slow{n}", "--only", "--yes") as (run, process):
        with site.at_work(run, f"slow{n}"):
            refused = site.orch("resume", run, code=3)
        assert held_by(process) in " ".join(refused.err.split())
        assert process.wait(timeout=60) == 0
    assert [e["type"] for e in site.journal(run)].count("resumed") == 0


def test_a_run_that_waits_for_people_on_a_terminal_follows_them_at_once(site: Site) -> None:
    n = site.copy()
    before = site.runs()
    with on_terminal(site.orch.workspace, "shutdown", f"outside{n}", f"quick{n}", "--yes") as terminal:
        run = site.opened(before)
        terminal.until(lambda: b"NEEDS YOU" in terminal.shown)
        site.when(run, lambda j: any(e["type"] == "task" and e["state"] == "done" for e in j))
        taken = site.orch("resolve", run, "done", f"outside{n}", "--reason", "called them")
        assert "Taken by" in taken.out
        assert terminal.end() == 0
    assert Counter(site.states(run).values()) == Counter(done=2)


# --- what lies in the inbox


def test_a_pause_that_nobody_took_does_not_stop_the_next_process(site: Site) -> None:
    n = site.copy()
    before = site.runs()
    site.orch("shutdown", f"outside{n}", f"quick{n}", "--yes", code=4)
    run = site.opened(before)
    folder = RunFolder(site.orch.workspace / "runs" / run)
    inbox.drop(folder, OperatorDid(did="pause", by="k.sued", reason=""))
    word = {"did": "resolve", "task": f"outside{n}", "as": "done", "by": "k.sued", "reason": "called them"}
    inbox.drop(folder, OperatorDid.model_validate(word))
    resumed = site.orch("resume", run)
    assert "decision of k.sued not taken: it was meant for a process that is gone" in resumed.err
    assert did(site.journal(run)) == []
    assert site.states(run) == {f"outside{n}": "done", f"quick{n}": "done"}


@pytest.mark.parametrize("spoil", [lambda path: path.symlink_to("/tmp"), lambda path: path.write_bytes(b"x")])
def test_an_inbox_that_is_none_stops_no_run(site: Site, spoil: Callable[[Path], object]) -> None:
    n = site.copy()
    with site.running("shutdown", f"slow{n}", "--only", "--yes") as (run, process):
        with site.at_work(run, f"slow{n}"):
            (site.orch.workspace / "runs" / run / "inbox").rename(site.orch.workspace / f"away{n}")
            spoil(site.orch.workspace / "runs" / run / "inbox")
            assert "inbox" in "".join(site.orch("pause", run, code=None).err.split())  # a long path is folded
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0
    assert "decisions from other terminals don't get through" in err
    assert site.states(run) == {f"slow{n}": "done"}


def test_hostile_files_in_the_inbox_change_nothing_and_are_shown(site: Site) -> None:
    n = site.copy()
    with site.running("shutdown", f"slow{n}", "--only", "--yes") as (run, process):
        with site.at_work(run, f"slow{n}"):
            lies = site.orch.workspace / "runs" / run / "inbox"
            (lies / "1.json").write_text('{"type": "operator", "did": "abort", "by": "x", "reason": ""}')
            (lies / "2.json").write_text('{"type": "sealed", "result": "done", "tasks": {}}')
            os.mkfifo(lies / "3.json")
            for number in range(300):
                (lies / f"z{number}").write_bytes(b"\xff" * 1000)
            assert "Taken by" in site.orch("pause", run).out
        assert process.wait(timeout=60) == 0, "the one task is done; there is nothing left to pause"
    shown = site.orch("show", run)
    assert shown.err.count("in the run's inbox, not believed") == 50
    assert [what for what, _, _ in did(site.journal(run))] == ["pause"]


# --- budgets of a restore


def test_a_spent_budget_pauses_until_a_person_lets_it_count_anew(tmp_path: Path) -> None:
    protocol = "organisation: x\nlimits: {parallel: 1, restore: {failed: 1}}\n"
    with on_its_twin(tmp_path, protocol) as site:
        site.orch("shutdown", "quick0", "quick1", "--yes")
        site.orch("twin", "fault", "on-quick0", "fail")
        before = site.runs()
        paused = site.orch("restore", "quick0", "quick1", "--yes", code=4)
        run = (site.runs() - before).pop()
        assert "PAUSED by a spent budget with 1 failed" in paused.out
        assert "1 of 1 hosts failed (spent)" in paused.out
        assert re.search(r"orch resume \S+ --past-limit --reason", paused.out)
        assert site.states(run) == {"quick0": "failed", "quick1": "waiting"}
        shown = site.orch("show", run, "--json").json()
        assert shown["budgets"] == {"failed": {"count": 1, "limit": 1}}
        assert shown["stopped"]["budget"] == [{"which": "failed", "count": 1, "limit": 1}]
        assert "budget spent" in site.orch("runs").out

        again = site.orch("resume", run, code=4)
        assert "PAUSED by a spent budget" in again.out
        assert site.told("quick1")[-1:] == [("stop.1", 0)], "nothing new was started"
        assert "--reason" in site.orch("resume", run, "--past-limit", code=2).err

        site.orch("resume", run, "--past-limit", "--reason", "the rack is being mended", code=1)
        assert site.states(run) == {"quick0": "failed", "quick1": "done"}
        assert did(site.journal(run)) == [("past-limit", "o.lang", "the rack is being mended")]
        assert "no budget" in site.orch("resume", run, "--past-limit", "--reason", "x", code=3).err
        assert "coming back is never forced" in site.orch("escalate", run, "quick0", "--reason", "x", code=3).err
