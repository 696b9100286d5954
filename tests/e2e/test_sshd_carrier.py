"""The carrier against a real OpenSSH server: what comes back, what is refused, and what stays unknown."""

import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.hosts.port import Accepted, HostSpec, Outcome, OutcomeState, Result, Spec, SpecKind
from orchestrator.hosts.receipt import receipt_id
from orchestrator.hosts.ssh import SshCarrier
from orchestrator.hosts.stdin import Secrets
from orchestrator.model.terms import Found, Platform
from tests.e2e.sshd import Sshd, black_hole, key_fingerprint, make_key, need_sshd

pytestmark = pytest.mark.e2e
READ, STEP, PORT = SpecKind.READ, SpecKind.STEP, SpecKind.PORT
RECEIPTS = any(os.access(folder, os.W_OK) for folder in ("/run/orch", "/run/lock")) and shutil.which("flock")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    need_sshd()
    with Sshd(tmp_path_factory.mktemp("host")) as host:
        yield host


@dataclass
class Hand:
    """A carrier, and the shortest way to use it from a test."""

    carrier: SshCarrier
    _seen: set[str] = field(default_factory=set)
    _number: int = 0
    keys: list[str] = field(default_factory=list)

    def submit(self, host: HostSpec, shell: str = "true", *, kind: SpecKind = READ, **other: Any) -> tuple[str, Spec]:
        self._number += 1
        key = f"run/task/step/{host.id}/{os.getpid()}/{time.time_ns()}/{self._number}"
        self.keys.append(key)
        values: dict[str, Any] = {"timeout_s": 20, "shell": None if "argv" in other or kind is PORT else shell}
        spec = Spec(kind=kind, host=host, **{**values, **other})
        assert self.carrier.submit(key, spec) is Accepted.ACCEPTED
        return key, spec

    def end(self, key: str, seconds: float = 30) -> Outcome:
        until = time.monotonic() + seconds
        while key not in self._seen:
            assert time.monotonic() < until, f"no outcome: {self.carrier.outcome(key)}"
            self._seen.update(self.carrier.wait(0.5))
        self._seen.discard(key)
        return self.carrier.outcome(key)

    def do(self, host: HostSpec, shell: str = "true", **other: Any) -> Outcome:
        return self.end(self.submit(host, shell, **other)[0])

    def ask(self, key: str, spec: Spec) -> Outcome:
        self._seen.discard(key)
        self.carrier.ask(key, spec)
        return self.end(key)

    def stop(self, key: str, spec: Spec) -> Outcome:
        self._seen.discard(key)
        self.carrier.stop(key, spec)
        return self.end(key)


@pytest.fixture
def hand(tmp_path: Path) -> Iterator[Hand]:
    carrier = SshCarrier(root=tmp_path, parallel=40, connect_timeout_s=5)
    hand = Hand(carrier)
    yield hand
    carrier.close()
    for folder in ("/run/orch", "/run/lock"):
        for key in hand.keys:
            for file in Path(f"{folder}/orch-{getpass.getuser()}").glob(f"{receipt_id(key)}.*"):
                file.unlink()


def result(outcome: Outcome) -> Result:
    assert outcome.state is OutcomeState.DONE, outcome
    assert outcome.result is not None
    return outcome.result


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@contextmanager
def a_login(word: str, shell: str) -> Iterator[str]:
    """Another login on this machine, with that shell and no rights."""
    if os.geteuid() != 0:
        pytest.skip("needs root to make a login")
    name = f"orch-{word}-{os.getpid()}"
    made = subprocess.run(["useradd", "-M", "-d", "/", "-s", shell, "-p", "*", name], check=False, capture_output=True)
    if made.returncode:
        pytest.skip(f"no login can be made here: {made.stderr.decode()}")
    try:
        yield name
    finally:
        subprocess.run(["userdel", "-f", name], check=False, capture_output=True)
        for folder in ("/run/orch", "/run/lock"):
            shutil.rmtree(f"{folder}/orch-{name}", ignore_errors=True)


# --- what comes back ---------------------------------------------------------------------------------------------


