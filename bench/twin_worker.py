"""One measured process of the row `makespan-ssh`: `TWIN SPEED ACTION...`; everything on the twin, over real SSH.

TWIN is a twin's workspace, whose hosts answer. Prints for each run how long it took, and its bound by list scheduling
(`bench/list_schedule.py`), twice: with what the hosts themselves need for their commands, SSH being free; and with how
long each task took, so that only its start is judged.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.list_schedule import Seconds, Takes, bound_of, takes_of
from bench.plans import restore_of, shutdown_of
from orchestrator.cli.required_secrets import secrets_of
from orchestrator.cli.situation import estate_of
from orchestrator.hosts.ssh import SshCarrier
from orchestrator.model.events import Event, TaskChanged
from orchestrator.model.plan import Plan
from orchestrator.model.terms import TaskState
from orchestrator.plan.file import plan_bytes
from orchestrator.run.execute import RunEnd, Stop, execute, open_run
from orchestrator.run.view import RunView
from orchestrator.twin.behaviour import EVIDENCE_S, PROBE_S
from orchestrator.workspace.loader import load


@dataclass(frozen=True, slots=True)
class Measured:
    """One run, in seconds of this machine's clock. `worked` is the bound by what the tasks took."""

    what: str
    tasks: int
    commands: int
    run: float
    bound: float
    worked: float
    floor: float
    cpu: float


class Silent:
    """Nobody looks."""

    def on_event(self, event: Event) -> None:
        """Nothing."""

    def on_tick(self, view: RunView) -> None:
        """Nothing."""

    def on_notice(self, text: str) -> None:
        """For whoever looks for a mistake."""
        print(text, file=sys.stderr)


def hosts_own(plan: Plan, speed: float) -> Seconds:
    """What the twin's hosts take for their commands. A port answers, or does not, at once."""
    usual: Mapping[tuple[str, str], float] = {
        (task.id, step.id): step.expect_s for task in plan.tasks for step in task.steps
    }
    questions = {"?evidence": EVIDENCE_S, "?port": 0.0}

    def seconds(task: str, what: str, host: str, on_host: str | None) -> float:
        known = usual[task, what] if not what.startswith("?") else questions.get(what.partition(":")[0], PROBE_S)
        return known / speed

    return seconds


def measure(root: Path, plan: Plan, speed: float) -> Measured:
    """Run `plan` to its end."""
    for step in (step for task in plan.tasks for step in task.steps if step.stdin_secret is not None):
        os.environ[str(step.stdin_secret).removeprefix("env:")] = "bench"
    data = plan_bytes(plan)
    folder = open_run(
        root, plan, data, by="bench", version="0", protocol_bytes=None, now=datetime.now(UTC), previous_heads=()
    )
    carrier = SshCarrier(root=root, parallel=plan.policy.parallel, secrets=secrets_of(plan))
    before, began = _cpu(), time.perf_counter()
    end = execute(folder, by="bench", version="0", carrier=carrier, listener=Silent(), stop=Stop())
    took, cpu = time.perf_counter() - began, _cpu() - before
    events = folder.read().events
    if end is not RunEnd.DONE:
        left = [event.why for event in events if isinstance(event, TaskChanged) and event.state is TaskState.FAILED]
        raise SystemExit(f"the run ended {end}: {left[:3]}")
    bound = bound_of(plan, {task.id: takes_of(task, hosts_own(plan, speed)) for task in plan.tasks})
    worked = bound_of(plan, {task: Takes(0.0, 0.0, took) for task, took in _took(events).items()})
    sent = sum(event.type in {"probe", "evidence"} or getattr(event, "state", "") == "intent" for event in events)
    return Measured(plan.action.value, len(plan.tasks), sent, took, bound.makespan, worked.makespan, bound.floor, cpu)


def _took(events: tuple[Event, ...]) -> dict[str, float]:
    began: dict[str, float] = {}
    took: dict[str, float] = {}
    for event in events:
        if isinstance(event, TaskChanged):
            at = datetime.fromisoformat(event.at).timestamp()
            if event.state is TaskState.PROBING:
                began[event.task] = at
            elif event.state.is_end:
                took[event.task] = at - began[event.task]
    return took


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(root: Path, speed: float, actions: list[str]) -> str:
    """One after the other: `shutdown`, `restore`."""
    workspace, found = load(root), []
    for action in actions:
        plan = shutdown_of(workspace) if action == "shutdown" else restore_of(workspace, estate_of(root))
        found.append(measure(root, plan, speed))
    return json.dumps({"runs": [asdict(one) for one in found]})


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
