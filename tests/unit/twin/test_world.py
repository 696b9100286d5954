"""The simulated data centre: what commands do, when, and what can be seen of it."""

from pathlib import Path

import pytest

from orchestrator.hosts.receipt import ReceiptAnswer, ReceiptCall
from orchestrator.twin.behaviour import behaviour_of
from orchestrator.twin.faults import Fault
from orchestrator.twin.job import Job
from orchestrator.twin.world import Change, Dropped, Ended, Power, World
from tests.small_site import load_site

SUDO = "LC_ALL=C sudo -n -- "
STATE = "systemctl show -p LoadState -p ActiveState --value app"
STOP = SUDO + "systemctl stop app"
START = SUDO + "systemctl start app"


class Told:
    """A world with a clock, for tests: `tell` waits for the end of what it tells."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = 0.0
        self.changes: list[Change] = []

    def begin(self, host: str, line: str, talks_of: str | None = None) -> Job:
        return self.world.begin(host, line, self.now, talks_of=talks_of)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.changes += self.world.advance(self.now)

    def tell(self, host: str, line: str, talks_of: str | None = None) -> tuple[int | None, str]:
        job = self.begin(host, line, talks_of)
        assert job.ends is not None, "it never ends"
        self.wait(max(0.0, job.ends - self.now))
        assert job.done
        return job.exit, job.stdout.decode().strip()


@pytest.fixture
def told(tmp_path: Path) -> Told:
    ws = load_site(tmp_path / "ws")
    return Told(World(ws.inventory, behaviour_of(ws), "seed"))


# --- stop, isolate, and back ---


def test_a_stop_does_what_it_does_at_its_end(told: Told) -> None:
    job = told.begin("app", STOP)
    told.wait(9.9)
    assert (told.tell("app", STATE), job.done) == ((0, "loaded active"), False)
    told.wait(0.2)
    assert (job.exit, told.tell("app", STATE)) == (0, (0, "loaded inactive"))
    assert told.tell("app", START) == (0, "")
    assert told.tell("app", STATE) == (0, "loaded active")


def test_isolation_is_another_thing_than_being_stopped(told: Told) -> None:
    assert told.tell("fw", "show cut app") == (0, "cut: no")
    assert told.tell("fw", "cut app") == (0, "")
    assert told.tell("fw", "show cut app") == (0, "cut: yes")
    assert told.tell("app", STATE) == (0, "loaded active")
    assert told.tell("fw", "show cut bastion") == (0, "cut: no")
    assert told.tell("fw", "join app") == (0, "")
    assert told.tell("fw", "show cut app") == (0, "cut: no")


def test_health_holds_only_while_it_is_online(told: Told) -> None:
    health = "curl -fsS http://127.0.0.1/health"
    assert told.tell("app", health)[0] == 0
    told.tell("app", STOP)
    assert told.tell("app", health)[0] == 1


def test_evidence_says_that_it_is_a_rehearsal(told: Told) -> None:
    code, text = told.tell("app", "ss -tnap")
    assert code == 0
    assert text.startswith("# REHEARSAL (orch twin): sockets of app, on app")


def test_each_host_of_a_system_has_its_own_state(told: Told) -> None:
    assert told.tell("db-1", "read -r pw; pg_stop no") == (0, "")
    assert told.tell("db-1", "pg_ctlcluster 15 no status")[0] == 3
    assert told.tell("db-2", "pg_ctlcluster 15 no status")[0] == 0


def test_an_unknown_command_is_127_and_does_nothing(told: Told) -> None:
    job = told.begin("app", "rm -rf /")
    told.wait(1)
    assert (job.exit, job.stderr, job.meant) == (127, b"orch-twin: unknown command: rm -rf /\n", None)


def test_force_leaves_what_the_mode_of_the_task_leaves(told: Told) -> None:
    kill = SUDO + "systemctl kill -s KILL app"
    told.tell("app", kill)
    assert not told.world.runs("app", "app")
    told.tell("app", START)
    told.begin("app", SUDO + "systemctl poweroff")
    told.tell("app", kill)
    assert not told.world.is_up("app")
    told.tell("hv", SUDO + "virsh destroy db-1")
    assert not told.world.is_up("db-1")


# --- power ---


def test_a_host_that_powers_itself_off_takes_its_commands_with_it(told: Told) -> None:
    told.begin("app", SUDO + "systemctl poweroff")
    slow = told.begin("app", STOP)
    told.wait(4)
    assert not told.world.listens("app")
    assert (slow.done, slow.exit) == (True, None)
    assert [type(change) for change in told.changes] == [Ended, Power, Ended]
    assert told.world.next_at() is None


def test_power_through_the_carrier_and_as_found(told: Told) -> None:
    domstate = SUDO + "virsh domstate db-1"
    told.tell("db-1", "read -r pw; pg_stop no")
    generation = told.world.receipts("db-1").generation
    assert told.tell("hv", domstate) == (0, "running")
    told.tell("hv", SUDO + "virsh shutdown db-1")
    assert (told.tell("hv", domstate), told.world.is_up("db-1")) == ((0, "shut off"), False)
    told.tell("hv", SUDO + "virsh start db-1")
    assert (told.tell("hv", domstate), told.world.is_up("db-1")) == ((0, "running"), False)
    told.wait(20)
    assert told.world.is_up("db-1")
    assert told.world.receipts("db-1").generation not in {generation, None}
    assert told.tell("db-1", "pg_ctlcluster 15 no status")[0] == 3  # it was stopped before
    assert told.tell("db-2", "pg_ctlcluster 15 no status")[0] == 0


def test_a_carrier_takes_its_guests_down_and_back_up(told: Told) -> None:
    told.tell("hv", SUDO + "virsh shutdown db-2")
    told.tell("hv", SUDO + "systemctl poweroff")
    assert [host for host in ("hv", "db-1", "db-2", "app") if told.world.is_up(host)] == ["app"]
    told.tell("fw", "wake hv")
    told.wait(19.9)
    assert not told.world.is_up("hv")
    told.wait(0.2)
    assert (told.world.is_up("hv"), told.world.is_up("db-1")) == (True, False)
    assert told.tell("hv", SUDO + "virsh list --all")[0] == 1  # its guest is still booting
    told.wait(20)
    assert (told.world.is_up("db-1"), told.world.is_up("db-2")) == (True, False)  # db-2 was switched off
    assert told.tell("hv", SUDO + "virsh list --all")[0] == 0
    assert told.world.runs("db", "db-1")


def test_a_stopped_hypervisor_carries_nothing(told: Told) -> None:
    told.tell("hv", SUDO + "systemctl stop libvirtd")
    assert (told.world.is_up("hv"), told.world.is_up("db-1")) == (True, False)
    told.tell("hv", SUDO + "systemctl start libvirtd")
    told.wait(20)
    assert told.world.is_up("db-1")


# --- what was meant ---


def test_the_same_line_in_two_modes_is_named_after_what_came_before(told: Told) -> None:
    told.tell("app", "systemctl reload app && sleep 5", "app")
    job = told.begin("app", STOP, "app")
    assert job.meant is not None
    assert job.meant.step == "stop.2"


# --- faults ---


def test_fail_says_why_and_changes_nothing(told: Told) -> None:
    told.world.set_fault("app", Fault.FAIL, 0)
    job = told.begin("app", STOP)
    told.wait(20)
    assert (job.exit, job.stderr.splitlines()[0]) == (1, b"Job for app failed because a timeout was exceeded.")
    assert told.tell("app", STATE) == (0, "loaded active")
    told.world.set_fault("app", Fault.NONE, told.now)
    assert told.tell("app", STOP) == (0, "")


def test_lie_says_done_and_is_not(told: Told) -> None:
    told.world.set_fault("app", Fault.LIE, 0)
    assert told.tell("app", STOP) == (0, "")
    assert told.tell("app", STATE) == (0, "loaded active")


def test_hang_never_ends_until_it_is_lifted(told: Told) -> None:
    told.world.set_fault("app", Fault.HANG, 0)
    stop, probe = told.begin("app", STOP), told.begin("app", STATE)
    told.wait(10000)
    assert (stop.done, probe.done, told.world.next_at()) == (False, False, None)
    told.world.set_fault("app", Fault.NONE, told.now)
    told.wait(10)
    assert (stop.exit, probe.exit, told.world.runs("app", "app")) == (0, 0, False)


def test_slow_takes_ten_times_as_long(told: Told) -> None:
    told.world.set_fault("app", Fault.SLOW, 0)
    job = told.begin("app", STOP)
    told.wait(99)
    assert not job.done
    told.wait(1)
    assert job.done


def test_drop_loses_the_connection_and_nothing_else(told: Told) -> None:
    told.world.set_fault("app", Fault.DROP, 0)
    job = told.begin("app", STOP)
    told.wait(5)
    assert [type(change) for change in told.changes] == [Dropped]
    assert not job.done
    told.wait(5)
    assert (job.exit, told.world.runs("app", "app")) == (0, False)
    assert told.begin("app", STATE).drops is None


def test_flood_and_refuse(told: Told) -> None:
    told.world.set_fault("app", Fault.FLOOD, 0)
    job = told.begin("app", STATE)
    assert (job.floods, job.ends) == (True, None)
    told.world.set_fault("app", Fault.REFUSE, 0)
    assert (told.world.listens("app"), told.world.is_up("app")) == (False, True)


# --- receipts ---


def _call(mode: str, generation: str | None, spec: str = "spec", cap: int = 1000) -> ReceiptCall:
    return ReceiptCall(mode, "id1", spec, STOP, cap, "orch", generation)  # type: ignore[arg-type]


def test_an_attempt_happens_once_and_is_remembered(told: Told) -> None:
    receipts = told.world.receipts("app")
    generation = receipts.generation
    assert receipts.told(_call("gen", None)) == ReceiptAnswer("gen", generation=generation)
    run = _call("run", generation)
    assert receipts.told(run) == "begin"
    job = told.begin("app", run.inner)
    receipts.begun(run, job)
    assert receipts.told(run) is job
    assert receipts.told(_call("ask", generation)) == ReceiptAnswer("running", None, "spec", generation)
    told.wait(10)
    assert receipts.told(run) == ReceiptAnswer("done", 0, "spec", generation)
    assert receipts.told(_call("run", generation, spec="other")) == ReceiptAnswer("done", 0, "spec", generation)


def test_asking_fences(told: Told) -> None:
    receipts = told.world.receipts("app")
    fenced = ReceiptAnswer("fenced", None, "spec", receipts.generation)
    assert receipts.told(_call("ask", receipts.generation)) == fenced
    assert receipts.told(_call("run", receipts.generation)) == fenced


def test_a_reboot_forgets_and_another_generation_proves_nothing(told: Told) -> None:
    receipts = told.world.receipts("db-1")
    before = receipts.generation
    receipts.begun(_call("run", before), told.begin("db-1", "pg_isready -q"))
    told.tell("hv", SUDO + "virsh shutdown db-1")
    told.tell("hv", SUDO + "virsh start db-1")
    told.wait(20)
    for mode in ("run", "ask", "stop"):
        assert receipts.told(_call(mode, before)) == ReceiptAnswer("stale", generation=receipts.generation)
    assert receipts.told(_call("run", receipts.generation)) == "begin"


def test_what_is_kept_is_capped_and_what_is_not_is_counted(told: Told) -> None:
    receipts = told.world.receipts("app")
    call = ReceiptCall("run", "id2", "s", "ss -tnap", 10, "orch", receipts.generation)
    job = told.begin("app", call.inner)
    receipts.begun(call, job)
    told.wait(1)
    answer, out, err = receipts.answer(call)
    assert (answer.sizes, answer.dropped, out, err) == ((10, 0), (len(job.stdout) - 10, 0), job.stdout[:10], b"")


def test_a_host_without_receipts_has_no_folder(told: Told) -> None:
    assert told.world.receipts("db-2").told(_call("gen", None)) == ReceiptAnswer("refused", 97)
