"""Hosts that hang, restart, show another key or refuse, as real OpenSSH does it: what is said, and what is not."""

import asyncio
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import asyncssh
import paramiko
import pytest

from orchestrator.hosts import links
from orchestrator.hosts.pins import fingerprint
from orchestrator.hosts.port import HostSpec, Outcome, OutcomeState, SpecKind
from orchestrator.model.terms import Found, Platform
from tests.e2e.sshd import Sshd, make_key, need_sshd
from tests.e2e.test_sshd_carrier import RECEIPTS, Hand, a_login, hand, host, result, until
from tests.e2e.test_sshd_stop import may
from tests.gate import waits_for

__all__ = ["hand", "host"]
pytestmark = pytest.mark.e2e
READ, STEP, PORT = SpecKind.READ, SpecKind.STEP, SpecKind.PORT
with_receipts = pytest.mark.skipif(not RECEIPTS, reason="needs /run/lock writable, and flock")


# --- hosts that hang, restart, change ----------------------------------------------------------------------------


@contextmanager
def frozen(host: Sshd) -> Iterator[None]:
    """Its connections stand, and nothing is answered on them any more."""
    sessions = host.sessions()

    def tell(what: signal.Signals) -> None:
        for pid in sessions:
            with suppress(ProcessLookupError):
                os.kill(pid, what)

    tell(signal.SIGSTOP)
    try:
        yield
    finally:
        tell(signal.SIGCONT)


def test_a_host_that_hangs_costs_a_command_its_time_and_the_next_one_little(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_sshd()
    monkeypatch.setattr(links, "_OPEN_S", 1.0)
    with Sshd(tmp_path / "host") as host:
        mark, gate = tmp_path / "mark", tmp_path / "gate"
        shell = f"touch {mark}; {waits_for(gate)}; echo late"
        key, _ = hand.submit(host.spec(), shell, timeout_s=3, task="one")
        until(mark.exists)
        with frozen(host):
            gate.touch()
            outcome = hand.end(key)
            assert (outcome.state, outcome.why) == (OutcomeState.UNKNOWN, "no end within 3 s")
            assert result(hand.do(host.spec(), "echo hi", task="one")).stdout == b"hi\n", "by a new connection"
        with frozen(host):  # while nothing runs: not even a session is opened, so that nothing was sent
            assert result(hand.do(host.spec(), "echo hi", task="one")).stdout == b"hi\n", "by a new connection"


def test_sshd_restarts_under_a_running_command(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "host") as host:
        gate = tmp_path / "gate"
        key, _ = hand.submit(host.spec(), f"{waits_for(gate)}; echo whole", task="one")
        until(host.sessions)
        host.stop_listening()
        assert hand.do(host.spec(), task="two").refusal is Found.UNREACHABLE
        host.start()
        assert result(hand.do(host.spec(), task="two")).exit == 0
        gate.touch()
        assert result(hand.end(key)).stdout == b"whole\n"


@with_receipts
@pytest.mark.parametrize("kind", [READ, STEP])
def test_a_connection_lost_before_anything_of_the_command_was_sent_is_opened_again(
    hand: Hand, tmp_path: Path, kind: SpecKind
) -> None:
    """The first that is asked on it is which receipt folder there is: losing that is losing nothing."""
    need_sshd()
    once = tmp_path / "once"
    once.write_text(
        f"#!/bin/sh\n[ -e {once}.lost ] || {{ touch {once}.lost; kill -9 $PPID; sleep 5; }}\n"
        'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"\n'
    )
    once.chmod(0o755)
    with Sshd(tmp_path / "host", options=(f"ForceCommand {once}",)) as host:
        assert result(hand.do(host.spec(), "echo hi", kind=kind, task="one")).stdout == b"hi\n"


def test_a_host_key_that_changes_during_a_run_is_refused_and_nothing_is_sent(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "host") as host:
        before = host.spec()
        assert result(hand.do(before, task="one")).exit == 0
        host.stop()
        for file in tmp_path.glob("host/host*"):
            file.unlink()
        make_key(host.host_key)
        host.start()
        for kind in (READ, STEP):
            outcome = hand.do(before, f"touch {tmp_path}/log", task="one", kind=kind)
            assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.KEY)
            assert before.keys[0] in outcome.why
        assert hand.do(before, kind=PORT).port is Found.ANSWERS, "a port question says nothing to a key"
        assert "Accepted publickey" not in host.log.read_text().rpartition("Server listening")[2]
    assert not (tmp_path / "log").exists()


@with_receipts
def test_a_host_that_was_restarted_is_known_by_its_receipt_folder(hand: Hand, tmp_path: Path) -> None:
    """A port that answers tells nothing of a quick restart: a read in the same task does."""
    with a_login("boot", "/bin/sh") as name, Sshd(tmp_path / "host", user=name) as host:
        seen = hand.do(host.spec(), task="one").generation
        key, spec = hand.submit(host.spec(), "sleep 30", kind=STEP, generation=seen, task="one", disconnects=True)
        until(lambda: [*Path("/run").glob(f"*/orch-{name}/*.p")])
        host.kill_sessions()
        subprocess.run(["pkill", "-KILL", "-u", name], check=False)  # as a shutdown does, and then
        hand.end(key)
        for folder in Path("/run").glob(f"*/orch-{name}"):
            shutil.rmtree(folder)  # its /run is a new one
        assert hand.do(host.spec(), kind=PORT).port is Found.ANSWERS
        after = hand.do(host.spec(), task="one").generation
        assert after
        assert after != seen
        asked = hand.ask(key, spec)
        assert (asked.state, asked.generation) == (OutcomeState.STALE, after)


