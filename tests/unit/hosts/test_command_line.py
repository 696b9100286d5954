"""Quoting, as tables, and what holds for every word that a plan could contain."""

import shlex
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.hosts.command_line import (
    armour,
    inner_line,
    read_line,
    unarmour,
    unwrap_read,
)
from orchestrator.model.terms import Platform
from orchestrator.plan.powershell import script_of
from orchestrator.plan.quoting import quote_appliance

LINUX, WINDOWS, APPLIANCE = Platform.LINUX, Platform.WINDOWS, Platform.APPLIANCE
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
argvs = st.lists(words, min_size=1, max_size=5)
nasty = st.text(st.sampled_from("'\"\\!$`~*?#;&|<>(){}[] \n\ta0%=-"), max_size=20)
LOGIN_SHELLS = [shell for shell in ("sh", "dash", "bash", "fish", "tcsh") if shutil.which(shell)]


@pytest.mark.parametrize(
    ("platform", "argv", "shell", "sudo", "line"),
    [
        (LINUX, ("systemctl", "stop", "pg@15-main"), None, False, "systemctl stop pg@15-main"),
        (LINUX, ("echo", "it's", ""), None, False, "echo 'it'\"'\"'s' ''"),
        (LINUX, ("systemctl", "stop", "a b"), None, True, "LC_ALL=C sudo -n -- systemctl stop 'a b'"),
        (LINUX, None, "a && b", False, "a && b"),
        (LINUX, None, "a && b", True, "LC_ALL=C sudo -n -- /bin/sh -c 'a && b'"),
        (WINDOWS, ("Stop-Service", "-Name", "it's"), None, False, "& 'Stop-Service' -Name 'it''s'"),
        (WINDOWS, ("sc.exe", "stop", "-a b", "’"), None, False, "& 'sc.exe' 'stop' '-a b' '’’'"),
        (WINDOWS, None, "Get-Service | Out-Null", False, "Get-Service | Out-Null"),
        (APPLIANCE, ("volume", "offline", "vol 1"), None, False, 'volume offline "vol 1"'),
        (APPLIANCE, None, "show version", False, "show version"),
    ],
)
def test_inner_line(platform: Platform, argv: tuple[str, ...] | None, shell: str | None, sudo: bool, line: str) -> None:
    assert inner_line(platform, argv, shell, sudo) == line


@pytest.mark.parametrize(
    ("platform", "argv", "shell", "sudo"),
    [
        (LINUX, None, None, False),
        (LINUX, ("a",), "a", False),
        (LINUX, (), None, False),
        (LINUX, ("a\0b",), None, False),
        (LINUX, None, "a\0b", False),
        (WINDOWS, ("a",), None, True),
        (APPLIANCE, ("a",), None, True),
        (APPLIANCE, ("a", 'b"c'), None, False),
        (APPLIANCE, ("a", "b\nc"), None, False),
        (APPLIANCE, ("a", "$b"), None, False),
    ],
)
def test_what_cannot_be_said_is_refused(
    platform: Platform, argv: tuple[str, ...] | None, shell: str | None, sudo: bool
) -> None:
    with pytest.raises(ValueError, match=r"."):
        inner_line(platform, argv, shell, sudo)


@given(argvs)
def test_every_argument_stays_one_argument(argv: list[str]) -> None:
    assert shlex.split(inner_line(LINUX, argv, None, False)) == argv


@given(words | nasty)
def test_a_linux_read_is_one_line_and_unwraps_to_what_it_was(inner: str) -> None:
    line = read_line(LINUX, inner)
    assert unwrap_read(line) == inner
    assert not set("!\n\r") & set(line)


@given(words | nasty)
def test_armour_comes_off(text: str) -> None:
    assert unarmour(armour(text)) == text
    assert not set("!\n\r'") & set(armour(text))


@given(words | nasty)
def test_an_appliance_gets_a_word_or_nothing(text: str) -> None:
    try:
        quoted = quote_appliance(text)
    except ValueError:
        assert set(text) & set('"\\`$\x7f') or min(text) < " "
    else:
        assert shlex.split(quoted) == [text]


@pytest.mark.parametrize("line", ["", "exec /bin/sh -c", "exec /bin/sh -c 'a' b", "exec /bin/sh -c a'", "uname -a"])
def test_other_lines_are_no_reads(line: str) -> None:
    assert unwrap_read(line) is None
    assert script_of(line) is None


@pytest.mark.parametrize("login_shell", LOGIN_SHELLS)
@settings(max_examples=25, deadline=None)
@given(argv=st.lists(nasty, max_size=4))
def test_every_login_shell_hands_the_arguments_over(login_shell: str, argv: list[str]) -> None:
    inner = inner_line(LINUX, ["printf", "%s|", *argv], None, False)
    done = subprocess.run([login_shell, "-c", read_line(LINUX, inner)], capture_output=True, timeout=20, check=True)
    assert done.stdout.decode() == "".join(f"{word}|" for word in argv or [""])
