"""The receipts of one simulated host: the protocol that `hosts/receipt.sh` plays on a real one. Pure.

* An id is begun at most once; telling it again gives what it gave, or waits for it.
* Asking fences: an id that has not begun never can any more. Stopping asks too, and gives the job that still runs.
* In a folder of another generation than the caller knew, what is missing proves nothing: `stale`.
* A reboot empties the folder and gives it a new generation.
"""

from dataclasses import dataclass
from typing import Literal

from orchestrator.hosts.receipt import ReceiptAnswer, ReceiptCall
from orchestrator.twin.job import Job

Begin = Literal["begin"]


@dataclass(slots=True)
class _Entry:
    spec: str
    job: Job | None  # None: fenced
    cap: int = 0


class Receipts:
    """What one host remembers of attempts. `generation` None: the host keeps no receipts."""

    def __init__(self, generation: str | None) -> None:
        self.generation = generation
        self.is_made = False  # whether anybody has needed the folder since the host was started
        self._entries: dict[str, _Entry] = {}

    def renew(self, generation: str | None) -> None:
        """The folder is new: nothing of before is known."""
        self.generation = generation
        self.is_made = False
        self._entries = {}

    def told(self, call: ReceiptCall) -> Job | ReceiptAnswer | Begin:
        """What a call meets: a job to wait for (`run`) or to stop, a ready answer, or nothing yet: it may begin."""
        self.is_made = self.generation is not None
        if self.generation is None or call.mode == "gen":
            return (
                ReceiptAnswer("gen", None, None, self.generation) if self.generation else ReceiptAnswer("refused", 97)
            )
        entry = self._entries.get(call.id)
        if entry is not None:
            if entry.job is not None and not entry.job.done and call.mode != "ask":
                return entry.job
            return self._answer(entry)
        if call.generation not in {None, self.generation}:
            return ReceiptAnswer("stale", generation=self.generation)
        if call.mode in {"run", "runs"}:
            return "begin"
        self._entries[call.id] = _Entry(call.spec, None)
        return self._answer(self._entries[call.id])

    def begun(self, call: ReceiptCall, job: Job) -> None:
        """`call` has begun as `job`."""
        self._entries[call.id] = _Entry(call.spec, job, call.cap)

    def answer(self, call: ReceiptCall) -> tuple[ReceiptAnswer, bytes, bytes]:
        """What is known of an id that was told before, with what is kept of both streams."""
        entry = self._entries.get(call.id)
        if entry is None:
            return ReceiptAnswer("stale", generation=self.generation), b"", b""
        job = entry.job
        if job is None or not job.done:
            return self._answer(entry), b"", b""
        return self._answer(entry), job.stdout[: entry.cap], job.stderr[: entry.cap]

    def _answer(self, entry: _Entry) -> ReceiptAnswer:
        job = entry.job
        if job is None:
            return ReceiptAnswer("fenced", None, entry.spec, self.generation)
        if not job.done:
            return ReceiptAnswer("running", None, entry.spec, self.generation)
        if job.exit is None:
            return ReceiptAnswer("lost", None, entry.spec, self.generation)
        sizes = (min(len(job.stdout), entry.cap), min(len(job.stderr), entry.cap))
        dropped = (len(job.stdout) - sizes[0], len(job.stderr) - sizes[1])
        return ReceiptAnswer("done", job.exit, entry.spec, self.generation, sizes, dropped)
