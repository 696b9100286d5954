"""What `orch probe` found: how many are fine, then all that is wrong, the worst first, with how to mend it.

What contradicts the estate comes first: something that must be down and is up. Then the hosts, those that are wrong in
the same way together, each followed by what to do next; then what nobody can say, what is worth knowing, with `--all`
every host and every system, and last the next command. What hosts said passes through `layout`, which neutralises it.
"""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence

from orchestrator.model.plan import Plan
from orchestrator.model.terms import EstateState, Found
from orchestrator.run.survey.findings import (
    FAILS_SYSTEM,
    HostFinding,
    HostState,
    Survey,
    SystemFinding,
    SystemState,
)
from orchestrator.show import words
from orchestrator.show.layout import BLANK, Cell, Column, Line, count, para, some, table
from orchestrator.show.next_steps import next_lines
from orchestrator.show.theme import BAD, DOUBT, GOOD, QUIET, STRONG

LABEL = 16
MOST = 15
"""So many different failures of a sort are shown before the rest is counted."""

_NAMES = 40
_LOOK = {
    SystemState.CAME_UP: BAD,
    SystemState.FOUND_DOWN: BAD,
    SystemState.LEARNT: DOUBT,
    SystemState.UNKNOWN: DOUBT,
    SystemState.UNASKED: DOUBT,
    SystemState.AS_BELIEVED: GOOD,
}


def probe_lines(
    survey: Survey, width: int, *, every: bool = False, then: Sequence[str] = (), place: str = ""
) -> list[Line]:
    """The page of `orch probe`. `then`: the next commands."""
    lines = [*_headline(survey, width), *_sections(survey, width)]
    if every:
        lines += [BLANK, *host_table(survey, width), BLANK, *system_table(survey, width)]
    return [*lines, BLANK, *next_lines(then, width, place)] if then else lines


def planned_lines(survey: Survey, plan: Plan, width: int) -> list[Line]:
    """The same for what a plan is about, to stand below it."""
    lines = [BLANK, *para("", f"PROBED  {headline(survey)}", width, style=STRONG)]
    ready = [finding.system for finding in survey.systems.values() if finding.ready]
    people = [task.id for task in plan.tasks if task.is_manual]
    if ready:
        text = f"{count(len(ready), 'system')}: {some(ready, _NAMES * 3)}; nothing will be sent to them"
        lines += para("Already so", text, width, indent=LABEL, label_style=STRONG)
    if people:
        lines += para("For a person", some(people, _NAMES * 3), width, indent=LABEL, label_style=STRONG)
    return [*lines, *_sections(survey, width)]


def headline(survey: Survey) -> str:
    """The answer: `54 hosts: 50 fine, 1 unreachable; 83 systems: 80 as believed, 2 found offline`."""
    hosts = Counter(finding.state for finding in survey.hosts.values())
    systems = Counter(finding.state for finding in survey.systems.values())
    host_order = (HostState.FINE, *(state for state in HostState if state is not HostState.FINE))
    system_order = (SystemState.AS_BELIEVED, *(s for s in SystemState if s is not SystemState.AS_BELIEVED))
    said_hosts = words.numbered((hosts[state], state.value) for state in host_order)
    said_systems = words.numbered((systems[state], state.value) for state in system_order)
    text = f"{count(len(survey.hosts), 'host')}: {said_hosts or 'none asked'}"
    return f"{text}; {count(len(survey.systems), 'system')}: {said_systems or 'none asked'}"


def _headline(survey: Survey, width: int) -> list[Line]:
    lines = para("" if survey.whole else "INTERRUPTED  ", headline(survey), width, style=STRONG, label_style=BAD)
    return lines + para("", f"Nothing was changed anywhere. It took {words.about(survey.took_s)}.", width)