def test_a_read_brings_code_and_bytes(hand: Hand, host: Sshd) -> None:
    done = result(hand.do(host.spec(), r"printf '\001\377'; echo err >&2; exit 3"))
    assert (done.exit, done.stdout, done.stderr, done.sent) == (3, b"\x01\xff", b"err\n", (2, 4))


def test_arguments_arrive_as_they_are(hand: Hand, host: Sshd) -> None:
    words = ("a b", "", "$HOME", "`id`", "it's", "hi!", "two\nlines", "back\\slash", "*", "ü")
    done = result(hand.do(host.spec(), argv=("printf", "%s|", *words)))
    assert done.stdout.decode() == "".join(f"{word}|" for word in words)


def test_standard_input_is_empty_or_one_line(host: Sshd, tmp_path: Path) -> None:
    secrets = Secrets(["env:A_SECRET"], {"A_SECRET": "se\\cret'!"})
    carrier = SshCarrier(root=tmp_path, parallel=4, secrets=secrets)
    hand = Hand(carrier)
    for kind in (READ, STEP):
        assert result(hand.do(host.spec(), "cat", kind=kind)).stdout == b""
        assert result(hand.do(host.spec(), "cat", kind=kind, stdin="line")).stdout == b"line\n"
        counted = result(hand.do(host.spec(), "cksum", kind=kind, stdin_secret="env:A_SECRET")).stdout
        assert counted == subprocess.run(["cksum"], input=b"se\\cret'!\n", capture_output=True, check=True).stdout
    carrier.close()


def test_a_secret_that_is_not_set_sends_nothing(host: Sshd, tmp_path: Path) -> None:
    carrier = SshCarrier(root=tmp_path, parallel=4, secrets=Secrets(["env:NO_SUCH"], {}))
    outcome = Hand(carrier).do(host.spec(), "cat", kind=STEP, stdin_secret="env:NO_SUCH")
    assert (outcome.state, outcome.why) == (OutcomeState.UNREACHABLE, "secret env:NO_SUCH is not set")
    carrier.close()


def test_a_flood_is_kept_up_to_the_cap_and_drained(hand: Hand, host: Sshd) -> None:
    for kind in (READ, STEP):
        done = result(hand.do(host.spec(), "head -c 20000000 /dev/zero; exit 4", kind=kind, cap=1000))
        assert (done.exit, len(done.stdout), done.sent, done.truncated) == (4, 1000, (20_000_000, 0), (True, False))


def test_an_endless_flood_ends_at_the_deadline(hand: Hand, host: Sshd) -> None:
    began = time.monotonic()
    outcome = hand.do(host.spec(), "exec cat /dev/zero", timeout_s=1)
    assert (outcome.state, outcome.why) == (OutcomeState.UNKNOWN, "no end within 1 s")
    assert time.monotonic() - began < 5


def test_no_end_in_time_is_unknown(hand: Hand, host: Sshd) -> None:
    outcome = hand.do(host.spec(), "sleep 30", timeout_s=1)
    assert (outcome.state, outcome.why, outcome.result) == (OutcomeState.UNKNOWN, "no end within 1 s", None)


def test_death_by_a_signal_is_no_exit_code(hand: Hand, host: Sshd) -> None:
    outcome = hand.do(host.spec(), "kill -9 $$")
    assert outcome.state is OutcomeState.UNKNOWN
    assert "signal" in outcome.why


def test_a_lost_connection_is_unknown(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "host") as host:
        for disconnects in (False, True):
            mark = tmp_path / f"begun-{disconnects}"
            key, _ = hand.submit(host.spec(receipts=False), f"touch {mark}; sleep 20", disconnects=disconnects)
            until(mark.exists)
            host.kill_sessions()
            outcome = hand.end(key)
            assert outcome.state is OutcomeState.UNKNOWN
            assert outcome.why == "disconnected" if disconnects else outcome.why.startswith("connection lost after 0:0")


def test_one_that_takes_too_long_does_not_take_the_others_along(hand: Hand, host: Sshd) -> None:
    long = hand.submit(host.spec(), "sleep 2; echo long", task="one")[0]
    late = hand.submit(host.spec(), "sleep 30", task="one", timeout_s=1)[0]
    killed = hand.submit(host.spec(), "kill -9 $$", task="one")[0]
    assert hand.end(late).state is OutcomeState.UNKNOWN
    assert hand.end(killed).state is OutcomeState.UNKNOWN
    assert result(hand.do(host.spec(), "echo next", task="one")).stdout == b"next\n"
    assert result(hand.end(long)).stdout == b"long\n"


