"""How a run is told to stop: once, start nothing new and pause; twice, give up waiting (contract section 6)."""


class Stop:
    """Set by a signal handler, read by the engine."""

    def __init__(self) -> None:
        self._requests = 0

    def request(self) -> None:
        """Ask once more; safe in a signal handler."""
        self._requests += 1

    def pause(self) -> None:
        """Ask to pause, however often: a terminal that goes away after a Ctrl-C is no second Ctrl-C."""
        self._requests = max(self._requests, 1)

    @property
    def requested(self) -> bool:
        """Start nothing new, finish what runs, pause."""
        return self._requests >= 1

    @property
    def given_up(self) -> bool:
        """Give up waiting: what runs becomes unknown."""
        return self._requests >= 2
