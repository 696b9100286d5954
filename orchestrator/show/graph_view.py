"""Who needs whom, as a tree that can be read: each system once, under the first that needs it.

Under a system stand those it needs, with the reasons; what another of them brings along is not among the arrows
(`graph/reduction.py`), and what has been drawn above is only named. Around a selection a second tree stands the other
way round: under a system those that need it. `--json` has every single edge.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.show.layout import BLANK, Line, Part, count, cut, line, para
from orchestrator.show.theme import QUIET, STRONG

Edge = tuple[str, str, str, bool]
"""(who needs, who is needed, the reason, whether another alternative could do)."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """`of` needs `needed`; all reasons together, in the order of their weight."""

    of: str
    needed: str
    reasons: tuple[str, ...]


def arrows_of(edges: Iterable[Edge]) -> list[Arrow]:
    """One arrow for each pair of systems, with all its reasons."""
    reasons: dict[tuple[str, str], dict[str, None]] = {}
    for system, needed, reason, choice in edges:
        reasons.setdefault((system, needed), {})[f"{reason} (or another)" if choice else reason] = None
    return [Arrow(system, needed, tuple(why)) for (system, needed), why in reasons.items()]


def tops(systems: Sequence[str], arrows: Sequence[Arrow]) -> list[str]:
    """Those that nobody needs, the others after them (a loop has no top)."""
    needed = {arrow.needed for arrow in arrows}
    return [*(s for s in systems if s not in needed), *(s for s in systems if s in needed)]


def graph_lines(
    arrows: Sequence[Arrow],
    roots: Sequence[str],
    width: int,
    *,
    depth: int | None,
    own_way: Sequence[str] = (),
    asked: bool = False,
) -> list[Line]:
    """The trees of `roots`, each to `depth` (None: all the way down); `own_way` is named once, as needed by all.
    `asked`: the roots were asked for, so each is opened, also where another's tree has named it at its end."""
    below: dict[str, dict[str, Arrow]] = {}
    for arrow in arrows:
        below.setdefault(arrow.of, {})[arrow.needed] = arrow
    tree = _Tree(below, width, depth)
    for root in roots:
        if root not in (tree.opened if asked else tree.drawn):
            tree.draw(root, "", "", None)
    said = "each needs what stands below it. Needs that another need brings along are left out."
    note = f"{count(len(tree.drawn), 'system')}; {said}"
    if own_way:
        note += f" All need {', '.join(own_way)} besides, as it is your own way in (control-path)."
    return [*tree.lines, *para("", note, width, style=QUIET)]


def user_lines(
    arrows: Sequence[Arrow],
    chosen: Sequence[str],
    width: int,
    *,
    depth: int,
    users: Mapping[str, int],
    own_way: Sequence[str] = (),
) -> list[Line]:
    """Who needs the chosen ones, to `depth`; `users`: everybody who does, however far, by how far (0: the chosen)."""
    if ways := [one for one in own_way if one in chosen]:
        text = f"Everything needs {', '.join(ways)}, as it is your own way in (control-path)."
        return [BLANK, *para("", text, width)]
    outside = {system for system, away in users.items() if away}
    it = "it" if len(chosen) == 1 else "them"
    if not outside:
        return [BLANK, *para("", f"Nothing else needs {it}.", width, style=QUIET)]
    above: dict[str, dict[str, Arrow]] = {}
    for arrow in arrows:
        above.setdefault(arrow.needed, {})[arrow.of] = arrow
    tree = _Tree(above, width, depth)
    for root in chosen:
        if root not in tree.opened and not outside.isdisjoint(above.get(root, ())):
            tree.draw(root, "", "", None)
    lines = [BLANK, line(("Needed by", STRONG)), *(tree.lines if depth else ())]
    far = sum(away > depth for away in users.values())
    said = f"{count(len(outside), 'system needs', 'systems need')} {it}: what stands below needs what it stands under."
    if far:
        said += f" {far:,} of them {'is' if far == 1 else 'are'} further away than that: --depth {depth + 1}"
    return [*lines, *para("", said, width, style=QUIET)]


class _Tree:
    def __init__(self, below: Mapping[str, Mapping[str, Arrow]], width: int, depth: int | None) -> None:
        self._below = below
        self._width = width
        self._depth = depth
        self.drawn: set[str] = set()
        self.opened: set[str] = set()  # those under which their own stand
        self.lines: list[Line] = []

    def draw(self, system: str, stem: str, branch: str, arrow: Arrow | None) -> None:
        """A system and what it needs. Iterative, so that a deep estate is no deep recursion."""
        stack: list[tuple[str, str, str, Arrow | None]] = [(system, stem, branch, arrow)]
        while stack:
            name, stem, branch, arrow = stack.pop()
            new = name not in self.drawn or (arrow is None and name not in self.opened)
            self.lines.append(self._line(name, stem + branch, arrow, new))
            if not new:
                continue
            self.drawn.add(name)
            inner = stem + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
            if self._depth is not None and len(inner) // 3 >= self._depth:
                continue
            self.opened.add(name)
            children = self._children(name)
            again = [child for child in children if child in self.drawn]
            fresh = [child for child in children if child not in self.drawn]
            if again:
                self.lines += self._again(again, inner + ("│  " if fresh else "   "))
            for at, child in enumerate(reversed(fresh)):
                stack.append((child, inner, "└─ " if at == 0 else "├─ ", self._below[name][child]))

    def _line(self, name: str, stem: str, arrow: Arrow | None, new: bool) -> Line:
        parts: list[Part] = [(stem, QUIET), (name, STRONG if arrow is None else "")]
        why = f"  {', '.join(arrow.reasons)}" if arrow else ""
        why += "" if new or not self._children(name) else "  (see above)"
        room = self._width - len(stem) - len(name)
        return line(*parts, (cut(why, room) if room > 8 else "", QUIET))

    def _again(self, names: Sequence[str], stem: str) -> list[Line]:
        text = f"also, see above: {', '.join(names)}"
        return [line((stem, QUIET), made) for made in (each.plain for each in para("", text, self._width - len(stem)))]

    def _children(self, name: str) -> list[str]:
        return list(self._below.get(name, ()))
