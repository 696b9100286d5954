"""How a run is told to stop from where it is executed: once, start nothing new and pause; twice, give up waiting
(contract section 6). Other terminals use its inbox."""


class Stop:
    """Set by a signal handler, read by the engine."""

    def __init__(self) -> None:
        self._requests = 0
        self.why = ""
        """What asked first, for the journal: `Ctrl-C`, `SIGTERM`."""

    def request(self, why: str = "Ctrl-C") -> None:
        """Ask once more; safe in a signal handler."""
        self._requests += 1
        self.why = self.why or why

    def pause(self, why: str = "asked to pause") -> None:
        """Ask to pause, however often: a terminal that goes away after a Ctrl-C is no second Ctrl-C."""
        self._requests = max(self._requests, 1)
        self.why = self.why or why

    @property
    def requested(self) -> bool:
        """Start nothing new, finish what runs, pause."""
        return self._requests >= 1

    @property
    def given_up(self) -> bool:
        """Give up waiting: what runs becomes unknown."""
        return self._requests >= 2
