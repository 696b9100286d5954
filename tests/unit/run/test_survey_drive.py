"""A survey on a carrier that answers from a table: what is sent, in which order, how often, and when it ends."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from orchestrator.hosts.port import Accepted, HostSpec, Outcome, OutcomeState, Result, Spec, SpecKind, Times
from orchestrator.model.estate import Deed, Estate, SystemRecord
from orchestrator.model.terms import EstateState, Found, Mode
from orchestrator.model.workspace import Workspace
from orchestrator.run.stop import Stop
from orchestrator.run.survey import drive
from orchestrator.run.survey.drive import Drive, Progress
from orchestrator.run.survey.findings import HostState, Survey, SystemState
from orchestrator.run.survey.wanted import Wanted, wanted
from orchestrator.run.survey.watch import Round, changes, watch
from tests.unit.run.test_survey_hosts import ANSWER, TIMES

LOST = Outcome(OutcomeState.UNKNOWN, why="connection lost after 0:00")
UNREACHABLE = Outcome(OutcomeState.UNREACHABLE, refusal=Found.UNREACHABLE, why="it does not answer")
RUN = "20260301-0214-shutdown-7f3a"


def said(text: str, exit: int = 0) -> Outcome:
    return Outcome(OutcomeState.DONE, Result(exit, text.encode(), b"", (len(text), 0)), times=TIMES)


def what(spec: Spec) -> str:
    """`look db-1`, `probe db-1 pg_ctlcluster`, `port db-1`, `login fw`."""
    if spec.kind is SpecKind.READ and spec.argv is not None:
        return f"look {spec.host.id}" if "orch-look" in spec.argv else f"probe {spec.host.id} {spec.argv[0]}"
    return f"{spec.kind} {spec.host.id}" if spec.kind is not SpecKind.READ else f"shell {spec.host.id}"


@dataclass
class Table:
    """Answers at once by a table; what is not in it never answers."""

    answers: dict[str, list[Outcome] | Outcome]
    sent: list[Spec] = field(default_factory=list)
    known: dict[str, Outcome] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    forgotten: int = 0
    waits: Callable[[], None] = lambda: None

    def submit(self, key: str, spec: Spec) -> Accepted:
        assert key not in self.known, "a key came twice"
        self.sent.append(spec)
        self.known[key] = Outcome(OutcomeState.QUEUED)
        answer = self.answers.get(what(spec))
        if isinstance(answer, list):
            answer = answer.pop(0)
        if answer is not None:
            self.known[key] = answer
            self.fresh.append(key)
        return Accepted.ACCEPTED

    def stop(self, key: str, spec: Spec) -> None:
        raise AssertionError("a survey changes nothing")

    def ask(self, key: str, spec: Spec) -> None:
        raise AssertionError("a survey leaves no receipt to ask for")

    def outcome(self, key: str) -> Outcome:
        return self.known[key]

    def wait(self, timeout: float) -> tuple[str, ...]:
        self.waits()
        fresh, self.fresh = tuple(self.fresh), []
        return fresh

    def cancel(self, key: str) -> bool:
        return False

    def release(self, task: str) -> None:
        return None

    def forget(self, task: str) -> None:
        self.forgotten += 1
        self.known.clear()

    def close(self) -> None:
        return None


FINE: dict[str, list[Outcome] | Outcome] = {
    **{f"look {host}": said(ANSWER) for host in ("gate", "hv", "db-1", "db-2", "app")},
    "login fw": Outcome(OutcomeState.DONE, times=Times(0.1, 0.0, 0.1)),
    "shell win": said("Running"),
    "probe db-1 pg_ctlcluster": said("", 0),
    "probe db-2 pg_ctlcluster": said("", 0),
    "probe hv virsh": said("running"),
    "probe app systemctl": said("loaded\nactive"),
    "probe fw show": said("cut: no"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    from tests.small_site import load_site

    return load_site(tmp_path_factory.mktemp("site"))


def survey(
    site: Workspace, table: Table, *systems: str, stop: Stop | None = None, estate: Estate | None = None
) -> Survey:
    asked = wanted(site, estate or Estate(), systems)
    return Drive(table, asked, stop or Stop(), lambda _: None, parallel=10).run()


def test_first_the_host_then_its_probes_on_the_same_connection(site: Workspace) -> None:
    table = Table(dict(FINE))

    found = survey(site, table, "db")

    order = [what(spec) for spec in table.sent]
    assert found.systems["db"].state is SystemState.AS_BELIEVED
    assert order.index("look db-1") < order.index("probe db-1 pg_ctlcluster")
    assert order.index("look hv") < order.index("probe hv virsh")
    assert {spec.task for spec in table.sent} == {drive.TASK}


def test_nothing_is_sent_that_leaves_anything_behind(site: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drive, "LIMIT_S", 0.05)
    table = Table(dict(FINE))
    survey(site, table, *site.inventory.systems)

    assert {spec.kind for spec in table.sent} <= {SpecKind.READ, SpecKind.PORT, SpecKind.LOGIN}
    assert not any(spec.host.receipts for spec in table.sent), "asking for the receipt folder would make one"
    assert all(spec.stdin is spec.stdin_secret is None for spec in table.sent)


def test_a_refusal_answers_for_all_probes_there(site: Workspace) -> None:
    table = Table({**FINE, "look db-1": UNREACHABLE})
    found = survey(site, table, "db")

    assert "probe db-1 pg_ctlcluster" not in [what(spec) for spec in table.sent]
    assert found.hosts["db-1"].state is HostState.UNREACHABLE
    assert found.systems["db"].state is SystemState.UNKNOWN
    assert found.failed


def test_what_a_lost_connection_took_along_is_asked_once_more(site: Workspace) -> None:
    once = Table({**FINE, "probe db-1 pg_ctlcluster": [LOST, said("", 0)], "look hv": [LOST, said(ANSWER)]})
    twice = Table({**FINE, "probe db-1 pg_ctlcluster": [LOST, LOST]})

    assert not survey(site, once, "db").failed
    lost = survey(site, twice, "db").systems["db"]
    assert (lost.state, lost.seen) == (SystemState.UNKNOWN, "state probe on db-1: connection lost after 0:00")


def test_an_answer_that_is_neither_yes_nor_no_is_told_in_the_host_s_words(site: Workspace) -> None:
    table = Table({**FINE, "probe app systemctl": said("\n  not-found inactive\n")})
    assert survey(site, table, "app").systems["app"].seen == ('state probe on app: exit 0, "not-found inactive"')


def test_it_ends_at_the_limit_with_who_did_not_answer(site: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drive, "LIMIT_S", 0.05)
    table = Table({key: answer for key, answer in FINE.items() if key != "look db-1"})

    found = survey(site, table, "db")

    assert found.whole
    assert found.hosts["db-1"].state is HostState.NO_ANSWER
    assert found.systems["db"].state is SystemState.UNKNOWN
    assert "no answer within" in found.systems["db"].seen


def test_ended_by_hand_it_shows_what_is_known_by_then(site: Workspace) -> None:
    stop = Stop()
    table = Table({key: answer for key, answer in FINE.items() if key != "look db-1"}, waits=stop.request)

    found = survey(site, table, "db", "app", stop=stop)

    assert not found.whole
    assert found.hosts["hv"].state is HostState.FINE
    assert found.hosts["db-1"].state is HostState.UNASKED
    assert found.systems["db"].state is SystemState.UNASKED


def test_progress_counts_up_to_all(site: Workspace) -> None:
    told: list[Progress] = []
    Drive(Table(dict(FINE)), wanted(site, Estate(), ("db", "app")), Stop(), told.append, parallel=10).run()

    assert told[-1].hosts == (6, 6)
    assert told[-1].systems == (2, 2)
    assert [each.hosts[0] for each in told] == sorted(each.hosts[0] for each in told)


def test_a_powered_off_host_is_asked_by_its_port(site: Workspace) -> None:
    deed = Deed(Mode.POWEROFF, ("app",), RUN, "2026-03-01T02:39:00Z", True)
    estate = Estate(systems={"app": SystemRecord(EstateState.OFFLINE, (deed,), last_run=RUN)})
    silent = Outcome(OutcomeState.DONE, port=Found.SILENT)
    table = Table({**FINE, "look app": UNREACHABLE, "port app": silent})

    found = survey(site, table, "app", estate=estate)

    assert found.systems["app"].state is SystemState.AS_BELIEVED
    assert found.hosts["app"].state is HostState.AWAY
    assert not found.failed


# --- watching


def estate_with(*down: str) -> Estate:
    def record(host: str) -> SystemRecord:
        deed = Deed(Mode.STOP, (host,), RUN, "2026-03-01T02:39:00Z", True)
        return SystemRecord(EstateState.OFFLINE, (deed,), last_run=RUN)

    return Estate(systems={id: record(id) for id in down})


STOPPED, RUNS = said("loaded\ninactive"), said("loaded\nactive")


def watched(
    site: Workspace, answers: list[Outcome], *, rounds: int, believed: list[Estate] | None = None
) -> tuple[Table, list[Round], bool]:
    """Watches `app` for so many rounds; the table, the rounds, and what it returned."""
    stop, told = Stop(), list[Round]()
    logins: dict[str, list[Outcome] | Outcome] = {
        f"login {host}": Outcome(OutcomeState.DONE, times=Times(0.1, 0.0, 0.1)) for host in ("app", "fw")
    }
    table = Table({**FINE, **logins, "probe app systemctl": answers})
    estates = list(believed or [estate_with("app")] * 99)

    def tell(found: Round) -> None:
        told.append(found)
        if found.nth == rounds:
            stop.request()

    def believe() -> Wanted:
        estate = estates.pop(0)
        return wanted(site, estate, tuple(estate.systems))

    alarmed = watch(table, believe, stop, tell, lambda _: None, parallel=5, every_s=0)
    return table, told, alarmed


def test_only_changes_are_told(site: Workspace) -> None:
    table, told, alarmed = watched(site, [STOPPED, STOPPED, RUNS, RUNS, STOPPED], rounds=5)

    said_of = [[(change.finding.state.value, change.alarm, change.better) for change in each.changes] for each in told]
    assert said_of == [[], [], [("up again", True, False)], [], [("as believed", False, True)]]
    assert alarmed
    assert table.forgotten == 5
    assert {what(spec).split()[0] for spec in table.sent} == {"login", "probe"}, "no look each round"


def test_the_first_round_tells_what_is_not_as_believed(site: Workspace) -> None:
    _, told, alarmed = watched(site, [RUNS], rounds=1)
    assert [change.system for change in told[0].changes] == ["app"]
    assert alarmed


def test_silence_is_told_and_is_no_alarm(site: Workspace) -> None:
    _, told, alarmed = watched(site, [STOPPED, Outcome(OutcomeState.UNKNOWN, why="no end within 15 s")], rounds=2)
    assert [change.finding.state for change in told[1].changes] == [SystemState.UNKNOWN]
    assert not alarmed


def test_what_a_run_brought_back_is_no_alarm_and_watched_no_longer(site: Workspace) -> None:
    believed = [estate_with("app", "firewall"), estate_with("firewall")]
    _, told, _ = watched(site, [STOPPED, RUNS], rounds=2, believed=believed)
    assert told[1].gone == ("app",)
    assert not any(change.system == "app" for change in told[1].changes)


def test_the_alarms_come_first(site: Workspace) -> None:
    found = survey(site, Table(dict(FINE)), "db", "app", "mail", estate=estate_with("app"))
    worse = replace(found.systems["app"], state=SystemState.CAME_UP)
    mixed = replace(found, systems={**found.systems, "app": worse, "db": replace(worse, state=SystemState.UNKNOWN)})

    assert [change.system for change in changes(None, mixed)][:2] == ["app", "db"]


def test_hosts_are_specs_of_the_plan_s_own_making(site: Workspace) -> None:
    table = Table(dict(FINE))
    survey(site, table, "db")
    spec: HostSpec = next(each.host for each in table.sent if each.host.id == "db-1")
    assert [[hop.id for hop in chain] for chain in spec.via] == [["gate"]]
