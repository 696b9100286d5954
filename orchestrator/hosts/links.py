"""The connections that tasks keep: one for each task and host, reused until the task ends (contract section 8).

- Opened when first needed; opened again where it was lost, as long as nothing of the new command had been sent.
- Several commands share it, as many sessions at a time as the host allows (8 at most; OpenSSH's MaxSessions is 10): a
  host that opens no further session is waited for, not given up.
- One on which a command got lost or took too long is not used again, but ends only when the others on it have ended.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from threading import Condition, Lock

import paramiko

from orchestrator.hosts.connection import Opened
from orchestrator.hosts.deadlines import Deadlines
from orchestrator.hosts.last_word import closing_last
from orchestrator.hosts.port import HostSpec, Times
from orchestrator.hosts.receipt import GENERATION_ID, ReceiptCall, call_line, parse_answer
from orchestrator.hosts.refusal import Refusal
from orchestrator.hosts.session import Answer, carry
from orchestrator.model.terms import Found

SESSIONS = 8
_OPEN_S = 15.0
_GRACE_S = 1.0


class _Moment:
    """Now, by the clock of the day for comparing and by one that never jumps for measuring."""

    def __init__(self) -> None:
        self._at = time.time()
        self._tick = time.monotonic()

    def till_now(self, login_s: float) -> Times:
        return Times(login_s, self._at, self._at + time.monotonic() - self._tick)


class Link:
    """The connection of one task to one host."""

    def __init__(self, spec: HostSpec, connect: Callable[[HostSpec], Opened], deadlines: Deadlines) -> None:
        self._spec = spec
        self._connect = connect
        self._deadlines = deadlines
        self._opening = Lock()
        self._opened: Opened | None = None
        self._room = Condition()
        self._users = 0
        self._sessions = 0
        self._limit = SESSIONS
        self._released = False
        self._ended = False
        self._on: Counter[Opened] = Counter()  # sessions on each connection, also on those not used any more
        self._asked = Lock()
        self._generation: tuple[str | None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has a connection."""
        return self._opened is not None

    def enter(self) -> None:
        """Somebody is going to use it, so that it stays open until they leave."""
        with self._room:
            self._users += 1

    def leave(self) -> None:
        """Whoever entered needs it no more."""
        with self._room:
            self._users -= 1
        self._close_if_released()

    def rest(self) -> Opened | None:
        """Give its connection away, to be closed, if it has one and nobody uses it; it opens another when needed."""
        with self._room:
            if self._users:
                return None
            opened, self._opened = self._opened, None
            return opened

    def carry(self, line: str, stdin: bytes | None, cap: int, timeout_s: float, *, spare: int = 0) -> Answer:
        """Have the host run `line`; `spare` more sessions than usual may be open. Raises Refusal: nothing was sent."""
        self.enter()
        try:
            with self._session(timeout_s, spare) as (opened, channel):
                began = _Moment()
                with self._deadlines.within(timeout_s + _GRACE_S, opened.end):
                    answer = carry(channel, line, stdin, cap, timeout_s)
                if answer.exit is None:
                    self._retire(opened)
                return replace(answer, times=began.till_now(opened.login_s))
        finally:
            self.leave()

    def login(self) -> Times:
        """Be logged in. Raises Refusal."""
        self.enter()
        try:
            began = _Moment()
            return began.till_now(self._alive().login_s)
        finally:
            self.leave()

    def generation(self, limit_s: float) -> str | None:
        """The generation of the host's receipt folder, asked once for each connection; None where it has none.

        It is asked on behalf of a command, and for no longer than that command may take.
        """
        with self._asked:
            if self._generation is None:
                call = call_line(ReceiptCall.for_generation(self._spec.user))
                answer = self.carry(call, None, 65536, min(_OPEN_S, limit_s))
                if answer.exit is None and not answer.timed_out:
                    answer = self.carry(call, None, 65536, min(_OPEN_S, limit_s))  # nothing of the command was sent
                if answer.exit is None:
                    what = f"{self._spec.id}: {answer.why} when it was asked for its receipt folder"
                    raise Refusal(Found.UNREACHABLE, self._spec.id, what)
                parsed = parse_answer(GENERATION_ID, answer.stdout.whole())
                self._generation = (parsed[0].generation if parsed and parsed[0].state == "gen" else None,)
            return self._generation[0]

    @property
    def known_generation(self) -> str | None:
        """The generation, where this connection has asked for it."""
        return self._generation[0] if self._generation else None

    def release(self) -> None:
        """Close it, as soon as nobody waits on it any more."""
        with self._room:
            self._released = True
        self._close_if_released()

    def end(self) -> None:
        """End it at once, and open none again."""
        with self._room:
            self._ended = True
            every = {*self._on, self._opened}
        for opened in every:
            if opened is not None:
                opened.end()

    def _close_if_released(self) -> None:
        with self._room:
            if self._users or not self._released:
                return
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _alive(self) -> Opened:
        with self._opening:
            if self._opened is None or not self._opened.is_alive:
                if self._opened is not None:
                    self._opened.close()
                    self._opened = None
                if not self._ended:
                    self._opened = self._connect(self._spec)
                if self._ended or self._opened is None:
                    raise Refusal(Found.UNREACHABLE, self._spec.id, f"{self._spec.id}: everything was given up")
                # Another boot may answer now; what was learnt on the old connection is not taken for granted.
                self._generation = None
            return self._opened

    def _retire(self, opened: Opened) -> None:
        """Use it no more, and close it as soon as no session is left on it."""
        with self._opening:
            if self._opened is opened:
                self._opened = None
        self._close_if_idle(opened)

    def _close_if_idle(self, opened: Opened) -> None:
        with self._room:
            idle = not self._on[opened]
            if idle:
                del self._on[opened]
        if idle and opened is not self._opened:
            opened.close()

    @contextmanager
    def _session(self, timeout_s: float, spare: int) -> Iterator[tuple[Opened, paramiko.Channel]]:
        until = time.monotonic() + max(timeout_s, _OPEN_S)
        opened, channel = self._open_session(until, spare)
        try:
            yield opened, channel
        finally:
            with suppress(paramiko.SSHException, EOFError, OSError):  # lost meanwhile; the answer that came stays one
                channel.close()
            self._end_session(opened)
            self._close_if_idle(opened)

    def _open_session(self, until: float, spare: int) -> tuple[Opened, paramiko.Channel]:
        reopened = False
        pauses = [0.05, 0.2, 0.5]
        while True:
            with self._room:
                if not self._room.wait_for(partial(self._has_room, spare), until - time.monotonic()):
                    what = f"{self._spec.id}: no free session on its connection in time"
                    raise Refusal(Found.UNREACHABLE, self._spec.id, what)
                self._sessions += 1
            try:
                opened = self._alive()
            except BaseException:
                self._end_session()
                raise
            with self._room:
                self._on[opened] += 1
            try:
                with self._deadlines.within(_OPEN_S + _GRACE_S, opened.end):
                    return opened, closing_last(opened.transport.open_session(timeout=_OPEN_S))
            except (paramiko.SSHException, EOFError, OSError) as error:
                others = self._end_session(opened)
                if opened.is_alive and others:
                    self._limit, spare = others, 0  # the host has room for no more; one of them will end
                    continue
                if opened.is_alive and isinstance(error, paramiko.ChannelException):
                    if pauses:  # it may not have put the last one away yet
                        time.sleep(pauses.pop(0))
                        continue
                    what = f"{self._spec.id}, as {self._spec.user}: logged in, but it opens no session ({error.text})"
                    raise Refusal(Found.LOGIN, self._spec.id, what) from None
                self._retire(opened)
                if reopened:
                    what = f"{self._spec.id}: the connection was lost as a session was opened"
                    raise Refusal(Found.UNREACHABLE, self._spec.id, what) from None
                reopened = True

    def _has_room(self, spare: int) -> bool:
        return self._sessions < self._limit + spare

    def _end_session(self, opened: Opened | None = None) -> int:
        """One session fewer; how many are left."""
        with self._room:
            if opened is not None:
                self._on[opened] -= 1
            self._sessions -= 1
            self._room.notify()
            return self._sessions
