"""Carries out a survey: files and estate in, connections, the page and the exit code out (contract section 9).

What is asked and what answers mean is decided in `run/survey`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestrator.cli import options
from orchestrator.cli.executing import asked_to_stop
from orchestrator.cli.exit_codes import Code
from orchestrator.cli.probe_document import probe_document
from orchestrator.cli.required_secrets import secrets_beside
from orchestrator.cli.situation import Situation, estate_of, now, situation
from orchestrator.graph.selection import select
from orchestrator.hosts.ssh import SshCarrier
from orchestrator.model.plan import Plan
from orchestrator.run.stop import Stop
from orchestrator.run.survey.drive import Drive
from orchestrator.run.survey.findings import Survey
from orchestrator.run.survey.wanted import Wanted, wanted, wanted_of_plan
from orchestrator.run.survey.watch import Round, watch
from orchestrator.show import console, words
from orchestrator.show.layout import BLANK, count, line, para
from orchestrator.show.next_steps import next_lines
from orchestrator.show.probe_live import ProgressLine, round_lines
from orchestrator.show.probe_view import next_commands, planned_lines, probe_lines


def look_at(root: Path, inventory: str | None, selection: tuple[str, ...], *, every: bool, as_json: bool) -> Code:
    """`orch probe`."""
    here = situation(root, inventory)
    systems = select(here.workspace, selection)
    survey = survey_of(here, wanted(here.workspace, here.estate, systems, every_host=not selection))
    if as_json:
        console.document(probe_document(survey, here.estate.head))
    else:
        then = next_commands(survey, selection, inventory)
        console.answer(probe_lines(survey, console.width(), every=every, then=then, place=options.place(root)))
    return code_of(survey)


def look_beside(here: Situation, plan: Plan, *, then: Sequence[str]) -> Code:
    """What `--probe` finds for a plan, below the plan; `then`: the next commands."""
    survey = survey_of(here, wanted_of_plan(here.workspace, here.estate, plan))
    width = console.width()
    console.answer([*planned_lines(survey, plan, width), BLANK, *next_lines(then, width)])
    return code_of(survey)


def document_beside(here: Situation, plan: Plan, document: Mapping[str, Any]) -> Code:
    """The same as one document that holds both."""
    survey = survey_of(here, wanted_of_plan(here.workspace, here.estate, plan))
    probed = probe_document(survey, here.estate.head)
    console.document({"format": "orch-dry-run/1", "plan": document, "probe": probed})
    return code_of(survey)


def survey_of(here: Situation, asked: Wanted) -> Survey:
    """Asks, with a line of progress, until all have answered, the time is up, or Ctrl-C."""
    stop, parallel = Stop(), here.workspace.protocol.parallel
    carrier = SshCarrier(root=here.root, parallel=parallel, secrets=secrets_beside(here.workspace))
    try:
        with ProgressLine(console.err()) as progress, asked_to_stop(stop):
            return Drive(carrier, asked, stop, progress.tell, parallel=parallel).run()
    finally:
        carrier.close()


def code_of(survey: Survey) -> Code:
    """The exit code of a survey."""
    if not survey.whole:
        return Code.INTERRUPTED
    return Code.FAILED if survey.failed else Code.DONE


def watch_over(root: Path, inventory: str | None, selection: tuple[str, ...], *, every_s: float) -> Code:
    """`orch probe --watch`."""
    here = situation(root, inventory)
    named = select(here.workspace, selection) if selection else ()
    asked = _watched(here, named)()
    if not asked.systems:
        console.answer([line("NOTHING to watch: no run has taken anything down. Name what to watch: SEL.")])
        return Code.DONE
    what = f"{count(len(asked.systems), 'system')}, every {words.about(every_s)}; times are UTC"
    console.answer(para("", f"WATCHING {what}. Ctrl-C ends it.", console.width()))
    stop, parallel, began = Stop(), here.workspace.protocol.parallel, now()
    carrier = SshCarrier(root=here.root, parallel=parallel, secrets=secrets_beside(here.workspace))
    rounds = 0

    def tell(found: Round) -> None:
        nonlocal rounds
        rounds = found.nth
        console.answer(round_lines(found, f"{now():%H:%M:%S}", console.width()))
        progress.rest(f"{now():%H:%M:%S} UTC: asked {rounds} times; again in {found.next_s:.0f} s; Ctrl-C ends it")

    try:
        with ProgressLine(console.err()) as progress, asked_to_stop(stop):
            alarmed = watch(
                carrier,
                _watched(here, named),
                stop,
                tell,
                progress.tell,
                parallel=parallel,
                every_s=every_s,
            )
    finally:
        carrier.close()
    return _end(alarmed, rounds, began)


def _watched(here: Situation, named: tuple[str, ...]) -> Callable[[], Wanted]:
    """What must be down by the runs' word at that moment, and what was named."""

    besides = frozenset(named)

    def believed() -> Wanted:
        estate = estate_of(here.root)
        down = [id for id in here.workspace.inventory.systems if estate.record(id).deeds or id in besides]
        return wanted(here.workspace, estate, down)

    return believed


def _end(alarmed: bool, rounds: int, began: datetime) -> Code:
    took = words.about((now() - began).total_seconds())
    said = "something that must be down CAME UP, see above" if alarmed else "nothing that must be down was seen up"
    console.answer(para("", f"Watched for {took}, {count(rounds, 'round')}: {said}.", console.width()))
    return Code.FAILED if alarmed else Code.DONE
