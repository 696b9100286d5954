"""Who we log in as, and with what, on real OpenSSH: key files, certificates, the agent, users, ports, shells."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.hosts.port import OutcomeState, SpecKind
from orchestrator.hosts.receipt import receipt_id
from orchestrator.model.terms import Found
from tests.e2e.sshd import SSH_KEYGEN, Sshd, make_key, need_sshd
from tests.e2e.test_sshd_carrier import RECEIPTS, Hand, a_login, hand, host, result, until

__all__ = ["hand", "host"]
pytestmark = pytest.mark.e2e
KINDS = ("ed25519", "rsa", "ecdsa")
SHELLS = ("sh", "dash", "bash", "zsh", "fish", "tcsh", "csh", "ksh")


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No agent and no key file but those of the test."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@contextmanager
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *keys: Path) -> Iterator[None]:
    """A real ssh-agent that holds `keys`, each with its certificate if it has one."""
    programs = [shutil.which(name) for name in ("ssh-agent", "ssh-add")]
    if None in programs:
        pytest.skip("needs OpenSSH's ssh-agent and ssh-add (Debian: apt-get install openssh-client)")
    socket = tmp_path / "agent"
    process = subprocess.Popen(
        [str(programs[0]), "-D", "-a", str(socket)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(socket.exists)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        for key in keys:
            subprocess.run([str(programs[1]), "-q", str(key)], check=True, stdin=subprocess.DEVNULL)
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def certify(ca: Path, key: Path, user: str, valid: str = "+1h") -> None:
    """Leave a certificate of `ca` beside `key`."""
    public = str(key.with_suffix(".pub"))
    command = [str(SSH_KEYGEN), "-q", "-s", str(ca), "-I", "test", "-n", user, "-V", valid, public]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


@contextmanager
def trusting(tmp_path: Path) -> Iterator[tuple[Sshd, Path]]:
    """A host that lets in whom the authority has certified, and no plain key."""
    need_sshd()
    ca = make_key(tmp_path / "ca")
    trusted = Path(f"/tmp/orch-ca-{os.getpid()}.pub") if os.geteuid() == 0 else tmp_path / "trusted.pub"
    trusted.write_text(ca.with_suffix(".pub").read_text())
    options = (f"TrustedUserCAKeys {trusted}", "AuthorizedKeysFile none")
    try:
        with Sshd(tmp_path / "trusting", options=options) as host:
            yield host, ca
    finally:
        trusted.unlink()


# --- key files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_file_of_each_kind(hand: Hand, tmp_path: Path, kind: str) -> None:
    need_sshd()
    key = make_key(tmp_path / "key", kind)
    with Sshd(tmp_path / "host", key=key) as host:
        assert result(hand.do(host.spec())).exit == 0
        assert result(hand.do(host.spec(identity="key"))).exit == 0, "relative to the workspace"
        (tmp_path / ".ssh").mkdir()
        shutil.copy(key, tmp_path / ".ssh" / f"id_{kind}")
        assert result(hand.do(host.spec(identity=None))).exit == 0
        assert result(hand.do(host.spec(identity=f"~/.ssh/id_{kind}"))).exit == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_beside_its_key(hand: Hand, tmp_path: Path, kind: str) -> None:
    with trusting(tmp_path) as (host, ca):
        key = make_key(tmp_path / "key", kind)
        outcome = hand.do(host.spec(identity=str(key)))
        assert (outcome.state, outcome.refusal) == (OutcomeState.UNREACHABLE, Found.LOGIN)
        certify(ca, key, host.user)  # also one that comes while we run counts
        assert result(hand.do(host.spec(identity=str(key)))).exit == 0
        assert "Accepted certificate ID" in host.log.read_text()


def test_a_certificate_that_is_over_or_not_wanted_leaves_the_key(hand: Hand, host: Sshd, tmp_path: Path) -> None:
    ca = make_key(tmp_path / "ca")
    key = tmp_path / "copy"
    for suffix in ("", ".pub"):
        shutil.copy(f"{host.key}{suffix}", f"{key}{suffix}")
    for valid in ("+1h", "-2d:-1d"):
        certify(ca, key, host.user, valid)
        assert result(hand.do(host.spec(identity=str(key)))).exit == 0
    Path(f"{key}-cert.pub").write_text("garbage\n")
    outcome = hand.do(host.spec(identity=str(key)))
    assert (outcome.refusal, "copy-cert.pub" in outcome.why) == (Found.LOGIN, True), outcome.why


# --- the agent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_in_the_agent(hand: Hand, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    need_sshd()
    other, key = make_key(tmp_path / "other"), make_key(tmp_path / "key", kind)
    with Sshd(tmp_path / "host", key=key) as host, agent(tmp_path, monkeypatch, other, key):
        assert result(hand.do(host.spec(identity=None))).exit == 0
        # A host with an identity gets that one and no other.
        assert hand.do(host.spec(identity=str(other))).refusal is Found.LOGIN


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_in_the_agent(hand: Hand, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with trusting(tmp_path) as (host, ca):
        key = make_key(tmp_path / "key", kind)
        certify(ca, key, host.user)
        with agent(tmp_path, monkeypatch, key):
            assert result(hand.do(host.spec(identity=None))).exit == 0
            assert "Accepted certificate ID" in host.log.read_text()


def test_many_log_in_by_the_agent_at_once(
    hand: Hand, host: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with agent(tmp_path, monkeypatch, host.key):
        keys = [hand.submit(host.spec(identity=None), task=f"t{number}")[0] for number in range(24)]
        assert {result(hand.end(key)).exit for key in keys} == {0}


def test_an_agent_that_is_gone_is_as_good_as_none(hand: Hand, host: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nowhere/agent")
    assert hand.do(host.spec(identity=None)).refusal is Found.LOGIN


# --- users, ports, shells ----------------------------------------------------------------------------------------


def test_each_host_has_its_own_user_and_port(hand: Hand, host: Sshd, tmp_path: Path) -> None:
    with a_login("user", "/bin/sh") as name, Sshd(tmp_path / "other", user=name) as other:
        assert host.port != other.port
        for server in (host, other):
            assert result(hand.do(server.spec(), "id -un", task="one")).stdout.decode().strip() == server.user


@pytest.mark.skipif(not RECEIPTS, reason="needs /run/lock writable, and flock")
@pytest.mark.parametrize("shell", SHELLS)
def test_whatever_the_login_shell_is(shell: str, hand: Hand, tmp_path: Path) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed here")
    need_sshd()
    with a_login(shell, path) as name, Sshd(tmp_path / "host", user=name) as host:
        words = 'hi! \\ it\'s $HOME `id` * ~ "ü"'
        assert result(hand.do(host.spec(), argv=("printf", "%s", words))).stdout.decode() == words
        done = hand.do(host.spec(), f"cat; printf '%s' '{words.replace(chr(39), '')}\nme'; exit 4", kind=SpecKind.STEP,
                       stdin="a line! \\ it's")  # fmt: skip
        assert (result(done).exit, done.by_receipt) == (4, True)
        assert result(done).stdout.decode() == f"a line! \\ it's\n{words.replace(chr(39), '')}\nme"
        key, spec = hand.submit(host.spec(), "sleep 30", kind=SpecKind.STEP)
        until(lambda: [*Path("/run").glob(f"*/orch-{name}/{receipt_id(key)}.p")])
        assert result(hand.stop(key, spec)).exit == 143


def test_there_is_no_terminal(hand: Hand, host: Sshd) -> None:
    done = result(hand.do(host.spec(), "tty; test -t 0 || test -t 1 || test -t 2; echo $?; echo ${SSH_TTY-none}"))
    assert done.stdout == b"not a tty\n1\nnone\n"
