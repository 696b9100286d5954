"""One simulated SSH server: login by the twin's key, single commands, truthful gateways. Nothing is ever executed.

* Only `exec`: no shell, no pty, no sftp, no agent, no password.
* A gateway forwards to the hosts of the zones it is gateway of, and to nothing else, from its own address.
* A host of a zone with gateways hangs up on whoever does not come from one of them or from inside the zone.
"""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import asyncssh
from asyncssh.constants import OPEN_ADMINISTRATIVELY_PROHIBITED, OPEN_CONNECT_FAILED
from asyncssh.forward import SSHForwarder

from orchestrator.hosts.command_line import unwrap_read
from orchestrator.hosts.receipt import ReceiptAnswer, ReceiptCall, answer_header, parse_call
from orchestrator.model.inventory import Inventory
from orchestrator.model.terms import Platform
from orchestrator.plan.powershell import script_of
from orchestrator.twin.faults import Fault
from orchestrator.twin.hub import Hub
from orchestrator.twin.job import Job

LEAN = {
    "kex_algs": ["curve25519-sha256", "curve25519-sha256@libssh.org"],
    "encryption_algs": ["aes128-gcm@openssh.com", "aes128-ctr"],
    "mac_algs": ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-256"],
    "compression_algs": ["none"],
    "gss_host": None,
    "agent_forwarding": False,
    "x11_forwarding": False,
    "allow_pty": False,
    "line_editor": False,
    "encoding": None,
    "login_timeout": 60,
    "server_version": "orch-twin",
}
"""Quick algorithms that OpenSSH and paramiko know, and nothing that costs time at login."""

NOISE = b"orch-twin flood " * 1024
NOISE_EVERY_S = 0.005


@dataclass(frozen=True, slots=True)
class Place:
    """A host as the network sees it."""

    id: str
    address: str
    port: int
    user: str
    platform: Platform
    peers: frozenset[str] | None  # addresses that may connect; None: any
    forwards: frozenset[tuple[str, int]]  # where a gateway forwards to


def places(inventory: Inventory) -> Mapping[str, Place]:
    """Who may reach whom, by the inventory's zones."""
    hosts = inventory.hosts.values()
    inside: dict[str, list[str]] = {zone: [] for zone in inventory.zones}
    for host in hosts:
        if host.zone is not None:
            inside[host.zone.id].append(host.id)
    gates = {zone.id: {ref.id for ref in zone.gateways} for zone in inventory.zones.values()}
    found = {}
    for host in hosts:
        zone = None if host.zone is None else host.zone.id
        peers = None
        if zone is not None and gates[zone] and host.id not in gates[zone]:
            peers = frozenset(inventory.hosts[other].address for other in {*gates[zone], *inside[zone]})
        beyond = [other for gated, of in gates.items() if host.id in of for other in inside[gated] if other != host.id]
        forwards = frozenset((inventory.hosts[other].address, inventory.hosts[other].port) for other in beyond)
        found[host.id] = Place(host.id, host.address, host.port, host.user, host.platform, peers, forwards)
    return found


class HostServer(asyncssh.SSHServer):
    """One connection to one host."""

    def __init__(
        self, place: Place, hub: Hub, client_key: bytes, connections: set[asyncssh.SSHServerConnection]
    ) -> None:
        self._place = place
        self._hub = hub
        self._client_key = client_key
        self._connections = connections
        self._conn: asyncssh.SSHServerConnection | None = None
        self.talks_of: str | None = None  # the system that this connection spoke of last

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Only from where the network lets one through."""
        self._conn = conn
        peer = conn.get_extra_info("peername")
        allowed = self._place.peers
        if allowed is not None and (not peer or peer[0] not in allowed):
            conn.abort()
            return
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """What was told goes on."""
        if self._conn is not None:
            self._connections.discard(self._conn)

    def public_key_auth_supported(self) -> bool:
        """Login by key only."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """The host's own user, with the key that was made for this twin."""
        return username == self._place.user and key.public_data == self._client_key

    def session_requested(self) -> "CommandSession":
        """Each session is one command."""
        assert self._conn is not None
        return CommandSession(self._place, self._hub, self, self._conn)

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> Awaitable[asyncssh.SSHTCPSession[bytes]]:
        """A gateway forwards to its zones; other hosts forward nothing."""
        if (dest_host, dest_port) not in self._place.forwards:
            raise asyncssh.ChannelOpenError(
                OPEN_ADMINISTRATIVELY_PROHIBITED, f"{self._place.id} is no gateway to {dest_host}:{dest_port}"
            )
        forwarding: Any = self._forward(dest_host, dest_port)  # asyncssh takes its own forwarder for a session
        return cast(Awaitable[asyncssh.SSHTCPSession[bytes]], forwarding)

    async def _forward(self, address: str, port: int) -> SSHForwarder:
        try:
            _, peer = await asyncio.get_running_loop().create_connection(
                SSHForwarder, address, port, local_addr=(self._place.address, 0)
            )
        except OSError as error:
            raise asyncssh.ChannelOpenError(OPEN_CONNECT_FAILED, str(error)) from None
        return SSHForwarder(peer)


