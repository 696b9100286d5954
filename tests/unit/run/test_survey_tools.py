"""Which programs a command calls: only what can be told honestly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.plan import PlanHealth
from orchestrator.run.survey.tools import tools_of, tools_of_line


def command(argv: tuple[str, ...] | None = None, shell: str | None = None) -> PlanHealth:
    return PlanHealth(name="x", host="h", argv=argv, shell=shell, timeout_s=1, within_s=1, every_s=1, settle_s=0)


@pytest.mark.parametrize(
    ("argv", "tools"),
    [
        (("nft", "list"), ("nft",)),
        (("/usr/sbin/nft",), ("/usr/sbin/nft",)),
        (("./here",), ("./here",)),
        (("-x",), ()),
        (("a b",), ()),
        ((), ()),
    ],
)
def test_of_an_argv_the_first_word(argv: tuple[str, ...], tools: tuple[str, ...]) -> None:
    assert tools_of(command(argv)) == tools


@pytest.mark.parametrize(
    ("line", "tools"),
    [
        ("systemctl reload nginx && sleep 5", ("systemctl", "sleep")),
        ("sshd -T | grep '^allowtcpforwarding '", ("sshd", "grep")),
        ("printf '[Unit]\\n' > /etc/x.conf && systemctl daemon-reload", ("printf", "systemctl")),
        ("nft list table inet filter > /dev/null 2>&1; sysctl -n x", ("nft", "sysctl")),
        ("read -r pw; pg_stop main", ("read", "pg_stop")),
        ("LC_ALL=C PGHOST=/run psql -c 'select 1'", ("psql",)),
        ("sort <in.txt", ("sort",)),
        ("<in.txt sort", ("sort",)),
        ("test -e x || cryptsetup open x", ("test",)),  # what happens instead may be missing with good reason
        ("mount x || echo no | logger", ("mount",)),
        ("echo 'a (b) $(c) ; d' | wc -l", ("echo", "wc")),  # quoted: not for the shell
        ("kill $(pidof x)", ()),
        ("for x in a b; do y; done", ()),
        ("if true; then y; fi", ()),
        ("(cd /x && y)", ()),
        ("{ x; y; }", ()),
        ("$CMD now", ()),
        ("cat <<E\nx\nE", ()),
        ("echo `x`", ()),
        ("echo 'unended", ()),
        ("", ()),
    ],
)
def test_of_a_shell_line_only_simple_commands(line: str, tools: tuple[str, ...]) -> None:
    assert tools_of(command(shell=line)) == tools


@given(st.text())
def test_any_line_can_be_asked_about(line: str) -> None:
    for tool in tools_of_line(line):
        assert tool
        assert " " not in tool
