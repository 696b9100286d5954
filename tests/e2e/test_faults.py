"""Everything that the twin can have wrong with a host, in one night: shutdown, resume, a person's word, restore.

One system for each fault, on a host of its own, and below each a system that it requires, on a host without one. So
one run shows each fault beside the others: what becomes of the system, what waits for it, what was sent and how often.
The twin's own log is the witness of what was sent.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestrator.twin.control import fault as give
from tests.e2e.orch import Orch, lines_of

PLAYBOOK = """\
kind: svc
vars: {unit: null}
state:
  argv: [systemctl, show, -p, LoadState, -p, ActiveState, --value, "{unit}"]
  timeout: 1s
  within: 2s
  online: {output: 'loaded\\s+(active|reloading)'}
  offline: {output: '(loaded|masked)\\s+(inactive|failed)'}
shutdown:
  stop: [{name: stop, argv: [systemctl, stop, "{unit}"], sudo: true, timeout: 2s, expect: 1s}]
restore:
  stop: [{name: start, argv: [systemctl, start, "{unit}"], sudo: true, timeout: 2s, expect: 1s}]
health:
  - {name: answers, argv: [nc, -z, 127.0.0.1, "80"], timeout: 1s, within: 2s, every: 1s}
"""


@dataclass(frozen=True)
class Fault:
    """What a fault leads to, going down and coming back alike, while it lasts and once it is lifted.

    `state`, `why`: of the system under it. `sent`: how its step ended by the twin's log, under the fault, then in all
    once it is lifted. `retry`: only a person's word gets it on, a plain `resume` does not. `ends_late`: its command
    ends, and stands in the twin's log, when the fault is lifted. `then`: how it ends.
    """

    word: str
    state: str
    why: str
    sent: tuple[int, ...]
    sent_in_all: tuple[int, ...]
    retry: bool = False
    ends_late: bool = False
    then: str = "done"


FAULTS = (
    Fault("refuse", "failed", "Connection refused", (), (0,)),
    Fault("wrong-key", "failed", "host key", (), (0,)),
    Fault("hang", "failed", "no end within 1 s", (), (0,)),
    Fault("fail", "failed", "exit 1", (1,), (1, 0), retry=True),
    Fault("lie", "failed", "state probe on on-lie says", (0,), (0, 0), retry=True),
    Fault("flood", "unknown", "no end within", (), (0,), retry=True, ends_late=True, then="already"),
    Fault("drop", "done", "", (0,), (0,)),
    Fault("slow", "done", "", (0,), (0,)),
)
LASTING = tuple(fault for fault in FAULTS if fault.state != "done")
RETRIED = tuple(fault.word for fault in FAULTS if fault.retry)


def write_site(root: Path) -> Path:
    """The workspace: for each fault a system, and one that it requires."""
    (root / "inventories").mkdir(parents=True)
    (root / "playbooks").mkdir()
    hosts = ["  fine: {address: 10.9.0.250}"]
    systems = []
    for n, fault in enumerate(FAULTS, 1):
        hosts.append(f"  on-{fault.word}: {{address: 10.9.0.{n}}}")
        systems.append(f"  {fault.word}: {{kind: svc, hosts: [on-{fault.word}], requires: [{fault.word}-base],")
        systems[-1] += f" vars: {{unit: {fault.word}}}}}"
        systems.append(f"  {fault.word}-base: {{kind: svc, hosts: [fine], vars: {{unit: {fault.word}-base}}}}")
    text = ["defaults: {hosts: {user: orch}}", "hosts:", *hosts, "systems:", *systems]
    (root / "inventories" / "faults.yaml").write_text("\n".join(text) + "\n", encoding="utf-8")
    (root / "playbooks" / "svc.yaml").write_text(PLAYBOOK, encoding="utf-8")
    return root


@dataclass(frozen=True)
class Way:
    """One way, down or back: exit codes, tasks by id and what was sent, at each of its stations."""

    action: str
    run: str
    codes: tuple[int, ...]
    tasks: tuple[dict[str, dict[str, Any]], ...]
    sent: tuple[dict[str, tuple[int, ...]], ...]
    estate: Counter[str]


STATIONS = ("under the faults", "resumed under the faults", "lifted and resumed", "retried and resumed")


def tasks(orch: Orch) -> dict[str, dict[str, Any]]:
    return {task["task"]: task for task in orch("show", "last", "--json").json()["tasks"]}


def sent(orch: Orch, action: str) -> dict[str, tuple[int, ...]]:
    """For each system how its step ended each time that it was sent, by the twin's log."""
    found: dict[str, tuple[int, ...]] = {}
    for line in lines_of(orch.workspace / "twin.jsonl"):
        if line["action"] == action:
            found[line["system"]] = (*found.get(line["system"], ()), line["exit"])
    return found


