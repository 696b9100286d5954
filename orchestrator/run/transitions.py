"""The one transition table of a task: (state, what happened) -> state (contract section 6).

There is no second machine: the scheduler asks this function for every change of state, when it decides and when it
replays a journal. Every pair that is not in the table is an `IllegalTransition`. `waiting` is never written to the
journal; a task gets there by a person's `retry` or by a resume.
"""

from enum import StrEnum, auto

from orchestrator.model.terms import TaskState as S


class Happened(StrEnum):
    """What can happen to a task."""

    STARTED = auto()  # needs done, gates open, a slot free
    FOUND_DOWN = auto()  # going down: every host as wanted, and nothing was sent
    FOUND_UP = auto()  # coming back: every host as wanted, health still to hold
    FOUND_EVIDENCE_DUE = auto()  # any other answer, with evidence to keep first
    FOUND_WORK = auto()  # any other answer, without
    REFUSED = auto()  # unreachable, key, login, sudo
    FORCED = auto()  # the force rung begins
    FORCED_EVIDENCE_DUE = auto()  # the same of a host that refuses, with evidence to keep first from others
    EVIDENCE_KEPT = auto()  # kept, not required, or past its time with `go-on`
    EVIDENCE_MISSING = auto()
    STEP_ENDED = auto()  # ok or gone, and there is more to do
    STEPS_ENDED = auto()  # the last one
    STEP_FAILED = auto()
    STEP_IN_DOUBT = auto()  # its outcome can't be learnt, or its deadline has passed
    MANUAL_REACHED = auto()
    SETTLED = auto()  # a probe settled the unknown step as ok, and later steps still have to run
    AS_WANTED = auto()
    AS_WANTED_UNTOUCHED = auto()  # the same, of a task that was found as wanted
    NOT_AS_WANTED = auto()
    NO_ANSWER = auto()  # or an answer that can't be told from a step still in doubt
    PERSON_DONE = auto()
    PERSON_SKIP = auto()
    PERSON_RETRY = auto()
    PERSON_HOLD = auto()
    PERSON_ESCALATE = auto()  # to the force rung, with gates and needs as they stand
    MANUAL_DONE = auto()  # a person did the manual step
    EVIDENCE_WAIVED = auto()
    RESUMED = auto()  # a process took the run up again
    RESUMED_UNSENT = auto()  # the same, of a task that failed before anything was sent
    RESUMED_IN_DOUBT = auto()  # the same, of a task that was verifying a step whose outcome is unknown


class IllegalTransition(Exception):
    """A mistake in orch or a journal that orch did not write: this state knows no such event."""

    def __init__(self, state: S, happened: Happened) -> None:
        super().__init__(f"a task that is {state} can't take {happened}")
        self.state = state
        self.happened = happened


_PERSON = {
    Happened.PERSON_DONE: S.DONE,
    Happened.PERSON_SKIP: S.SKIPPED,
    Happened.PERSON_RETRY: S.WAITING,
    Happened.PERSON_HOLD: S.HELD,
}

TABLE: dict[S, dict[Happened, S]] = {
    S.WAITING: {
        Happened.STARTED: S.PROBING,
        Happened.RESUMED: S.WAITING,
        Happened.PERSON_ESCALATE: S.WAITING,
        **_PERSON,
    },
    S.PROBING: {
        Happened.FOUND_DOWN: S.ALREADY,
        Happened.FOUND_UP: S.VERIFYING,
        Happened.FOUND_EVIDENCE_DUE: S.EVIDENCE,
        Happened.FOUND_WORK: S.RUNNING,
        Happened.REFUSED: S.FAILED,
        Happened.FORCED: S.RUNNING,
        Happened.FORCED_EVIDENCE_DUE: S.EVIDENCE,
        Happened.PERSON_ESCALATE: S.PROBING,
        Happened.RESUMED: S.PROBING,
    },
    S.EVIDENCE: {
        Happened.EVIDENCE_KEPT: S.RUNNING,
        Happened.EVIDENCE_MISSING: S.HELD,
        Happened.PERSON_ESCALATE: S.EVIDENCE,
        Happened.RESUMED: S.PROBING,
    },
    S.RUNNING: {
        Happened.STEP_ENDED: S.RUNNING,
        Happened.STEPS_ENDED: S.VERIFYING,
        Happened.STEP_FAILED: S.FAILED,
        Happened.STEP_IN_DOUBT: S.VERIFYING,
        Happened.MANUAL_REACHED: S.HELD,
        Happened.FORCED: S.RUNNING,
        Happened.PERSON_ESCALATE: S.RUNNING,
        Happened.RESUMED: S.RUNNING,
    },
    S.VERIFYING: {
        Happened.AS_WANTED: S.DONE,
        Happened.AS_WANTED_UNTOUCHED: S.ALREADY,
        Happened.SETTLED: S.RUNNING,
        Happened.NOT_AS_WANTED: S.FAILED,
        Happened.NO_ANSWER: S.UNKNOWN,
        Happened.FORCED: S.RUNNING,
        Happened.PERSON_ESCALATE: S.VERIFYING,
        Happened.RESUMED: S.VERIFYING,
        Happened.RESUMED_IN_DOUBT: S.RUNNING,  # as a step unknown: its receipt is asked again
    },
    S.FAILED: {
        Happened.RESUMED: S.FAILED,
        Happened.RESUMED_UNSENT: S.WAITING,
        Happened.PERSON_ESCALATE: S.WAITING,
        **_PERSON,
    },
    S.UNKNOWN: {Happened.RESUMED: S.UNKNOWN, Happened.PERSON_ESCALATE: S.WAITING, **_PERSON},
    S.HELD: {
        Happened.MANUAL_DONE: S.RUNNING,
        Happened.EVIDENCE_WAIVED: S.RUNNING,
        Happened.PERSON_ESCALATE: S.WAITING,
        Happened.RESUMED: S.HELD,
        **_PERSON,
    },
    S.DONE: {},
    S.ALREADY: {},
    S.SKIPPED: {},
}


def after(state: S, happened: Happened) -> S:
    """The state that follows. Raises IllegalTransition for every pair that section 6 does not know."""
    try:
        return TABLE[state][happened]
    except KeyError:
        raise IllegalTransition(state, happened) from None
