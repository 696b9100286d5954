"""What every simulated host understands: from a workspace, per acting host, line -> what it means. Pure.

* Only what the playbooks render for a host is known there, word for word; the rest is "unknown command".
* A line that means the same for several of a system's hosts, or several things that go together, is merged.
* What can't be told apart is a problem, found at the start and reported: one line with opposite effects; a question
  whose line is also a step; two systems that share a question but not what changes its answer; a probe that no answer
  can be made up for; a command that can't be said on its host's platform.
"""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from orchestrator.hosts.command_line import SUDO, inner_line
from orchestrator.model.plan import PlanCommand, PlanProbe, PlanStep
from orchestrator.model.terms import Mode, ProbeKind
from orchestrator.model.workspace import Workspace
from orchestrator.plan.commands import SystemCommands, commands_of
from orchestrator.run.survey.tools import tools_of_line
from orchestrator.twin.exemplar import NoExemplar, answer_for
from orchestrator.twin.meaning import (
    BRINGS_BACK,
    OPPOSITES,
    TAKES_DOWN,
    Answer,
    Effect,
    Kind,
    Meaning,
    common_answer,
)

PROBE_S = 0.05
EVIDENCE_S = 0.4
RETURNS_S = 2.0

Lines = dict[tuple[str, str], list[Meaning]]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """All that the simulated hosts know, and what is wrong with it."""

    tables: Mapping[str, Mapping[str, tuple[Meaning, ...]]]  # acting host -> line -> meanings
    cutters: Mapping[tuple[str, str], frozenset[str]]  # (system, own host) -> hosts on which it is cut off
    usual: Mapping[str, Effect]  # system -> what force does where nobody asked for a mode
    problems: tuple[str, ...]

    def meanings(self, host: str, line: str) -> tuple[Meaning, ...]:
        """What `line` means on `host`; () where nothing."""
        return self.tables.get(host, {}).get(line, ())

    def tools(self, host: str, *, sudo: bool) -> frozenset[str]:
        """The programs that there are on `host` for the user, or for root: those that the playbooks call there."""
        lines = [line for line in self.tables.get(host, {}) if line.startswith(SUDO) is sudo]
        return frozenset(tool for line in lines for tool in _programs(line.removeprefix(SUDO)))


def behaviour_of(ws: Workspace) -> Behaviour:
    """What the hosts of `ws` understand."""
    lines: Lines = {}
    usual: dict[str, Effect] = {}
    problems: list[str] = []
    for system in ws.inventory.systems:
        commands = commands_of(ws, system)
        modes = [mode for mode in (Mode.STOP, Mode.ISOLATE, Mode.POWEROFF) if mode in commands.shutdown]
        usual[system] = TAKES_DOWN[modes[0] if modes else Mode.STOP]
        for command, meaning in _meanings(system, commands, problems):
            if command.argv is not None or command.shell is not None:
                platform = ws.inventory.hosts[command.acting].platform
                try:
                    line = inner_line(platform, command.argv, command.shell, command.sudo)
                except ValueError as error:
                    problems.append(f"{system} {meaning.action} {meaning.step} on {command.acting}: {error}")
                    continue
                _add(lines.setdefault((command.acting, line), []), meaning)
    tables: dict[str, dict[str, tuple[Meaning, ...]]] = {host: {} for host in ws.inventory.hosts}
    cutters: dict[tuple[str, str], frozenset[str]] = {}
    for (host, line), meanings in lines.items():
        tables[host][line] = tuple(meanings)
        for meaning in meanings:
            if meaning.effect is Effect.CUT:
                for own in meaning.owns:
                    cutters[meaning.system, own] = cutters.get((meaning.system, own), frozenset()) | {host}
    problems += _ambiguities(lines)
    return Behaviour(tables, cutters, usual, tuple(dict.fromkeys(problems)))


def _programs(line: str) -> tuple[str, ...]:
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    inner = tools_of_line(words[2]) if words[:2] == ["/bin/sh", "-c"] and len(words) == 3 else ()
    return (*words[:1], *tools_of_line(line), *inner)


def _add(known: list[Meaning], meaning: Meaning) -> None:
    for n, other in enumerate(known):
        if (other.system, other.action, other.step, other.effect) == (
            meaning.system,
            meaning.action,
            meaning.step,
            meaning.effect,
        ):
            known[n] = replace(other, owns=tuple(dict.fromkeys((*other.owns, *meaning.owns))))
            return
    known.append(meaning)


