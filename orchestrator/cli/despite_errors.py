"""What `--despite-errors` would do, said where a shutdown is refused for its files (contract section 4).

Nothing is left to guess: the same request is planned again with the option, and what came of it is said. A restore has
no such option: coming back waits.
"""

from pathlib import Path

from orchestrator.cli.situation import situation
from orchestrator.model.errors import FilesError, OrchError
from orchestrator.model.plan import Request
from orchestrator.model.terms import Action
from orchestrator.show.layout import count


def with_the_way_past(root: Path, action: Action, request: Request, error: FilesError, again: str) -> FilesError:
    """The refusal `error` of a request; where the option would get past it, with what that means. `again`: its line."""
    if action is not Action.SHUTDOWN or request.despite_errors:
        return error
    anyway = request.model_copy(update={"despite_errors": True})
    try:
        now_ = situation(root, request.inventory, despite_errors=True)
        plan = now_.plan(action, anyway, id="anyway", created_at="", author=None)
    except FilesError as still:
        stop, all_ = len(still.problems), len(error.problems)
        what = "it" if all_ == 1 else "them" if stop >= all_ else f"{stop} of them"
        return FilesError(error.problems, f"{error.advice}\n--despite-errors can't go past {what} either.")
    except OrchError:
        return error
    hands = {id for warn in plan.warnings if warn.code in {"despite-errors", "loop-cut"} for id in warn.systems}
    number = len(hands & {task.id for task in plan.tasks})
    does = "would be done by hand" if number else "is touched by them"
    rest = f"{count(number, 'system') if number else 'no system'} {does}"
    return FilesError(error.problems, f"{error.advice}\nIf it can't wait, {again} goes on with the rest: {rest}.")
