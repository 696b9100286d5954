"""Why a run starts nothing new (pure): the fold of the events that stop it (contract section 6).

* An abort holds for good: what runs is finished, then the run is sealed.
* A spent budget holds until a person lets it be counted anew (`past-limit`); a resume alone does not lift it.
* A pause holds until a process takes the run up again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from orchestrator.model.events import BudgetSpent, Event, OperatorDid, Resumed


@dataclass(frozen=True, slots=True)
class StoppedBy:
    """What stops a run, each as the event that says so."""

    abort: OperatorDid | None = None
    spent: tuple[BudgetSpent, ...] = ()
    pause: OperatorDid | None = None

    def __bool__(self) -> bool:
        """Whether anything stops it."""
        return self.abort is not None or bool(self.spent) or self.pause is not None

    def after(self, event: Event) -> "StoppedBy":
        """What stops it after `event`."""
        match event:
            case OperatorDid(did="abort"):
                return replace(self, abort=self.abort or event)
            case OperatorDid(did="pause"):
                return replace(self, pause=self.pause or event)
            case OperatorDid(did="past-limit"):
                return replace(self, spent=())
            case BudgetSpent():
                others = (one for one in self.spent if one.which != event.which)
                return replace(self, spent=(*others, event))
            case Resumed():
                return replace(self, pause=None)
            case _:
                return self


NOTHING = StoppedBy()


def stopped_by(events: Iterable[Event]) -> StoppedBy:
    """What stops a run after `events`."""
    found = NOTHING
    for event in events:
        found = found.after(event)
    return found
