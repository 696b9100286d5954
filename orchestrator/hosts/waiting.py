"""Who may go to which host next: the line in which everything waits (contract sections 6 and 8). Pure.

- At most 8 jobs are at one host at a time, across all tasks: a firewall on which a hundred systems act is not to be
  broken by a hundred connections. What waits for its host waits here, and holds no thread.
- Hosts take turns: one that is slow, or has much to do, keeps nobody else waiting.
- Three ranks. *Questions* (asking or stopping an attempt) have room of their own, or what hangs could never be stopped.
  *Work* is steps, probes, ports, logins. *Bulk* is what may bring much (evidence): it gets half of a host's room, and
  threads of its own, so that no step ever waits behind the evidence of others.
"""

from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, TypeVar

HOST_ROOM = 8
BULK_ROOM = 4
QUESTION_ROOM = 2
"""Beyond the 8, so that together they are no more than the sessions that OpenSSH allows on one connection."""

Job = TypeVar("Job")


class Rank(IntEnum):
    """What goes first."""

    QUESTION = 0
    WORK = 1
    BULK = 2


@dataclass(slots=True)
class _Host(Generic[Job]):
    """What waits for one host, and how much is at it, by rank."""

    waiting: dict[Rank, deque[Job]] = field(default_factory=lambda: {rank: deque() for rank in Rank})
    at_it: dict[Rank, int] = field(default_factory=lambda: dict.fromkeys(Rank, 0))

    def may_send(self, rank: Rank) -> bool:
        """Whether something of `rank` waits and there is room for it."""
        work = self.at_it[Rank.WORK] + self.at_it[Rank.BULK]
        room = {
            Rank.QUESTION: work + self.at_it[Rank.QUESTION] < HOST_ROOM + QUESTION_ROOM,
            Rank.WORK: work < HOST_ROOM,
            Rank.BULK: work < HOST_ROOM and self.at_it[Rank.BULK] < BULK_ROOM,
        }
        return bool(self.waiting[rank]) and room[rank]

    @property
    def is_empty(self) -> bool:
        return not any(self.waiting.values()) and not any(self.at_it.values())


class Line(Generic[Job]):
    """The line. `limits`: how many of each rank may be under way at once, over all hosts."""

    def __init__(
        self, limits: Mapping[Rank, int], host: Callable[[Job], Hashable], rank: Callable[[Job], Rank]
    ) -> None:
        self._limits = limits
        self._host = host
        self._rank = rank
        self._hosts: dict[Hashable, _Host[Job]] = {}
        self._turns: dict[Rank, dict[Hashable, None]] = {rank: {} for rank in Rank}  # whose turn it is, in order
        self._under_way = dict.fromkeys(Rank, 0)

    def put(self, job: Job, *, first: bool = False) -> None:
        """`job` waits; `first`: before what waits for the same host already."""
        name, rank = self._host(job), self._rank(job)
        waiting = self._hosts.setdefault(name, _Host()).waiting[rank]
        if first:
            waiting.appendleft(job)
        else:
            waiting.append(job)
        self._turns[rank].setdefault(name)

    def can_take(self) -> bool:
        """Whether something may go now."""
        return self._next() is not None

    def take(self) -> Job | None:
        """The next that may go; it is under way from now on."""
        found = self._next()
        if found is None:
            return None
        rank, name = found
        host = self._hosts[name]
        host.at_it[rank] += 1
        self._under_way[rank] += 1
        job = host.waiting[rank].popleft()
        del self._turns[rank][name]
        if host.waiting[rank]:
            self._turns[rank][name] = None  # behind the others
        return job

    def done(self, job: Job) -> None:
        """`job` is under way no more."""
        name, rank = self._host(job), self._rank(job)
        host = self._hosts[name]
        host.at_it[rank] -= 1
        self._under_way[rank] -= 1
        for other in Rank:
            if host.waiting[other]:
                self._turns[other].setdefault(name)
        if host.is_empty:
            del self._hosts[name]

    def remove(self, is_meant: Callable[[Job], bool]) -> tuple[Job, ...]:
        """Take those that wait and are meant out of the line."""
        removed: list[Job] = []
        for name, host in list(self._hosts.items()):
            for rank, waiting in host.waiting.items():
                removed += (job for job in waiting if is_meant(job))
                host.waiting[rank] = deque(job for job in waiting if not is_meant(job))
            if host.is_empty:
                del self._hosts[name]
        return tuple(removed)

    def _next(self) -> tuple[Rank, Hashable] | None:
        for rank, turns in self._turns.items():
            if self._under_way[rank] >= self._limits[rank]:
                continue
            while turns:
                name = next(iter(turns))
                host = self._hosts.get(name)
                if host is not None and host.may_send(rank):
                    return rank, name
                del turns[name]  # it has its turn again when one of its jobs has ended
        return None
