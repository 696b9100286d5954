"""What a host's answer means, and how to mend what is wrong with it (contract sections 6, 8, 9). Pure.

- A refusal is the host's whole story: nothing else was asked. One that a run's own work explains is no failure.
- `sudo -n true` stands for all of sudo; tools are judged one by one, where sudo could not look they are not known.
- A clock's offset lies between bounds that the round trip gives; it is told where it is surely past `CLOCK_S`.
- What is only worth knowing (clock, receipts, login shell, a slow login) fails nothing.
"""

import re
from collections.abc import Sequence

from orchestrator.hosts import sudo
from orchestrator.hosts.look import LookCall, Looked, parse_look
from orchestrator.hosts.port import Outcome, OutcomeState, Times
from orchestrator.model.terms import Found, Platform
from orchestrator.plan.phrases import names
from orchestrator.run.survey.findings import HostFinding, HostState, Offset, ToolFinding, Trouble
from orchestrator.run.survey.wanted import HostWish

CLOCK_S = 2.0
SLOW_S = 5.0
SOME = 3
"""So many names stand in a finding before the rest is counted."""
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "busybox", "rbash"})
_REFUSALS = {Found.KEY: HostState.KEY, Found.LOGIN: HostState.LOGIN, Found.UNREACHABLE: HostState.UNREACHABLE}


def look_call(wish: HostWish) -> LookCall:
    """What a Linux host is asked."""
    return LookCall(wish.host.user, bool(wish.sudo_for), wish.names(sudo=False), wish.names(sudo=True))


def judged(wish: HostWish, outcome: Outcome | None) -> HostFinding:
    """The finding of a host; `outcome` None: it had not answered when the survey was ended."""
    if outcome is None:
        return _finding(wish, HostState.UNASKED, (Trouble("unasked", "was not asked, or had not answered yet"),))
    if outcome.state is OutcomeState.UNREACHABLE:
        return _refused(wish, outcome)
    times = outcome.times
    if outcome.state is not OutcomeState.DONE:
        what = f"takes the login, but gives no answer: {outcome.why}"
        return _finding(wish, HostState.NO_ANSWER, (Trouble("answer", what, "By hand:", _by_hand(wish)),), times)
    if outcome.result is None:  # a login was all that was asked
        return _finding(wish, HostState.FINE, _slow(times), times)
    looked = parse_look(look_call(wish), outcome.result.stdout)
    if looked is None:
        said = _first(outcome.result.stdout + b"\n" + outcome.result.stderr)
        what = f"takes the login, but can't be asked (exit {outcome.result.exit}{f': {said}' if said else ''})"
        return _finding(wish, HostState.NO_ANSWER, (Trouble("answer", what, "By hand:", _by_hand(wish)),), times)
    return _looked(wish, looked, times)


def offset_of(looked: Looked, times: Times) -> Offset | None:
    """Between which bounds a host's clock is off; None where it told none, or one that makes no sense."""
    if looked.clock is None:
        return None
    first, last = looked.clock
    # It told `first` at the earliest when we had sent, and `last` at the latest when we had the answer.
    least, most = last - times.ended, first + looked.resolution - times.began
    return Offset(least, most) if last >= first and least <= most else None


def _looked(wish: HostWish, looked: Looked, times: Times | None) -> HostFinding:
    tools = _tools(wish, looked)
    troubles = [*_sudo(wish, looked), *_missing(wish, looked, tools)]
    failed = [trouble.code for trouble in troubles]
    state = HostState.SUDO if "sudo" in failed else HostState.TOOLS if "tool" in failed else HostState.FINE
    clock = None if times is None else offset_of(looked, times)
    troubles += [*_unknown_tools(tools), *_clock(looked, clock), *_receipts(wish, looked), *_shell(looked)]
    return HostFinding(
        host=wish.id,
        reached=wish.host,
        state=state,
        troubles=(*troubles, *_slow(times)),
        login_s=None if times is None else times.login_s,
        answer_s=None if times is None else times.ended - times.began,
        shell=looked.shell,
        sudo=None if looked.sudo is None else looked.sudo[0] == 0,
        clock=clock,
        receipts=looked.receipts,
        tools=tools,
    )


def _finding(wish: HostWish, state: HostState, troubles: Sequence[Trouble], times: Times | None = None) -> HostFinding:
    login = None if times is None else times.login_s
    return HostFinding(wish.id, wish.host, state, tuple(troubles), login_s=login)


# --- not reached


def _refused(wish: HostWish, outcome: Outcome) -> HostFinding:
    found = outcome.refusal or Found.UNREACHABLE
    state = _REFUSALS.get(found, HostState.UNREACHABLE)
    what = re.sub(rf"^{re.escape(wish.id)}[:,]? ", "", outcome.why)
    if state is HostState.UNREACHABLE and wish.away is not None:
        return _finding(wish, HostState.AWAY, (Trouble("away", f"{what}; {wish.away}", fails=False),))
    mend = command = ""
    if what.startswith("gateway "):
        mend = "Look at the gateway first."
    elif state is HostState.KEY:
        what, mend, command = _key(wish, what)
    elif state is HostState.LOGIN:
        mend = _authorise(wish)
    else:
        where = f", from {wish.host.via[0][-1]}" if wish.host.via else ""
        mend, command = f"Has it power, does its sshd run? Try its port{where}:", f"nc -vz {_address(wish)}"
    return _finding(wish, state, (Trouble(found.value, what, mend, command),))


