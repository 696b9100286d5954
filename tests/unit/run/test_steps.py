"""Which step comes next, on which host (contract sections 3, 6): what has happened, and what is due then."""

import pytest

from orchestrator.run.steps import due_steps
from tests.unit.run.tasks import lived, one_task

UP = ("probing", "db-0 online", "db-1 online", "running")
AGAIN = ("failed", "waiting", "probing")

CASES = [
    ("the first on the first host", "", UP, "stop.1 db-0"),
    ("then the same on the next host", "", (*UP, "stop.1 db-0 ok"), "stop.1 db-1"),
    ("at once where not serial", "parallel", UP, "stop.1 db-0, stop.1 db-1"),
    ("a host as found gets none", "", ("probing", "db-0 offline", "db-1 online", "running"), "stop.1 db-1"),
    ("an unknown one is due", "", (*UP, "stop.1 db-0 unknown"), "stop.1 db-0"),
    ("a failed one is due", "", (*UP, "stop.1 db-0 failed"), "stop.1 db-0"),
    ("a failed one is followed, if it says so", "goes-on", (*UP, "stop.1 db-0 failed"), "stop.1 db-1"),
    ("an unknown one never is", "goes-on", (*UP, "stop.1 db-0 unknown"), "stop.1 db-0"),
    ("nor is one that was not sent", "goes-on", (*UP, "stop.1 db-0 unsent"), "stop.1 db-0"),
    (
        "a retry begins at the first that is not ok",
        "",
        (*UP, "stop.1 db-0 ok", "stop.1 db-1 failed", *AGAIN, "db-0 online", "db-1 online", "running"),
        "stop.1 db-1",
    ),
    (
        "a failure that was passed over is not ok",
        "goes-on",
        (*UP, "stop.1 db-0 failed", *AGAIN, "db-0 online", "db-1 online", "running"),
        "stop.1 db-0",
    ),
    (
        "a host that came right since is owed what follows the change",
        "",
        (*UP, *(f"stop.{n} db-{h} ok" for n in (1, 2) for h in (0, 1)), "stop.3 db-0 failed",
         *AGAIN, "db-0 offline", "db-1 offline", "running"),
        "stop.3 db-0",
    ),
    (
        "but not what comes before the change",
        "",
        (*UP, "stop.1 db-0 failed", *AGAIN, "db-0 offline", "db-1 online", "running"),
        "stop.1 db-1",
    ),
    (
        "a stop that the new probe denies was not ok",
        "",
        (*UP, *(f"stop.{n} db-{h} ok" for n in (1, 2, 3) for h in (0, 1)), "verifying",
         *AGAIN, "db-0 online", "db-1 offline", "running"),
        "stop.2 db-0",
    ),
    (
        "a probe that gives no answer denies nothing",
        "",
        (*UP, *(f"stop.{n} db-{h} ok" for n in (1, 2, 3) for h in (0, 1)), "verifying",
         *AGAIN, "db-0 unknown", "db-1 offline", "running"),
        "",
    ),
    ("by hand: asked for all hosts in a row", "by-hand", UP, "stop.1 db-0, stop.1 db-1"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "what", "due"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_due(kind: str, what: tuple[str, ...], due: str) -> None:
    by_hand = "drain" if kind == "by-hand" else ""
    plan = one_task(
        "drain", "stop", "stay", hosts=2, serial=kind != "parallel", by_hand=by_hand,
        continue_on_failure=kind == "goes-on",
    )  # fmt: skip
    assert ", ".join(f"{step.id} {step.host}" for step in due_steps(lived(plan, *what))) == due
