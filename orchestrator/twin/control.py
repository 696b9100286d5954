"""Starts, steers and ends a twin from outside: what `orch twin up|down|fault` and `orch rehearse` call.

* `up` writes the folder, starts the twin's process, and returns when every host answers; where that fails, nothing is
  left running.
* A process is only ever ended by its id, and only after it was seen to be the twin of that very folder.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator.model.errors import OrchError, Refused, UsageError
from orchestrator.model.workspace import Workspace
from orchestrator.twin.address import DEFAULT_PORT, MOST_HOSTS, addresses
from orchestrator.twin.faults import parse_fault
from orchestrator.twin.folder import LOG, SOCKET, TwinState, read_state, short_path, write_state
from orchestrator.twin.write import prepare, write_workspace

START_S = 60.0
END_S = 10.0
PORTS = 20
FASTEST = 10000.0


@dataclass(frozen=True, slots=True)
class TwinStatus:
    """A twin, as it is now."""

    folder: Path
    state: TwinState
    running: bool
    faults: Mapping[str, str]  # host -> fault, where there is one
    down: tuple[str, ...]  # hosts without power, or booting


def up(
    ws: Workspace, root: Path, write: Path, speed: float, faults: Mapping[str, str], *, port: int | None = None
) -> TwinStatus:
    """Starts the twin of `ws` (whose files lie in `root`) with its workspace in `write`; returns when all hosts answer.

    Raises UsageError for a host or fault that is none, Refused where the folder is taken.
    """
    _check(ws, speed, faults)
    folder = write.absolute()
    if folder.is_dir() and _pid_of(folder) is not None:
        raise Refused(f"a twin runs in {write} already (pid {_pid_of(folder)})", f"orch twin down -C {write}")
    for tried in _ports(ws, port):
        prepare(folder)
        state = write_workspace(ws, root, folder, tried, speed)
        answer = _start(folder, speed, faults)
        if answer.get("busy") and port is None:
            continue
        if "pid" not in answer:
            raise OrchError(f"the twin did not start: {answer.get('error')}", f"See {folder / LOG}")
        started = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        problems = tuple(answer["problems"])
        write_state(folder, replace(state, pid=answer["pid"], started=started, problems=problems))
        return status(write)
    raise OrchError(f"no port of {PORTS} tried is free on the twin's addresses", "Name one: --port N")


def down(folder: Path) -> None:
    """Ends the twin of `folder`; nothing to do where it has ended already."""
    read_state(folder)
    pid = _pid_of(folder)
    if pid is None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        if _is_twin(pid, folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        until = time.monotonic() + END_S
        while time.monotonic() < until:
            if _has_ended(pid):
                with contextlib.suppress(FileNotFoundError):
                    (folder / SOCKET).unlink()
                return
            time.sleep(0.02)
    raise OrchError(f"the twin's process {pid} does not end")


def fault(folder: Path, host: str, fault: str) -> TwinStatus:
    """From now on `fault` holds for `host`; `none` lifts it."""
    state = read_state(folder)
    if host not in state.hosts:
        raise UsageError(f'"{host}" is no host of the twin in {folder}')
    _ask(folder, {"do": "fault", "host": host, "fault": parse_fault(fault).value})
    return status(folder)


def status(folder: Path) -> TwinStatus:
    """The twin of `folder`, running or not."""
    state = read_state(folder)
    ended = TwinStatus(folder, state, False, {}, ())
    if _pid_of(folder) is None:
        return ended
    try:
        answer = _ask(folder, {"do": "status"})
    except OrchError:
        if _pid_of(folder) is None:  # it ended while it was asked
            return ended
        raise
    is_up = set(answer["up"])
    return TwinStatus(folder, state, True, answer["faults"], tuple(h for h in state.hosts if h not in is_up))


def _check(ws: Workspace, speed: float, faults: Mapping[str, str]) -> None:
    if not 0 < speed <= FASTEST:
        raise UsageError(f"--speed {speed:g}: more than 0, at most {FASTEST:g}")
    if not 0 < len(ws.inventory.hosts) <= MOST_HOSTS:
        raise UsageError(f"the inventory has {len(ws.inventory.hosts)} hosts; a twin has from 1 to {MOST_HOSTS}")
    for host, word in faults.items():
        if host not in ws.inventory.hosts:
            raise UsageError(f'--fault {host}={word}: "{host}" is no host of the inventory')
        parse_fault(word)


def _ports(ws: Workspace, port: int | None) -> list[int]:
    """Ports that look free on the first and the last address; whether they are, starting shows."""
    if port is not None:
        return [port]
    where = list(addresses(ws.inventory.hosts).values())
    free = [number for number in range(DEFAULT_PORT, DEFAULT_PORT + 100 * PORTS, 100) if _is_free(where, number)]
    return free[:PORTS]


def _is_free(where: list[str], port: int) -> bool:
    for address in {where[0], where[-1]}:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((address, port))
                sock.listen(1)
            except OSError:
                return False
    return True


def _start(folder: Path, speed: float, faults: Mapping[str, str]) -> dict[str, Any]:
    """Starts the process, which leaves us; what it says on the pipe when it is ready, or why it is not."""
    ours, theirs = os.pipe()
    command = [sys.executable, "-m", "orchestrator.twin.server", str(folder)]
    command += ["--speed", repr(speed), "--tell", str(theirs)]
    for host, word in faults.items():
        command += ["--fault", f"{host}={word}"]
    said = b""
    try:
        try:
            starter = subprocess.Popen(  # it forks and ends at once; the twin belongs to nobody then
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(theirs,),
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        until = time.monotonic() + START_S
        while b"\n" not in said and (left := until - time.monotonic()) > 0:
            if select.select([ours], [], [], left)[0]:
                data = os.read(ours, 65536)
                if not data:
                    break
                said += data
        _, complaint = starter.communicate(timeout=END_S)
    finally:
        os.close(ours)
    if b"\n" in said:
        answer: dict[str, Any] = json.loads(said)
        return answer
    why = complaint.decode("utf-8", "replace").strip().splitlines()
    return {"error": why[-1] if why else f"no answer within {START_S:g} s"}


def _ask(folder: Path, what: Mapping[str, str]) -> dict[str, Any]:
    try:
        with short_path(folder) as base, socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(END_S)
            sock.connect(str(base / SOCKET))
            sock.sendall(json.dumps(what).encode() + b"\n")
            said = b""
            while not said.endswith(b"\n") and (data := sock.recv(65536)):
                said += data
        answer: dict[str, Any] = json.loads(said)
    except (OSError, ValueError) as error:
        raise OrchError(f"the twin in {folder} does not answer: {error}", f"See {folder / LOG}") from error
    if not answer["ok"]:
        raise UsageError(answer["error"])
    return answer


def _pid_of(folder: Path) -> int | None:
    """The process of the twin of `folder`, if it lives and is what it should be."""
    try:
        pid = read_state(folder).pid
    except UsageError:
        return None
    return pid if pid is not None and _is_twin(pid, folder) else None


def _has_ended(pid: int) -> bool:
    """Gone, or dead and only not yet collected by whoever has to."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(") ")[2][:1] == "Z"
    except OSError:
        return True


def _is_twin(pid: int, folder: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"orchestrator.twin.server" in words and os.fsencode(folder.absolute()) in words
