"""The twin's process: `python -m orchestrator.twin.server DIR ...`, started by `twin/control.py` only.

One process, all hosts of the workspace in DIR, each listening at its own address. It leaves its parent, tells it on a
pipe when every host answers (or why not), and then lives until it is told to end: by SIGTERM, by its socket, or by
its folder being gone, so that no forgotten twin runs for ever.
"""

import argparse
import asyncio
import contextlib
import errno
import json
import logging
import os
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import asyncssh

from orchestrator.model.errors import FilesError, OrchError
from orchestrator.twin.behaviour import behaviour_of
from orchestrator.twin.faults import Fault, parse_fault
from orchestrator.twin.folder import CLIENT_KEY, HOST_KEYS, LOG, SOCKET, read_state, short_path
from orchestrator.twin.hub import Hub
from orchestrator.twin.log import TwinLog
from orchestrator.twin.ssh import LEAN, HostServer, Place, places
from orchestrator.twin.world import World
from orchestrator.workspace.loader import load

LOOK_EVERY_S = 2.0
BACKLOG = 128


class Host:
    """One simulated host's port: open or closed, with the right key or a wrong one."""

    def __init__(self, place: Place, key: asyncssh.SSHKey, client_key: bytes) -> None:
        self.place = place
        self._key = key
        self._client_key = client_key
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._shows: Fault | None = None
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._lock = asyncio.Lock()

    async def follow(self, hub: Hub) -> None:
        """Makes the port what the world says that it is."""
        async with self._lock:
            world = hub.world
            shows = None
            if world.listens(self.place.id):
                shows = Fault.WRONG_KEY if world.fault(self.place.id) is Fault.WRONG_KEY else Fault.NONE
            if shows is self._shows:
                return
            self.shut()
            if shows is not None:
                await self._open(hub, shows)
            self._shows = shows

    def shut(self) -> None:
        """The port is closed, and every connection lost."""
        if self._acceptor is not None:
            self._acceptor.close()
            self._acceptor = None
        for connection in tuple(self._connections):
            connection.abort()
        self._connections.clear()

    async def _open(self, hub: Hub, shows: Fault) -> None:
        key = self._key if shows is Fault.NONE else asyncssh.generate_private_key("ssh-ed25519")
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self.place.address, self.place.port))
            sock.listen(BACKLOG)
            self._acceptor = await asyncssh.listen(
                sock=sock,
                server_factory=partial(HostServer, self.place, hub, self._client_key, self._connections),
                server_host_keys=[key],
                **LEAN,
            )
        except BaseException:
            sock.close()
            raise


class Twin:
    """The whole of it."""

    def __init__(self, folder: Path, speed: float, faults: Mapping[str, Fault]) -> None:
        ws = load(folder)
        behaviour = behaviour_of(ws)
        self.problems = behaviour.problems
        self._folder = folder
        self._over = asyncio.Event()
        self._control: asyncio.Server | None = None
        seed = os.urandom(16).hex()
        self.hub = Hub(World(ws.inventory, behaviour, seed), TwinLog(folder), speed, self._follow)
        client = asyncssh.read_public_key(folder / f"{CLIENT_KEY}.pub").public_data
        keys = json.loads((folder / HOST_KEYS).read_text(encoding="utf-8"))
        self.hosts = {
            host: Host(place, asyncssh.import_private_key(keys[host]), client)
            for host, place in places(ws.inventory).items()
        }
        for host, fault in faults.items():
            self.hub.world.set_fault(host, fault, 0.0)

    async def open(self) -> None:
        """Every host answers that shall answer, and so does the twin itself."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._over.set)
        for host in self.hosts.values():
            await host.follow(self.hub)
        with short_path(self._folder) as base:
            path = base / SOCKET
            path.unlink(missing_ok=True)
            self._control = await asyncio.start_unix_server(self._serve_control, path=str(path))
            path.chmod(0o600)

    async def live(self) -> None:
        """Until it is over."""
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), LOOK_EVERY_S)
            if not self._is_ours():
                self._over.set()
        self.close()

    def close(self) -> None:
        """All ports closed, the log ended."""
        if self._control is not None:
            self._control.close()
        for host in self.hosts.values():
            host.shut()
        self.hub.close()

    def _is_ours(self) -> bool:
        """Whether the folder still says that this process is its twin (while it is being written it says nobody)."""
        try:
            pid = read_state(self._folder).pid
        except OrchError:
            return False
        return pid in {None, os.getpid()}

    async def _follow(self, host: str) -> None:
        await self.hosts[host].follow(self.hub)

    async def _serve_control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = json.loads(await asyncio.wait_for(reader.readline(), 10))
            if asked.get("do") == "down":
                self._over.set()
            elif asked.get("do") == "fault":
                if asked["host"] not in self.hosts:
                    raise OrchError(f'"{asked["host"]}" is no host of this twin')
                await self.hub.set_fault(asked["host"], parse_fault(asked["fault"]))
            faults = {host: self.hub.world.fault(host) for host in self.hosts}
            answer = {
                "ok": True,
                "faults": {host: fault.value for host, fault in faults.items() if fault is not Fault.NONE},
                "up": [host for host in self.hosts if self.hub.world.is_up(host)],
            }
        except (OrchError, ValueError, KeyError, TimeoutError) as error:
            answer = {"ok": False, "error": str(error)}
        writer.write(json.dumps(answer).encode() + b"\n")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()


async def _run(folder: Path, speed: float, faults: Mapping[str, Fault], tell: "Teller") -> None:
    twin = Twin(folder, speed, faults)
    try:
        await twin.open()
    except OSError as error:
        twin.close()
        tell.say({"busy": error.errno == errno.EADDRINUSE, "error": str(error)})
        return
    tell.say({"pid": os.getpid(), "problems": list(twin.problems)})
    await twin.live()


class Teller:
    """The pipe to the parent: one line, then closed."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    def say(self, what: Mapping[str, object]) -> None:
        """Said once; later calls are for the log only."""
        if self._fd is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._fd, json.dumps(what).encode() + b"\n")
            os.close(self._fd)
            self._fd = None


def main(arguments: list[str]) -> int:
    """Leaves the parent, and is the twin."""
    parser = argparse.ArgumentParser(prog="orchestrator.twin.server")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--tell", type=int, required=True)
    options = parser.parse_args(arguments)
    if os.fork():
        os._exit(0)
    os.setsid()
    log = os.open(options.folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for fd in (1, 2):
        os.dup2(log, fd)
    os.close(log)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # a forwarder whose other end went away is no news
    tell = Teller(options.tell)
    try:
        faults = {host: parse_fault(fault) for host, _, fault in (item.partition("=") for item in options.fault)}
        asyncio.run(_run(options.folder, options.speed, faults, tell))
    except FilesError as error:
        tell.say({"error": "; ".join(str(problem) for problem in error.problems[:5])})
        return 1
    except Exception as error:  # whatever it is, the parent must hear of it, and the log keep it
        traceback.print_exc()
        tell.say({"error": f"{type(error).__name__}: {error}"})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
