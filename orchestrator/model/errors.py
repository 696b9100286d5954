"""One family of errors, told apart by who must act; `cli/exit_codes.py` maps them to exit codes, nowhere else.

Every error is written for an operator at night: `what` happened and where, what it means, `advice` on what to do
next. The texts may carry strings that come from files, people or hosts; `show/neutral.py` neutralises them when shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestrator.model.source import Source


class OrchError(Exception):
    """The root of all errors that orch raises on purpose."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


class UsageError(OrchError):
    """The command line is wrong, or asks for what is not built: the operator must type something else (exit 2)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the files: where, what was found, what was expected or meant.

    `entry`: the section and the id of the entry that it is said of; ("", "") where it is said of no single one.
    """

    source: Source
    what: str
    advice: str = ""
    entry: tuple[str, str] = field(default=("", ""), compare=False)

    def __str__(self) -> str:
        return f"{self.source}  {self.what}" + (f" {self.advice}" if self.advice else "")


CANT_GO_PAST = (
    "--despite-errors can't go past what others are reached by or run on, nor where it can't be told whose an error "
    "is. Nothing was touched. Mend this, then the same line again."
)
"""The advice where errors refuse even so (section 4)."""


class FilesError(OrchError):
    """The workspace's files are wrong; holds all problems of all files, in file order (exit 2)."""

    def __init__(
        self, problems: Sequence[Problem], advice: str = "Nothing was touched. Mend them, then: orch check"
    ) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.source, p.what)))
        count = len(self.problems)
        super().__init__(f"{count} error{'' if count == 1 else 's'} in the workspace's files", advice)


class Refused(OrchError):
    """Rightly asked, but not allowed: protection, approval, staleness, host keys, a lock, a no (exit 3)."""


class MustWait(OrchError):
    """The run is paused, waits for people or was stopped by a full disk; it can be resumed (exit 4)."""


class DurabilityError(MustWait):
    """The journal or the output store could not be made durable: nothing more was started (exit 4)."""


class Broken(OrchError):
    """A journal, plan or output does not verify: evidence was changed or damaged (exit 5)."""


class Interrupted(OrchError):
    """The operator gave up waiting: what ran is unknown (exit 130)."""
