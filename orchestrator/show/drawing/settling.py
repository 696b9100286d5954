"""Where things in a row come to lie when each wishes to be somewhere, and none may pass another."""

from collections.abc import Sequence


def settle(wishes: Sequence[float], low: float, high: float) -> list[float]:
    """Places between `low` and `high`, in the order given and never falling, as near to the wishes as they can be
    (least squares: neighbours that would pass each other share the mean of their wishes)."""
    blocks: list[tuple[float, int]] = []  # the mean of so many
    for wish in wishes:
        mean, number = wish, 1
        while blocks and blocks[-1][0] > mean:
            before, many = blocks.pop()
            mean = (before * many + mean * number) / (many + number)
            number += many
        blocks.append((mean, number))
    return [min(max(mean, low), max(high, low)) for mean, number in blocks for _ in range(number)]


def settle_apart(wishes: Sequence[float], low: float, high: float, apart: float) -> list[float]:
    """The same, each at least `apart` from the next: less where there is not so much room."""
    if len(wishes) < 2:
        return settle(wishes, low, high)
    step = min(apart, (high - low) / (len(wishes) - 1)) if high > low else 0.0
    starts = settle([wish - step * at for at, wish in enumerate(wishes)], low, high - step * (len(wishes) - 1))
    return [start + step * at for at, start in enumerate(starts)]