class CommandSession(asyncssh.SSHServerSession[bytes]):
    """One command, from `exec` to its exit code."""

    def __init__(self, place: Place, hub: Hub, server: HostServer, conn: asyncssh.SSHServerConnection) -> None:
        self._place = place
        self._hub = hub
        self._server = server
        self._conn = conn
        self._chan: asyncssh.SSHServerChannel[bytes] | None = None
        self._command = ""
        self._task: asyncio.Task[None] | None = None
        self._stdin = b""
        self._line_came = asyncio.Event()

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """The channel is open."""
        self._chan = chan

    def exec_requested(self, command: str) -> bool:
        """The one thing that is offered."""
        self._command = command
        return True

    def session_started(self) -> None:
        """Now the command may answer."""
        self._task = asyncio.get_running_loop().create_task(self._serve())
        self._task.add_done_callback(_seen)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Standard input: only its first line is ever waited for, and nothing of it is kept."""
        if not self._line_came.is_set():
            self._stdin += data
            if b"\n" in self._stdin or len(self._stdin) > 65536:
                self._line_came.set()

    def eof_received(self) -> bool:
        """No more standard input; the answer still comes."""
        self._line_came.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for the answer any more; the command goes on."""
        if self._task is not None:
            self._task.cancel()

    async def _serve(self) -> None:
        call = parse_call(self._command) if self._place.platform is Platform.LINUX else None
        if call is not None:
            self._answer(0, await self._receipt(call), b"")
            return
        job = self._begin(self._inner())
        while job.floods and not job.done:
            await self._flood(job)
        await self._hub.ended(job)
        if job.look is not None and job.exit is not None:
            job.stdout = self._hub.world.looked(job, time.time())
        self._answer(job.exit if job.exit is not None else 255, job.stdout, job.stderr)

    def _inner(self) -> str:
        match self._place.platform:
            case Platform.LINUX:
                inner = unwrap_read(self._command)
            case Platform.WINDOWS:
                inner = script_of(self._command)
            case _:
                inner = None
        return self._command if inner is None else inner

    async def _receipt(self, call: ReceiptCall) -> bytes:
        if call.mode != "stop":  # what hangs can be ended
            await self._hub.unstuck(self._place.id)
        receipts = self._hub.world.receipts(self._place.id)
        if call.mode == "runs":
            await self._line_came.wait()
            if b"\n" not in self._stdin:
                return answer_header(ReceiptAnswer("refused", exit=96, generation=receipts.generation), call.id)
        told = receipts.told(call)
        if isinstance(told, ReceiptAnswer) and told.state != "done":
            return answer_header(told, call.id)
        if told == "begin":
            told = self._begin(call.inner)
            receipts.begun(call, told)
        if isinstance(told, Job) and call.mode == "stop":
            self._hub.stop(told)
        elif isinstance(told, Job):
            await self._hub.ended(told)
        answer, out, err = receipts.answer(call)
        return answer_header(answer, call.id) + out + err

    def _begin(self, inner: str) -> Job:
        job = self._hub.begin(self._place.id, inner, self._conn, self._server.talks_of)
        if job.system is not None:
            self._server.talks_of = job.system
        return job

    async def _flood(self, job: Job) -> None:
        assert self._chan is not None
        if self._chan.get_write_buffer_size() < 1 << 20:
            self._chan.write(NOISE)
        await asyncio.sleep(NOISE_EVERY_S)
        if self._hub.world.fault(self._place.id) is not Fault.FLOOD:
            job.floods = False

    def _answer(self, exit_code: int, stdout: bytes, stderr: bytes) -> None:
        chan = self._chan
        if chan is None or chan.is_closing():
            return
        if stdout:
            chan.write(stdout)
        if stderr:
            chan.write_stderr(stderr)
        chan.write_eof()  # as sshd does: by it a client tells an end from a lost connection
        chan.exit(exit_code)


def _seen(task: asyncio.Task[None]) -> None:
    """An error in one command is the twin's own: said in twin.log, and the other hosts go on."""
    if not task.cancelled() and (error := task.exception()) is not None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": "orch-twin: a command failed", "exception": error}
        )
