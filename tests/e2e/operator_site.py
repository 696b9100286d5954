"""A small estate on its twin for what an operator does to a running run.

Systems that stop at once, such that take their time, such that drain for ever and can be forced, and such that a person
does; each in several copies, so that every case has its own.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.twin.control import fault
from tests.e2e.orch import LIMIT_S, Orch, lines_of

COPIES = 30
STEP = re.compile(r"[a-z]+[.][0-9]+\Z")
_STATE = """\
vars: {unit: null}
state:
  argv: [systemctl, show, -p, LoadState, -p, ActiveState, --value, "{unit}"]
  timeout: 2s
  within: 2s
  online: {output: 'loaded\\s+(active|reloading)'}
  offline: {output: '(loaded|masked)\\s+(inactive|failed)'}
"""
_STOP = '  stop: [{name: stop, argv: [systemctl, stop, "{unit}"], timeout: 60s, expect: EXPECT}]\n'
_KILL = '{name: kill, argv: [systemctl, kill, -s, KILL, "{unit}"], timeout: 5s, expect: 1s, idempotent: true}'
_BACK = 'restore:\n  stop: [{name: start, argv: [systemctl, start, "{unit}"], timeout: 5s, expect: 1s}]\n'
KINDS = {"quick": ("1s", False), "slow": ("3s", True), "endless": ("50s", True)}


def _playbook(kind: str) -> str:
    expect, can_be_forced = KINDS[kind]
    force = f"  force: [{_KILL}]\n" if can_be_forced else ""
    return f"kind: {kind}\n{_STATE}shutdown:\n{_STOP.replace('EXPECT', expect)}{force}{_BACK}"


def write_site(root: Path, more: str = "") -> Path:
    """The workspace. In copy N `slowN` requires `baseN`; `endlessN`, `quickN` and `outsideN` stand alone."""
    (root / "inventories").mkdir(parents=True)
    (root / "playbooks").mkdir()
    kinds = {"slow": "slow", "base": "quick", "endless": "endless", "quick": "quick"}
    hosts, systems = [], []
    for n in range(COPIES):
        for at, (name, kind) in enumerate(kinds.items()):
            needs = f"requires: [base{n}], " if name == "slow" else ""
            hosts.append(f"  on-{name}{n}: {{address: 10.9.{at}.{n + 1}}}")
            systems.append(f"  {name}{n}: {{kind: {kind}, hosts: [on-{name}{n}], {needs}vars: {{unit: {name}{n}}}}}")
        systems.append(f"  outside{n}: {{kind: other, managed: external}}")
    text = ["defaults: {hosts: {user: orch}}", "hosts:", *hosts, "systems:", *systems]
    (root / "inventories" / "site.yaml").write_text("\n".join(text) + "\n", encoding="utf-8")
    for kind in KINDS:
        (root / "playbooks" / f"{kind}.yaml").write_text(_playbook(kind), encoding="utf-8")
    if more:
        (root / "protocol.yaml").write_text(more, encoding="utf-8")
    return root


@dataclass
class Site:
    """The workspace on its twin, and the runs in it."""

    orch: Orch
    copies: Iterator[int]

    def copy(self) -> int:
        """The number of a copy that no case has had yet."""
        return next(self.copies)

    def journal(self, run: str) -> list[dict[str, Any]]:
        """The run's entries."""
        return lines_of(self.orch.workspace / "runs" / run / "journal.jsonl")

    def runs(self) -> set[str]:
        """The ids of all runs."""
        folder = self.orch.workspace / "runs"
        return {path.name for path in folder.iterdir() if path.name[0] != "."} if folder.exists() else set()

    def opened(self, before: set[str]) -> str:
        """The run that was opened since `before`."""
        until = time.monotonic() + LIMIT_S
        while not (new := self.runs() - before):
            assert time.monotonic() < until, "no run was opened"
            time.sleep(0.02)
        return new.pop()

    def when(self, run: str, ready: Callable[[list[dict[str, Any]]], bool]) -> None:
        """Wait until the journal says so."""
        until = time.monotonic() + LIMIT_S
        while not ready(self.journal(run)):
            assert time.monotonic() < until, f"it never came to that: {self.journal(run)[-5:]}"
            time.sleep(0.02)

    def states(self, run: str) -> dict[str, str]:
        """The last state of each task of the run."""
        return {task["task"]: task["state"] for task in self.orch("show", run, "--json").json()["tasks"]}

    def told(self, system: str) -> list[tuple[str, int]]:
        """What the twin was told to do to a system, and how that ended."""
        lines = lines_of(self.orch.workspace / "twin.jsonl")
        steps = (line for line in lines if line["system"] == system and STEP.match(line["step"] or ""))
        return [(line["step"], line["exit"]) for line in steps]

    @contextmanager
    def at_work(self, run: str, task: str) -> Iterator[None]:
        """While this lasts a task's first step is being worked on, however long that takes; then it goes on."""
        self.when(run, begun(task))
        fault(self.orch.workspace, f"on-{task}", "hang")
        try:
            yield
        finally:
            fault(self.orch.workspace, f"on-{task}", "none")

    @contextmanager
    def running(self, *words: str, nohup: bool = False) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
        """A command that executes a run, not on a terminal, and the run; ended by pid if it is still there."""
        before = self.runs()
        ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN) if nohup else None  # it is passed on
        process = self.orch.start(*words)
        if nohup:
            signal.signal(signal.SIGHUP, ignored)
        try:
            yield self.opened(before), process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=LIMIT_S)


def begun(task: str, step: str = "stop.1") -> Callable[[list[dict[str, Any]]], bool]:
    """Whether a step of a task has been sent."""
    return lambda journal: any(e["type"] == "step" and (e["task"], e["step"]) == (task, step) for e in journal)


@contextmanager
def on_its_twin(root: Path, more: str = "") -> Iterator[Site]:
    """The site on a twin that is as fast as life."""
    orch = Orch(root / "twin")
    orch("twin", "up", "-C", str(write_site(root / "site", more)), "--write", str(orch.workspace))
    try:
        yield Site(orch, iter(range(COPIES)))
    finally:
        orch("twin", "down")


def held_by(process: "subprocess.Popen[Any]") -> str:
    """How a holder of the lock is named."""
    return f"o.lang (process {process.pid} on {os.uname().nodename}"
