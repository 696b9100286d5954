"""Wraps the system calls, the carrier and the wire of this process, so that it dies at a failpoint.

Nothing of it stands in the product: `os`, `SshCarrier` and paramiko's channel are replaced from outside, in the process
that is to die. What is not a file below `runs/` is let through uncounted.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paramiko

from orchestrator.hosts import links, session
from orchestrator.hosts.port import Spec
from orchestrator.hosts.receipt import parse_call
from orchestrator.hosts.ssh import SshCarrier
from orchestrator.run import layout
from tests.kill.failpoints import NAMES, SYSTEM_CALLS, UNLISTED, Passages
from tests.kill.power import Diary


class Failpoints:
    """Wraps this process: counts passages, and kills it at the `nth` one of `point`."""

    def __init__(
        self, runs: Path, passages: Passages, point: str = "", nth: int = 0, diary: Diary | None = None
    ) -> None:
        self._runs = os.path.realpath(runs)
        self._passages = passages
        self._point = point
        self._nth = nth
        self._diary = diary

    def install(self) -> None:
        """From here on."""
        self._wrap_write("write")
        self._wrap_write("pwrite")
        self._wrap_fd("fsync", "fsync")
        self._wrap_fd("ftruncate", "truncate")
        self._wrap_path("mkdir")
        self._wrap_path("unlink")
        self._wrap_rename()
        self._wrap_carrier()
        self._wrap_wire()

    def _pass(self, name: str) -> None:
        if self._passages.add(name) == self._nth and name == self._point:
            os.kill(os.getpid(), signal.SIGKILL)

    def _around(self, target: str, operation: str, do: Callable[[], Any]) -> Any:
        self._pass(f"{target}.{operation}.before")
        result = do()
        self._pass(f"{target}.{operation}.after")
        return result

    # --- system calls

    def _target(self, path: str, operation: str) -> str | None:
        """What the file at `path` is to a run; None: it is none of a run's."""
        if path == self._runs:
            target = "runs-folder"
        elif not path.startswith(self._runs + "/"):
            return None
        else:
            match path[len(self._runs) + 1 :].split("/"):
                case [_]:
                    target = "run-folder"
                case [_, layout.INBOX | layout.OUTPUT | layout.APPROVALS as name]:
                    target = f"{name}-folder"
                case [_, layout.INBOX, layout.REFUSED]:
                    target = "refused-folder"
                case [_, layout.INBOX, layout.REFUSED, _]:
                    target = "refused"
                case [_, layout.INBOX | layout.OUTPUT as name, _]:
                    target = name
                case [_, layout.JOURNAL]:
                    target = "journal"
                case [_, layout.LOCK]:
                    target = "lock"
                case _:
                    target = "paper"
        if operation not in SYSTEM_CALLS[target]:
            self._passages.add(UNLISTED)
            return None
        return target

    def _path_of(self, fd: int) -> str:
        return os.readlink(f"/proc/self/fd/{fd}")

    def _replace(self, name: str, call: Callable[..., Any]) -> None:
        setattr(os, name, call)

    def _wrap_write(self, name: str) -> None:
        real = getattr(os, name)

        def write(fd: int, data: Any, *rest: Any) -> int:
            path = self._path_of(fd)
            target = self._target(path, "write")
            if target is None:
                return int(real(fd, data, *rest))
            if self._diary:
                self._diary.writes(path)
            self._pass(f"{target}.write.before")
            half = f"{target}.write.half"
            if half in NAMES and self._passages.add(half) == self._nth and half == self._point:
                real(fd, bytes(data)[: len(data) // 2], *rest)
                os.kill(os.getpid(), signal.SIGKILL)
            written = int(real(fd, data, *rest))
            self._pass(f"{target}.write.after")
            return written

        self._replace(name, write)

    def _wrap_fd(self, name: str, operation: str) -> None:
        real = getattr(os, name)

        def call(fd: int, *rest: Any) -> None:
            path = self._path_of(fd)
            target = self._target(path, operation)
            if target is None:
                real(fd, *rest)
                return
            self._pass(f"{target}.{operation}.before")
            real(fd, *rest)
            if self._diary and operation == "fsync":
                self._diary.synced(path)
            self._pass(f"{target}.{operation}.after")

        self._replace(name, call)

    def _wrap_path(self, name: str) -> None:
        real = getattr(os, name)

        def call(path: Any, *rest: Any, **more: Any) -> None:
            absolute = os.path.abspath(os.fspath(path)) if not more.get("dir_fd") else ""
            target = self._target(absolute, name)
            if target is None:
                real(path, *rest, **more)
                return
            if self._diary and name == "unlink":
                self._diary.removes(absolute)
            self._around(target, name, lambda: real(path, *rest, **more))

        self._replace(name, call)

    def _wrap_rename(self) -> None:
        real = os.rename

        def rename(source: Any, to: Any, *rest: Any, **more: Any) -> None:
            absolute = os.path.abspath(os.fspath(to))
            target = self._target(absolute, "rename")
            if target is None:
                real(source, to, *rest, **more)
                return
            if self._diary:
                self._diary.renames(os.path.abspath(os.fspath(source)), absolute)
            self._around(target, "rename", lambda: real(source, to, *rest, **more))

        self._replace("rename", rename)

    # --- the carrier and the wire

    def _wrap_carrier(self) -> None:
        submit, ask, stop = SshCarrier.submit, SshCarrier.ask, SshCarrier.stop

        def submitted(carrier: SshCarrier, key: str, spec: Spec) -> Any:
            return self._around("dispatch", f"submit-{spec.kind}", lambda: submit(carrier, key, spec))

        def asked(carrier: SshCarrier, key: str, spec: Spec) -> None:
            self._around("dispatch", "ask", lambda: ask(carrier, key, spec))

        def stopped(carrier: SshCarrier, key: str, spec: Spec) -> None:
            self._around("dispatch", "stop", lambda: stop(carrier, key, spec))

        for name, call in (("submit", submitted), ("ask", asked), ("stop", stopped)):
            setattr(SshCarrier, name, call)

    def _wrap_wire(self) -> None:
        send, carry = paramiko.Channel.exec_command, session.carry

        def sent(channel: paramiko.Channel, line: Any) -> None:
            self._around("wire", kind_of(line), lambda: send(channel, line))

        assert links.__dict__["carry"] is carry  # where it is looked up

        def carried(channel: paramiko.Channel, line: str, *rest: Any, **more: Any) -> Any:
            answer = carry(channel, line, *rest, **more)
            self._pass(f"wire.{kind_of(line)}.answered")
            return answer

        for owner, name, call in ((paramiko.Channel, "exec_command", sent), (links, "carry", carried)):
            setattr(owner, name, call)


def kind_of(line: str) -> str:
    """What a line is to a host."""
    call = parse_call(line)
    if call is None:
        return "plain"
    return {"run": "step", "runs": "step", "gen": "generation"}.get(call.mode, call.mode)