def go(orch: Orch, action: str) -> Way:
    """One way through all stations, from the faults set until the run is over."""
    for fault in FAULTS:
        give(orch.workspace, f"on-{fault.word}", fault.word)
    codes, seen, told = [], [], []

    def station(*line: str) -> None:
        codes.append(orch(*line, code=None).code)
        seen.append(tasks(orch))
        told.append(sent(orch, action))

    station(action, "--yes")
    station("resume", "last")
    for fault in FAULTS:
        give(orch.workspace, f"on-{fault.word}", "none")
    station("resume", "last")
    orch("resolve", "last", "retry", *RETRIED, "--reason", "looked at it")
    station("resume", "last")
    estate = Counter(system["state"] for system in orch("status", "--json").json()["systems"])
    run = orch("show", "last", "--json").json()["run"]
    return Way(action, run, tuple(codes), tuple(seen), tuple(told), estate)


@pytest.fixture(scope="module")
def orch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orch]:
    """The workspace on its twin."""
    root = tmp_path_factory.mktemp("faults")
    here = Orch(root / "twin")
    here("twin", "up", "-C", str(write_site(root / "site")), "--write", str(here.workspace), "--speed", "100")
    try:
        yield here
    finally:
        here("twin", "down")


@pytest.fixture(scope="module")
def down(orch: Orch) -> Way:
    """The way down."""
    return go(orch, "shutdown")


@pytest.fixture(scope="module")
def back(orch: Orch, down: Way) -> Way:
    """The way back, after it."""
    assert down.codes[-1] == 0
    return go(orch, "restore")


@pytest.fixture(params=["down", "back"])
def way(request: pytest.FixtureRequest) -> Way:
    """Each way."""
    found: Way = request.getfixturevalue(request.param)
    return found


def test_the_exit_codes_say_how_it_stands(way: Way) -> None:
    assert dict(zip(STATIONS, way.codes, strict=True)) == dict(zip(STATIONS, (1, 1, 1, 0), strict=True))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.word)
def test_what_a_fault_leads_to(fault: Fault, way: Way) -> None:
    under, again, lifted, end = (each[fault.word] for each in way.tasks)

    assert (under["state"], again["state"]) == (fault.state, fault.state)
    assert fault.why in under["why"]
    assert lifted["state"] == (fault.state if fault.retry else fault.then)
    assert end["state"] == fault.then


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.word)
def test_nothing_is_sent_that_should_not_be(fault: Fault, way: Way) -> None:
    under, again, lifted, end = (each.get(fault.word, ()) for each in way.sent)

    assert under == again == fault.sent
    assert lifted == (fault.sent if fault.retry and not fault.ends_late else fault.sent_in_all)
    assert end == fault.sent_in_all


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.word)
def test_a_failure_holds_what_it_stands_on_and_nothing_else(fault: Fault, way: Way) -> None:
    base = f"{fault.word}-base"
    waits = way.action == "shutdown" and fault in LASTING

    assert way.tasks[0][base]["state"] == ("waiting" if waits else "done")
    assert way.tasks[3][base]["state"] == "done"
    assert way.sent[3][base] == (0,)


def test_the_estate_knows_it(down: Way, back: Way) -> None:
    assert down.estate == Counter(offline=2 * len(FAULTS))
    assert back.estate == Counter(online=2 * len(FAULTS))


def test_what_was_in_doubt_is_not_called_found(orch: Orch, down: Way) -> None:
    page = orch("show", down.run, "--json").json()

    assert page["found_offline"] == []
    assert page["settled"] == ["flood"]
    assert "nothing was sent" not in orch("show", down.run).out


def test_the_logs_are_whole(orch: Orch, back: Way) -> None:
    assert orch("verify", "--all", "--json").json()["verdict"] == "internal-only"
    assert back.run in orch("runs").out


def test_where_every_key_is_wrong_it_is_a_refusal(orch: Orch, back: Way) -> None:
    give(orch.workspace, "on-slow", "wrong-key")

    refused = orch("shutdown", "slow", "--yes", code=3)

    assert "host key" in refused.out
    assert orch("resume", "last", code=3).out
    assert sent(orch, "shutdown")["slow"] == (0,)
    give(orch.workspace, "on-slow", "none")
    assert orch("resume", "last").out
