"""Nothing is sent on a channel after its CLOSE, whoever is slow: else the peer ends the whole connection.

Paramiko decides under a lock what a thread sends, and sends it without. Here that thread is slow at just that point,
so that what happens once in a few thousand commands happens each time.
"""

import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from paramiko.common import cMSG_CHANNEL_CLOSE, cMSG_CHANNEL_DATA, cMSG_CHANNEL_EOF

from orchestrator.hosts import last_word
from orchestrator.hosts.pins import fingerprint
from orchestrator.hosts.port import HostSpec, OutcomeState
from orchestrator.hosts.sockets import ChannelWire
from orchestrator.hosts.ssh import SshCarrier
from orchestrator.model.terms import Platform
from orchestrator.twin import control
from orchestrator.twin.folder import read_state
from tests.e2e.sshd import Sshd, need_sshd
from tests.e2e.test_sshd_carrier import Hand, result
from tests.small_site import load_site

pytestmark = pytest.mark.e2e
SLOW_S = 0.1
SHORT = "systemctl show -p LoadState -p ActiveState --value app"  # the twin knows it; elsewhere it fails as quickly


@pytest.fixture
def hand(tmp_path: Path) -> Iterator[Hand]:
    carrier = SshCarrier(root=tmp_path, parallel=8, connect_timeout_s=5)
    yield Hand(carrier)
    carrier.close()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> set[bytes]:
    """Kinds of messages that come late to the wire, but for those that paramiko's own thread sends."""
    kinds: set[bytes] = set()
    real = paramiko.Transport._send_user_message  # type: ignore[attr-defined]

    def late(self: paramiko.Transport, message: paramiko.Message) -> None:
        if message.asbytes()[:1] in kinds and threading.current_thread() is not self:
            time.sleep(SLOW_S)
        real(self, message)

    monkeypatch.setattr(paramiko.Transport, "_send_user_message", late)
    return kinds


def the_twins(folder: Path, host: str) -> HostSpec:
    """How a carrier reaches a host of the twin in `folder`."""
    state = read_state(folder)
    where = f"[{state.hosts[host]}]:{state.port}"
    lines = [line.split() for line in (folder / "known_hosts").read_text().splitlines() if line.startswith(where)]
    return HostSpec(
        id=host,
        address=state.hosts[host],
        port=state.port,
        user="orch",
        platform=Platform.LINUX,
        keys=tuple(fingerprint(base64.b64decode(key)) for _, _, key in lines),
        key_types=("ssh-ed25519",),
        identity=str(folder / "keys" / "twin"),
    )


def many_short(hand: Hand, host: HostSpec) -> None:
    """Short commands in parallel: each comes back whole, and all on one connection, logged in to once."""
    keys = [hand.submit(host, SHORT, task="night")[0] for _ in range(24)]
    outcomes = [hand.end(key) for key in keys]
    assert {(outcome.state, outcome.why) for outcome in outcomes} == {(OutcomeState.DONE, "")}
    assert len({outcome.times and outcome.times.login_s for outcome in outcomes}) == 1


def test_a_late_end_of_input_costs_sshd_no_connection(hand: Hand, tmp_path: Path, slow: set[bytes]) -> None:
    need_sshd()
    slow.add(cMSG_CHANNEL_EOF)
    with Sshd(tmp_path / "host") as host:
        many_short(hand, host.spec())


def test_a_late_end_of_input_costs_the_twin_no_connection(hand: Hand, tmp_path: Path, slow: set[bytes]) -> None:
    slow.add(cMSG_CHANNEL_EOF)
    control.up(load_site(tmp_path / "ws"), tmp_path / "ws", tmp_path / "twin", 50.0, {})
    try:
        many_short(hand, the_twins(tmp_path / "twin", "app"))
    finally:
        control.down(tmp_path / "twin")


def test_a_host_that_drops_its_tunnel_costs_nobody_the_gateway(hand: Hand, tmp_path: Path, slow: set[bytes]) -> None:
    need_sshd()
    with Sshd(tmp_path / "gw") as gateway, Sshd(tmp_path / "target", key=gateway.key) as target:
        steady, drops = (target.spec(name, via=((gateway.spec("gw"),),)) for name in ("steady", "drops"))
        for host in (steady, drops):
            assert result(hand.do(host, task="night")).exit == 0
        long, _ = hand.submit(steady, "sleep 1; echo still there", task="night")
        time.sleep(0.2)
        slow.add(cMSG_CHANNEL_DATA)
        gone = [hand.submit(drops, "kill -9 $PPID; sleep 5", task="night")[0] for _ in range(4)]
        assert {hand.end(key).state for key in gone} <= {OutcomeState.UNKNOWN, OutcomeState.UNREACHABLE}
        assert result(hand.end(long)).stdout == b"still there\n"
        assert gateway.log.read_text().count("Accepted publickey") == 1


def test_an_answer_stays_one_though_the_connection_is_lost_as_its_channel_closes(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_sshd()
    real = paramiko.Channel.close

    def lost(self: paramiko.Channel) -> None:
        real(self)
        raise EOFError

    monkeypatch.setattr(paramiko.Channel, "close", lost)
    with Sshd(tmp_path / "host") as host:  # more commands than sessions: each gave its room back
        keys = [hand.submit(host.spec(), "echo hi", task="night")[0] for _ in range(12)]
        assert {result(hand.end(key)).stdout for key in keys} == {b"hi\n"}
    ChannelWire(paramiko.Channel(1)).close()  # nor does a tunnel's end raise, in threads that nobody listens to


# --- the door itself -------------------------------------------------------------------------------------------------


class Wire:
    """A transport that notes what it is given, and waits before each message but a CLOSE."""

    name = "wire"

    def __init__(self, pause_s: float = 0.0) -> None:
        self.sent: list[bytes] = []
        self._pause_s = pause_s

    def _send_user_message(self, message: paramiko.Message) -> None:
        if message.asbytes() != cMSG_CHANNEL_CLOSE:
            time.sleep(self._pause_s)
        self.sent.append(message.asbytes())


def test_the_door_drops_what_comes_after_the_close_and_is_else_the_transport() -> None:
    wire = Wire()
    door = last_word.Door(wire)
    for kind in (cMSG_CHANNEL_DATA, cMSG_CHANNEL_CLOSE, cMSG_CHANNEL_EOF, cMSG_CHANNEL_DATA, cMSG_CHANNEL_CLOSE):
        door._send_user_message(paramiko.Message(kind))
    assert (wire.sent, door.name) == ([cMSG_CHANNEL_DATA, cMSG_CHANNEL_CLOSE], "wire")


def test_a_close_does_not_overtake_what_is_on_its_way() -> None:
    wire = Wire(0.05)
    door = last_word.Door(wire)
    early = threading.Thread(target=door._send_user_message, args=(paramiko.Message(cMSG_CHANNEL_DATA),))
    early.start()
    time.sleep(0.01)
    door._send_user_message(paramiko.Message(cMSG_CHANNEL_CLOSE))
    early.join()
    assert wire.sent == [cMSG_CHANNEL_DATA, cMSG_CHANNEL_CLOSE]