# --- sudo --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    not shutil.which("sudo") or not os.access("/etc/sudoers.d", os.W_OK),
    reason="needs sudo, and root to say what may be done by it",
)
@pytest.mark.parametrize("kind", [READ, STEP])
@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ((), "sudo: a password is required"),
        (("/bin/true",), "sudo: a password is required"),  # for anything else
        (("Defaults", "!authenticate"), "is not in the sudoers file"),
        (("Defaults", "!requiretty"), None),
    ],
    ids=["no rights", "rights to something else", "without passwords", "all rights"],
)
def test_a_refused_sudo_is_told_apart(
    hand: Hand, tmp_path: Path, rules: tuple[str, ...], says: str | None, kind: SpecKind
) -> None:
    need_sshd()
    with a_login("sudo", "/bin/sh") as name, Sshd(tmp_path / "host", user=name) as host:
        text = ("ALL",) if says is None else () if rules[:1] == ("Defaults",) else rules
        with may(name, *text):
            if rules[:1] == ("Defaults",):
                with Path(f"/etc/sudoers.d/{name}").open("a") as file:
                    file.write(f"Defaults:{name} {rules[1]}\n")
            outcome = hand.do(host.spec(), argv=("sh", "-c", "exit 1"), sudo=True, kind=kind)
    if says is None:
        assert result(outcome).exit == 1, "its own exit code is no refusal"
    else:
        assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.SUDO), outcome
        assert says in outcome.why


def test_a_sudo_that_is_not_installed_is_told_apart(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "host", options=("SetEnv PATH=/nowhere SHLVL=9",)) as host:
        outcome = hand.do(host.spec(receipts=False), argv=("/bin/true",), sudo=True)
        assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.SUDO), outcome
        assert "not found" in outcome.why
        assert result(hand.do(host.spec(receipts=False), argv=("sudo",))).exit == 127, "this was our own command"


# --- the answer to an exec request -------------------------------------------------------------------------------


class Answering(asyncssh.SSHServer):
    """Lets everybody in, and does to a command what `does` says."""

    does = ""

    def __init__(self) -> None:
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return True

    def session_requested(self) -> "AnsweringSession":
        assert self._connection is not None
        return AnsweringSession(self._connection, self.does)


class AnsweringSession(asyncssh.SSHServerSession[bytes]):
    """One command."""

    def __init__(self, connection: asyncssh.SSHServerConnection, does: str) -> None:
        self._connection = connection
        self._does = does
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def exec_requested(self, command: str) -> bool:
        if self._does == "lose":
            self._connection.abort()
        return self._does != "refuse"

    def session_started(self) -> None:
        assert self._channel is not None
        self._channel.write(b"half an answer")
        if self._does == "signal":
            self._channel.exit_with_signal("TERM")
        else:
            self._connection.abort()


@contextmanager
def answering(tmp_path: Path, does: str) -> Iterator[HostSpec]:
    """A server that is no OpenSSH, because that one refuses no command."""
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    server = type("Does", (Answering,), {"does": does})

    async def serve() -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(server, "127.0.0.1", 0, server_host_keys=[host_key], encoding=None)

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    acceptor = asyncio.run_coroutine_threadsafe(serve(), loop).result(10)
    spec = HostSpec(
        id="host",
        address="127.0.0.1",
        port=acceptor.get_port(),
        user="orch",
        platform=Platform.LINUX,
        keys=(fingerprint(host_key.public_data),),
        key_types=("ssh-ed25519",),
        identity=str(make_key(tmp_path / f"key-{does}")),
        receipts=False,
    )
    try:
        yield spec
    finally:
        loop.call_soon_threadsafe(acceptor.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def _slowly(real: Callable[[paramiko.Channel], None]) -> Callable[[paramiko.Channel], None]:
    """Paramiko wakes up who waits on a channel before it marks the lost connection as such: here it takes its time."""

    def unlink(channel: paramiko.Channel) -> None:
        real(channel)
        time.sleep(0.05)

    return unlink


@pytest.mark.parametrize(
    ("does", "why", "brings"),
    [
        ("refuse", "the host would not run it", None),
        ("lose", "connection lost", None),
        ("lose later", "connection lost", b"half an answer"),
        ("signal", "it ended without an exit code", b"half an answer"),
    ],
)
def test_what_is_said_of_a_command_without_an_exit_code(
    hand: Hand, tmp_path: Path, does: str, why: str, brings: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_sshd()
    monkeypatch.setattr(paramiko.Channel, "_unlink", _slowly(paramiko.Channel._unlink))  # type: ignore[attr-defined]
    with answering(tmp_path, does) as spec:
        for _ in range(5):
            outcome: Outcome = hand.do(spec)
            assert outcome.state is OutcomeState.UNKNOWN
            assert outcome.why.startswith(why)
            assert (outcome.partial and outcome.partial.stdout) in {brings, None}
            outcome = hand.do(spec, disconnects=True)
            assert outcome.why == "disconnected" if "lost" in why else outcome.why.startswith(why)
        assert hand.do(replace(spec, keys=("SHA256:x",))).refusal is Found.KEY
