"""What somebody asked for, as the line that asks for it: to type it again, and to tell two questions apart."""

import shlex

from orchestrator.model.plan import Request
from orchestrator.model.terms import Action


def asked_line(action: Action, request: Request) -> str:
    """`orch shutdown zone=muc-* --except core-db`, without `--dry-run` and without the workspace."""
    words = ["orch", action.value, *request.select]
    words += [word for each in request.exclude for word in ("--except", each)]
    words += ["--only"] if request.only else []
    words += ["--mode", ",".join(request.mode)] if request.mode else []
    words += ["--despite-errors"] if request.despite_errors else []
    words += ["--from", request.from_run] if request.from_run else []
    words += ["-i", request.inventory] if request.inventory else []
    return shlex.join(words)
