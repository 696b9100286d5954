"""Watches that what is down stays down: asks again and again, and tells each change (contract section 9).

- What is watched is what must be down, and what was named besides. What is believed is read anew each round: another
  terminal may be bringing something back, which is no alarm.
- Connections are kept from round to round; keys are forgotten after each, so that it can go on for weeks.
- A change is told when a system's finding is another than in the round before; in the first round, when it is not as
  believed. Pure, but for the loop.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator.hosts.port import Forgetful
from orchestrator.run.stop import Stop
from orchestrator.run.survey.drive import TASK, Drive, Tell
from orchestrator.run.survey.findings import Survey, SystemFinding, SystemState
from orchestrator.run.survey.wanted import Wanted

_NAP_S = 0.2
_GOOD = frozenset({SystemState.AS_BELIEVED, SystemState.PERSON})


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to tell. `alarm`: something came up that must be down; `better`: as believed again."""

    system: str
    finding: SystemFinding
    alarm: bool
    better: bool


@dataclass(frozen=True, slots=True)
class Round:
    """What one round found; `gone`: no longer watched, since nothing says any more that it must be down; `next_s`:
    seconds until the next round."""

    nth: int
    survey: Survey
    changes: tuple[Change, ...]
    gone: tuple[str, ...]
    next_s: float


def changes(before: Mapping[str, tuple[SystemState, str]] | None, survey: Survey) -> tuple[Change, ...]:
    """What is to be told of a round, the alarms first."""
    found = []
    for id, finding in survey.systems.items():
        now = (finding.state, finding.seen)
        was = None if before is None else before.get(id)
        news = finding.state not in _GOOD if was is None else was != now
        if news:
            better = finding.state in _GOOD
            found.append(Change(id, finding, finding.state is SystemState.CAME_UP, better))
    return tuple(sorted(found, key=lambda change: (not change.alarm, change.better, change.system)))


def watch(
    carrier: Forgetful,
    believe: Callable[[], Wanted],
    stop: Stop,
    tell: Callable[[Round], None],
    progress: Tell,
    *,
    parallel: int,
    every_s: float,
) -> bool:
    """Watches until told to stop; whether something that must be down was ever seen up."""
    before: dict[str, tuple[SystemState, str]] | None = None
    alarmed, nth = False, 0
    while not stop.requested:
        nth, began = nth + 1, time.monotonic()
        survey = Drive(carrier, believe(), stop, progress, parallel=parallel, nth=nth).run(looks=False)
        carrier.forget(TASK)
        if not survey.whole:
            break
        news = changes(before, survey)
        alarmed = alarmed or any(change.alarm for change in news)
        gone = tuple(sorted(set(before or ()) - set(survey.systems)))
        before = {id: (finding.state, finding.seen) for id, finding in survey.systems.items()}
        tell(Round(nth, survey, news, gone, max(0.0, began + every_s - time.monotonic())))
        _rest(stop, began + every_s)
    return alarmed


def _rest(stop: Stop, until: float) -> None:
    while not stop.requested and time.monotonic() < until:
        time.sleep(_NAP_S)
