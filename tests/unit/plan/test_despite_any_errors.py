"""Whatever is done to the files: they are refused, or there is a plan in which nothing is done that errors forbid.

No traceback ever; what says `protected` is never a task; what is not broken has the commands of its playbook; what is
broken has one step for a person; every need and host of the plan is there (`plan/sound.py`).
"""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.model.errors import OrchError
from orchestrator.model.estate import Estate
from orchestrator.model.plan import Plan, Request
from orchestrator.model.workspace import Workspace
from orchestrator.plan.shutdown import plan_shutdown
from orchestrator.plan.sound import unsound
from orchestrator.workspace.loader import load

INVENTORY = """\
customers:
  nord: {name: BKK Nord, language: de}
zones:
  dmz: {}
  data:
    gateway: gate
    control_path: [dns]
hosts:
  gate: {address: 10.0.0.1, zone: dmz}
  h0: {address: 10.0.0.2, zone: dmz}
  h1:
    address: 10.0.1.1
    zone: data
    runs_on: hyper
  h2: {address: 10.0.1.2, zone: data}
  h3: {address: 10.0.1.3}
  h4: {address: 10.0.1.4, zone: data}
systems:
  bastion: {kind: svc, hosts: [gate]}
  dns: {kind: svc, hosts: [h3]}
  hyper: {kind: svc, hosts: [h0]}
  app:
    kind: svc
    hosts: [h1]
    owner: nord
    customers: [nord]
    requires:
      - db
      - {any: [mail, db], at_least: 1}
    after:
      - {system: mail, when: restore}
    vars: {unit: app, firewall: fw}
    labels: {tier: data}
    priority: 70
  db: {kind: svc, hosts: [h2, h4], vars: {unit: db}}
  mail: {kind: plain, hosts: [h4], requires: [db]}
  fw: {kind: svc, hosts: [h2], serial: false}
  vault:
    kind: plain
    hosts: [h4]
    protected: the backups
    requires: [db]
  store: {kind: hand, managed: external}
services:
  portal: {name: {de: Portal}, customers: all, requires: [app]}
operator:
  control_path: [bastion]
"""
SVC = """\
kind: svc
vars: {unit: x, firewall: fw}
state: {argv: [state, "{unit}"], online: [0], offline: [3]}
isolation: {on: {system: "{firewall}"}, argv: [cut, "{system}"], isolated: [0], open: [1]}
shutdown:
  stop: [{name: stop, argv: [stop, "{unit}"]}]
"""
PLAIN = "kind: plain\nshutdown:\n  stop:\n    - {name: stop, argv: [stop]}\n"
FILES = {"inventories/i.yaml": INVENTORY, "playbooks/svc.yaml": SVC, "playbooks/plain.yaml": PLAIN}
INSERTS = (
    "x",
    ":",
    "[",
    "]",
    "{",
    "}",
    "-",
    "&a ",
    "*a",
    "!t ",
    "<<: {",
    "\n",
    "  ",
    "\t",
    '"',
    ",",
    "#",
    "\xe4",
    "\0",
)


def damaged(text: str, rng: random.Random) -> str:
    """`text` after what a tired person does to it: a few keys typed, lines lost, moved, doubled, indented."""
    for _ in range(rng.randint(1, 4)):
        lines = text.splitlines(keepends=True)
        at = rng.randrange(len(lines))
        what = rng.randrange(7)
        if what == 0:
            del lines[at]
        elif what == 1:
            lines.insert(rng.randrange(len(lines)), lines[at])
        elif what == 2:
            lines[at] = "  " + lines[at] if rng.random() < 0.5 else lines[at].removeprefix("  ")
        elif what == 3:
            place = rng.randrange(len(lines[at]))
            lines[at] = lines[at][:place] + lines[at][place + 1 :]
        elif what == 4:
            place = rng.randrange(len(lines[at]))
            lines[at] = lines[at][:place] + rng.choice(INSERTS) + lines[at][place:]
        else:
            words = [word for line in lines for word in line.replace(",", " ").split()]
            place = lines[at].find(rng.choice(lines[at].split() or [""]))
            lines[at] = lines[at][:place] + rng.choice(words) + " " + lines[at][place:]
        text = "".join(lines) or "x"
    return text


def planned(seed: int) -> tuple[Workspace, Plan, dict[str, str]] | None:
    """The plan of files that were damaged at random; None where they are refused."""
    rng = random.Random(seed)
    files = dict(FILES)
    path = rng.choice(["inventories/i.yaml"] * 4 + ["playbooks/svc.yaml", "playbooks/plain.yaml"])
    files[path] = damaged(files[path], rng)
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            (Path(root) / name).parent.mkdir(exist_ok=True)
            (Path(root) / name).write_text(text)
        try:
            ws = load(Path(root), despite_errors=True)
            request = Request(despite_errors=True)
            return ws, plan_shutdown(ws, Estate(), request, id="p", created_at="", author=None), files
        except OrchError:
            return None


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 10**9))
def test_refused_or_planned_and_nothing_else(seed: int) -> None:
    got = planned(seed)
    if got is None:
        return
    ws, plan, files = got
    tasks = {task.id: task for task in plan.tasks}
    assert not unsound(plan)
    assert "vault" not in tasks or "protected: the backups" not in files["inventories/i.yaml"]
    cut = {id for warn in plan.warnings if warn.code == "loop-cut" for id in warn.systems}
    by_hand = {id for id, task in tasks.items() if task.is_manual and ws.inventory.systems[id].hosts}
    assert by_hand <= ws.broken.keys() | cut
    for id in ws.broken.keys() & tasks.keys():
        assert (tasks[id].hosts, len(tasks[id].steps), tasks[id].is_manual) == (("-",), 1, True)
        assert not any((tasks[id].probe.state, tasks[id].evidence, tasks[id].force))
    told = " ".join(warn.text for warn in plan.warnings if warn.code == "despite-errors")
    problems = [*ws.beside, *(one for found in ws.broken.values() for one in found)]
    assert all(f"{problem.source}  {problem.what}" in told for problem in problems)


def test_enough_of_it_is_planned_and_enough_refused() -> None:
    found = [planned(seed) for seed in range(60)]
    broken = [got for got in found if got is not None and got[0].broken]
    assert len(broken) >= 10
    assert sum(got is None for got in found) >= 10


def test_the_files_are_good_to_begin_with(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    ws = load(tmp_path)
    assert {one for one in ws.inventory.systems if ws.inventory.systems[one].protected} == {"vault"}


@pytest.mark.parametrize("seed", range(5))
def test_the_same_damage_gives_the_same_plan(seed: int) -> None:
    one, two = planned(seed), planned(seed)
    assert (one and one[1]) == (two and two[1])
