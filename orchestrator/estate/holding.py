"""Which open runs hold which systems (section 6): an unfinished task keeps its system from other plans."""

from collections.abc import Iterable, Mapping

from orchestrator.model.estate import Estate


def holders(estate: Estate, systems: Iterable[str], *, but: str | None = None) -> Mapping[str, tuple[str, ...]]:
    """The open runs that hold some of `systems`, with those that they hold, sorted; `but` is left out."""
    wanted = frozenset(systems)
    found = {run.run: tuple(sorted(run.holds & wanted)) for run in estate.open_runs if run.run != but}
    return {run: held for run, held in found.items() if held}
