"""What `orch probe` asks of a host in one command: what is asked can be recognised, half an answer is none.

The script itself runs here in every shell there is, against a `sudo` of ours, and leaves nothing behind.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.hosts.command_line import inner_line, read_line, unwrap_read
from orchestrator.hosts.look import (
    LONGEST,
    POWERSHELL,
    TEXT,
    LookCall,
    ReceiptPlace,
    ToolLook,
    look_command,
    parse_call,
    parse_look,
)
from orchestrator.model.terms import Platform
from orchestrator.plan.powershell import script_of

words = st.from_regex(r"[A-Za-z0-9_./+][A-Za-z0-9_./+-]{0,20}", fullmatch=True)
calls = st.builds(
    LookCall,
    login=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
    sudo=st.booleans(),
    tools=st.lists(words, max_size=5).map(tuple),
    root_tools=st.lists(words, max_size=5).map(tuple),
)
CALL = LookCall("orch", True, ("ls", "gone"), ("nft", "ls"))
WHOLE = """\
orch-look begin 1
orch-look clock 1700000000.250000000
orch-look shell /bin/bash
orch-look receipts /run/lock ours 6d1f-22
orch-look tool 1 /usr/bin/ls
orch-look missing 2 /usr/sbin/gone
orch-look sudo 0
orch-look root 1 /usr/sbin/nft
orch-look root 2
orch-look clock 1700000000.750000000
orch-look end
"""


def said(text: str, call: LookCall = CALL) -> object:
    return parse_look(call, text.encode())


@given(calls)
def test_a_call_can_be_recognised(call: LookCall) -> None:
    argv, shell = look_command(Platform.LINUX, call)
    inner = inner_line(Platform.LINUX, argv, shell, sudo=False)

    assert parse_call(inner) == call
    assert unwrap_read(read_line(Platform.LINUX, inner)) == inner


@given(st.text() | words.map(lambda word: f"/bin/sh -c {word} orch-look"))
def test_nothing_else_is_a_call(line: str) -> None:
    assert parse_call(line) is None


def test_windows_is_asked_for_its_clock_and_an_appliance_for_nothing() -> None:
    _, shell = look_command(Platform.WINDOWS, LookCall("orch"))
    assert shell == script_of(read_line(Platform.WINDOWS, shell or "")) == POWERSHELL
    assert parse_call(POWERSHELL) == LookCall("")
    assert look_command(Platform.APPLIANCE, LookCall("orch")) == (None, None)


def test_a_whole_answer() -> None:
    looked = parse_look(CALL, WHOLE.encode())

    assert looked is not None
    assert looked.clock == (1700000000.25, 1700000000.75)
    assert looked.resolution == 1e-9
    assert looked.shell == "/bin/bash"
    assert looked.receipts == ReceiptPlace("/run/lock", "ours", "6d1f-22")
    assert looked.sudo == (0, "")
    assert looked.tools == (
        ToolLook("ls", False, "/usr/bin/ls"),
        ToolLook("gone", False, None, "/usr/sbin/gone"),
        ToolLook("nft", True, "/usr/sbin/nft"),
        ToolLook("ls", True, None),
    )


@given(st.integers(0, len(WHOLE) - 2))
def test_an_answer_that_was_cut_is_none(length: int) -> None:
    assert said(WHOLE[:length]) is None


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_what_stands_around_it_is_passed_over(before: str, after: str) -> None:
    noise = f"{before}\nWelcome! orch-look begin 1\norch-look sudo 1 no\n\n{WHOLE}{after.replace('orch-look', '')}"
    assert said(noise) == said(WHOLE)


@pytest.mark.parametrize("before", ["orch-look end\n", "orch-look begin 1\norch-look sudo 1 no\norch-look end\n"])
def test_the_last_whole_answer_counts(before: str) -> None:
    assert said(before + WHOLE) == said(WHOLE)


@pytest.mark.parametrize(
    ("line", "becomes", "field", "value"),
    [
        ("orch-look clock 1700000000.250000000", "orch-look clock 1700000000.%N", "resolution", 1.0),
        ("orch-look shell /bin/bash", "orch-look shell -", "shell", None),
        ("orch-look shell /bin/bash", "orch-look shell " + "x" * 5000, "shell", "x" * LONGEST),
        ("receipts /run/lock ours 6d1f-22", "receipts - none -", "receipts", ReceiptPlace(None, "none")),
        ("receipts /run/lock ours 6d1f-22", "receipts", "receipts", None),
        ("sudo 0", "sudo 1 sudo: a password is required", "sudo", (1, "sudo: a password is required")),
        ("orch-look sudo 0", "orch-look sudo 1 lecture\nsudo: no", "sudo", (1, "lecture\nsudo: no")),
        ("orch-look sudo 0", "orch-look sudo maybe", "sudo", None),
        ("orch-look root 2", "orch-look root 99999999999 /x", "sudo", (0, "")),
        ("orch-look tool 1 /usr/bin/ls", "orch-look tool 0 /usr/bin/ls", "sudo", (0, "")),
    ],
)  # fmt: skip
def test_odd_answers(line: str, becomes: str, field: str, value: object) -> None:
    looked = parse_look(CALL, WHOLE.replace(line, becomes).encode())
    assert getattr(looked, field) == value


def test_a_clock_that_is_no_number_is_none() -> None:
    looked = parse_look(CALL, WHOLE.replace("17000000", "\x1b[31m17").encode())
    assert looked is not None
    assert looked.clock is None


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(data: bytes) -> None:
    parse_look(CALL, data)
    parse_look(CALL, WHOLE.encode().replace(b"/bin/bash", data))


# --- the script


SHELLS = [shell for shell in (("dash",), ("bash",), ("busybox", "ash")) if shutil.which(shell[0])]
LOGIN_SHELLS = [shell for shell in ("sh", "bash", "dash", "fish", "tcsh", "csh", "ksh", "zsh") if shutil.which(shell)]


def our_sudo(folder: Path, body: str) -> dict[str, str]:
    """A PATH that begins with a `sudo` of ours."""
    folder.mkdir()
    (folder / "sudo").write_text(f"#!/bin/sh\n{body}\n")
    (folder / "sudo").chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_the_script_answers(shell: tuple[str, ...], tmp_path: Path) -> None:
    call = LookCall("orch-test", True, ("ls", "no-such-tool"), ("cat", "no-such-tool"))
    env = our_sudo(tmp_path / "bin", 'shift 2; exec "$@"')
    words = ("orch-test", "sudo", "2", *call.tools, *call.root_tools)
    before = time.time()

    ran = subprocess.run([*shell, "-c", TEXT, "orch-look", *words], capture_output=True, env=env, check=True)

    looked = parse_look(call, ran.stdout)
    assert ran.stderr == b""
    assert looked is not None
    assert looked.clock is not None
    assert before - 1 <= looked.clock[0] <= looked.clock[1] <= time.time() + 1
    assert looked.sudo == (0, "")
    assert [(tool.name, tool.sudo, tool.path is not None) for tool in looked.tools] == [
        ("ls", False, True),
        ("no-such-tool", False, False),
        ("cat", True, True),
        ("no-such-tool", True, False),
    ]


@pytest.mark.parametrize("shell", LOGIN_SHELLS)
def test_no_login_shell_changes_it(shell: str) -> None:
    argv, _ = look_command(Platform.LINUX, LookCall("orch-test", False, ("ls",)))
    line = read_line(Platform.LINUX, inner_line(Platform.LINUX, argv, None, sudo=False))

    ran = subprocess.run([shell, "-c", line], capture_output=True, check=True)

    looked = parse_look(LookCall("orch-test", False, ("ls",)), ran.stdout)
    assert looked is not None
    assert looked.tools[0].path is not None
    assert looked.sudo is None


def test_sudo_that_refuses_says_so_and_its_tools_are_not_known(tmp_path: Path) -> None:
    env = our_sudo(tmp_path / "bin", 'echo "sudo: a password is required" >&2; exit 1')
    call = LookCall("orch-test", True, (), ("nft",))

    words = ("orch-test", "sudo", "0", "nft")
    ran = subprocess.run(["sh", "-c", TEXT, "orch-look", *words], capture_output=True, env=env, check=True)

    looked = parse_look(call, ran.stdout)
    assert looked is not None
    assert looked.sudo == (1, "sudo: a password is required")
    assert looked.tools == ()


def test_nothing_is_left_behind() -> None:
    login = f"never-{os.getpid()}"
    ran = subprocess.run(["sh", "-c", TEXT, "orch-look", login, "-", "0"], capture_output=True, check=True)

    looked = parse_look(LookCall(login), ran.stdout)
    assert looked is not None
    assert looked.receipts is not None
    assert looked.receipts.state in {"new", "none"}
    assert not any(Path(place, f"orch-{login}").exists() for place in ("/run/orch", "/run/lock"))


def test_a_receipt_folder_that_is_there_is_told(tmp_path: Path) -> None:
    folder = next((place for place in (Path("/run/orch"), Path("/run/lock")) if os.access(place, os.W_OK)), None)
    if folder is None:
        pytest.skip("needs /run/orch or /run/lock writable")
    login = f"there-{os.getpid()}"
    mine = folder / f"orch-{login}"
    ask = ["sh", "-c", TEXT, "orch-look", login, "-", "0"]
    try:
        mine.mkdir()
        (mine / "generation").write_text("6d1f-22\n")
        ours = parse_look(LookCall(login), subprocess.run(ask, capture_output=True, check=True).stdout)
        (mine / "generation").unlink()
        mine.rmdir()
        mine.symlink_to(tmp_path)
        linked = parse_look(LookCall(login), subprocess.run(ask, capture_output=True, check=True).stdout)
    finally:
        if mine.is_symlink():
            mine.unlink()
        else:
            shutil.rmtree(mine, ignore_errors=True)
    assert ours is not None
    assert linked is not None
    assert ours.receipts is not None
    assert linked.receipts is not None
    assert (ours.receipts.folder, ours.receipts.state, ours.receipts.generation) == (str(folder), "ours", "6d1f-22")
    assert linked.receipts.state == "foreign"
    assert not linked.receipts.works
