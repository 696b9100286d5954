"""Where something stands: `file:line`, carried by every value that came from a file, shown by every error."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A place in a file of the workspace: path relative to the workspace, line from 1 (0: the file as a whole)."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True, slots=True)
class Ref:
    """An id that a file mentions, with the place where it does."""

    id: str
    source: Source

    def __str__(self) -> str:
        return self.id