def _meanings(
    system: str, commands: SystemCommands, problems: list[str]
) -> Iterator[tuple[PlanCommand | PlanStep, Meaning]]:
    for ask, probes in (
        (ProbeKind.STATE, commands.probes.state),
        (ProbeKind.ISOLATION, commands.probes.isolation),
        (ProbeKind.POWEROFF, commands.probes.poweroff),
    ):
        made: dict[tuple[object, object], Mapping[bool | None, Answer]] = {}
        for probe in probes:
            key = (probe.yes, probe.no)
            if key not in made:
                made[key] = _answers(system, ask, probe, problems)
            yield (
                probe,
                Meaning(
                    system,
                    (probe.host,),
                    Kind.PROBE,
                    "probe",
                    ask.value,
                    PROBE_S,
                    ask=ask,
                    probe=PlanProbe(host="-", timeout_s=1, yes=probe.yes, no=probe.no),
                    answers=made[key],
                ),
            )
    for evidence in commands.evidence:
        yield evidence, Meaning(system, (evidence.host,), Kind.EVIDENCE, "evidence", evidence.name, EVIDENCE_S)
    for check in commands.health:
        yield check, Meaning(system, (check.host,), Kind.HEALTH, "health", check.name, PROBE_S, exits=check.exits)
    for mode, steps in commands.shutdown.items():
        yield from _steps(system, "shutdown", steps, TAKES_DOWN[mode])
    for mode, steps in commands.restore.items():
        yield from _steps(system, "restore", steps, BRINGS_BACK[mode])
    yield from _steps(system, "force", commands.force, Effect.AS_ASKED)


def _answers(system: str, ask: ProbeKind, probe: PlanProbe, problems: list[str]) -> Mapping[bool | None, Answer]:
    answers: dict[bool | None, Answer] = {}
    for truth in (True, False, None):
        try:
            answers[truth] = answer_for(probe, truth)
        except NoExemplar as error:
            problems.append(f"{system}: {ask.value} probe: {error}")
    return answers


def _steps(system: str, action: str, steps: tuple[PlanStep, ...], effect: Effect) -> Iterator[tuple[PlanStep, Meaning]]:
    """The steps of one phase; of those without a mark, the last one does it."""
    marked = {step.id for step in steps if step.changes_state} or {step.id for step in steps[-1:]}
    for step in steps:
        does = TAKES_DOWN[step.leaves] if step.leaves is not None else effect if step.id in marked else None
        meaning = Meaning(system, (step.host,), Kind.STEP, action, step.id, step.expect_s, step.exits, does)
        if does is Effect.ON and step.disconnects:  # it returns at once, and is done when the host is back
            takes = min(step.expect_s, RETURNS_S)
            meaning = replace(meaning, takes_s=takes, boots_s=max(step.expect_s - takes, 1.0))
        yield step, meaning


# --- what can't be told apart ------------------------------------------------------------------------------------


def _ambiguities(lines: Lines) -> Iterator[str]:
    changing: dict[tuple[str, frozenset[Effect]], set[tuple[str, str]]] = {}
    for place, meanings in lines.items():
        for meaning in meanings:
            for pair in OPPOSITES:
                if meaning.effect in pair:
                    changing.setdefault((meaning.system, pair), set()).add(place)
    for (host, line), meanings in lines.items():
        where = f"{host}: {line!r}"
        effects = {meaning.effect for meaning in meanings if meaning.effect is not None}
        yield from (f"{where} has opposite effects: {_list(meanings)}" for pair in OPPOSITES if pair <= effects)
        asked = [meaning for meaning in meanings if meaning.kind in {Kind.PROBE, Kind.HEALTH}]
        if asked and effects:
            yield f"{where} is asked as a question and changes something: {_list(meanings)}"
        for truth in (True, False):
            if len(asked) > 1 and common_answer((meaning, truth) for meaning in asked) is None:
                yield f"{where} can't be answered so that all who ask read the same: {_list(asked)}"
        for ask, pair in ((ProbeKind.STATE, OPPOSITES[0]), (ProbeKind.ISOLATION, OPPOSITES[1])):
            systems = [meaning.system for meaning in asked if meaning.ask is ask]
            if len({frozenset(changing.get((system, pair), ())) for system in systems}) > 1:
                yield f"{where} asks after {' and '.join(systems)} alike, but other commands change each"


def _list(meanings: list[Meaning]) -> str:
    return ", ".join(f"{meaning.system} {meaning.action} {meaning.step}" for meaning in meanings)