def test_one_connection_is_kept_for_a_task(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "host") as host:
        for _ in range(3):
            assert result(hand.do(host.spec(), task="one")).exit == 0
        assert host.log.read_text().count("Accepted publickey") == 1
        assert host.sessions()
        hand.carrier.release("one")
        until(lambda: not host.sessions())
        assert result(hand.do(host.spec(), task="one")).exit == 0


def test_a_kept_connection_that_was_lost_is_opened_again(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "host") as host:
        assert result(hand.do(host.spec(), task="one")).exit == 0
        host.kill_sessions()
        assert result(hand.do(host.spec(), task="one")).exit == 0


def test_a_host_with_room_for_one_session_serves_many_in_turn(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "host", options=("MaxSessions 1",)) as host:
        keys = [hand.submit(host.spec(), "sleep 0.1", task="one")[0] for _ in range(6)]
        assert [result(hand.end(key)).exit for key in keys] == [0] * 6
        assert host.log.read_text().count("Accepted publickey") == 1


def test_a_host_that_opens_no_session_says_so(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "host", options=("MaxSessions 0",)) as host:
        outcome = hand.do(host.spec(), task="one")
        assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.LOGIN)


# --- receipts ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not RECEIPTS, reason="needs /run/lock writable, and flock")
class TestReceipts:
    def test_a_probe_learns_the_generation_once_a_connection(self, hand: Hand, host: Sshd) -> None:
        seen = hand.do(host.spec(), task="one").generation
        assert seen
        assert hand.do(host.spec(), task="one").generation == seen
        assert hand.do(host.spec(receipts=False), task="two").generation is None
        assert hand.do(host.spec()).generation is None  # outside a task nothing will follow

    def test_a_step_leaves_its_receipt(self, hand: Hand, host: Sshd) -> None:
        generation = hand.do(host.spec(), task="one").generation
        key, spec = hand.submit(
            host.spec(), "echo out; echo err >&2; exit 5", kind=STEP, generation=generation, task="one"
        )
        first = hand.end(key)
        assert (result(first).exit, result(first).stdout, result(first).stderr) == (5, b"out\n", b"err\n")
        assert (first.by_receipt, first.generation) == (True, generation)
        assert hand.ask(key, spec) == first

    def test_after_a_lost_connection_the_receipt_knows(self, hand: Hand, tmp_path: Path) -> None:
        need_sshd()
        with Sshd(tmp_path / "host") as host:
            log = tmp_path / "log"
            key, spec = hand.submit(host.spec(), f"echo begun >>{log}; sleep 2; echo ended >>{log}; exit 6", kind=STEP)
            until(log.exists)
            assert host.kill_sessions()
            outcome = hand.end(key)
            assert outcome.state is OutcomeState.UNKNOWN
            assert outcome.generation
            assert hand.ask(key, spec).state is OutcomeState.RUNNING
            until(lambda: "ended" in log.read_text())
            until(lambda: hand.ask(key, spec).state is not OutcomeState.RUNNING)
            assert result(hand.carrier.outcome(key)).exit == 6
            assert log.read_text() == "begun\nended\n"

    def test_a_second_process_submits_the_same_and_it_happens_once(self, host: Sshd, tmp_path: Path) -> None:
        log = tmp_path / "log"
        spec = Spec(STEP, host.spec(), 20, shell=f"echo ran >>{log}; sleep 0.3; exit 7")
        carriers = [SshCarrier(root=tmp_path, parallel=4) for _ in range(5)]
        key = f"run/once/{os.getpid()}/{tmp_path}"
        for carrier in carriers:
            carrier.submit(key, spec)
        for carrier in carriers:
            until(lambda carrier=carrier: carrier.outcome(key).is_final, 20)  # type: ignore[misc]
            assert result(carrier.outcome(key)).exit == 7
            carrier.close()
        assert log.read_text() == "ran\n"

    def test_asking_what_never_began_fences_it(self, hand: Hand, host: Sshd, tmp_path: Path) -> None:
        generation = hand.do(host.spec(), task="one").generation
        spec = Spec(STEP, host.spec(), 20, shell=f"echo ran >{tmp_path}/log", generation=generation)
        key = f"run/fenced/{tmp_path}"
        assert hand.ask(key, spec).state is OutcomeState.NEVER
        other = SshCarrier(root=tmp_path, parallel=1)
        other.submit(key, spec)  # it was still on its way when we asked
        until(lambda: other.outcome(key).is_final)
        assert other.outcome(key).state is OutcomeState.NEVER
        other.close()
        assert not (tmp_path / "log").exists()

    def test_a_folder_not_known_before_proves_nothing(self, hand: Hand, host: Sshd, tmp_path: Path) -> None:
        spec = Spec(STEP, host.spec(), 20, shell="true")
        assert hand.ask(f"run/unknown/{tmp_path}", spec).state is OutcomeState.STALE
        other = replace(spec, generation="another")
        assert hand.ask(f"run/other/{tmp_path}", other).state is OutcomeState.STALE
        assert hand.do(host.spec(), "true", kind=STEP, generation="another").state is OutcomeState.NEVER

    def test_a_killed_runner_is_lost(self, hand: Hand, host: Sshd, tmp_path: Path) -> None:
        mark = tmp_path / "pid"
        # The runner is the parent of the command's shell.
        key, spec = hand.submit(host.spec(), f"echo $PPID >{mark}.new; mv {mark}.new {mark}; sleep 1", kind=STEP)
        until(mark.exists)
        os.kill(int(mark.read_text()), 9)
        assert hand.end(key).state is OutcomeState.UNKNOWN
        assert hand.ask(key, spec).state is OutcomeState.LOST

    def test_hosts_without_receipts_have_no_answer(self, hand: Hand, host: Sshd) -> None:
        key, spec = hand.submit(host.spec(receipts=False), "exit 3", kind=STEP)
        outcome = hand.end(key)
        assert (result(outcome).exit, outcome.by_receipt) == (3, False)
        assert hand.ask(key, spec).state is OutcomeState.NO_ANSWER

    def test_a_host_that_is_gone_has_no_answer(self, hand: Hand, tmp_path: Path) -> None:
        need_sshd()
        with Sshd(tmp_path / "host") as host:
            key, spec = hand.submit(host.spec(), "exit 3", kind=STEP, generation="x")
            hand.end(key)
        outcome = hand.ask(key, spec)
        assert (outcome.state, outcome.refusal) == (OutcomeState.NO_ANSWER, Found.UNREACHABLE)


