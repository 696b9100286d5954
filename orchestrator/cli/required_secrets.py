"""The secrets of a run are asked for before it begins or goes on, not in the middle of it (contract sections 3, 7).

On the way down the rest goes on without them (principle 8); on the way back it waits. What is told here names the
references, never a value.
"""

import os

from orchestrator.hosts.stdin import Secrets, references_of
from orchestrator.model.errors import UsageError
from orchestrator.model.inventory import SecretRef
from orchestrator.model.plan import Plan
from orchestrator.model.terms import Action
from orchestrator.model.workspace import Workspace
from orchestrator.show import console
from orchestrator.show.layout import para


def secrets_of(plan: Plan) -> Secrets:
    """All that the plan refers to, looked up now."""
    return Secrets(references_of(plan), os.environ)


def secrets_beside(ws: Workspace) -> Secrets:
    """All that an inventory refers to: a probe hands out none, and a host may print one all the same."""
    vars = (value for system in ws.inventory.systems.values() for value in system.vars.values())
    return Secrets((value.ref for value in vars if isinstance(value, SecretRef)), os.environ)


def require_secrets(plan: Plan, *, resumes: bool = False) -> None:
    """Says which are missing, or too short to be kept out of output; raises UsageError where the way back lacks one."""
    secrets = secrets_of(plan)
    lacking = "; ".join(secrets.lacking.values())
    advice = "Set them, each in the environment variable that its reference names."
    if lacking and plan.action is Action.RESTORE:
        untouched = "Nothing was sent." if resumes else "Nothing was touched."
        raise UsageError(f"{lacking}.", f"{untouched} {advice}")
    if lacking:
        hidden = " What a step that was handed it before has said is not kept." if resumes else ""
        _tell(f"{lacking}: the steps that need it will fail.{hidden} {advice}")
    if secrets.short:
        few = ", ".join(f"secret {reference}" for reference in secrets.short)
        _tell(f"{few}: so short that it is taken out of what hosts say only where it stands alone.")


def _tell(text: str) -> None:
    console.message(para("! ", text, console.err_width()))
