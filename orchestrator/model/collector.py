"""Making a great many values at once, none of which is garbage or stands in a cycle."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Garbage collection is off inside, as it would walk all that was made again and again; also as a decorator.

    What was made stays: no later collection walks it either. This is for a process that does so once and ends.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
