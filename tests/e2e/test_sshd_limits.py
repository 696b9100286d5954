"""Many at once, on real OpenSSH servers: no host is overrun, none keeps another waiting, much output fits."""

import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.hosts import sockets
from orchestrator.hosts.port import OutcomeState, SpecKind
from orchestrator.hosts.ssh import SshCarrier
from orchestrator.hosts.waiting import HOST_ROOM
from orchestrator.model.terms import Found
from tests.e2e.sshd import Sshd, black_hole, need_sshd
from tests.e2e.test_sshd_carrier import RECEIPTS, Hand, hand, host, result, until
from tests.gate import waits_for

__all__ = ["hand", "host"]
pytestmark = pytest.mark.e2e
STEP, PORT = SpecKind.STEP, SpecKind.PORT
MEBI = 1024 * 1024


@contextmanager
def carrying(root: Path, parallel: int, connect_timeout_s: float = 5.0) -> Iterator[Hand]:
    """A carrier of other limits."""
    carrier = SshCarrier(root=root, parallel=parallel, connect_timeout_s=connect_timeout_s)
    yield Hand(carrier)
    carrier.close()


# --- one host for many tasks -------------------------------------------------------------------------------------


def test_a_hundred_tasks_at_one_host_are_few_at_a_time(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    crowd = tmp_path / "crowd"
    crowd.mkdir()
    shell = f"touch {crowd}/$$; ls {crowd} | wc -l; sleep 0.05; rm {crowd}/$$"
    with Sshd(tmp_path / "host", options=("MaxStartups 9:100:9",)) as host:
        keys = [hand.submit(host.spec(), shell, task=f"t{number}")[0] for number in range(100)]
        counts = [int(result(hand.end(key)).stdout) for key in keys]
        assert max(counts) <= HOST_ROOM
        # Nor is more kept for a hundred tasks that have not ended.
        until(lambda: len(host.connections()) <= HOST_ROOM)
        assert "drop connection" not in host.log.read_text()
        for number in range(100):
            hand.carrier.release(f"t{number}")
        until(lambda: not host.connections())


def test_a_task_whose_connection_had_to_make_room_opens_it_again(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "host") as host:
        for turn in range(2):
            for number in range(HOST_ROOM + 4):
                assert result(hand.do(host.spec(), f"echo {turn}", task=f"t{number}")).exit == 0
        until(lambda: len(host.connections()) <= HOST_ROOM)


def test_a_slow_host_holds_up_nobody_else(host: Sshd, tmp_path: Path) -> None:
    with carrying(tmp_path, parallel=HOST_ROOM + 1) as hand, Sshd(tmp_path / "slow") as slow:
        gate = tmp_path / "gate"
        waits = waits_for(gate)
        keys = [hand.submit(slow.spec("slow"), waits, task=f"t{number}", timeout_s=60)[0] for number in range(40)]
        assert result(hand.do(host.spec(), "echo quick")).stdout == b"quick\n"
        states = [hand.carrier.outcome(key).state for key in keys]
        assert states.count(OutcomeState.RUNNING) <= HOST_ROOM
        assert states.count(OutcomeState.QUEUED) == 40 - states.count(OutcomeState.RUNNING)
        gate.touch()
        assert {result(hand.end(key, 60)).exit for key in keys} == {0}


def test_who_waits_for_a_dead_gateway_holds_up_nobody_else(host: Sshd, tmp_path: Path) -> None:
    with carrying(tmp_path, parallel=3, connect_timeout_s=4) as hand, black_hole() as (address, port):
        gateway = replace(host.spec("gw"), address=address, port=port)
        behind = [host.spec(f"h{number}", address=f"127.9.0.{number}", via=((gateway,),)) for number in range(1, 30)]
        keys = [hand.submit(spec)[0] for spec in behind]
        assert result(hand.do(host.spec(), "echo quick")).stdout == b"quick\n"
        assert {hand.carrier.outcome(key).is_final for key in keys} == {False}
        outcomes = [hand.end(key) for key in keys]
        assert {outcome.refusal for outcome in outcomes} == {Found.UNREACHABLE}
        assert all("gateway gw" in outcome.why for outcome in outcomes)


def test_what_waits_for_a_gateway_can_be_cancelled_and_given_up(host: Sshd, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with carrying(tmp_path, parallel=3, connect_timeout_s=3) as hand, black_hole() as (address, port):
        gateway = replace(host.spec("gw"), address=address, port=port)
        keys = [hand.submit(host.spec(f"h{number}", via=((gateway,),)))[0] for number in range(6)]
        time.sleep(0.2)
        assert hand.carrier.cancel(keys[5])
        assert hand.end(keys[5]).state is OutcomeState.CANCELLED
        hand.carrier.close()
        states = {hand.end(key).state for key in keys[:5]}
        assert states <= {OutcomeState.CANCELLED, OutcomeState.UNREACHABLE}
    until(lambda: not [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()])


@pytest.mark.skipif(not RECEIPTS, reason="needs /run/lock writable, and flock")
def test_what_hangs_everywhere_can_still_be_stopped(host: Sshd, tmp_path: Path) -> None:
    with carrying(tmp_path, parallel=2) as hand:
        told = [
            hand.submit(host.spec(), f"touch {tmp_path}/{n}; sleep 90", kind=STEP, task=f"t{n}", timeout_s=90)
            for n in range(2)
        ]
        waits = hand.submit(host.spec(), "echo next", kind=STEP, task="t2")[0]
        until(lambda: (tmp_path / "0").exists() and (tmp_path / "1").exists())
        assert hand.carrier.outcome(waits).state is OutcomeState.QUEUED
        for key, spec in told:
            assert result(hand.stop(key, spec)).exit == 143
        assert result(hand.end(waits)).stdout == b"next\n"


def test_a_step_does_not_wait_behind_evidence(host: Sshd, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waits = waits_for(gate)
    with carrying(tmp_path, parallel=2) as hand:
        keys = [hand.submit(host.spec(), waits, cap=64 * MEBI, bulk=True, task=f"e{number}")[0] for number in range(10)]
        assert result(hand.do(host.spec(), "echo step", kind=STEP, task="s")).stdout == b"step\n"
        gate.touch()
        assert {result(hand.end(key)).exit for key in keys} == {0}


# --- gateways ----------------------------------------------------------------------------------------------------


def test_a_hundred_hosts_behind_one_gateway_while_some_drop(tmp_path: Path) -> None:
    need_sshd()
    with (
        carrying(tmp_path, parallel=100, connect_timeout_s=30) as hand,
        Sshd(tmp_path / "gw") as gateway,
        ExitStack() as running,
    ):
        way = ((gateway.spec("gw"),),)
        specs = []
        for n in range(10):  # an sshd listens on no more than 16 addresses
            addresses = [f"127.{200 + os.getpid() % 50}.{n}.{number}" for number in range(1, 11)]
            options = (*(f"ListenAddress {address}" for address in addresses), "MaxStartups 300")
            target = running.enter_context(Sshd(tmp_path / f"{n}", key=gateway.key, options=options))
            specs += [target.spec(f"host-{address}", address=address, via=way) for address in addresses]
        calm, drops = specs[:80], specs[80:]
        keys = [hand.submit(spec, "head -c 100000 /dev/zero", task=spec.id, timeout_s=60)[0] for spec in calm]
        gone = [hand.submit(spec, "echo a; kill -9 $PPID; sleep 5", task=spec.id, timeout_s=60)[0] for spec in drops]
        assert {result(hand.end(key, 90)).sent[0] for key in keys} == {100_000}
        assert {hand.end(key, 90).state for key in gone} == {OutcomeState.UNKNOWN}
        again = [hand.submit(spec, "echo b", task=spec.id)[0] for spec in specs]
        assert {result(hand.end(key, 90)).stdout for key in again} == {b"b\n"}
        assert gateway.log.read_text().count("Accepted publickey") == 1


def test_a_host_is_not_silent_because_its_gateway_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_sshd()
    monkeypatch.setattr(sockets, "_ANSWER_S", 1.0)
    with (
        carrying(tmp_path, parallel=4, connect_timeout_s=1) as hand,
        Sshd(tmp_path / "gw") as gateway,
        Sshd(tmp_path / "target", key=gateway.key) as target,
    ):
        spec = target.spec("target", via=((gateway.spec("gw"),),))
        assert hand.do(spec, kind=PORT).port is Found.ANSWERS
        frozen = gateway.sessions()
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            outcome = hand.do(spec, kind=PORT)
            assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.UNREACHABLE)
            assert "its gateway gw has stopped answering" in outcome.why
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        until(lambda: hand.do(spec, kind=PORT).port is Found.ANSWERS)
        target.stop()
        assert hand.do(spec, kind=PORT).port is Found.SILENT


# --- much output -------------------------------------------------------------------------------------------------


def test_64_mebibytes_arrive_whole_and_are_handed_over_once(hand: Hand, host: Sshd) -> None:
    size = 64 * MEBI
    shell = f"head -c {size} /dev/zero | tr '\\000' '\\377'; echo end >&2"
    key, _ = hand.submit(host.spec(), shell, cap=size, timeout_s=120, task="t")
    entry = hand.carrier._entries[key]
    until(lambda: entry.outcome.is_final, 120)
    assert entry.outcome.result is not None
    assert len(entry.outcome.result.stdout) <= MEBI, "not all of it is in memory"
    done = result(hand.end(key))
    assert (done.sent, done.truncated, done.stderr) == ((size, 4), (False, False), b"end\n")
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(b"\xff" * size).digest()
    again = hand.carrier.outcome(key)
    assert (again.state, again.result) == (OutcomeState.DONE, None)


def test_what_came_before_the_end_of_the_time_is_kept(hand: Hand, host: Sshd) -> None:
    for size in (5, 3 * MEBI):
        shell = f"head -c {size} /dev/zero; echo err >&2; sleep 30"
        outcome = hand.do(host.spec(), shell, timeout_s=2, cap=2 * MEBI)
        assert (outcome.state, outcome.result) == (OutcomeState.UNKNOWN, None)
        assert outcome.partial is not None
        assert len(outcome.partial.stdout) == min(size, 2 * MEBI)
        assert (outcome.partial.stderr, outcome.partial.sent) == (b"err\n", (size, 4))
        assert outcome.partial.truncated == (size > 2 * MEBI, False)


@pytest.mark.skipif(not RECEIPTS, reason="needs /run/lock writable, and flock")
def test_what_a_lost_step_had_said_is_on_the_host(hand: Hand, host: Sshd, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    shell = f"echo said; echo $PPID >{mark}.new; mv {mark}.new {mark}; sleep 2"
    key, spec = hand.submit(host.spec(), shell, kind=STEP)
    until(mark.exists)
    os.kill(int(mark.read_text()), signal.SIGKILL)
    assert hand.end(key).partial is None
    asked = hand.ask(key, spec)
    assert asked.state is OutcomeState.LOST
    assert asked.partial is not None
    assert asked.partial.stdout == b"said\n"


def test_what_our_own_disk_does_not_take_counts_as_cut(hand: Hand, host: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", no_room)
    done = result(hand.do(host.spec(), "head -c 3000000 /dev/zero", cap=2_500_000))
    assert (done.exit, len(done.stdout), done.sent[0], done.truncated[0]) == (0, MEBI, 3_000_000, True)
