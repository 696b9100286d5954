"""Stopping an attempt through its receipt, on real sshd: what can be ended is, what can not is said to run on."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.hosts.port import OutcomeState, SpecKind
from tests.e2e.sshd import Sshd, need_sshd
from tests.e2e.test_sshd_carrier import RECEIPTS, Hand, a_login, hand, host, result, until
from tests.gate import waits_for

__all__ = ["hand", "host"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not RECEIPTS, reason="needs /run/lock writable, and flock"),
]
STEP = SpecKind.STEP


def test_a_running_step_is_ended_and_both_who_wait_hear_it(hand: Hand, host: Sshd, tmp_path: Path) -> None:
    mark, log = tmp_path / "mark", tmp_path / "log"
    key, spec = hand.submit(host.spec(), f"echo begun; touch {mark}; sleep 2; touch {log}", kind=STEP, task="one")
    until(mark.exists)
    stopped = hand.stop(key, spec)
    assert (result(stopped).exit, result(stopped).stdout, stopped.by_receipt) == (143, b"begun\n", True)
    until(lambda: hand.carrier.outcome(key) == stopped)
    time.sleep(2.2)
    assert not log.exists()
    until(lambda: hand.ask(key, spec) == stopped)


def test_one_whose_connection_was_lost_is_ended_too(hand: Hand, tmp_path: Path) -> None:
    need_sshd()
    with Sshd(tmp_path / "host") as host:
        mark, log = tmp_path / "mark", tmp_path / "log"
        key, spec = hand.submit(host.spec(), f"touch {mark}; sleep 2; touch {log}", kind=STEP)
        until(mark.exists)
        host.kill_sessions()
        assert hand.end(key).state is OutcomeState.UNKNOWN
        assert result(hand.stop(key, spec)).exit == 143
        time.sleep(2.2)
        assert not log.exists()


def test_what_took_too_long_is_ended_and_its_late_silence_changes_nothing(
    hand: Hand, host: Sshd, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    key, spec = hand.submit(host.spec(), f"touch {mark}; sleep 30", kind=STEP, timeout_s=4)
    until(mark.exists)
    assert hand.ask(key, spec).state is OutcomeState.RUNNING
    time.sleep(4.5)
    assert hand.carrier.outcome(key).state is OutcomeState.RUNNING, "its receipt knows better than its connection"
    assert result(hand.stop(key, spec)).exit == 143


def test_what_never_began_never_will_and_what_ended_stays_as_it_was(hand: Hand, host: Sshd, tmp_path: Path) -> None:
    generation = hand.do(host.spec(), task="one").generation
    key, spec = hand.submit(host.spec(), "exit 3", kind=STEP, generation=generation)
    ended = hand.end(key)
    assert hand.stop(key, spec) == ended
    assert hand.stop(f"{key}/another", spec).state is OutcomeState.NEVER
    hand.keys.append(f"{key}/another")
    key, spec = hand.submit(host.spec(receipts=False), "true", kind=STEP)
    hand.end(key)
    assert hand.stop(key, spec).state is OutcomeState.NO_ANSWER


# --- what root runs for us ---------------------------------------------------------------------------------------


@contextmanager
def may(name: str, *what: str) -> Iterator[None]:
    """Lets the login `name` do that by `sudo -n`, and nothing else."""
    rules = Path("/etc/sudoers.d") / name
    rules.write_text("".join(f"{name} ALL=(root) NOPASSWD: {line}\n" for line in what))
    rules.chmod(0o440)
    try:
        yield
    finally:
        rules.unlink()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Sshd]:
    """A host where we are somebody without rights."""
    need_sshd()
    if not shutil.which("sudo") or not os.access("/etc/sudoers.d", os.W_OK):
        pytest.skip("needs sudo, and root to say what may be done by it")
    with a_login("stop", "/bin/sh") as name, Sshd(tmp_path / "host", user=name) as host:
        yield host


def sudo_runs(mark: Path) -> int:
    """The process id of root's command that made `mark`."""
    until(lambda: mark.exists() and mark.read_text().strip())
    return int(mark.read_text())


def test_root_s_command_is_ended_where_sudo_lets_us(hand: Hand, other: Sshd, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with may(other.user, "ALL"):
        commands = ((f"echo $$ >{mark}; sleep 30", True), (f"sudo -n sh -c 'echo $$ >{mark}; sleep 9'; :", False))
        for command, sudo in commands:
            key, spec = hand.submit(other.spec(user=other.user), command, sudo=sudo, kind=STEP)
            pid = sudo_runs(mark)
            assert result(hand.stop(key, spec)).exit != 0
            until(lambda pid=pid: not Path(f"/proc/{pid}").exists())  # type: ignore[misc]
            mark.unlink()


@pytest.mark.parametrize("pty", [True, False])
def test_root_s_command_that_is_not_ours_to_end_is_said_to_run(
    hand: Hand, other: Sshd, tmp_path: Path, pty: bool
) -> None:
    mark, gate, script = tmp_path / "mark", tmp_path / "gate", tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho $$ >{mark}\n{waits_for(gate)}\necho worked on\n")
    script.chmod(0o755)
    with may(other.user, str(script)):
        with (Path("/etc/sudoers.d") / other.user).open("a") as rules:
            rules.write(f"Defaults:{other.user} {'' if pty else '!'}use_pty\n")
        commands: list[dict[str, Any]] = [
            {"argv": (str(script),), "sudo": True},
            {"shell": f"sudo -n {script}; echo next"},
        ]
        for command in commands:
            key, spec = hand.submit(other.spec(user=other.user), kind=STEP, timeout_s=60, **command)
            pid = sudo_runs(mark)
            assert hand.stop(key, spec).state is OutcomeState.RUNNING
            assert Path(f"/proc/{pid}").exists()
            gate.touch()
            assert result(hand.end(key)).stdout.startswith(b"worked on\n")
            mark.unlink()
            gate.unlink()
