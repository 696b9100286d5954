"""Few colours, and each only repeats what a word says (SCREENS). `NO_COLOR` and a pipe leave the words alone.

Styles are named by meaning, so that no view thinks in colours.
"""

from orchestrator.model.terms import EstateState, TaskState

STRONG = "bold"
QUIET = "dim"
GOOD = "green"
BAD = "bold red"
DOUBT = "bold yellow"
BUSY = "cyan"

TASK_STYLE: dict[TaskState, str] = {
    TaskState.DONE: GOOD,
    TaskState.ALREADY: GOOD,
    TaskState.FAILED: BAD,
    TaskState.UNKNOWN: DOUBT,
    TaskState.HELD: DOUBT,
    TaskState.SKIPPED: QUIET,
    TaskState.WAITING: QUIET,
    TaskState.PROBING: BUSY,
    TaskState.EVIDENCE: BUSY,
    TaskState.RUNNING: BUSY,
    TaskState.VERIFYING: BUSY,
}

ESTATE_STYLE: dict[EstateState, str] = {
    EstateState.ONLINE: GOOD,
    EstateState.OFFLINE: STRONG,
    EstateState.ISOLATED: STRONG,
    EstateState.UNKNOWN: DOUBT,
}
