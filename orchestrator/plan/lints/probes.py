"""What proves that something is down, or up: probes that are missing, and answers that prove too little (section 3).

`state` must prove that the thing exists: a unit that is not there is not offline. Of exit codes that are no proof:

- `systemctl is-active`: 4 says that there is no such unit; systemd 252 says 3, as it does of a unit that is only
  activating;
- `systemctl status`: 4 likewise;
- 126 and 127 of anything say that the program could not be run;
- 1 on Windows is what every error of PowerShell ends with, and with PowerShell as the login shell every code but 0.

Output is looked at after exit 0 alone, and `is-active` leaves with another code for all that is not active.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from orchestrator.model.playbook import Argv, Manual, Playbook, Probe, Shell
from orchestrator.model.terms import Mode, Platform
from orchestrator.plan.lints.finding import Danger, Finding, Lint, counted
from orchestrator.plan.lints.whole import Whole, by_person

NO_PROBE = Lint(
    id="L10",
    title="A shutdown that nothing proves",
    danger=Danger.MISLED,
    means="The playbook takes systems offline in a mode and has no probe for it: `state` for stop, `isolation` for "
    "isolate. The task ends done because its commands said so, and is shown as unproven.",
    night="The authority asks at 06:00 whether the members' data is off the network. All that orch can say is that a "
    "command returned 0.",
    do="Ask a question that only reads and has three answers: yes, no, and anything else, which is unknown.",
    wrong="""\
kind: java-app
shutdown:
  stop: [{name: stop, argv: [systemctl, stop, "{unit}"], sudo: true}]
""",
    right="""\
kind: java-app
state:
  argv: [systemctl, show, -p, LoadState, -p, ActiveState, --value, "{unit}"]
  online: {output: 'loaded\\s+(active|reloading)'}
  offline: {output: '(loaded|masked)\\s+(inactive|failed)'}
""",
)
NO_HEALTH = Lint(
    id="L11",
    title="A system without a health check",
    danger=Danger.MISLED,
    means="The playbook brings systems back and has no `health`: they count as back as soon as their start command "
    "returned, whether they work or not, and what needs them is started on top.",
    night="The broker is up, says systemd. It waits for a node that is still down. Eleven applications are started on "
    "it, time out, and are reported to the customers as back.",
    do="At least one check that only a working system passes: a query, a login, a page.",
    wrong="""\
restore:
  stop: [{name: start, argv: [systemctl, start, "{unit}"], sudo: true}]
""",
    right="""\
health:
  - name: takes clients
    argv: [rabbitmq-diagnostics, -q, check_running]
    sudo: true
    within: 3m
""",
)
PROVES_NOTHING = Lint(
    id="L12",
    title="An answer that does not prove what it is taken for",
    danger=Danger.MISLED,
    means="A probe takes for an answer what is also said where the thing does not exist, or could not be asked at all: "
    "exit 4 or 3 of systemctl is-active, 126 or 127 of anything. Or it waits for an answer that never comes.",
    night="Somebody mistyped the unit. systemctl is-active says: no such unit, exit 4, offline. The task ends as "
    "already down, proven. The database goes on serving whoever has its passwords.",
    do="Ask systemctl show for LoadState and ActiveState: it says not-found of a unit that is not there, and leaves "
    "with 0, so that its output counts.",
    wrong="""\
state:
  argv: [systemctl, is-active, "{unit}"]
  online: [0]
  offline: [3, 4]
""",
    right="""\
state:
  argv: [systemctl, show, -p, LoadState, -p, ActiveState, --value, "{unit}"]
  online: {output: 'loaded\\s+(active|reloading)'}
  offline: {output: '(loaded|masked)\\s+(inactive|failed)'}