def _sections(survey: Survey, width: int) -> list[Line]:
    """What contradicts the estate, which may be an attack going on; then what would fail; then what nobody can say."""
    hosts = [host for host in survey.hosts.values() if any(trouble.fails for trouble in host.troubles)]
    bad = sorted(
        (each for each in survey.systems.values() if each.state in FAILS_SYSTEM),
        key=lambda each: (list(SystemState).index(each.state), each.system),
    )
    differ, dark = (
        [each for each in bad if (each.state in {SystemState.UNKNOWN, SystemState.UNASKED}) is unseen]
        for unseen in (False, True)
    )
    lines: list[Line] = []
    for title, part in (
        ("SYSTEMS that are not as the estate believes", _systems(differ, width)),
        ("HOSTS that would fail", _troubles(hosts, width, fails=True)),
        ("SYSTEMS of which nobody can say how they are", _systems(dark, width)),
        ("Worth knowing", [*_found_before(survey, width), *_quiet(survey, width)]),
    ):
        if part:
            lines += [BLANK, *para("", title, width, style=STRONG), *part]
    return lines


# --- hosts


def _troubles(hosts: Sequence[HostFinding], width: int, *, fails: bool) -> list[Line]:
    """One entry for each thing that is wrong, with all the hosts that it is said of."""
    order = list(HostState)
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for host in sorted(hosts, key=lambda each: (order.index(each.state), each.host)):
        for trouble in host.troubles:
            if trouble.fails is fails:
                label = host.state.value if fails and trouble is host.troubles[0] else trouble.code
                key = (label, trouble.what, trouble.mend, trouble.command)
                groups.setdefault(key, []).append(host.host)
    lines: list[Line] = []
    for (label, what, mend, command), names in list(groups.items())[:MOST]:
        text = f"{some(names, max(width - LABEL, _NAMES))}: {what}"
        lines += para(f" {label}", text, width, indent=LABEL, label_style=BAD if fails else "")
        if mend:
            lines += para("", mend, width, indent=LABEL, style=QUIET)
        if command:
            lines += para("", command, width, indent=LABEL + 2)
    if len(groups) > MOST:
        rest = sum(len(names) for names in list(groups.values())[MOST:])
        lines += para("", f"and {rest} more; --json has them all", width, indent=LABEL)
    return lines


def _quiet(survey: Survey, width: int) -> list[Line]:
    return [*_away(survey, width), *_troubles(_not_away(survey), width, fails=False)]


def _not_away(survey: Survey) -> list[HostFinding]:
    return [host for host in survey.hosts.values() if host.state is not HostState.AWAY]


def _away(survey: Survey, width: int) -> list[Line]:
    hosts = [host.host for host in survey.hosts.values() if host.state is HostState.AWAY]
    systems = [each.system for each in survey.systems.values() if each.state is SystemState.AWAY]
    if not hosts:
        return []
    text = f"{count(len(hosts), 'host')} out of reach, as a run left it: {some(hosts, _NAMES * 2)}"
    lines = para(f" {HostState.AWAY.value}", text, width, indent=LABEL)
    if systems:
        text = f"so nobody can say how they are: {some(systems, _NAMES * 2)}"
        lines += para("", text, width, indent=LABEL)
    return lines


# --- systems


def _systems(findings: Sequence[SystemFinding], width: int) -> list[Line]:
    groups: dict[tuple[SystemState, str, str], list[str]] = {}
    for finding in findings:
        seen = "can't be asked, because of the hosts above" if _is_shadowed(finding) else finding.seen
        groups.setdefault((finding.state, seen, _belief(finding)), []).append(finding.system)
    lines: list[Line] = []
    for (state, seen, belief), names in list(groups.items())[:MOST]:
        shown = some(names, max(2 * (width - LABEL), _NAMES))
        lines += para(
            f" {state.value}", f"{shown}: {seen}{belief}", width, indent=LABEL, label_style=_LOOK.get(state, "")
        )
    if len(groups) > MOST:
        rest = sum(len(names) for names in list(groups.values())[MOST:])
        lines += para("", f"and {rest} more; --json has them all", width, indent=LABEL)
    return lines


def _is_shadowed(finding: SystemFinding) -> bool:
    """Whether it is not known for no other reason than that hosts, told above, could not be asked."""
    silent = [each for each in finding.answers if each.found is Found.UNKNOWN or each.found.is_refusal]
    return finding.state is SystemState.UNKNOWN and bool(silent) and all(each.found.is_refusal for each in silent)


