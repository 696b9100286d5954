"""A process that runs one command line of orch, wrapped: `python -m tests.kill.child POINT N -- orch's words`.

It is the real command (`orchestrator.cli.main`) with its real files and sockets, and SIGKILL ends it at the Nth passage
of POINT (`-`: nowhere). `forks` begins the same life in a forked interpreter that has everything imported already.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from orchestrator.cli import main as command
from orchestrator.run import reconcile, verifying
from tests.kill.failpoints import Passages
from tests.kill.mutants import MUTANTS
from tests.kill.power import Diary
from tests.kill.wrapping import Failpoints

HASTE = {
    (reconcile, "ASK_EVERY_S"): 0.2,
    (reconcile, "WATCH_EVERY_S"): 0.1,
    (verifying, "EVERY_S"): 0.2,
    (verifying, "PATIENCE_S"): 1.0,
}
"""How long orch waits before it asks again, and until it gives up: shortened, so that an hour holds many nights."""


@dataclass(frozen=True)
class Life:
    """One process to be: its words, where it may die, and what of it outlives it."""

    words: tuple[str, ...]
    workspace: str
    passages: str
    point: str = ""
    nth: int = 0
    diary: str = ""
    mutant: str = ""
    out: str = os.devnull
    by: str = "o.lang"

    def environment(self) -> dict[str, str]:
        """What its environment says of it."""
        return {"ORCH_WORKSPACE": self.workspace, "ORCH_AS": self.by, "COLUMNS": "100", "NO_COLOR": "1"}


def live(life: Life) -> None:
    """Runs the command to its end, or to that of the process. Does not return."""
    os.environ.update(life.environment())
    for (module, name), value in HASTE.items():
        if not hasattr(module, name):
            raise AttributeError(f"{module.__name__} has no {name} any more")
        setattr(module, name, value)
    if life.mutant:
        MUTANTS[life.mutant]()
    diary = Diary(Path(life.diary)) if life.diary else None
    runs = Path(life.workspace) / "runs"
    Failpoints(runs, Passages(Path(life.passages)), life.point, life.nth, diary).install()
    command.main(life.words)


def main(arguments: list[str]) -> None:
    """The life that a command line asks for, in the workspace and with the files that the environment names."""
    here = arguments.index("--")
    point, nth = arguments[:here]
    words = tuple(arguments[here + 1 :])
    workspace, passages = os.environ["ORCH_WORKSPACE"], os.environ["ORCH_KILL_PASSAGES"]
    live(
        Life(words, workspace, passages, "" if point == "-" else point, int(nth), os.environ.get("ORCH_KILL_DIARY", ""))
    )


if __name__ == "__main__":
    main(sys.argv[1:])
