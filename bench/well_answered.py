"""What hosts answer on which everything goes as planned: at first nothing is as wanted, after a task's steps all is.

For carriers that reach no host: the answers are those that orch's own reading of them takes for yes and no.
"""

from orchestrator.hosts.port import Outcome, OutcomeState, Result
from orchestrator.model.plan import Plan, PlanProbe
from orchestrator.model.terms import Action, Found, ProbeKind
from orchestrator.twin.exemplar import answer_for

GENERATION = "b" * 32
_EVIDENCE = 100  # lines of a piece of evidence


class WellAnswered:
    """The hosts of one plan, of which nothing but the answers is kept. A command is over when it is asked for."""

    def __init__(self, plan: Plan) -> None:
        self._down = plan.action is Action.SHUTDOWN
        self._exits = {(task.id, step.id): step.exits[0] for task in plan.tasks for step in task.steps}
        self._checks = {(task.id, check.name): check.exits[0] for task in plan.tasks for check in task.health}
        self._done: set[str] = set()  # tasks that have had a step
        self._probes: dict[tuple[str, str, str, str], tuple[Outcome, Outcome]] = {}  # as unwanted, as wanted
        said: dict[object, Outcome] = {}

        def answer(probe: PlanProbe, *, yes: bool) -> Outcome:
            what = (probe.yes, probe.no, yes)
            if what not in said:
                said[what] = _done(*answer_for(probe, yes))
            return said[what]

        for task in plan.tasks:
            kinds = {
                ProbeKind.STATE: task.probe.state,
                ProbeKind.ISOLATION: task.probe.isolation,
                ProbeKind.POWEROFF: task.probe.poweroff,
            }
            for kind, probes in kinds.items():
                yes = self._down if kind is ProbeKind.ISOLATION else not self._down  # once it is as wanted
                for probe in probes:
                    place = (task.id, kind.value, probe.host, probe.on_host or "-")
                    self._probes[place] = (answer(probe, yes=not yes), answer(probe, yes=yes))

    def outcome(self, key: str) -> Outcome:
        """How the command behind `key` comes out now."""
        _, task, what, host, on_host, _ = key.split("/")
        if not what.startswith("?"):
            self._done.add(task)
            return _done(self._exits[task, what], "")  # as most do
        kind, _, name = what[1:].partition(":")
        wanted = task in self._done
        match kind:
            case "port":
                silent = wanted is self._down
                return Outcome(OutcomeState.DONE, port=Found.SILENT if silent else Found.ANSWERS)
            case "health":
                return _done(self._checks[task, name], "")
            case "evidence":
                return _done(0, f"{key}\n" * _EVIDENCE)
        return self._probes[task, kind, host, on_host][wanted]


def _done(exit: int, text: str) -> Outcome:
    said = text.encode()
    return Outcome(OutcomeState.DONE, Result(exit, said, b"", (len(said), 0)), generation=GENERATION)