def _belief(finding: SystemFinding) -> str:
    """What the estate says, where that is more than that it is online."""
    if finding.run is not None:
        return f" (believed {finding.believed.value}, by run {finding.run})"
    if finding.state is SystemState.FOUND_DOWN:
        return f" (believed {finding.believed.value}; no run took it offline)"
    return "" if finding.believed is EstateState.ONLINE else f" (believed {finding.believed.value})"


def _found_before(survey: Survey, width: int) -> list[Line]:
    names = [finding.system for finding in survey.systems.values() if finding.found_before]
    if not names:
        return []
    text = f"{some(names, _NAMES * 2)}: not by orch, and known; a restore leaves it so"
    return para(" found offline", text, width, indent=LABEL)


# --- every one


def host_table(survey: Survey, width: int) -> list[Line]:
    """Every host with its measures."""
    columns = [
        Column("host", least=14, greed=2),
        Column("is", most=16),
        Column("login", right=True, most=8),
        Column("clock", right=True, most=9),
        Column("sudo", most=7),
        Column("tools", most=9),
        Column("receipts", least=8, greed=1),
        Column("shell", least=6, greed=1),
    ]
    rows: list[list[Cell]] = []
    for host in survey.hosts.values():
        style = GOOD if host.state is HostState.FINE else BAD if host.state is not HostState.AWAY else ""
        rows.append(
            [
                host.host,
                (host.state.value, style),
                "-" if host.login_s is None else f"{host.login_s:.2f} s",
                "-" if host.clock is None else f"{host.clock.seconds:+.1f} s",
                {True: "yes", False: "refused", None: "-"}[host.sudo],
                _tools(host),
                _receipts(host),
                host.shell or "-",
            ]
        )
    return table(columns, rows, width)


def _tools(host: HostFinding) -> str:
    if not host.tools:
        return "-"
    found = sum(tool.path is not None for tool in host.tools)
    return f"{found} of {len(host.tools)}"


def _receipts(host: HostFinding) -> str:
    if host.receipts is None:
        return "-"
    return (host.receipts.folder or "none") if host.receipts.works else "none"


def system_table(survey: Survey, width: int) -> list[Line]:
    """Every system, what it is believed to be and what was seen."""
    columns = [
        Column("system", least=16, greed=2),
        Column("is", most=16),
        Column("believed", most=9),
        Column("seen", least=20, greed=3),
    ]
    rows: list[list[Cell]] = [
        [each.system, (each.state.value, _LOOK.get(each.state, "")), each.believed.value, each.seen]
        for each in survey.systems.values()
    ]
    return table(columns, rows, width)


def next_commands(survey: Survey, selection: Sequence[str] = (), inventory: str | None = None) -> list[str]:
    """What to type next, by what was found of the systems that `selection` means."""
    named = f" -i {shlex.quote(inventory)}" if inventory else ""
    asked = f" {shlex.join(selection)}" if selection else ""
    by_state: Mapping[SystemState, list[SystemFinding]] = {
        state: [each for each in survey.systems.values() if each.state is state] for state in SystemState
    }
    up, learnt = by_state[SystemState.CAME_UP], by_state[SystemState.LEARNT]
    then = []
    if up:
        then.append(f"orch shutdown {up[0].system} --dry-run{named}")
    then += [f"orch show {each.run}" for each in learnt[:1] if each.run is not None]
    if survey.failed:
        again = _again(survey)
        then.append(f"orch probe{f' {again}' if again else asked}{named}")
    if any(each.believed in {EstateState.OFFLINE, EstateState.ISOLATED} for each in survey.systems.values()):
        return then or [f"orch probe --watch{named}", f"orch restore{asked} --dry-run --probe{named}"]
    return then or [f"orch shutdown{asked} --dry-run --probe{named}"]


def _again(survey: Survey) -> str:
    """The systems of one thing that failed, to ask again once it is mended."""
    bad = [each.system for each in survey.systems.values() if each.state in FAILS_SYSTEM]
    return bad[0] if len(bad) == 1 else ""
