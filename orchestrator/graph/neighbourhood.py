"""What lies around a selection, to a depth, both ways: what it needs, and who needs it (section 9, `orch graph`)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Around(NamedTuple):
    """Systems by how many needs they are away from the nearest chosen one, which itself is 0 away."""

    needed: Mapping[str, int]
    users: Mapping[str, int]

    def systems(self) -> list[str]:
        """All of them, sorted."""
        return sorted({*self.needed, *self.users})


def around(
    needs: Iterable[tuple[str, str]], chosen: Iterable[str], *, down: int | None, up: int | None = None
) -> Around:
    """`needs`: (who needs, who is needed); `down` and `up`: so many needs far, None: all the way."""
    below: dict[str, list[str]] = {}
    above: dict[str, list[str]] = {}
    for system, needed in needs:
        below.setdefault(system, []).append(needed)
        above.setdefault(needed, []).append(system)
    start = sorted(chosen)
    return Around(_reached(below, start, down), _reached(above, start, up))


def _reached(nexts: Mapping[str, list[str]], start: list[str], depth: int | None) -> dict[str, int]:
    away = dict.fromkeys(start, 0)
    now, far = start, 0
    while now and (depth is None or far < depth):
        far += 1
        found: dict[str, None] = {}
        for system in now:
            found.update((other, None) for other in nexts.get(system, ()) if other not in away)
        away.update(dict.fromkeys(found, far))
        now = list(found)
    return away
