"""Runs the simulated world against the real clock: begins commands, wakes up when something happens, tells who waits.

The world decides (`twin/world.py`, pure); here are its clock (`speed` times the real one), its log, and the
connections that must end when a host goes down, a connection is dropped or a port is closed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from orchestrator.twin.faults import Fault
from orchestrator.twin.job import Job
from orchestrator.twin.log import TwinLog
from orchestrator.twin.world import Dropped, Ended, Power, World


class Line(Protocol):
    """The connection by which a command came."""

    def abort(self) -> None:
        """End it at once."""


class Hub:
    """One world, running."""

    def __init__(self, world: World, log: TwinLog, speed: float, on_host: Callable[[str], Awaitable[None]]) -> None:
        """`on_host` is called when a host's port must open, close, or show another key."""
        self.world = world
        self._log = log
        self._speed = speed
        self._on_host = on_host
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()
        self._waiting: dict[Job, list[asyncio.Future[None]]] = {}
        self._lines: dict[Job, Line] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._unstuck: dict[str, asyncio.Event] = {}

    def now(self) -> float:
        """The world's time."""
        return (self._loop.time() - self._zero) * self._speed

    def begin(self, host: str, line: str, by: Line, talks_of: str | None) -> Job:
        """`host` is told `line` on the connection `by`."""
        job = self.world.begin(host, line, self.now(), talks_of=talks_of)
        self._lines[job] = by
        self._plan_next()
        return job

    async def ended(self, job: Job) -> None:
        """Waits until `job` has ended."""
        if not job.done:
            future: asyncio.Future[None] = self._loop.create_future()
            self._waiting.setdefault(job, []).append(future)
            await future

    def stop(self, job: Job) -> None:
        """`job` is ended, if it has not ended by now."""
        self._tick()
        for change in self.world.stop(job):
            self._finish(change.job, is_answered=True)
        self._plan_next()

    async def unstuck(self, host: str) -> None:
        """Waits while `host` answers nothing at all."""
        while self.world.fault(host) is Fault.HANG:
            await self._unstuck.setdefault(host, asyncio.Event()).wait()

    async def set_fault(self, host: str, fault: Fault) -> None:
        """From now on `fault` holds for `host`."""
        self._tick()
        self.world.set_fault(host, fault, self.now())
        if (event := self._unstuck.pop(host, None)) is not None:
            event.set()
        self._plan_next()
        await self._on_host(host)

    def close(self) -> None:
        """The world ends: what never came to its end is written down as such."""
        if self._timer is not None:
            self._timer.cancel()
        for job in self.world.unfinished():
            self._log.write(job)
        self._log.close()

    def _plan_next(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self.world.next_at()
        if at is not None:
            self._timer = self._loop.call_at(self._zero + at / self._speed, self._tick)

    def _tick(self) -> None:
        changes = self.world.advance(self.now())
        hosts = dict.fromkeys(change.host for change in changes if isinstance(change, Power))
        for change in changes:
            if isinstance(change, Ended):
                self._finish(change.job, is_answered=change.job.host not in hosts)
            elif isinstance(change, Dropped) and (line := self._lines.get(change.job)) is not None:
                line.abort()
        for host in hosts:
            task = self._loop.create_task(self._call_on_host(host))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._plan_next()

    async def _call_on_host(self, host: str) -> None:
        await self._on_host(host)

    def _finish(self, job: Job, *, is_answered: bool) -> None:
        """What powers its own host off never gets its answer out: the connection is lost first."""
        self._log.write(job)
        self._lines.pop(job, None)
        for future in self._waiting.pop(job, ()):
            if not future.done() and is_answered:
                future.set_result(None)
            elif not future.done():
                future.cancel()