def _key(wish: HostWish, what: str) -> tuple[str, str, str]:
    host = wish.host
    if not host.keys:
        name = wish.id if host.port == 22 else f"[{host.address}]:{host.port}"
        what = "known_hosts has no key for it, so it was not contacted"
        mend = f"Read its key at its console, and write into known_hosts: {name} TYPE KEY"
        return what, mend, "cat /etc/ssh/ssh_host_ed25519_key.pub"
    mend = "If its console shows that key too, and somebody can say why it changed, replace its line in known_hosts:"
    return what, mend, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"


def _authorise(wish: HostWish) -> str:
    key = f"the public key of {wish.host.identity}" if wish.host.identity else "your public key (ssh-add -L)"
    return f"Into ~{wish.host.user}/.ssh/authorized_keys on it: {key}"


def _address(wish: HostWish) -> str:
    return f"{wish.host.address} {wish.host.port}"


def _by_hand(wish: HostWish) -> str:
    host = wish.host
    jump = f" -J {wish.jump}" if wish.jump else ""
    return f"ssh{jump} -p {host.port} {host.user}@{host.address} true"


# --- reached


def _sudo(wish: HostWish, looked: Looked) -> list[Trouble]:
    if not wish.sudo_for or (looked.sudo is not None and looked.sudo[0] == 0):
        return []
    code, said = looked.sudo or (1, "it said nothing")
    words = sudo.refused(code, b"", said.encode()) or f"exit {code}: {said.splitlines()[-1] if said else 'no word'}"
    user = wish.host.user
    mend = f"On it, as root, with the line: {user} ALL=(root) NOPASSWD: ALL"
    what = f"sudo -n refuses {user} ({words}); needed for {names(wish.sudo_for, SOME)}"
    return [Trouble("sudo", what, mend, "visudo -f /etc/sudoers.d/orch")]


def _tools(wish: HostWish, looked: Looked) -> tuple[ToolFinding, ...]:
    known = {(tool.name, tool.sudo): tool for tool in looked.tools}
    found = []
    for tool in wish.tools:
        one = known.get((tool.name, tool.sudo))
        path = None if one is None else one.path
        found.append(ToolFinding(tool.name, tool.sudo, tool.users, path, asked=one is not None))
    return tuple(found)


def _missing(wish: HostWish, looked: Looked, tools: Sequence[ToolFinding]) -> list[Trouble]:
    beside = {tool.name: tool.beside for tool in looked.tools if not tool.sudo}
    troubles = []
    for tool in tools:
        if not tool.asked or tool.path is not None:
            continue
        lies = None if tool.sudo else beside.get(tool.name)
        what = f"{tool.name} is not found{' by sudo' if tool.sudo else ''}; it is called for {names(tool.users, SOME)}"
        if lies:
            mend = f"It is {lies}, outside of the PATH of {wish.host.user}: write the whole path into the playbook."
        else:
            mend = "Install it there, or mend the playbook."
        troubles.append(Trouble("tool", what, mend))
    return troubles


def _unknown_tools(tools: Sequence[ToolFinding]) -> list[Trouble]:
    unknown = sorted({tool.name for tool in tools if not tool.asked})
    if not unknown:
        return []
    return [Trouble("tool-unknown", f"sudo would not look for {names(unknown, SOME)}", fails=False)]


def _clock(looked: Looked, clock: Offset | None) -> list[Trouble]:
    if clock is None:
        if looked.clock is None:
            return [Trouble("clock", "tells no time", fails=False)]
        return [Trouble("clock", "its clock jumped while it was asked, or lies", fails=False)]
    if clock.least <= CLOCK_S and clock.most >= -CLOCK_S:
        return []
    direction = "ahead of" if clock.seconds > 0 else "behind"
    off, about = abs(clock.seconds), clock.give_or_take
    what = f"its clock is {_seconds(off)} {direction} ours (give or take {_seconds(about)})"
    return [Trouble("clock", what, "On it, and on this machine:", "date -u; timedatectl", fails=False)]


def _receipts(wish: HostWish, looked: Looked) -> list[Trouble]:
    place = looked.receipts
    if wish.host.platform is not Platform.LINUX or not wish.host.receipts or place is None or place.works:
        return []
    command = ""
    if place.folder is None:
        why, mend = "neither /run/orch nor /run/lock is writable", "On it, as root:"
        command = "echo d /run/orch 1777 root root >/etc/tmpfiles.d/orch.conf; systemd-tmpfiles --create"
    elif place.state == "foreign":
        why, mend = f"{place.folder}/orch-{wish.host.user} is not {wish.host.user}'s own folder", "See who made it."
    else:
        why, mend = f"{', '.join(place.lacks)} is missing there", "Install util-linux and coreutils."
    what = f"keeps no receipts: {why}. A lost connection is settled by probes alone"
    return [Trouble("receipts", what, mend, command, fails=False)]


def _shell(looked: Looked) -> list[Trouble]:
    name = (looked.shell or "").rpartition("/")[2]
    if not name or name in _SHELLS:
        return []
    what = f"the login shell is {looked.shell}; orch's commands go through /bin/sh, its start-up files run before each"
    return [Trouble("shell", what, fails=False)]


def _slow(times: Times | None) -> list[Trouble]:
    if times is None or times.login_s < SLOW_S:
        return []
    mend = "On it: sshd's UseDNS and PAM are the usual reasons."
    return [Trouble("slow", f"the login takes {_seconds(times.login_s)}", mend, fails=False)]


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.0f} min" if value < 6000 else f"{value / 3600:.0f} h"


def _first(data: bytes) -> str:
    """The first line that says something, bounded."""
    lines = data[:4096].decode("utf-8", "replace").splitlines()
    return next((line.strip()[:120] for line in lines if line.strip()), "")
