"""Who notices, in one paragraph: services by whom they fail for, those of one customer only counted."""

from collections.abc import Iterable, Sequence

NAMED = 12


def affected_text(services: Iterable[tuple[str, Sequence[str]]], everybody: int) -> str:
    """`eAU, DiGA (all 8 customers) · telephony (bkk-nord, bkk-sued)` of services with the customers that they fail.

    `everybody` is how many customers there are to fail. Without services an empty text.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, customers in services:
        groups.setdefault(tuple(customers), []).append(name)
    shared = sorted((who for who in groups if len(who) != 1), key=lambda who: (-len(who), groups[who]))
    said = [f"{', '.join(groups[who])} ({_who(who, everybody)})" for who in shared]
    alone = {who[0]: names for who, names in groups.items() if len(who) == 1}
    if len(alone) == 1:
        said += [f"{', '.join(names)} ({who})" for who, names in alone.items()]
    elif alone:
        number = sum(len(names) for names in alone.values())
        each = ", ".join(f"{who} {len(alone[who])}" for who in list(alone)[:NAMED])
        each += f", and {len(alone) - NAMED} more customers" if len(alone) > NAMED else ""
        said.append(f"{number} services of one customer each ({each})")
    return " · ".join(said)


def _who(customers: tuple[str, ...], everybody: int) -> str:
    if len(customers) == everybody and everybody > 2:
        return f"all {everybody} customers"
    return ", ".join(customers) if len(customers) <= 2 else f"{len(customers)} customers"
