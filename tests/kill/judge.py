"""What a night has left behind, counted by the hosts' own log (contract section 6): lost, doubled, out of order.

* Executed on a host, and the journal has no intent of it, or only a later one: an effect has overtaken its intent.
* Executed more often than once, without a person's `retry` and without being idempotent: doubled.
* Said to be ok, or a step of a task that is done, and no host has executed it: lost.
* Before a system's first command every command of what it needs has ended, on the hosts, too.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.kill.estate import BY_PERSON, Deed

Events = Sequence[Mapping[str, Any]]
Place = tuple[str, str, str]


def problems(plan: Mapping[str, Any], events: Events, deeds: Sequence[Deed]) -> list[str]:
    """Everything that is wrong with a run that is over; `deeds` are those of its hosts."""
    own = [deed for deed in deeds if deed.action == plan["action"]]
    return [*_counts(plan, events, own), *_order(plan, own), *_words(events), *_foreign(plan, deeds)]


@dataclass
class _Said:
    """What a journal says of the steps and tasks of a run."""

    intents: Counter[Place] = field(default_factory=Counter)
    meant: dict[Place, float] = field(default_factory=dict)  # when the first intent was written
    good: set[Place] = field(default_factory=set)
    retries: Counter[str] = field(default_factory=Counter)
    ends: dict[str, str] = field(default_factory=dict)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take in one event."""
        if event["type"] == "task":
            self.ends[event["task"]] = event["state"]
        elif event["type"] == "operator" and event.get("as") == "retry":
            self.retries[event["task"]] += 1
        elif event["type"] == "step":
            place = (event["task"], event.get("on_host") or event["host"], event["step"])
            if event["state"] == "intent":
                self.intents[place] += 1
                self.meant.setdefault(place, datetime.fromisoformat(event["at"]).timestamp())
            elif event["state"] in {"ok", "gone"}:
                self.good.add(place)


def _counts(plan: Mapping[str, Any], events: Events, deeds: Sequence[Deed]) -> Iterator[str]:
    executed = Counter(deed.place for deed in deeds)
    said = _Said()
    for event in events:
        said.hear(event)
    for task in plan["tasks"]:
        for step in (*task["steps"], *task.get("force", ())):
            if step.get("manual"):
                continue
            place = (task["system"], step.get("on_host") or step["host"], step["id"])
            times, name = executed.pop(place, 0), " ".join(place)
            if times and not said.intents[place]:
                yield f"overtaken: {name} was executed, and the journal has no intent of it"
            if times > (said.intents[place] if step["idempotent"] else 1 + said.retries[task["id"]]):
                yield f"doubled: {name} was executed {times} times, after {said.intents[place]} intents"
            if not times and place in said.good:
                yield f"lost: {name} is ok in the journal, and no host executed it"
            if not times and said.ends.get(task["id"]) == "done" and not step["id"].startswith("force"):
                yield f"lost: {task['id']} is done, and no host executed {name}"
    for deed in deeds:
        if deed.at < said.meant.get(deed.place, 0.0):
            yield f"overtaken: {' '.join(deed.place)} was executed before its first intent that is in the journal"
    for place in executed:
        yield f"doubled: {' '.join(place)} was executed, and the plan has no such step"


def _order(plan: Mapping[str, Any], deeds: Sequence[Deed]) -> Iterator[str]:
    first: dict[str, int] = {}
    last: dict[str, int | None] = {}
    for deed in deeds:
        first[deed.system] = min(deed.began, first.get(deed.system, deed.began))
        before = last.get(deed.system, -1)
        last[deed.system] = None if deed.ended is None or before is None else max(before, deed.ended)
    barriers = {barrier["id"]: barrier["needs"] for barrier in plan["barriers"]}
    for task in plan["tasks"]:
        for need in task["needs"]:
            for needed in [need["task"]] if need.get("task") else barriers[need["barrier"]]:
                end = last.get(needed, -1)
                if task["id"] in first and (end is None or end > first[task["id"]]):
                    yield f"order: {task['id']} began before {needed} had ended, by the hosts' log"


def _words(events: Events) -> Iterator[str]:
    taken = Counter(event["inbox"] for event in events if event["type"] == "operator" and event.get("inbox"))
    for name, times in taken.items():
        if times > 1:
            yield f"doubled: a person's word ({name}) was taken {times} times"
    confirmed = [event for event in events if event["type"] == "task" and event["task"] == BY_PERSON]
    if confirmed and (confirmed[-1]["state"], confirmed[-1].get("proof")) != ("done", "person"):
        yield f"lost: {BY_PERSON} was confirmed by a person, and is {confirmed[-1]['state']}"


def _foreign(plan: Mapping[str, Any], deeds: Sequence[Deed]) -> Iterator[str]:
    for deed in deeds:
        if deed.action != plan["action"]:
            yield f"doubled: {' '.join(deed.place)} of the {deed.action} was executed in the {plan['action']}"
