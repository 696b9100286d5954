"""The operator at 02:30 who mistypes, and the attacker who has touched the files: whatever is wrong, the message says
where and what then, the exit code is the right one, and nothing is lost (contract sections 7, 9).

One row a case: how the workspace is spoiled, what is typed, the exit code, words that must be said and words that must
not. Each case runs on a copy of one workspace: the one that `orch init` makes, with one open run in which app failed.
The folder and everything beside what a row allows must be the same bytes afterwards.
"""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.cli import main as cli
from orchestrator.cli.situation import situation
from orchestrator.model.events import Event, Left, OutputRef, Probed, StepChanged, TaskChanged
from orchestrator.model.plan import Request
from orchestrator.model.terms import Action, Found, ProbeKind, StepState, TaskState
from orchestrator.plan.file import plan_bytes
from orchestrator.run.execute import open_run
from orchestrator.run.journal import Journal
from orchestrator.workspace.init import write_example
from tests.e2e.orch import REPOSITORY

RUN = "20260301-0214-shutdown-7f3a"
OTHER = "20260302-0900-shutdown-aaaa"
INVENTORY = "inventories/example.yaml"
PLAYBOOK = "playbooks/systemd-service.yaml"
SAID = b"all \x1b]52;c;cm0gLXJmIC8=\x07 fine [/nope] \xe2\x80\xae\xff\n"
AT = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)

Spoil = Callable[[Path], object]


# --- the workspace, and ways to spoil it


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace that every case gets a copy of."""
    root = tmp_path_factory.mktemp("bad") / "night"
    write_example(root)
    open_one(root, RUN, AT)
    return root


def open_one(root: Path, run: str, at: datetime) -> None:
    """An open run of the whole workspace: portal is down, app has failed and said something hostile."""
    now = situation(root, None)
    plan = now.plan(Action.SHUTDOWN, Request(), id=run, created_at="2026-03-01T02:14:00Z", author="o.lang")
    folder = open_run(
        root, plan, plan_bytes(plan), by="o.lang", version="0", protocol_bytes=None, now=at, previous_heads=()
    )
    out, err = folder.outputs.keep(SAID), folder.outputs.keep(b"")
    output = OutputRef(stdout=out, stderr=err, bytes=(len(SAID), 0), truncated=(False, False))
    with Journal.open(folder.journal_path) as journal:
        events: list[Event] = [
            TaskChanged(task="app", state=TaskState.PROBING),
            Probed(task="app", host="app-01", probe=ProbeKind.STATE, found=Found.ONLINE, exit=0),
            TaskChanged(task="app", state=TaskState.RUNNING),
            StepChanged(task="app", step="stop.1", host="app-01", attempt=1, state=StepState.INTENT),
            StepChanged(
                task="app", step="stop.1", host="app-01", attempt=1, state=StepState.FAILED, exit=1, output=output
            ),
            TaskChanged(task="app", state=TaskState.FAILED, why="exit 1: \x1b[2J [/nope] \u202e"),
            Left(reason="ended"),
        ]
        journal.append(events, at)


def change(file: str, old: str, new: str) -> Spoil:
    def spoil(root: Path) -> None:
        text = (root / file).read_text(encoding="utf-8")
        assert old in text
        (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def write(file: str, data: str | bytes) -> Spoil:
    return lambda root: (root / file).write_bytes(data if isinstance(data, bytes) else data.encode())


def remove(name: str) -> Spoil:
    def spoil(root: Path) -> None:
        path = root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()

    return spoil


def pipe(name: str) -> Spoil:
    return lambda root: os.mkfifo(root / name)


def link_to_a_copy(name: str) -> Spoil:
    def spoil(root: Path) -> None:
        (root / name).rename(root / "elsewhere")
        (root / name).symlink_to(root / "elsewhere")

    return spoil


def all_of(*spoils: Spoil) -> Spoil:
    return lambda root: [spoil(root) for spoil in spoils]


def of_run(name: str) -> str:
    return f"runs/{RUN}/{name}"


JOURNAL = of_run("journal.jsonl")
LOCK = (of_run("lock"),)


def lines(edit: Callable[[list[bytes]], list[bytes]]) -> Spoil:
    """The journal's lines, edited."""

    def spoil(root: Path) -> None:
        data = (root / JOURNAL).read_bytes().splitlines(keepends=True)
        (root / JOURNAL).write_bytes(b"".join(edit(data)))

    return spoil


