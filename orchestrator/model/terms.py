"""The closed lists of words of the contract: actions, modes, reasons, platforms, states, outcomes."""

from enum import StrEnum


class Action(StrEnum):
    """What a plan does (section 2)."""

    SHUTDOWN = "shutdown"
    RESTORE = "restore"


class Mode(StrEnum):
    """How a system is taken offline; three different things, which can add up (section 2)."""

    ISOLATE = "isolate"
    STOP = "stop"
    POWEROFF = "poweroff"


class Reason(StrEnum):
    """Why X needs Y (section 4); every ordering edge carries one."""

    REQUIRES = "requires"
    AFTER = "after"
    CONTROL_PATH = "control-path"
    RUNS_ON = "runs-on"
    ACTUATOR = "actuator"
    PROTOCOL = "protocol"


class Platform(StrEnum):
    """How commands are quoted and sent, and whether a receipt is possible (sections 3, 6)."""

    LINUX = "linux"
    WINDOWS = "windows"
    APPLIANCE = "appliance"


class OnFailure(StrEnum):
    """What a run does about the rest when a task fails (section 6)."""

    HOLD = "hold"
    FORCE = "force"
    CONTINUE = "continue"


class TaskState(StrEnum):
    """State of a task (section 6). `waiting` is derived and never written to the journal."""

    WAITING = "waiting"
    PROBING = "probing"
    EVIDENCE = "evidence"
    RUNNING = "running"
    VERIFYING = "verifying"
    DONE = "done"
    ALREADY = "already"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    HELD = "held"

    @property
    def is_end(self) -> bool:
        """Nothing leads out of it any more."""
        return self in _ENDS

    @property
    def is_busy(self) -> bool:
        """It takes one of the run's slots: something is asked of, or done on, its hosts."""
        return self in _BUSY


_ENDS = frozenset({TaskState.DONE, TaskState.ALREADY, TaskState.SKIPPED})
_BUSY = frozenset({TaskState.PROBING, TaskState.EVIDENCE, TaskState.RUNNING, TaskState.VERIFYING})


class StepState(StrEnum):
    """State of one attempt of one step on one host (section 6)."""

    INTENT = "intent"
    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NEVER = "never"
    GONE = "gone"
    SUPERSEDED = "superseded"


class Proof(StrEnum):
    """How we know that a task is done (section 6)."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    PERSON = "person"


class Found(StrEnum):
    """What a probe found on one host. `unknown` is an answer; `silent` and the refusals are none."""

    ONLINE = "online"
    OFFLINE = "offline"
    ISOLATED = "isolated"
    OPEN = "open"
    UNKNOWN = "unknown"
    ANSWERS = "answers"  # the SSH port
    SILENT = "silent"  # the SSH port is closed while its gateway answers
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNREACHABLE = "unreachable"
    KEY = "key"
    LOGIN = "login"
    SUDO = "sudo"

    @property
    def is_refusal(self) -> bool:
        """The host could not be asked at all: nothing was learnt about its systems."""
        return self in {Found.UNREACHABLE, Found.KEY, Found.LOGIN, Found.SUDO}


class ProbeKind(StrEnum):
    """What a probe asks (section 3); `port` asks whether the SSH port answers."""

    STATE = "state"
    ISOLATION = "isolation"
    POWEROFF = "poweroff"
    PORT = "port"
    HEALTH = "health"


class EstateState(StrEnum):
    """What is known of a system across all runs (section 2)."""

    ONLINE = "online"
    OFFLINE = "offline"
    ISOLATED = "isolated"
    UNKNOWN = "unknown"
