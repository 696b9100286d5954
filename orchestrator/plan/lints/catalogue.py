"""Every lint, by id, and the rule that finds it; an id is for ever, whatever becomes of the lint."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from orchestrator.model.errors import UsageError
from orchestrator.model.workspace import Workspace
from orchestrator.plan.lints import (
    isolation,
    probes,
    protocol,
    reach,
    redundancy,
    serves,
    shared_hosts,
    steps,
    unused,
    ways,
)
from orchestrator.plan.lints.finding import Finding, Lint
from orchestrator.plan.lints.whole import Whole

Rule = Callable[[Whole], Iterable[Finding]]

_ON_DISK = reach.KEY_FILE  # found by whoever looked at the files: see `lints_of`
_RULES: tuple[tuple[Lint, Rule], ...] = (
    (ways.WAY_FIRST, ways.way_first),
    (shared_hosts.HOST_UNDER_ANOTHER, shared_hosts.host_under_another),
    (redundancy.SINGLE_GATEWAY, redundancy.single_gateway),
    (redundancy.TOGETHER, redundancy.together),
    (reach.NAME, reach.name_as_address),
    (reach.NO_KEY, reach.no_host_key),
    (isolation.FOR_GOOD, isolation.for_good),
    (isolation.ASKED_ITSELF, isolation.asked_itself),
    (probes.NO_PROBE, probes.no_probe),
    (probes.NO_HEALTH, probes.no_health),
    (probes.PROVES_NOTHING, probes.proves_nothing),
    (steps.NO_RECEIPT, steps.no_receipt),
    (steps.LACKS_MODE, steps.lacks_mode),
    (steps.NO_WAY_BACK, steps.no_way_back),
    (steps.NO_FORCE, steps.no_force),
    (protocol.MATCHES_NOTHING, protocol.matches_nothing),
    (protocol.STAYS_UP, protocol.stays_up),
    (serves.ACROSS, serves.across),
    (serves.UNNOTICED, serves.unnoticed),
    (serves.NO_SERVICE, serves.no_service),
    (unused.PLAYBOOK, unused.unused_playbook),
    (unused.HOST, unused.unused_host),
    (unused.ZONE, unused.unused_zone),
)

CATALOGUE: Mapping[str, Lint] = {
    lint.id: lint for lint in sorted((_ON_DISK, *(lint for lint, _ in _RULES)), key=lambda lint: lint.id)
}
"""All lints, by id."""


def lints_of(ws: Workspace, key_files: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    """All that looks dangerous in one inventory. `key_files`: what is wrong with key files on the disk, by name."""
    whole = Whole(ws)
    found = [finding for _, rule in _RULES for finding in rule(whole)]
    found += reach.key_files(whole, key_files or {})
    return by_danger(found)


def by_danger(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The most dangerous first, those of one lint together, each once."""
    return tuple(
        sorted(
            dict.fromkeys(findings),
            key=lambda one: (CATALOGUE[one.id].danger, one.id, one.source, one.what),
        )
    )


def of_all(by_inventory: Sequence[Sequence[Finding]], *, all_looked_at: bool = True) -> tuple[Finding, ...]:
    """What was found in several inventories, together. What is said of a file that they share holds only where it
    holds for each of them, and so is said only where all were looked at."""
    places = [{_said(one) for one in findings} for findings in by_inventory]
    kept: dict[tuple[object, ...], Finding] = {}
    for findings in by_inventory:
        for one in findings:
            if not CATALOGUE[one.id].everywhere:
                kept.setdefault((one,), one)
            elif all_looked_at and all(_said(one) in there for there in places):
                kept.setdefault(_said(one), one)
    return by_danger(kept.values())


def _said(one: Finding) -> tuple[object, ...]:
    return one.id, one.source, one.what


def lint_named(text: str) -> Lint:
    """The lint that a person means. Raises UsageError with all there are."""
    asked = text.strip().upper()
    lint = CATALOGUE.get(asked)
    if lint is not None:
        return lint
    number = asked.removeprefix("L").lstrip("0")
    near = [
        f"{id} ({lint.title})"
        for id, lint in CATALOGUE.items()
        if asked and (id.removeprefix("L").lstrip("0") == number or asked in lint.title.upper())
    ]
    meant = f"Did you mean {' or '.join(near[:3])}? " if near else ""
    ids = list(CATALOGUE)
    advice = f"{meant}There are {ids[0]} to {ids[-1]}; what each is: orch check --explain all"
    raise UsageError(f'"{text}" is no lint.', advice)