def forged(payload: dict[str, object], *, instead: bool = False) -> Spoil:
    """A last line whose hash fits, as somebody writes it who can write the folder; `instead` of the last one."""

    def edit(data: list[bytes]) -> list[bytes]:
        data = data[:-1] if instead else data
        text = json.dumps({"n": len(data) + 1, "at": "2026-03-01T02:15:00.000000Z"} | payload).encode()
        head = hashlib.sha256(data[-1][:64] + text).hexdigest().encode()
        return [*data, head + b" " + text + b"\n"]

    return lines(edit)


def output_of_app(root: Path) -> Path:
    (found,) = [path for path in (root / of_run("output")).iterdir() if path.stat().st_size]
    return found


def nothing(_root: Path) -> None:
    """The workspace as it is."""


def another_run(root: Path) -> None:
    """Two systems of their own kind in two open runs."""
    open_one(root, OTHER, datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


# --- the table


@dataclass(frozen=True)
class Case:
    """One thing that goes wrong. `never`: what must not be said; `writes`: what may change, as globs."""

    name: str
    spoil: Spoil
    line: str | tuple[str, ...]
    code: int
    words: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()

    @property
    def typed(self) -> list[str]:
        return self.line.split() if isinstance(self.line, str) else list(self.line)


FILES = (
    Case("no inventory", remove(INVENTORY), "status", 2, ("no inventory", "orch init DIR")),
    Case("an empty inventory", write(INVENTORY, ""), "shutdown --dry-run", 2, ("the file is empty",)),
    Case("a remark and no more", write(INVENTORY, "# todo\n"), "graph", 2, (f"{INVENTORY} the file is empty",)),
    Case("no playbook", remove("playbooks/postgresql.yaml"), "check", 2, (f"{INVENTORY}:10", "has no playbook")),
    Case("no playbook, planned", remove("playbooks/postgresql.yaml"), "shutdown db --dry-run", 2, ("no playbook",)),
    Case("a key that is none", change(INVENTORY, "requires: [app]", "require: [app]"), "check", 2, ("requires?",)),
    Case("a word for a list", change(INVENTORY, "hosts: [db-01]", "hosts: db-01"), "check", 2, ("brackets",)),
    Case("a system that is none", change(INVENTORY, "[db]", "[dbx]"), "shutdown --dry-run", 2, ("Did you mean db",)),
    Case("an id twice", change(INVENTORY, "  db: {", "  app: {kind: bastion}\n  db: {"), "check", 2, ("stands twice",)),
    Case("a var not given", change(INVENTORY, "unit: nginx, ", ""), "check", 2, ("the var unit is not given",)),
    Case(
        "a loop",
        change(INVENTORY, "hosts: [db-01], vars", "hosts: [db-01], requires: [portal], vars"),
        "shutdown --as o.lang --yes",
        2,
        ("loop on the way down, of 3 systems", "portal requires app"),
    ),
    Case("an option for an address", change(INVENTORY, "10.20.1.31", "-oProxyCommand=id"), "check", 2, ("host name",)),
    Case("an option for an id", change(INVENTORY, "  db-01: {", "  -oX=y: {"), "check", 2, ("expected an id",)),
    Case("a pipe for a file", all_of(remove(INVENTORY), pipe(INVENTORY)), "check", 2, ("no plain file",)),
    Case("a protocol that is empty", write("protocol.yaml", ""), "shutdown --dry-run", 2, ("protocol.yaml",)),
    Case("two inventories", lambda r: shutil.copy(r / INVENTORY, r / "inventories/b.yaml"), "status", 2, ("-i NAME",)),
    Case("another inventory", nothing, "status -i exampel", 2, ("Did you mean example?",)),
)

LINES = (
    Case("a system mistyped", nothing, "shutdown portl --dry-run", 2, ("matches no system", "Did you mean portal?")),
    Case("nothing like it", nothing, "shutdown zzz --dry-run", 2, ("matches no system", "orch status --all")),
    Case("an empty selection", nothing, ("shutdown", "", "--dry-run"), 2, ('"" is empty',)),
    Case("an exception that matches nothing", nothing, "shutdown --except zzz --dry-run", 2, ("matches no system",)),
    Case(
        "an exception that comes along", nothing, "shutdown db --except app --dry-run", 3, ("REFUSED", "app requires")
    ),
    Case("an exception of all", nothing, "shutdown db --except db --only --dry-run", 2, ("nothing is left",)),
    Case(
        "a protected system comes along",
        change(INVENTORY, "labels: {tier: data}", 'protected: "backups"'),
        "shutdown bastion --as o.lang --yes",
        3,
        ("db is protected (backups)", "db is reached through bastion"),
    ),
    Case("a mode that is none", nothing, "shutdown --mode kill --dry-run", 2, ("isolate, stop, poweroff",)),
    Case("a mode nobody has", nothing, "shutdown portal --mode isolate --dry-run", 0, ('has no "isolate"', "by hand")),
    Case("a folder that is none", nothing, "check -C nowhere", 2, ("nowhere is no folder", "orch init DIR")),
    Case("a file for a folder", nothing, "check -C known_hosts", 2, ("known_hosts is no folder",)),
    Case("a folder nobody may see", nothing, f"check -C /{'x' * 300}/y", 2, ("is no folder",), ("mistake in orch",)),
    Case("an empty folder's name", nothing, ("status", "-C", ""), 2, ("-C names no folder",)),
    Case("an empty folder's name at the front", nothing, ("-C", "", "status"), 2, ("-C names no folder",)),
    Case("nobody", nothing, "shutdown portal", 2, ("--as YOU",)),
    Case("a name with an escape", nothing, ("shutdown", "--as", "o\x1b[2J"), 2, ("--as", "\\x1b"), ("\x1b",)),
    Case("a name of two lines", nothing, ("resume", "last", "--as", "o.lang\nroot"), 2, ("--as",)),
    Case("a name without end", nothing, ("resume", "last", "--as", "o" * 300), 2, ("--as", "64")),
    Case("a name that is no text", nothing, ("resume", "last", "--as", "o\udcff"), 2, ("--as",)),
    Case("a key for an option", nothing, "shutdown --dryrun", 2, ("--dry-run",)),
    Case("a command mistyped", nothing, "shutdwon", 2, ("shutdown",)),
    Case("a run that is none", nothing, "show 20260302", 2, ("There is no run", RUN)),
    Case("no run at all", remove("runs"), "log last", 2, ("There is no run yet in", "runs")),
    Case("no run at all, resumed", remove("runs"), "resume last --as o.lang", 2, ("There is no run yet in",)),
    Case("two runs are open", another_run, "resume last --as o.lang", 2, ("2 runs are open", RUN, OTHER)),
    Case("two runs, decided", another_run, "resolve last skip app --as a --reason b", 2, ("2 runs are open",)),
    Case("a beginning of two", another_run, "show 2026", 2, ("the beginning of 2 runs", OTHER)),
    Case("a time mistyped", nothing, "log last --since yesterday", 2, ("02:31", "10m")),
    Case("a task that is none", nothing, "log last --task ap", 2, ("Did you mean app",)),
    Case("nothing to bring back", remove("runs"), "restore --as o.lang --yes", 0, ("NOTHING to do",)),
    Case(
        "nothing to bring back, for a file",
        remove("runs"),
        "restore --dry-run --out n.json",
        0,
        ("n.json was not written",),
    ),
    Case("a dry run of what is held", nothing, "shutdown app --dry-run", 0, (f"run {RUN}", "holds app", "refused")),
    Case("what a run holds", nothing, "shutdown app --as o.lang --yes", 3, (f"run {RUN}", "holds app")),
    Case("a fault that is none", nothing, "twin up --write t --fault db-01=explode", 2, ("hang", "wrong-key")),
    Case("a fault's host that is none", nothing, "twin up --write t --fault dbx=hang", 2, ('"dbx" is no host',)),
    Case("a twin in the workspace itself", nothing, "twin up --write .", 3, ("REFUSED", "nothing was written")),
    Case("no twin to end", nothing, "twin down", 2, ("no twin's folder",)),
    Case("a plan compared with nothing", nothing, f"plan diff {of_run('plan.json')}", 2, ("with one thing", "--now")),
    Case("a plan compared with none", nothing, "plan diff night.json --now", 2, ("night.json can't be read",)),
    Case("a plan that runs, compared", nothing, f"plan diff {of_run('plan.json')} --now", 0, ("has run already",)),
    Case("a plan's task mistyped", nothing, f"plan show {of_run('plan.json')} --task ap", 2, ("Did you mean app?",)),
    Case("a folder with something in it", nothing, "init .", 3, ("REFUSED", "not empty")),
    Case("explained, and not there", nothing, "explain dbb", 2, ("dbb", "Did you mean")),
    Case("explained with itself", nothing, "explain db db", 2, ("db",)),
    Case("explained by three", nothing, "explain db app web", 2, ("Usage", "web")),
    Case("the impact of nothing", nothing, "impact", 2, ("Usage", "SEL")),
    Case("the impact of what is not there", nothing, "impact dbb", 2, ('"dbb" matches no system', "Did you mean db")),
    Case("the impact of no mode", nothing, "impact db --mode sotp", 2, ("sotp",)),
    Case("a lint mistyped", nothing, "check --explain L4", 2, ("L4", "L04")),
    Case("a probe of what is not there", nothing, "probe dbb", 2, ('"dbb" matches no system',)),
    Case("a watch that never rests", nothing, "probe db --watch --every 1s", 2, ("5s",)),
    Case("a watch in one document", nothing, "probe db --watch --json", 2, ("--json", "--watch")),
    Case("a probe without a dry run", nothing, "shutdown --probe --as o.lang", 2, ("--probe", "--dry-run")),
    Case("a picture over the inventory", nothing, f"graph --svg {INVENTORY}", 2, (INVENTORY,)),
    Case("a picture into a run", nothing, f"graph --dot {of_run('approvals/g.dot')}", 2, ("runs/",)),
)

NOT_BUILT = tuple(
    Case(
        f"not built: {line}", nothing, line, 2, (f"orch {' '.join(line.split()[:words])} is not built yet.",), ("mean",)
    )
    for line, words in (
        ("approve night.json --as k.sued --reason x", 1),
        ("approval add last a.txt", 1),
        ("protocol show", 1),
        ("clear db --check x --evidence y", 1),
        ("adopt db --state offline --reason x", 1),
        ("report last --html x.html", 1),
        ("rehearse night.json", 1),
    )
)

OUT = (
    Case("out over the inventory", nothing, f"shutdown --dry-run --out {INVENTORY}", 2, ("is no plan", "another")),
    Case("out over the pins", nothing, "shutdown --dry-run --out known_hosts", 2, ("is no plan",)),
    Case("out over a run's plan", nothing, f"shutdown --dry-run --out {of_run('plan.json')}", 2, ("runs/",)),
    Case("out into a run", nothing, f"shutdown --dry-run --out {of_run('approvals/n.json')}", 2, ("runs/",)),
    Case("out into nowhere", nothing, "shutdown --dry-run --out nowhere/n.json", 2, ("nowhere is no folder",)),
    Case("out over a folder", nothing, "shutdown --dry-run --out playbooks", 2, ("is a folder",)),
    Case(
        "out where nobody may write", nothing, "shutdown --dry-run --out /proc/n.json", 2, ("/proc/n.json", "another")
    ),
    Case("a plan that is none", nothing, "apply known_hosts --as o.lang", 2, ("is no plan", "not JSON")),
    Case("no plan there", nothing, "apply night.json --as o.lang", 2, ("night.json can't be read",)),
    Case("a plan that runs", nothing, f"apply {of_run('plan.json')} --as o.lang", 3, ("at most once", "orch resume")),
    Case(
        "a plan somebody changed",
        lambda r: (r / "n.json").write_bytes(
            (r / of_run("plan.json")).read_bytes().replace(b'"stop"', b'"kill"').replace(RUN.encode(), b"new")
        ),
        "apply n.json --as o.lang --yes",
        2,
        ("n.json is no plan",),
    ),
    Case(
        "a plan with another command",
        lambda r: (r / "n.json").write_bytes(
            (r / of_run("plan.json")).read_bytes().replace(b'"nginx"', b'"sshd"').replace(RUN.encode(), b"new")
        ),
        "apply n.json --as o.lang --yes",
        3,
        ("no longer what planning it again gives", "portal"),
    ),
)

RESOLVE = (
    Case("a word that is none", nothing, "resolve last explode app --as a --reason b", 2, ("explode", "retry")),
    Case("a task mistyped", nothing, "resolve last retry ap --as a --reason b", 2, ("Did you mean app?",)),
    Case("no task in that state", nothing, "resolve last retry state=unknown --as a --reason b", 2, ("no task",)),
    Case("a task that was not tried", nothing, "resolve last retry db --as a --reason b", 3, ("not been tried yet",)),
    Case(
        "an empty reason", nothing, ("resolve", "last", "skip", "app", "--as", "a", "--reason", " "), 2, ("--reason",)
    ),
    Case("a reason with an escape", nothing, ("resolve", "last", "skip", "app", "--as", "a", "--reason", "\x1b[2J"), 2),
    Case("a reason that is no text", nothing, ("resolve", "last", "skip", "app", "--as", "a", "--reason", "\udcff"), 2),
    Case("neither task nor all", nothing, "resolve last skip --as a --reason b", 2, ("--all",)),
    Case("all, and no number typed", nothing, "resolve last skip --all --as a --reason b", 3, ("no confirmation",)),
    Case("evidence nobody waits for", nothing, "resolve last waive-evidence app --as a --reason b", 3, ("evidence",)),
    Case(
        "a run that is over",
        forged({"type": "sealed", "result": "aborted", "tasks": {}}),
        "resolve last skip app --as a --reason b",
        2,
        ("is over (aborted)", "orch show"),
    ),
    Case(
        "a run that is over, resumed",
        forged({"type": "sealed", "result": "aborted", "tasks": {}}),
        "resume last --as o.lang",
        0,
        ("is over (aborted)",),
    ),
)

OPERATOR = (
    Case(
        "force for what has none", nothing, "escalate last db --as a --reason b", 3, ("db can't be forced", "done|skip")
    ),
    Case("force for a word that is none", nothing, "escalate last ap --as a --reason b", 2, ("Did you mean app?",)),
    Case("force in no such state", nothing, "escalate last state=held --as a --reason b", 2, ("No task is held",)),
    Case("force by a key that a plan lacks", nothing, "escalate last label.tier=data --as a --reason b", 2, ("plan",)),
    Case("force for nobody", nothing, "escalate last --as a --reason b", 2, ("--all",)),
    Case("force for no reason", nothing, "escalate last app --as a", 2, ("--reason",)),
    Case(
        "force for a reason with an escape", nothing, ("escalate", "last", "app", "--as", "a", "--reason", "\x1b[2J"), 2
    ),
    Case("force by nobody", nothing, "escalate last app --reason b", 2, ("--as YOU",)),
    Case("force for all, and no number typed", nothing, "escalate last --all --as a --reason b", 3),
    Case(
        "a pause of nobody",
        nothing,
        "pause last --as a",
        0,
        ("No process executes", "Nothing was written"),
        writes=LOCK,
    ),
    Case("a pause by nobody", nothing, "pause last", 2, ("--as YOU",)),
    Case("a pause of no run", remove("runs"), "pause last --as a", 2, ("There is no run yet",)),
    Case("a pause for an empty reason", nothing, ("pause", "last", "--as", "a", "--reason", " "), 2, ("--reason",)),
    Case("a pause of one of two", another_run, "pause last --as a", 2, ("2 runs are open",)),
    Case("an abort without a number", nothing, "abort last --as a --reason b", 3, ("4 systems", "no confirmation")),
    Case("an abort without a reason", nothing, "abort last --as a --yes", 2, ("--reason",)),
    Case("an abort of one of two", another_run, "abort last --as a --yes --reason b", 2, ("2 runs are open",)),
    Case("an abort of no run", nothing, "abort 2031 --as a --yes --reason b", 2, ("There is no run",)),
    Case(
        "an abort of what is over",
        forged({"type": "sealed", "result": "done", "tasks": {}}),
        "abort last --as a --yes --reason b",
        2,
        ("is over (done)",),
    ),
    Case(
        "budgets that are not spent",
        nothing,
        "resume last --past-limit --reason b --as a",
        3,
        ("no budget",),
        writes=LOCK,
    ),
    Case("budgets without a reason", nothing, "resume last --past-limit --as a", 2, ("--reason",)),
    Case("a reason for nothing", nothing, "resume last --reason b --as a", 2, ("--past-limit",)),
    *(
        Case(f"a lock that is none: {line}", all_of(remove(LOCK[0]), pipe(LOCK[0])), line, 5, ("lock",))
        for line in ("pause last --as a", "abort last --yes --as a --reason b", "escalate last app --as a --reason b")
    ),
    *(
        Case(f"a journal that was touched: {line}", lines(lambda d: d[:2] + d[3:]), line, 5, ("journal.jsonl:3",))
        for line in ("pause last --as a", "abort last --yes --as a --reason b", "escalate last app --as a --reason b")
    ),
)

KEEP = "Keep the folder as it is"
TOUCHED = tuple(
    Case(f"{name}: {line}", spoil, line, 5, words)
    for name, spoil, words in (
        (
            "a line changed",
            lines(lambda d: [*d[:3], d[3].replace(b"running", b"skipped"), *d[4:]]),
            ("journal.jsonl:4",),
        ),
        ("a line removed", lines(lambda d: d[:2] + d[3:]), ("journal.jsonl:3",)),
        ("a line put in", lines(lambda d: [*d[:3], d[1], *d[3:]]), ("journal.jsonl:4",)),
        ("garbage at the end", lines(lambda d: [*d, b"hello\n"]), ("journal.jsonl:9", KEEP)),
        ("an empty journal", write(JOURNAL, b""), ("journal.jsonl",)),
        ("a journal of one torn line", lines(lambda d: [d[0][:-1]]), ("journal.jsonl",)),
        ("no journal", remove(JOURNAL), ("journal.jsonl is missing",)),
        ("a plan changed", change(of_run("plan.json"), "systemctl", "rm"), ("plan.json was changed",)),
        ("no plan", remove(of_run("plan.json")), ("plan.json is missing",)),
        (
            "a linked plan",
            link_to_a_copy(of_run("plan.json")),
            ("plan.json is a link",),
        ),
        ("a run under another name", lambda r: (r / "runs" / RUN).rename(r / "runs" / OTHER), (f'of run "{RUN}"',)),
        ("a copy of a run", lambda r: shutil.copytree(r / "runs" / RUN, r / "runs" / OTHER), (f'of run "{RUN}"',)),
    )
    for line in ("show last", "status", "resume last --as o.lang", "shutdown portal --as o.lang --yes", "verify --all")
)
FORGED = (
    Case(
        "a task that is none, shown",
        forged({"type": "task", "task": "zzz", "state": "done"}),
        "show last",
        5,
        ("entry 9", "zzz"),
    ),
    Case(
        "a task that is none, listed", forged({"type": "task", "task": "zzz", "state": "done"}), "runs", 5, ("entry 9",)
    ),
    Case(
        "a task that is none, decided",
        forged({"type": "operator", "did": "resolve", "task": "zzz", "as": "retry", "by": "x", "reason": "y"}),
        "resolve last skip app --as a --reason b",
        5,
        ("entry 9", "zzz"),
    ),
    Case(
        "a time that is none",
        forged({"type": "left", "reason": "ended", "at": "yesterday"}),
        "resume last --as o.lang",
        5,
        ("journal.jsonl:9", "yesterday"),
    ),
    Case(
        "a state nobody can reach",
        forged({"type": "task", "task": "db", "state": "verifying"}),
        "resume last --as o",
        5,
    ),
    Case("an output changed", lambda r: output_of_app(r).write_bytes(b"fine"), "verify last", 5, ("was changed",)),
    Case("an output removed", lambda r: output_of_app(r).unlink(), "verify last", 5, ("is missing",)),
    Case("an output changed, shown", lambda r: output_of_app(r).write_bytes(b"fine"), "log last --output", 5),
    Case("a torn tail is none", lines(lambda d: [*d, b'0123 {"n":']), "verify last", 0, ("10 bytes",)),
    Case("the others are still listed", all_of(another_run, remove(JOURNAL)), "runs", 5, (OTHER, "is missing")),
    Case("what hosts say is shown harmless", nothing, "log last --output", 0, ("\\x1b]52;c;", "[/nope]", "\\xff")),
    Case("what hosts say is shown harmless, the reason", nothing, "show last", 0, ("\\x1b[2J [/nope] \\u202e",)),
    Case(
        "a paper nobody can read",
        write(of_run("inbox/x.json"), b"\xff\xfe"),
        "resolve last skip app --as a --reason b",
        0,
        writes=(JOURNAL, of_run("lock"), of_run("inbox/*"), of_run("inbox/refused/*")),
    ),
)

CASES = FILES + LINES + NOT_BUILT + OUT + RESOLVE + OPERATOR + TOUCHED + FORGED
assert len({case.name for case in CASES}) == len(CASES)


@pytest.fixture
def here(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the workspace to be in."""
    root = tmp_path / "night"
    shutil.copytree(whole, root)
    monkeypatch.chdir(root)
    for name in ("ORCH_AS", "ORCH_WORKSPACE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    yield root
    os.environ.pop("ORCH_WORKSPACE", None)


def contents(root: Path) -> dict[str, bytes]:
    """Every plain file of a workspace."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_wrong_is_said(case: Case, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case.spoil(here)
    before = contents(here)

    code = cli.run(case.typed)

    ran = capsys.readouterr()
    said = " ".join((ran.out + ran.err).split())
    assert code == case.code, said
    for words in case.words:
        assert words in said
    for words in (*case.never, "Traceback", "mistake in orch"):
        assert words not in said
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e\x80-\x9f]", ran.out + ran.err)
    if code == 2 and case.typed[0] != "check":
        assert ran.out == "", "an answer is for stdout, what is wrong with the question for stderr"
    after = contents(here)
    kept = {name for name in before.keys() | after.keys() if not any(Path(name).match(glob) for glob in case.writes)}
    assert {name: before.get(name) for name in kept} == {name: after.get(name) for name in kept}


# --- the terminal


def typed(here: Path, line: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """A line in bash, in which `$ORCH` is orch; fails as a pipe does."""
    orch = f"'{sys.executable}' -m orchestrator.cli.main"
    return subprocess.run(
        ["bash", "-c", line.replace("$ORCH", orch)],
        cwd=here,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "ORCH_AS": "o.lang"} | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("line", "code", "err"),
    [
        ("$ORCH log last | head -1; exit ${PIPESTATUS[0]}", 0, b""),
        ("$ORCH log last | true; exit ${PIPESTATUS[0]}", 0, b""),
        ("$ORCH graph --json | head -c 1; exit ${PIPESTATUS[0]}", 0, b""),
        (f"echo x >> {JOURNAL}; $ORCH verify last | true; exit ${{PIPESTATUS[0]}}", 5, b""),
        ("$ORCH runs >&-", 0, b""),
        ("$ORCH runs 2>&- >&-", 0, b""),
        ("$ORCH show nosuch 2>&-", 2, b""),
        ("$ORCH show nosuch 2>/dev/full", 2, b""),
        ("$ORCH shutdown portal <&-", 3, None),
        ("$ORCH runs >/dev/full", 4, b"stdout could not be written: No space left on device"),
        ("$ORCH runs --json >/dev/full", 4, b"stdout could not be written: No space left on device"),
    ],
)
def test_whoever_does_not_listen_is_no_mistake(line: str, code: int, err: bytes | None, here: Path) -> None:
    if code == 3:
        shutil.rmtree(here / "runs")
    ran = typed(here, line)

    assert ran.returncode == code, ran.stderr
    assert b"Traceback" not in ran.stderr + ran.stdout
    assert b"mistake" not in ran.stderr
    assert err is None or (err in ran.stderr if err else ran.stderr == b"")


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "utf-8:strict", "NO_COLOR": "1"},
        {"COLUMNS": "0"},
        {"COLUMNS": "1"},
        {"COLUMNS": "x"},
        {"TERM": "dumb"},
        {"TERM": ""},
    ],
    ids=lambda env: " ".join(f"{name}={value}" for name, value in env.items()),
)
def test_any_terminal_will_do(env: dict[str, str], here: Path) -> None:
    change(INVENTORY, "en: member portal", "en: 会員ポータル – für Mitglieder")(here)

    ran = typed(here, "$ORCH shutdown --dry-run", **env)

    assert ran.returncode == 0, ran.stderr
    said = b" ".join(ran.stdout.split())
    assert b"SHUTDOWN of 4 systems" in said
    assert b"\x1b" not in ran.stdout + ran.stderr


