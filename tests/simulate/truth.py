"""Whether a task's hosts are as it wants them, in the world itself, whatever anybody says."""

from orchestrator.model.plan import PlanTask
from orchestrator.model.terms import Mode
from tests.simulate.hosts import World


def is_as_wanted(world: World, task: PlanTask, host: str, *, forced: bool = False) -> bool:
    """Whether one host of a task is, in the world, as the task wants it; `forced`: or as its force steps leave it."""
    modes = (task.mode,) if task.mode is not None else (*(task.undoes or ()), Mode.STOP)
    down = task.mode is not None
    truth = {
        Mode.STOP: not world.up[task.system, host],
        Mode.ISOLATE: host in world.cut,
        Mode.POWEROFF: host in world.off,
    }
    left = [step.leaves for step in task.force if step.host == host and step.leaves is not None]
    return all(truth[mode] is down for mode in modes) or (forced and any(truth[mode] for mode in left))


def can_be_seen(task: PlanTask) -> bool:
    """Whether a probe, or the port, says how every mode of the task stands."""
    modes = (task.mode,) if task.mode is not None else task.undoes or ()
    return Mode.ISOLATE not in modes or bool(task.probe.isolation)


def make_as_wanted(world: World, task: PlanTask) -> None:
    """A person does all of it by hand, on the spot."""
    for host in task.hosts:
        for mode in (task.mode,) if task.mode is not None else (*(task.undoes or ()), Mode.STOP):
            verbs = {
                Mode.STOP: ("start", "stop"),
                Mode.ISOLATE: ("join", "cut"),
                Mode.POWEROFF: ("switchon", "poweroff"),
            }
            world.effect((verbs[mode][task.mode is not None], task.system, host), world.now)