# --- refusals: nothing was sent ----------------------------------------------------------------------------------


def test_a_changed_key_is_refused_before_we_log_in(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "host") as host:
        outcome = hand.do(host.spec(keys=("SHA256:other",)), f"touch {tmp_path}/log", kind=STEP)
        assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.KEY)
        assert host.spec().keys[0] in outcome.why
        assert "SHA256:other" in outcome.why
        assert hand.do(host.spec(keys=())).refusal is Found.KEY
        assert hand.do(host.spec(key_types=("ssh-rsa",))).refusal is Found.KEY
        log = host.log.read_text()
        assert "publickey" not in log
        assert "Accepted" not in log
    assert not (tmp_path / "log").exists()


def test_the_pinned_type_is_asked_for(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    second = make_key(tmp_path / "rsa", "rsa")
    with Sshd(tmp_path / "host", options=(f"HostKey {second}",)) as host:
        keys = (key_fingerprint(second.with_suffix(".pub")),)
        assert result(hand.do(host.spec(keys=keys, key_types=("ssh-rsa",)))).exit == 0
        assert result(hand.do(host.spec())).exit == 0


def test_a_login_that_is_refused(hand: Hand, host: Sshd, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other")
    locked = make_key(tmp_path / "locked", passphrase="secret")
    (tmp_path / "garbage").write_text("no key\n")
    for identity, why in {
        str(other): "accepts none of 1 key",
        "locked": "passphrase",
        "missing": "No such file",
        "garbage": "no private key",
    }.items():
        outcome = hand.do(host.spec(identity=identity))
        assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.LOGIN), outcome
        assert why in outcome.why
    assert locked.exists()


def test_the_agent_and_the_usual_files_are_used_without_an_identity(
    hand: Hand, host: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert hand.do(host.spec(identity=None)).refusal is Found.LOGIN
    (tmp_path / ".ssh").mkdir()
    shutil.copy(host.key, tmp_path / ".ssh" / "id_ed25519")
    carrier = SshCarrier(root=tmp_path, parallel=1)
    assert result(Hand(carrier).do(host.spec(identity=None))).exit == 0
    carrier.close()


def test_nobody_there(hand: Hand, host: Sshd) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = replace(host.spec("gone"), address="127.0.0.1", port=free.getsockname()[1])
        outcome = hand.do(closed)
        assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.UNREACHABLE)
        assert "Connection refused" in outcome.why
        assert hand.do(closed, kind=PORT).port is Found.SILENT
    outcome = hand.do(replace(host.spec("nameless"), address="no-such-host.invalid"))
    assert (outcome.refusal, hand.do(host.spec(), kind=PORT).port) == (Found.UNREACHABLE, Found.ANSWERS)


def test_a_black_hole_takes_no_longer_than_the_limit(tmp_path: Path, host: Sshd) -> None:
    carrier = SshCarrier(root=tmp_path, parallel=4, connect_timeout_s=1)
    hand = Hand(carrier)
    with black_hole() as (address, port):
        began = time.monotonic()
        hole = replace(host.spec("hole"), address=address, port=port)
        assert hand.do(hole).refusal is Found.UNREACHABLE
        assert hand.do(hole, kind=PORT).port is Found.SILENT
        behind = replace(hole, via=((host.spec("gw"),),))
        outcome = hand.do(behind)
        assert outcome.refusal is Found.UNREACHABLE
        assert "through gw" in outcome.why
        assert time.monotonic() - began < 8
    carrier.close()


def test_a_port_without_a_voice_is_neither_silent_nor_answering(hand: Hand, host: Sshd) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(5)
        spec = replace(host.spec("mute"), address="127.0.0.1", port=mute.getsockname()[1])
        assert hand.do(spec, kind=PORT, timeout_s=1).state is OutcomeState.UNKNOWN


@pytest.mark.skipif(not shutil.which("sudo") or os.geteuid() != 0, reason="needs sudo, and root to make a login")
def test_a_refused_sudo_is_no_exit_code(hand: Hand, host: Sshd, tmp_path: Path) -> None:
    with a_login("nosudo", "/bin/sh") as name, Sshd(tmp_path / "host", user=name) as other:
        for kind in (READ, STEP):
            outcome = hand.do(other.spec(user=name), argv=("touch", str(tmp_path / "log")), sudo=True, kind=kind)
            assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.SUDO), outcome
            assert "a password is required" in outcome.why
    assert not (tmp_path / "log").exists()
    root = hand.do(host.spec(), argv=("sh", "-c", "exit 1"), sudo=True)
    assert result(root).exit == 1


