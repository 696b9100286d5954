"""Ends what has outlived its time: one thread, one heap, no polling.

Paramiko waits without limit in some places (for the answer to an exec request, for room to send). What it waits on is
ended from here; it then learns that the connection is lost.
"""

import heapq
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Condition, Thread


class Deadlines:
    """Times by which something must be over, and what to call when it is not."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._heap: list[tuple[float, int]] = []
        self._ends: dict[int, Callable[[], None]] = {}
        self._numbers = count()
        self._thread: Thread | None = None
        self._closed = False

    @contextmanager
    def within(self, seconds: float, end: Callable[[], None]) -> Iterator[None]:
        """Call `end` if the body takes longer than `seconds`. `end` must not block."""
        at = time.monotonic() + seconds
        with self._changed:
            number = next(self._numbers)
            self._ends[number] = end
            heapq.heappush(self._heap, (at, number))
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._watch, name="orch-deadlines", daemon=True)
                self._thread.start()
            elif self._heap[0][1] == number:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._ends.pop(number, None)

    def close(self) -> None:
        """Call everything that is still watched, and end the thread."""
        with self._changed:
            self._closed = True
            ends = list(self._ends.values())
            self._ends.clear()
            self._changed.notify()
        for end in ends:
            end()

    def _watch(self) -> None:
        while True:
            with self._changed:
                while self._heap and self._heap[0][1] not in self._ends:
                    heapq.heappop(self._heap)
                if self._closed:
                    return
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                end = self._ends.pop(heapq.heappop(self._heap)[1])
            end()