def test_forty_columns_are_kept(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    change(INVENTORY, "en: member portal", "en: " + "a-name-without-an-end-" * 9)(here)

    lines = ("check", "status", "runs", "show last", "log last --output", "shutdown --dry-run --all", "graph")
    for line in (*lines, "explain app", "explain app db", "impact app", "check --explain L04"):
        assert cli.run(line.split()) == 0
        said = capsys.readouterr().out
        wide = [each for each in said.splitlines() if len(each) > 40]
        assert [each for each in wide if not COMMAND.match(each)] == [], line  # what can be pasted is never cut


COMMAND = re.compile(r"(Next: | +)orch ")

# --- reading commands for scripts


@pytest.mark.parametrize(
    "line",
    [
        "check",
        "graph",
        "graph app",
        "shutdown --dry-run",
        "restore --dry-run",
        "status",
        "status app",
        "explain app",
        "explain app db",
        "impact app",
        "check --explain L04",
        "runs",
        "show last",
        "log last",
        "verify last",
        "verify --all",
        f"plan show {of_run('plan.json')}",
        f"plan show {of_run('plan.json')} --task app",
        f"plan diff {of_run('plan.json')} {of_run('plan.json')}",
        f"plan diff {of_run('plan.json')} --now",
    ],
)
def test_json_is_one_document(line: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*line.split(), "--json"]) == 0

    said = capsys.readouterr()
    assert json.loads(said.out)["format"].startswith("orch-")
    assert said.out.isascii()


@pytest.mark.parametrize(
    ("spoil", "line", "code"),
    [
        (change(INVENTORY, "[db]", "[dbx]"), "check", 2),
        (write(JOURNAL, b"x\n"), "verify last", 5),
        (write(JOURNAL, b"x\n"), "verify --all", 5),
        (write(JOURNAL, b"x\n"), "runs", 5),
    ],
)
def test_json_is_one_document_where_something_is_wrong(
    spoil: Spoil, line: str, code: int, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(here)

    assert cli.run([*line.split(), "--json"]) == code
    assert json.loads(capsys.readouterr().out)["format"].startswith("orch-")


def test_init_check_and_a_dry_run_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(tmp_path / "new")
    assert cli.run(["init", root]) == 0
    assert cli.run(["check", "-C", root]) == 0
    assert cli.run(["shutdown", "--dry-run", "-C", root]) == 0
    assert f"orch shutdown -C {root} --as YOU" in " ".join(capsys.readouterr().out.split())