# --- gateways ----------------------------------------------------------------------------------------------------


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[tuple[Sshd, Sshd, Sshd]]:
    """An outer gateway, an inner one, a host; all let the same key in."""
    need_sshd()
    with (
        Sshd(tmp_path / "outer") as outer,
        Sshd(tmp_path / "inner", key=outer.key) as inner,
        Sshd(tmp_path / "target", key=outer.key) as target,
    ):
        yield outer, inner, target


def test_a_chain_is_gone_through_from_the_outside_in(hand: Hand, estate: tuple[Sshd, Sshd, Sshd]) -> None:
    outer, inner, target = estate
    spec = target.spec("target", via=((outer.spec("outer"), inner.spec("inner")),))
    for _ in range(2):
        done = result(hand.do(spec, "echo $SSH_CONNECTION"))
        assert done.stdout.split()[2].decode() == target.address
    assert hand.do(spec, kind=PORT).port is Found.ANSWERS
    assert [gateway.log.read_text().count("Accepted publickey") for gateway in (outer, inner)] == [1, 1]


def test_a_gateway_is_pinned_too(hand: Hand, estate: tuple[Sshd, Sshd, Sshd]) -> None:
    outer, inner, target = estate
    spec = target.spec("target", via=((outer.spec("outer"), inner.spec("inner", keys=("SHA256:x",))),))
    outcome = hand.do(spec)
    assert (outcome.refusal, "gateway inner shows" in outcome.why) == (Found.KEY, True)
    assert hand.do(spec, kind=PORT).state is OutcomeState.UNREACHABLE


