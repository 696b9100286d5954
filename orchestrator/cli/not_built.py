"""Commands of the contract (section 9) that this version does not have yet: known by name, and refused in words (2).

Unknown, they would be answered with the nearest name that there is, and `orch report` is not meant as `orch restore`.
Where something else helps until then, the refusal says so.
"""

from collections.abc import Callable

import typer

from orchestrator.model.errors import UsageError

INSTEAD = {
    "approve": "The typed confirmation is the only consent there is today.",
    "approval": "The typed confirmation is the only consent there is today.",
    "protocol": "protocol.yaml can be read as it is; orch check says what is wrong with it.",
    "clear": "",
    "adopt": "orch resolve RUN done TASK --reason ... records what somebody did by hand, in an open run.",
    "report": "orch log RUN and orch show RUN say what happened; --json gives all of it.",
    "rehearse": "orch twin up --write DIR starts simulated hosts; orch shutdown -C DIR runs there.",
}
_ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


def add_to(app: typer.Typer) -> None:
    """Adds a refusal for each."""
    for name, instead in INSTEAD.items():
        add_refusal(app, name, f"orch {name}", instead)


def add_refusal(app: typer.Typer, name: str, full: str, instead: str) -> None:
    """Adds the command `name` to `app`, which refuses whatever stands behind it."""
    app.command(name, hidden=True, context_settings=_ANYTHING, add_help_option=False)(_refusal(full, instead))


def _refusal(full: str, instead: str) -> Callable[[typer.Context], None]:
    def refuse(_context: typer.Context) -> None:
        raise UsageError(f"{full} is not built yet.", instead or "Nothing was done.")

    return refuse
