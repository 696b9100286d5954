"""The port between the core, which decides, and a carrier, which touches hosts (contract section 11).

The in-process carrier (threads with fabric) and later zone runners serve the same port without an `if` on this side.
A key names one attempt (`run/task/step/host/on_host/attempt`) or one question; a spec is self-contained and holds no
secret's value. At-most-once comes from the receipt on the host, never from the carrier. Nothing here blocks but `wait`.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from orchestrator.model.terms import Found, Platform


@dataclass(frozen=True, slots=True)
class HostSpec:
    """How one host is reached and which keys it must show. Gateways in `via` carry no `via` of their own."""

    id: str
    address: str
    port: int
    user: str
    platform: Platform
    keys: tuple[str, ...]  # SHA256:... fingerprints; (): refused
    key_types: tuple[str, ...] = ()
    identity: str | None = None
    receipts: bool = True
    zone: str | None = None
    via: tuple[tuple["HostSpec", ...], ...] = ()  # chains, tried in order, each from the outside in


class SpecKind(StrEnum):
    """What a spec does: `step` changes something and leaves a receipt where it can; `read` changes nothing and may be
    repeated; `port` only asks whether the SSH port answers; `login` logs in and sends nothing."""

    STEP = "step"
    READ = "read"
    PORT = "port"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Spec:
    """One command for one host, or one question about its port. Times in seconds, `cap` in bytes per stream."""

    kind: SpecKind
    host: HostSpec
    timeout_s: int
    argv: tuple[str, ...] | None = None
    shell: str | None = None
    sudo: bool = False
    stdin: str | None = None
    stdin_secret: str | None = None  # a reference (env:NAME), resolved by the carrier when it sends
    disconnects: bool = False
    cap: int = 256 * 1024
    bulk: bool = False  # it may take long and bring much, and gives way to everything else
    generation: str | None = None  # of the receipt folder, as seen at the task's first probe; None: not known
    task: str = ""  # connections are kept per host for a task

    def digest(self) -> str:
        """SHA-256 over what is to be done and where; the same key with another digest is an error."""
        what = (self.kind.value, self.host.id, self.host.address, self.host.port, self.host.user, self.argv, self.shell)
        rest = (self.sudo, self.stdin, self.stdin_secret, self.disconnects)
        return hashlib.sha256(repr((what, rest)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Result:
    """A whole answer: exit code and both streams, each as kept (at most the cap), with the bytes the host sent."""

    exit: int
    stdout: bytes
    stderr: bytes
    sent: tuple[int, int]
    truncated: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True)
class Partial:
    """What came of an answer that never became whole. It proves nothing of how the command ended."""

    stdout: bytes
    stderr: bytes
    sent: tuple[int, int]  # the bytes that came, kept or not

    @property
    def truncated(self) -> tuple[bool, bool]:
        """Which streams brought more than was kept."""
        return (self.sent[0] > len(self.stdout), self.sent[1] > len(self.stderr))


@dataclass(frozen=True, slots=True)
class Times:
    """How long the connection took to open, from the first packet to the login; when the command was sent and its
    answer was whole (epoch seconds by our clock)."""

    login_s: float
    began: float
    ended: float


class OutcomeState(StrEnum):
    """What is known of a key."""

    ABSENT = "absent"  # this carrier was never told of it
    QUEUED = "queued"
    RUNNING = "running"  # of an asked key: the receipt says that it still runs
    DONE = "done"  # the exit code and the whole output came back; also ANSWERS/SILENT for a port
    UNKNOWN = "unknown"  # sent, or perhaps sent; `why` says what was lost
    NEVER = "never"  # proven not to have begun, and never to begin any more (the asking fenced it)
    LOST = "lost"  # the receipt says begun, and its runner is gone without a result
    STALE = "stale"  # the receipt folder is of another generation, or gone: it proves nothing
    UNREACHABLE = "unreachable"  # nothing was sent; `refusal` says why: unreachable, key, login, sudo
    CANCELLED = "cancelled-before-start"
    NO_ANSWER = "no-answer"  # of an asked key: the host could not be asked


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a key, with what came back."""

    state: OutcomeState
    result: Result | None = None
    why: str = ""
    refusal: Found | None = None  # with UNREACHABLE: Found.UNREACHABLE, KEY, LOGIN or SUDO
    port: Found | None = None  # of a port question, with DONE: Found.ANSWERS or SILENT
    generation: str | None = None  # of the host's receipt folder, where one was seen
    by_receipt: bool = False
    partial: Partial | None = None  # with UNKNOWN and LOST: what came before that, where anything did
    times: Times | None = None  # of a login, and of a read that was sent without a receipt

    @property
    def is_final(self) -> bool:
        """The carrier will say nothing more about it unless it is asked."""
        return self.state not in {OutcomeState.QUEUED, OutcomeState.RUNNING}


class Accepted(StrEnum):
    """Answer of `submit`."""

    ACCEPTED = "accepted"
    ALREADY = "already"


class Carrier(Protocol):
    """Carries specs to hosts."""

    def submit(self, key: str, spec: Spec) -> Accepted:
        """Take a spec in; idempotent. Raises ValueError when `key` is known with another digest."""

    def ask(self, key: str, spec: Spec) -> None:
        """Ask the receipt of `key` on the host itself, which fences it; the answer becomes the key's next outcome."""

    def stop(self, key: str, spec: Spec) -> None:
        """Ask as `ask` does, and end what still runs of it on the host (never by guessing: through its receipt).

        The key's next outcome is as it ended (DONE, whatever its exit code), RUNNING where it could not be ended, or
        what `ask` would say.
        """

    def outcome(self, key: str) -> Outcome:
        """What is known of `key` now."""

    def wait(self, timeout: float) -> tuple[str, ...]:
        """Keys with a new final outcome since the last call; blocks up to `timeout` seconds for the first."""

    def cancel(self, key: str) -> bool:
        """Whether `key` was prevented from starting (False: too late)."""

    def release(self, task: str) -> None:
        """Close the connections kept for a task that has ended."""

    def close(self) -> None:
        """Give everything up: close all connections, start nothing more, leave no thread waiting."""


class Forgetful(Carrier, Protocol):
    """A carrier that can be asked for ever without growing."""

    def forget(self, task: str) -> None:
        """Forget every key of `task` whose outcome is final; its connections are kept."""