def test_silent_needs_a_gateway_that_works(hand: Hand, estate: tuple[Sshd, Sshd, Sshd]) -> None:
    outer, inner, target = estate
    spec = target.spec("target", via=((outer.spec("outer"),), (inner.spec("inner"),)))
    target.stop()
    assert hand.do(spec, kind=PORT).port is Found.SILENT
    outcome = hand.do(spec)
    assert (outcome.refusal, "does not answer" in outcome.why) == (Found.UNREACHABLE, True)
    outer.stop()
    assert hand.do(spec, kind=PORT).port is Found.SILENT
    inner.stop()
    outcome = hand.do(spec, kind=PORT)
    assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.UNREACHABLE)
    assert "gateway outer" in outcome.why


def test_the_next_chain_is_tried(hand: Hand, estate: tuple[Sshd, Sshd, Sshd]) -> None:
    outer, inner, target = estate
    spec = target.spec("target", via=((outer.spec("outer"),), (inner.spec("inner"),)))
    outer.stop()
    assert result(hand.do(spec)).exit == 0
    outer.start()
    assert result(hand.do(spec)).exit == 0


def test_a_gateway_that_forbids_forwarding_is_not_a_silent_host(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "gw", options=("AllowTcpForwarding no",)) as gateway:
        spec = gateway.spec("target", via=((gateway.spec("gw"),),))
        outcome = hand.do(spec, kind=PORT)
        assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.UNREACHABLE)


def test_a_dead_gateway_costs_its_time_once(tmp_path: Path, host: Sshd) -> None:
    carrier = SshCarrier(root=tmp_path, parallel=20, connect_timeout_s=1)
    hand = Hand(carrier)
    with black_hole() as (address, port):
        gateway = replace(host.spec("gw"), address=address, port=port)
        began = time.monotonic()
        keys = [hand.submit(host.spec(f"h{n}", via=((gateway,),)))[0] for n in range(20)]
        assert {hand.end(key).refusal for key in keys} == {Found.UNREACHABLE}
        assert time.monotonic() - began < 6
    carrier.close()


def test_twenty_hosts_behind_one_gateway_while_some_drop(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "gw") as gateway, Sshd(tmp_path / "target", key=gateway.key) as target:
        specs = [target.spec(f"host-{number}", via=((gateway.spec("gw"),),)) for number in range(20)]
        for turn in range(3):
            steady = [hand.submit(spec, "head -c 100000 /dev/zero", task=f"{turn}{spec.id}")[0] for spec in specs[:14]]
            # These kill their own connection's sshd on the host.
            drops = [
                hand.submit(spec, "echo a; kill -9 $PPID; sleep 5", task=f"{turn}{spec.id}")[0] for spec in specs[14:]
            ]
            assert [result(hand.end(key)).sent[0] for key in steady] == [100_000] * 14
            assert {hand.end(key).state for key in drops} == {OutcomeState.UNKNOWN}
            for spec in specs:
                hand.carrier.release(f"{turn}{spec.id}")
        assert gateway.log.read_text().count("Accepted publickey") == 1


def test_many_logins_at_once_to_one_host(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "host", options=("MaxStartups 10:100:11",)) as host:
        keys = [hand.submit(host.spec(), "echo hi", task=f"t{number}")[0] for number in range(40)]
        assert {result(hand.end(key)).stdout for key in keys} == {b"hi\n"}


# --- the port's promises -----------------------------------------------------------------------------------------


def test_the_same_key_again_is_already_and_with_another_spec_an_error(hand: Hand, host: Sshd) -> None:
    key, spec = hand.submit(host.spec(), "echo once")
    assert hand.carrier.submit(key, spec) is Accepted.ALREADY
    with pytest.raises(ValueError, match="already stands for something else"):
        hand.carrier.submit(key, replace(spec, shell="echo other"))
    with pytest.raises(ValueError, match="already stands for something else"):
        hand.carrier.ask(key, replace(spec, shell="echo other"))
    assert hand.carrier.outcome("no such key").state is OutcomeState.ABSENT
    assert result(hand.end(key)).stdout == b"once\n"


