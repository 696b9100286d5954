"""Two plans beside each other, for the person who has to decide whether the one may stand for the other.

Order of the page: the answer in the first line, what follows from it, then what is most dangerous: another action,
another host key, another place; then what is added, gone, and does something else; needs and stages; rules and consent;
and last, marked as such, what does not matter. It fits a screen: each section shows its first lines and counts the
rest; `--all` shows everything. Lines with `-` are as it was, with `+` as it is.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.cells import cell_len

from orchestrator.model.plan import PlanTask
from orchestrator.plan.diff import NeedChange, PlanDiff, headline
from orchestrator.plan.diff_moves import Moved
from orchestrator.plan.freshness import Change, Difference, need_key
from orchestrator.plan.phrases import NAMED, names
from orchestrator.show import words
from orchestrator.show.layout import BLANK, Line, count, fold, line, para
from orchestrator.show.neutral import neutral
from orchestrator.show.plan_diff_commands import alike, command_block
from orchestrator.show.plan_diff_unheeded import unheeded
from orchestrator.show.plan_values import value_text
from orchestrator.show.theme import BAD, GOOD, QUIET, STRONG

SCREEN = 44
"""Lines of a page that is shown without `--all`, where they need be no more."""
MOST_LINES = 16
"""Lines that one thing takes of a page without `--all`."""
Block = Sequence[Line]


@dataclass(frozen=True, slots=True)
class Section:
    """A title and what stands under it: things, drawn only when they are shown, and the noun of those that are not."""

    title: str
    things: Sequence[Any]
    draw: Callable[[Any], Block]
    noun: str
    style: str = STRONG


def diff_lines(
    found: PlanDiff, width: int, *, verdict: Sequence[str] = (), room: int | None = SCREEN, quiet: bool = True
) -> list[Line]:
    """The page. `verdict`: what follows from it; `room`: lines that a screen has, None for all of it; `quiet`: also
    what does not matter."""
    lines = para("", headline(found), width, style=GOOD if found.fresh else BAD)
    for text in verdict:
        lines += para("", text, width)
    if found.unrelated:
        both = {task.id for task in found.old.tasks} & {task.id for task in found.again.tasks}
        return [*lines, *(para("", f"{count(len(both), 'system is', 'systems are')} in both.", width) if both else ())]
    most = NAMED if room is not None else len(found.old.tasks) + len(found.again.tasks)
    sections = [
        section for section in _sections(found, width, most) if section.things and (quiet or section.style != QUIET)
    ]
    return [*lines, *drawn(sections, None if room is None else room - len(lines), width)]


def drawn(sections: Sequence[Section], room: int | None, width: int) -> list[Line]:
    """Sections in about `room` lines: each shows its first thing, then they take turns, the first ones first."""
    titles = [para("", section.title, width, style=section.style) for section in sections]
    shown: list[list[Block]] = [[] for _ in sections]
    left = math.inf if room is None else room - sum(len(title) + 2 for title in titles)
    open_ = list(range(len(sections)))
    while open_:
        still = []
        for at in open_:
            blocks, things = shown[at], sections[at].things
            block = _bounded(sections[at].draw(things[len(blocks)]), room)
            if blocks and len(block) > left:
                continue
            blocks.append(block)
            left -= len(block)
            if len(blocks) < len(things):
                still.append(at)
        open_ = still
    lines: list[Line] = []
    for section, title, blocks in zip(sections, titles, shown, strict=True):
        lines += [BLANK, *title, *(each for block in blocks for each in block)]
        if rest := len(section.things) - len(blocks):
            lines.append(line((f"  ... {count(rest, f'more {section.noun}')}", QUIET)))
    return lines


def _bounded(block: Block, room: int | None) -> Block:
    """A block that leaves room for others, whatever a file says."""
    if room is None or len(block) <= MOST_LINES:
        return block
    return [*block[: MOST_LINES - 1], line((f"      ... {len(block) - MOST_LINES + 1} more lines of it", QUIET))]


def _sections(found: PlanDiff, width: int, most: int) -> list[Section]:
    say = _Says(found, width, most)
    hosts = found.of("host")
    keys = [one for one in hosts if one.field == "keys" and one.change is Change.CHANGED]
    told = {one.id for one in keys}
    others = [one for one in hosts if one.id not in told or one.field not in {"keys", "key_types"}]
    tasks = [one for one in found.of("task", matters=True) if one.field in _TASK_FIELDS]
    follows = {"order of the tasks"} if found.moved else set()
    follows |= (
        {"summary"} if found.added or found.gone or any(one.field in {"mode", "undoes"} for one in tasks) else set()
    )
    plan = [one for one in found.of("plan", matters=True) if one.field not in follows]
    rules = [one for what in ("input", "policy", "barrier") for one in found.of(what, matters=True)]
    return [
        Section(
            "! Another host key: the host was set up anew, or somebody stands in the way", keys, say.key, "host", BAD
        ),
        Section("! The plan itself", plan, say.unnamed, "thing", BAD),
        Section("Hosts", others, say.plain, "host"),
        Section("Added", found.added, say.added, "task"),
        Section("Gone", found.gone, say.gone, "task"),
        Section("Commands", alike(found), partial(command_block, found, width=width, most=most), "change"),
        Section("Tasks", tasks, say.plain, "change"),
        Section("Gates", found.of("gate"), say.plain, "gate"),
        Section("Limits and rules", rules, say.rule, "rule"),
        Section("Needs", _needs(found, every=most > NAMED), say.need, "need"),
        Section("Moved (stages follow from needs and decide nothing by themselves)", _moves(found), say.moved, "task"),
        Section("What does not matter", unheeded(found, most), say.quiet, "thing", QUIET),
    ]


def _moves(found: PlanDiff) -> list[list[Moved]]:
    """Tasks with the same cause together, so that one new need, or one barrier, is told once."""
    groups: dict[object, list[Moved]] = {}
    for move in found.moved:
        cause = move.cause
        key = (cause.other, cause.need.barrier, cause.gained) if cause and cause.need.barrier else cause
        groups.setdefault(key, []).append(move)
    return list(groups.values())


def _needs(found: PlanDiff, *, every: bool) -> list[list[NeedChange]]:
    """Needs of tasks of both plans, those on one thing for one reason together. `every`: also those on what is new or
    gone, of which its own line says only how many."""
    groups: dict[object, list[NeedChange]] = {}
    for one in found.needs:
        if every or not one.follows:
            groups.setdefault((one.gained, need_key(one.need), one.need.source), []).append(one)
    return list(groups.values())


_TASK_FIELDS = frozenset({"system", "kind", "owner", "mode", "undoes", "hosts", "gates", "serial", "priority"})


class _Says:
    """The lines of one difference for one width."""

    def __init__(self, found: PlanDiff, width: int, most: int) -> None:
        self._found = found
        self._width = width
        self._most = most

    def key(self, one: Difference) -> Block:
        """A host key in full: it is compared by eye, with what somebody reads over the telephone."""
        host = self._found.again.hosts[one.id]
        return [
            *self._hung("  ", f"{one.id}  {host.address}", style=STRONG),
            *(each for key in one.before or ("none was pinned",) for each in self._hung("    - ", key, style=BAD)),
            *(each for key in one.after or ("none: it is refused",) for each in self._hung("    + ", key, style=GOOD)),
        ]

    def plain(self, one: Difference) -> Block:
        """`muc-db-03  address: 10.20.3.11 -> 10.20.3.12`; long values on lines of their own."""
        if not one.field:
            return self._hung("  + " if one.change is Change.NEW else "  - ", f"{one.id}{_about(one)}")
        return self._field(f"{one.id}  " if one.id else "", one)

    def unnamed(self, one: Difference) -> Block:
        """Something of the plan as a whole."""
        return self._field("", one)

    def _field(self, name: str, one: Difference) -> Block:
        before, after = map(value_text, _differing(one.before, one.after))
        field = _FIELDS.get(one.field, one.field.replace("_", " "))
        text = f"{name}{field}: {before} -> {after}"
        if cell_len(neutral(text)) + 2 <= self._width:
            return self._hung("  ", text)
        return [
            *self._hung("  ", f"{name}{field}"),
            *self._hung("    - ", before, style=BAD),
            *self._hung("    + ", after, style=GOOD),
        ]

    def added(self, task: PlanTask) -> Block:
        """`+ cache-muc  stop, stage 5, java-app on app-09; came along because of core-db (requires)`."""
        return self._task(task, "  + ")

    def gone(self, task: PlanTask) -> Block:
        """The same of a task that is no more."""
        return self._task(task, "  - ")

    def _task(self, task: PlanTask, mark: str) -> Block:
        where = ", ".join(task.hosts[:3]) + (f" and {len(task.hosts) - 3} more" if len(task.hosts) > 3 else "")
        said = f"{task.id}  {words.how(task)}, stage {task.stage}, {task.kind} on {where or '-'}"
        if task.came_along is not None:
            said += f"; came along because of {task.came_along.of} ({task.came_along.reason})"
        waited = self._found.waited_for.get(task.id, 0)
        links = [
            f"waits for {len(task.needs)}" if task.needs else "",
            f"{waited} {'waits' if waited == 1 else 'wait'} for it" if waited else "",
        ]
        return self._hung(mark, "; ".join([said, *(link for link in links if link)]))

    def need(self, group: Sequence[NeedChange]) -> Block:
        """Tasks that gained or lost the same need."""
        need, gained = group[0].need, group[0].gained
        says = self._waits([one.task for one in group], gained)
        return self._hung(
            "  + " if gained else "  - ", f"{says} {need.task or need.barrier} ({need.reason}, {need.source})"
        )

    def moved(self, group: Sequence[Moved]) -> Block:
        """Tasks that one need moved, or one thing behind a barrier."""
        said = self._names([f"{one.task} {one.before} -> {one.after}" for one in group])
        cause = group[0].cause
        if cause is None:
            return self._hung("  ", f"{said}: no need of it explains it")
        waiting = list(dict.fromkeys(one.cause.task for one in group if one.cause))
        same = waiting == [one.task for one in group]
        says = self._waits(waiting, cause.gained, name=not same)
        behind = f" behind {cause.need.barrier}" if cause.need.barrier else ""
        return self._hung("  ", f"{said}: {says} {cause.other}{behind} ({cause.need.reason}, {cause.need.source})")

    def rule(self, one: Difference) -> Block:
        """The protocol's own bytes, the policy, and the barriers that its order makes."""
        if one.what == "input":
            digests = [digest[:12] if digest else "none" for digest in (one.before, one.after)]
            return self._hung("  ", f"{one} (sha256 {digests[0]} -> {digests[1]})")
        if one.what == "policy" or one.field != "needs":
            return self.plain(one)
        gained, lost = sorted({*one.after} - {*one.before}), sorted({*one.before} - {*one.after})
        said = [f"now also waits for {self._names(gained)}" if gained else ""]
        said += [f"no longer waits for {self._names(lost)}" if lost else ""]
        return self._hung("  ", f"{one.id}  {'; '.join(each for each in said if each) or 'names its tasks otherwise'}")

    def quiet(self, text: str) -> Block:
        """What does not matter, in grey."""
        return self._hung("  ", text, style=QUIET)

    def _names(self, ids: Sequence[str]) -> str:
        return names(ids, self._most)

    def _waits(self, tasks: Sequence[str], gained: bool, *, name: bool = True) -> str:
        """`a, b now wait for`."""
        verb = f"{'now' if gained else 'no longer'} {'waits' if len(tasks) == 1 else 'wait'} for"
        return f"{self._names(tasks)} {verb}" if name else verb

    def _hung(self, label: str, text: str, *, style: str = "") -> list[Line]:
        """A text after its mark; what is folded stands deeper than what begins a line."""
        deeper = len(label) + 4
        pieces = fold(text, self._width - deeper, first=self._width - len(label))
        return [line((label, style), (pieces[0], style)), *(line(" " * deeper, (piece, style)) for piece in pieces[1:])]


_FIELDS = {"via": "the way to it", "keys": "its keys", "key_types": "types of its keys", "gates": "gates it waits for"}


def _differing(before: Any, after: Any) -> tuple[Any, Any]:
    """Of two tables only what differs."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return before, after
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return {key: before.get(key) for key in keys}, {key: after.get(key) for key in keys}


def _about(one: Difference) -> str:
    if one.what == "host":
        host = one.after or one.before
        return f"  {host.address}:{host.port}"
    return ""
