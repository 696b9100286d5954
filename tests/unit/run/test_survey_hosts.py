"""What a host's answer means: how it is, what would fail there, and what mends it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.hosts.look import LookCall, Looked
from orchestrator.hosts.port import Outcome, OutcomeState, Result, Times
from orchestrator.model.plan import PlanHost
from orchestrator.model.terms import Found, Platform
from orchestrator.run.survey.findings import HostFinding, HostState, Trouble
from orchestrator.run.survey.host_findings import judged, look_call, offset_of
from orchestrator.run.survey.wanted import HostWish, ToolWish

HOST = PlanHost(
    address="10.1.0.3",
    port=22,
    user="orch",
    platform=Platform.LINUX,
    identity="keys/orch",
    via=(("gate",),),
    keys=("SHA256:abc",),
)
TOOLS = (ToolWish("nft", True, ("fw",)), ToolWish("ss", False, ("fw", "db")))
WISH = HostWish("web", HOST, sudo_for=("fw",), tools=TOOLS, jump="orch@10.1.0.1:22")
NOW = 1_700_000_000.0
TIMES = Times(login_s=0.2, began=NOW, ended=NOW + 0.4)
ANSWER = """
orch-look begin 1
orch-look clock 1700000000.200000000
orch-look shell /bin/bash
orch-look receipts /run/lock new -
orch-look tool 1 /usr/bin/ss
orch-look sudo 0
orch-look root 1 /usr/sbin/nft
orch-look clock 1700000000.300000000
orch-look end
"""


def done(stdout: str, *, exit: int = 0, times: Times = TIMES) -> Outcome:
    data = stdout.encode()
    return Outcome(OutcomeState.DONE, Result(exit, data, b"", (len(data), 0)), times=times)


def refused(found: Found, why: str) -> Outcome:
    return Outcome(OutcomeState.UNREACHABLE, refusal=found, why=why)


def codes(finding: HostFinding) -> list[str]:
    return [f"{trouble.code}{'' if trouble.fails else '?'}" for trouble in finding.troubles]


def only(finding: HostFinding) -> Trouble:
    (trouble,) = finding.troubles
    return trouble


def test_a_host_that_is_fine_with_all_its_measures() -> None:
    finding = judged(WISH, done(ANSWER))

    assert (finding.state, finding.troubles) == (HostState.FINE, ())
    assert (finding.login_s, finding.shell, finding.sudo) == (0.2, "/bin/bash", True)
    assert finding.answer_s == pytest.approx(0.4)
    assert [(tool.name, tool.path) for tool in finding.tools] == [("nft", "/usr/sbin/nft"), ("ss", "/usr/bin/ss")]
    assert look_call(WISH) == LookCall("orch", True, ("ss",), ("nft",))


@pytest.mark.parametrize(
    ("outcome", "state", "what", "todo"),
    [
        (
            refused(Found.UNREACHABLE, "web: 10.1.0.3 port 22, through gate: it does not answer"),
            HostState.UNREACHABLE, "10.1.0.3 port 22, through gate: it does not answer", "nc -vz 10.1.0.3 22",
        ),
        (
            refused(Found.UNREACHABLE, "gateway gate: 10.1.0.1 port 22: Connection refused"),
            HostState.UNREACHABLE, "gateway gate: 10.1.0.1 port 22: Connection refused", "Look at the gateway first.",
        ),
        (
            refused(Found.KEY, "web shows the host key SHA256:x (ssh-rsa), pinned in known_hosts: SHA256:abc"),
            HostState.KEY, "shows the host key SHA256:x", "ssh-keygen -lf",
        ),
        (
            refused(Found.LOGIN, "web, as orch: accepts none of 1 key"),
            HostState.LOGIN, "as orch: accepts none of 1 key", "~orch/.ssh/authorized_keys",
        ),
        (
            Outcome(OutcomeState.UNKNOWN, why="no end within 20 s"),
            HostState.NO_ANSWER, "no end within 20 s", "ssh -J orch@10.1.0.1:22 -p 22 orch@10.1.0.3 true",
        ),
        (
            done("This account is not available.\n", exit=1),
            HostState.NO_ANSWER, "can't be asked (exit 1: This account is not available.)", "ssh -J",
        ),
        (None, HostState.UNASKED, "was not asked", ""),
    ],
)  # fmt: skip
def test_a_host_that_can_not_be_asked(outcome: Outcome | None, state: HostState, what: str, todo: str) -> None:
    finding = judged(WISH, outcome)

    trouble = only(finding)
    assert finding.state is state
    assert trouble.fails
    assert what in trouble.what
    assert not trouble.what.startswith("web")
    assert todo in f"{trouble.mend} {trouble.command}"


def test_a_host_without_a_pin_is_told_which_line_it_wants() -> None:
    host = replace(HOST, keys=(), port=2222)

    trouble = only(judged(HostWish("web", host), refused(Found.KEY, "web: known_hosts has no key for it")))

    assert "[10.1.0.3]:2222 TYPE KEY" in trouble.mend
    assert trouble.command == "cat /etc/ssh/ssh_host_ed25519_key.pub"


def test_what_a_run_left_out_of_reach_fails_nothing() -> None:
    wish = HostWish("web", HOST, away="hyper, which carries it, is offline")
    silent = judged(wish, refused(Found.UNREACHABLE, "web: it does not answer"))
    wrong_key = judged(wish, refused(Found.KEY, "web shows another key"))

    assert (silent.state, codes(silent)) == (HostState.AWAY, ["away?"])
    assert "hyper, which carries it, is offline" in only(silent).what
    assert wrong_key.state is HostState.KEY
    assert judged(HostWish("web", HOST, away="x"), done(ANSWER)).state is HostState.FINE


@pytest.mark.parametrize(
    ("line", "becomes", "state", "troubles"),
    [
        ("sudo 0", "sudo 1 sudo: a password is required", HostState.SUDO, ["sudo"]),
        ("root 1 /usr/sbin/nft", "root 1", HostState.TOOLS, ["tool"]),
        ("root 1 /usr/sbin/nft", "other", HostState.FINE, ["tool-unknown?"]),
        ("tool 1 /usr/bin/ss", "missing 1 /usr/sbin/ss", HostState.TOOLS, ["tool"]),
        ("shell /bin/bash", "shell /usr/bin/fish", HostState.FINE, ["shell?"]),
        ("receipts /run/lock new -", "receipts - none -", HostState.FINE, ["receipts?"]),
        ("receipts /run/lock new -", "receipts /run/lock foreign -", HostState.FINE, ["receipts?"]),
        ("receipts /run/lock new -", "receipts /run/lock new - flock", HostState.FINE, ["receipts?"]),
        ("clock 1700000000.3", "clock 1700000090.3", HostState.FINE, ["clock?"]),
    ],
)
def test_what_is_wrong_there(line: str, becomes: str, state: HostState, troubles: list[str]) -> None:
    finding = judged(WISH, done(ANSWER.replace(f"orch-look {line}", f"orch-look {becomes}")))

    assert (finding.state, codes(finding)) == (state, troubles)
    assert all(trouble.what for trouble in finding.troubles)


def test_a_refused_sudo_says_who_needs_it_and_which_line_helps() -> None:
    finding = judged(WISH, done(ANSWER.replace("sudo 0", "sudo 1 We trust you...\nsudo: a password is required")))

    trouble = only(finding)
    assert trouble.what == "sudo -n refuses orch (sudo: a password is required); needed for fw"
    assert trouble.mend == "On it, as root, with the line: orch ALL=(root) NOPASSWD: ALL"
    assert trouble.command == "visudo -f /etc/sudoers.d/orch"


def test_a_tool_outside_of_the_path_is_told_with_its_place() -> None:
    finding = judged(WISH, done(ANSWER.replace("tool 1 /usr/bin/ss", "missing 1 /usr/sbin/ss")))

    assert only(finding).what == "ss is not found; it is called for fw, db"
    assert "/usr/sbin/ss, outside of the PATH of orch" in only(finding).mend


def test_sudo_that_nothing_needs_is_not_missed() -> None:
    finding = judged(HostWish("web", HOST), done(ANSWER.replace("orch-look sudo 0\n", "")))
    assert (finding.state, finding.sudo, finding.troubles) == (HostState.FINE, None, ())


def test_a_host_that_keeps_no_receipts_by_the_inventory_is_not_told_of() -> None:
    wish = HostWish("web", replace(HOST, receipts=False))
    assert judged(wish, done(ANSWER.replace("/run/lock new", "- none"))).troubles == ()


def test_a_slow_login_is_told() -> None:
    finding = judged(WISH, done(ANSWER, times=Times(11.5, NOW, NOW + 0.4)))
    assert codes(finding) == ["slow?"]


def test_of_an_appliance_the_login_is_all() -> None:
    wish = HostWish("fw", replace(HOST, platform=Platform.APPLIANCE))
    finding = judged(wish, Outcome(OutcomeState.DONE, times=TIMES))
    assert (finding.state, finding.login_s, finding.troubles) == (HostState.FINE, 0.2, ())


# --- the clock


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (0.0, None),
        (1.9, None),
        (2.1, None),  # within what the round trip leaves open
        (47.0, "47.0 s ahead of ours (give or take 0.2 s)"),
        (-47.0, "47.0 s behind ours (give or take 0.2 s)"),
        (86_400.0 * 365, "8760 h ahead of ours (give or take 0.2 s)"),
    ],
)
def test_the_direction_of_a_wrong_clock(ahead: float, said: str | None) -> None:
    first, last = f"{NOW + ahead + 0.15:.3f}", f"{NOW + ahead + 0.25:.3f}"
    finding = judged(WISH, done(ANSWER.replace("1700000000.2", first).replace("1700000000.3", last)))

    assert [trouble.what for trouble in finding.troubles] == ([] if said is None else [f"its clock is {said}"])


@given(
    truth=st.floats(-1e6, 1e6),
    there=st.floats(0, 5),
    between=st.floats(0, 5),
    back=st.floats(0, 5),
    coarse=st.sampled_from([0.0, 1.0]),
)
def test_the_true_offset_lies_within_the_bounds(
    truth: float, there: float, between: float, back: float, coarse: float
) -> None:
    first, last = NOW + there + truth, NOW + there + between + truth
    shown = (first // 1.0, last // 1.0) if coarse else (first, last)

    offset = offset_of(Looked(clock=shown, resolution=coarse), Times(0.1, NOW, NOW + there + between + back))

    assert offset is not None
    assert offset.least - 1e-3 <= truth <= offset.most + 1e-3


@pytest.mark.parametrize("clock", [(NOW + 10, NOW), (NOW, NOW + 3600)])
def test_a_clock_that_lies_is_told_and_fails_nothing(clock: tuple[float, float]) -> None:
    text = ANSWER.replace("1700000000.2", f"{clock[0]:.3f}").replace("1700000000.3", f"{clock[1]:.3f}")
    assert offset_of(Looked(clock=clock), TIMES) is None
    assert codes(judged(WISH, done(text))) == ["clock?"]