def test_what_has_not_begun_can_be_cancelled(host: Sshd, tmp_path: Path) -> None:
    carrier = SshCarrier(root=tmp_path, parallel=1)
    hand = Hand(carrier)
    first, _ = hand.submit(host.spec(), "sleep 1")
    second, _ = hand.submit(host.spec(), f"touch {tmp_path}/log")
    until(lambda: carrier.outcome(first).state is OutcomeState.RUNNING)
    assert carrier.outcome(second).state is OutcomeState.QUEUED
    assert carrier.cancel(second)
    assert not carrier.cancel(first)
    assert hand.end(second).state is OutcomeState.CANCELLED
    assert result(hand.end(first)).exit == 0
    carrier.close()
    assert not (tmp_path / "log").exists()


def test_closing_leaves_nobody_waiting(host: Sshd, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    carrier = SshCarrier(root=tmp_path, parallel=2)
    hand = Hand(carrier)
    spec = host.spec("behind", via=((host.spec("gw"),),))
    keys = [hand.submit(spec, f"touch {tmp_path}/{n}; sleep 30", kind=STEP)[0] for n in range(3)]
    until((tmp_path / "0").exists)
    began = time.monotonic()
    carrier.close()
    states = {hand.end(key, 5).state for key in keys}
    assert states <= {OutcomeState.UNKNOWN, OutcomeState.CANCELLED, OutcomeState.UNREACHABLE}
    until(lambda: not [t for t in threading.enumerate() if t not in before and t.is_alive()], 5)
    assert time.monotonic() - began < 6
    with pytest.raises(ValueError, match="closed"):
        carrier.submit("late", Spec(READ, host.spec(), 5, shell="true"))


def test_what_a_platform_cannot_say_is_not_sent(hand: Hand, host: Sshd) -> None:
    outcome = hand.do(host.spec(platform=Platform.APPLIANCE), argv=("echo", 'a"b'))
    assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.UNREACHABLE)
    assert result(hand.do(host.spec(platform=Platform.APPLIANCE), argv=("echo", "a b"))).stdout == b"a b\n"


def test_nothing_is_printed(hand: Hand, host: Sshd, capfd: pytest.CaptureFixture[str]) -> None:
    hand.do(host.spec(keys=("SHA256:other",)))
    hand.do(host.spec(identity="missing"))
    hand.do(host.spec(), "kill -9 $PPID")
    assert capfd.readouterr() == ("", "")


# --- for who only looks


def test_a_login_is_measured_and_nothing_is_sent(host: Sshd, hand: Hand) -> None:
    before = host.log.read_text().count("Starting session")
    outcome = hand.do(host.spec(), "not sent", kind=SpecKind.LOGIN, task="look")

    assert outcome.state is OutcomeState.DONE
    assert outcome.result is None
    assert outcome.times is not None
    assert 0 < outcome.times.login_s < 10
    assert host.log.read_text().count("Starting session") == before


def test_a_read_says_when_it_was_sent_and_answered(host: Sshd, hand: Hand) -> None:
    before = time.time()
    outcome = hand.do(host.spec(receipts=False), "sleep 0.2")

    assert outcome.times is not None
    assert before <= outcome.times.began
    assert 0.2 <= outcome.times.ended - outcome.times.began < 5


def test_what_is_forgotten_is_not_known_and_its_connection_is_kept(host: Sshd, hand: Hand) -> None:
    key, spec = hand.submit(host.spec(), "true", task="look")
    hand.end(key)
    accepted = host.log.read_text().count("Accepted publickey")
    late, _ = hand.submit(host.spec(), "sleep 0.5", task="look")

    hand.carrier.forget("look")

    assert hand.carrier.outcome(key).state is OutcomeState.ABSENT
    assert hand.end(late).state is OutcomeState.DONE, "what had not ended is not forgotten"
    assert hand.carrier.submit(key, spec) is Accepted.ACCEPTED
    assert hand.end(key).state is OutcomeState.DONE
    assert host.log.read_text().count("Accepted publickey") == accepted