""",
)
_ASKS_SYSTEMCTL = re.compile(r"\s*(?:sudo\s+(?:-n\s+)?)?(?:[/a-z]+/)?systemctl\s+(?:-\S+\s+)*(is-active|status)\b")
_JOINED = re.compile(r"[|&;\n]")
_NOT_RUN = {126: "a program that can't be run", 127: "a program that is not there"}


def no_probe(whole: Whole) -> Iterator[Finding]:
    """Modes of a playbook that nothing proves."""
    for kind, systems in whole.by_kind.items():
        book = whole.ws.playbooks[kind]
        for mode, probe, name in ((Mode.STOP, book.state, "state"), (Mode.ISOLATE, book.isolation, "isolation")):
            steps = book.shutdown.get(mode, ())
            if probe is None and not by_person(steps):
                given = [id for id in systems if whole.modes[id] is mode]
                when = "will be unproven" if given else f"would be unproven with --mode {mode.value}"
                what = f'{kind} has "{mode.value}" and no {name} that proves it: {counted(given or systems)} {when}.'
                yield NO_PROBE.at(steps[0].source, what, f"Add {name}, a question that only reads.", given or systems)


def no_health(whole: Whole) -> Iterator[Finding]:
    """Playbooks that bring back without a check."""
    for kind, systems in whole.by_kind.items():
        book = whole.ws.playbooks[kind]
        steps = [step for mode in book.restore.values() for step in mode]
        if not book.health and any(not isinstance(step.do, Manual) for step in steps):
            what = f"{kind} has no health: {counted(systems)} will count as back without anything that shows it."
            yield NO_HEALTH.at(book.source, what, "Add a check that only a working system passes.", systems)


def proves_nothing(whole: Whole) -> Iterator[Finding]:
    """Answers of probes that prove too little."""
    for kind, systems in whole.by_kind.items():
        yield from _answers(whole.ws.playbooks[kind])
        yield from _answers_of_windows(whole, systems, whole.ws.playbooks[kind])


def _probes(book: Playbook) -> Iterator[tuple[str, Probe, str, str, str]]:
    """The probes that there are: name, probe, the words for its answers, and what the second counts as."""
    for name, probe, yes, no, counts_as in (
        ("state", book.state, "online", "offline", "down"),
        ("state.poweroff", book.poweroff_state, "online", "offline", "powered off"),
        ("isolation", book.isolation, "isolated", "open", "open"),
    ):
        if probe is not None:
            yield name, probe, yes, no, counts_as


def _answers_of_windows(whole: Whole, systems: Sequence[str], book: Playbook) -> Iterator[Finding]:
    for name, probe, yes, no, _ in _probes(book):
        keys = [key for key, match in ((yes, probe.yes), (no, probe.no)) if 1 in match.exits]
        if not keys:
            continue
        acting = {host for id in systems for host in whole.acting_hosts(whole.ours[id], probe.on)}
        asked = sorted(host for host in acting if whole.inventory.hosts[host].platform is Platform.WINDOWS)
        if asked:
            what = f"{name}.{keys[0]} lists exit 1, with which every error ends on {counted(asked, 'Windows host')}."
            yield PROVES_NOTHING.at(probe.source, what, "Let it print the answer, and match its output.", asked)


def _answers(book: Playbook) -> Iterator[Finding]:
    for name, probe, yes, no, counts_as in _probes(book):
        verb = _systemctl_verb(probe)
        told = list(_of_systemctl(probe, verb, name, no, counts_as)) if verb and name == "state" else []
        for key, match in ((yes, probe.yes), (no, probe.no)):
            told += [
                f"{name}.{key} lists exit {code}: {_NOT_RUN[code]} would count as an answer."
                for code in match.exits
                if code in _NOT_RUN
            ]
        for what in told:
            yield PROVES_NOTHING.at(probe.source, what, _ADVICE if verb else "Leave it out: unknown is an answer.")


_ADVICE = "Ask systemctl show -p LoadState -p ActiveState --value, and match its output."


def _systemctl_verb(probe: Probe) -> str:
    """`is-active` or `status` where a probe asks nothing but that of systemctl, else ""."""
    if isinstance(probe.do, Argv):
        words = [word for word in probe.do.items[1:] if not word.startswith("-")]
        asks = PurePosixPath(probe.do.items[0]).name == "systemctl" and words
        return words[0] if asks and words[0] in {"is-active", "status"} else ""
    assert isinstance(probe.do, Shell)
    found = _ASKS_SYSTEMCTL.match(probe.do.line)
    return found[1] if found and not _JOINED.search(probe.do.line) else ""


def _of_systemctl(probe: Probe, verb: str, name: str, no: str, counts_as: str) -> Iterator[str]:
    codes = probe.no.exits
    if 4 in codes:
        yield f"{name}.{no} lists exit 4 of systemctl {verb}: a unit that is not there would count as {counts_as}."
    if 3 in codes and verb == "is-active":
        yield (
            f"{name}.{no} lists exit 3 of systemctl is-active: on many systemds a unit that is not there, or is only "
            f"activating, says so too, and would count as {counts_as}."
        )
    if probe.no.output is not None:
        yield f"{name}.{no} waits for output of systemctl {verb}, which counts after exit 0 alone: it never comes."
