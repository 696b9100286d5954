"""The connections that are kept, over all tasks: one for each task and host, and few at a time to one host (section 8).

At most 8 stand open to one host. Where another task needs one more, the one that has been idle longest is closed; its
task opens it again when it is needed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from orchestrator.hosts.connection import Opened
from orchestrator.hosts.deadlines import Deadlines
from orchestrator.hosts.links import Link
from orchestrator.hosts.port import HostSpec, Spec
from orchestrator.hosts.refusal import Refusal
from orchestrator.hosts.waiting import HOST_ROOM
from orchestrator.model.terms import Found

Where = tuple[str, int]


class KeptLinks:
    """All links of one carrier."""

    def __init__(self, connect: Callable[[HostSpec], Opened], deadlines: Deadlines) -> None:
        self._connect = connect
        self._deadlines = deadlines
        self._lock = Lock()
        self._links: dict[tuple[str, HostSpec], Link] = {}
        self._used: dict[Where, dict[Link, None]] = {}  # those that may stand open, the one used last at the end
        self._closed = False

    @contextmanager
    def link(self, key: str, spec: Spec) -> Iterator[Link]:
        """The link for one command, or for one question about it. Raises Refusal where everything was given up."""
        # Outside a task a connection is of use to nobody else, and is closed after its one command.
        place = (spec.task or f"\0{key}", spec.host)
        link = self._taken(place)
        try:
            yield link
        finally:
            link.leave()
            if not spec.task:
                with self._lock:
                    self._links.pop(place, None)
                    self._used.get(_where(spec.host), {}).pop(link, None)
                link.release()

    def release(self, task: str) -> None:
        """Close what is kept for a task that has ended."""
        with self._lock:
            links = {place[1]: self._links.pop(place) for place in list(self._links) if place[0] == task}
            for host, link in links.items():
                self._used.get(_where(host), {}).pop(link, None)
        for link in links.values():
            link.release()

    def close(self) -> tuple[Link, ...]:
        """End all at once, and open none again. They are given back to be released."""
        with self._lock:
            self._closed = True
            links = tuple(self._links.values())
            self._links.clear()
            self._used.clear()
        for link in links:
            link.end()
        return links

    def _taken(self, place: tuple[str, HostSpec]) -> Link:
        host = place[1]
        with self._lock:
            if self._closed:
                raise Refusal(Found.UNREACHABLE, host.id, f"{host.id}: everything was given up")
            link = self._links.get(place)
            if link is None:
                link = self._links[place] = Link(host, self._connect, self._deadlines)
            link.enter()
            used = self._used.setdefault(_where(host), {})
            used.pop(link, None)
            used[link] = None
            idle = self._over(used, link)
        for opened in idle:
            opened.close()
        return link

    def _over(self, used: dict[Link, None], link: Link) -> list[Opened]:
        """Connections of other links than `link` that are over the number, and idle."""
        over: list[Opened] = []
        for other in [other for other in used if other is not link]:
            if len(used) <= HOST_ROOM:
                break
            opened = other.rest()
            if opened is not None:
                over.append(opened)
            if not other.is_open:
                del used[other]
        return over


def _where(host: HostSpec) -> Where:
    return host.address, host.port
