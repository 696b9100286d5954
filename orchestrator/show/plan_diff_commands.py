"""Commands that changed, as `-` and `+` lines; what changed in the same words on many systems stands once.

The same means the same: two changes stand together only where the words that went and the words that came are equal
but for the names of the system and its hosts. So a change that is made to one system alone never hides among others.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from orchestrator.model.plan import NO_HOST, Plan, PlanStep, PlanTask
from orchestrator.plan.diff import PlanDiff
from orchestrator.plan.diff_commands import MOST_PAIRS, CommandChange, Item
from orchestrator.plan.phrases import names
from orchestrator.show.layout import Line, para
from orchestrator.show.plan_commands import Shown, command_line, shown
from orchestrator.show.theme import BAD, GOOD, QUIET, STRONG

LONGEST = 4_000
"""Characters of a word in which a system's own name is looked for; longer ones are told apart as they are."""
Edit = tuple[tuple[str, ...], tuple[str, ...]]


def alike(found: PlanDiff) -> list[list[CommandChange]]:
    """The changes of a difference, those of one kind of system in the same words together."""
    tasks = {task.id: task for task in found.again.tasks}
    groups: dict[object, list[CommandChange]] = {}
    for change in found.commands:
        groups.setdefault(_edit(found, change, tasks[change.task]), []).append(change)
    return list(groups.values())


def command_block(found: PlanDiff, group: Sequence[CommandChange], *, width: int, most: int) -> list[Line]:
    """The first of a group whole, and who else has it."""
    first = group[0]
    before, after = _shown(found.old, first, first.before), _shown(found.again, first, first.after)
    one = after or before
    assert one is not None
    lines = para(f"  {first.task}  ", f"{one.head}{_how(first, before, after)}", width, indent=6, label_style=STRONG)
    same = before is not None and after is not None and before.commands == after.commands
    if same:
        lines += [
            each for command in one.commands for each in command_line(_prompt(one), command, width, indent=6, style="")
        ]
    for mark, said, other, style in (("- ", before, after, BAD), ("+ ", after, before, GOOD)):
        if said is None:
            continue
        if other is not None and _unnumbered(said) != _unnumbered(other):
            lines += para(f"    {mark}", said.head, width, style=style, label_style=style)
        if not same:
            for command in said.commands:
                lines += command_line(mark + _prompt(said), command, width, indent=4, style=style)
        if said.notes and (other is None or said.notes != other.notes):
            lines += para(f"    {mark}  ", f"[{said.notes}]", width, style=style, label_style=style)
    if rest := list(dict.fromkeys(each.task for each in group[1:])):
        lines += para("    ", f"the same on {names(rest, most)}", width, style=QUIET)
    return lines


def _how(change: CommandChange, before: Shown | None, after: Shown | None) -> str:
    if before is None or after is None:
        return " is new" if before is None else " is gone"
    was = change.before.id if isinstance(change.before, PlanStep) else ""
    return f" (was {was})" if was and before.head != after.head and _unnumbered(before) == _unnumbered(after) else ""


def _prompt(one: Shown) -> str:
    return "" if one.by_hand else "$ "


def _unnumbered(one: Shown) -> str:
    """Its head, without the number of a step."""
    return re.sub(r"\.[0-9]+ ", " ", one.head, count=1)


def _shown(plan: Plan, change: CommandChange, item: Item | None) -> Shown | None:
    return shown(plan, change.part, item) if item is not None else None


def _edit(found: PlanDiff, change: CommandChange, task: PlanTask) -> object:
    """Equal for changes in the same words: of the command's line, and of what binds it."""
    before, after = _words(found.old, change, change.before, task), _words(found.again, change, change.after, task)
    return (task.kind, change.part, tuple(_edits(before, after)))


def _words(plan: Plan, change: CommandChange, item: Item | None, task: PlanTask) -> list[str]:
    one = _shown(plan, change, item)
    if one is None or item is None:
        return []
    hosts = {item.host, item.acting}
    own = {task.id, *hosts, *(plan.hosts[id].address for id in hosts if id in plan.hosts)} - {NO_HOST}
    words = [
        one.label,
        "on another" if item.on_host else "",
        *(word for command in one.commands for word in command.split(" ")),
        *one.notes.split(", "),
    ]
    for name in sorted(own, key=len, reverse=True):
        words = [_blanked(word, name) if name in word and len(word) <= LONGEST else word for word in words]
    return words


def _blanked(word: str, name: str) -> str:
    """`word` without `name` wherever it stands there on its own, as in `portal@15-main`."""
    at = word.find(name) if name else -1
    while at >= 0:
        end = at + len(name)
        if not (word[at - 1 : at].isalnum() or word[end : end + 1].isalnum()):
            word = f"{word[:at]}\0{word[end:]}"
        at = word.find(name, at + 1)
    return word


def _edits(before: Sequence[str], after: Sequence[str]) -> Iterator[Edit]:
    if len(before) * len(after) > MOST_PAIRS:
        yield tuple(before), tuple(after)
        return
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            yield tuple(before[i:j]), tuple(after[k:m])
