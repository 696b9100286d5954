"""Which commands of a task changed: paired on each host in their order, whatever number they have (sections 3, 4).

A step put in front of others renumbers them, and they are still the same commands; only where nothing but numbers or
the order of the hosts differ, that itself is shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import zip_longest

from orchestrator.model.plan import PlanCommand, PlanEvidence, PlanHealth, PlanStep, PlanTask

Item = PlanCommand | PlanStep
MOST_PAIRS = 1_000_000
"""So many pairs are looked at to find what belongs together; in more, which no playbook has, place goes by place."""


@dataclass(frozen=True, slots=True)
class CommandChange:
    """A command of `task` before and after; None where there is none. `part` is where it stands in the plan file, such
    as `steps` or `probe.state`."""

    task: str
    part: str
    before: Item | None
    after: Item | None

    @property
    def host(self) -> str:
        """The host that it is sent to."""
        item = self.after or self.before
        assert item is not None
        return item.acting


def parts_of(task: PlanTask) -> tuple[tuple[str, Sequence[Item]], ...]:
    """All that a task may send, by its place in the plan file, in the order in which it may be sent."""
    return (
        ("probe.state", task.probe.state),
        ("probe.isolation", task.probe.isolation),
        ("probe.poweroff", task.probe.poweroff),
        ("evidence", task.evidence),
        ("steps", task.steps),
        ("force", task.force),
        ("health", task.health),
    )


def command_changes(old: PlanTask, again: PlanTask) -> Iterator[CommandChange]:
    """The changes of one task that both plans have."""
    for (part, before), (_, after) in zip(parts_of(old), parts_of(again), strict=True):
        if before == after:
            continue
        found = list(_paired(before, after))
        if not found:
            pairs = zip_longest(map(_heeded, before), map(_heeded, after))
            found = [(one, other) for one, other in pairs if one != other]
        yield from (CommandChange(old.id, part, one, other) for one, other in found)


def _paired(before: Sequence[Item], after: Sequence[Item]) -> Iterator[tuple[Item | None, Item | None]]:
    old, new = _by_host(before), _by_host(after)
    for where in dict.fromkeys((*old, *new)):
        one, other = old.get(where, []), new.get(where, [])
        if len(one) * len(other) > MOST_PAIRS:
            yield from ((each, mate) for each, mate in zip_longest(one, other) if each != mate)
            continue
        matcher = SequenceMatcher(None, [*map(_unnumbered, one)], [*map(_unnumbered, other)], autojunk=False)
        for tag, i, j, k, m in matcher.get_opcodes():
            if tag != "equal":
                yield from _by_name(one[i:j], other[k:m])


def _by_name(before: Sequence[Item], after: Sequence[Item]) -> Iterator[tuple[Item | None, Item | None]]:
    """What has the same name belongs together; of the rest, what stands in the same place."""
    left = list(before)
    mates: list[Item | None] = []
    for item in after:
        mate = next((one for one in left if _name(one) == _name(item)), None)
        if mate is not None:
            left.remove(mate)
        mates.append(mate)
    alone = [] if len(left) == mates.count(None) else left
    rest = iter([] if alone else left)
    for item, mate in zip(after, mates, strict=True):
        yield (next(rest, None) if mate is None else mate), item
    yield from ((one, None) for one in alone)


def _name(item: Item) -> str:
    return item.name if isinstance(item, PlanStep | PlanEvidence | PlanHealth) else ""


def _by_host(items: Sequence[Item]) -> dict[tuple[str, str | None], list[Item]]:
    hosts: dict[tuple[str, str | None], list[Item]] = {}
    for item in items:
        hosts.setdefault((item.host, item.on_host), []).append(item)
    return hosts


def _heeded(item: Item) -> Item:
    return replace(item, expect_s=0) if isinstance(item, PlanStep) else item


def _unnumbered(item: Item) -> Item:
    return replace(item, id=item.phase, expect_s=0) if isinstance(item, PlanStep) else item
