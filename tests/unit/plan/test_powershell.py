"""What a Windows host is told, held against PowerShell's own rules: quoting, what programs are handed, length, codes.

The rules are written down here once more, as Windows PowerShell 5.1 follows them, and take our lines apart.
"""

import base64
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.hosts.command_line import inner_line, read_line
from orchestrator.model.playbook import Shell
from orchestrator.model.terms import Mode, Platform
from orchestrator.plan import powershell
from orchestrator.plan.check import command_problems
from orchestrator.plan.powershell import LAUNCH, MOST_SCRIPT, MOST_SENT, argv_line, script_of, sent_line
from orchestrator.plan.quoting import quote_powershell
from tests.builders import playbook, step, workspace

words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
nasty = st.text(
    st.sampled_from("'\u2018\u2019\u201a\u201b\"\u201c\u201d`$%&|;<>(){}[]@#,!^~-\\ \t\n\r\u00a0a0ü😀"), max_size=20
)
argvs = st.lists(words | nasty, max_size=5)

QUOTES = "'\u2018\u2019\u201a\u201b"


def tokens(line: str) -> list[tuple[str, str]]:
    """`& 'program' word...` as PowerShell's tokenizer sees it: ("value" | "parameter", text). Anything else fails."""
    assert line.startswith("& ")
    found, at = [], 2
    while at < len(line):
        if line[at] == " ":
            at += 1
            continue
        if line[at] in QUOTES:  # a verbatim string: any single quote ends it, any two of them are the second
            text, at = "", at + 1
            while True:
                char = line[at]
                if char in QUOTES:
                    if at + 1 >= len(line) or line[at + 1] not in QUOTES:
                        break
                    at += 1
                    char = line[at]
                text += char
                at += 1
            at += 1
            found.append(("value", text))
        else:
            match = re.compile(r"-[A-Za-z][A-Za-z0-9]*").match(line, at)
            assert match is not None, f"something that PowerShell would interpret: {line[at:]}"
            found.append(("parameter", match[0]))
            at = match.end()
        assert at == len(line) or line[at] == " ", "two words grow together"
    return found


def command_line(program: str, arguments: list[str]) -> str:
    """The command line that Windows PowerShell 5.1 makes of them (NativeCommandParameterBinder)."""
    line = f'"{program}"'
    for argument in arguments:
        if not argument:
            continue  # it drops them
        quotes, needs, after_backslash = 0, False, False
        for char in argument:
            if char == '"' and not after_backslash:
                quotes += 1
            elif char.isspace() and quotes % 2 == 0:
                needs = True
            after_backslash = char == "\\"
        line += f' "{argument}"' if needs else f" {argument}"
    return line


def taken_apart(line: str) -> list[str]:
    """A command line as a program on Windows takes it apart (the rules of its C runtime)."""
    found, current, quoted, began, at = [], "", False, False, 0
    while at < len(line):
        char = line[at]
        if char == "\\":
            run = len(line[at:]) - len(line[at:].lstrip("\\"))
            at += run
            if line[at : at + 1] == '"':
                current += "\\" * (run // 2)
                if run % 2:
                    current += '"'
                    at += 1
            else:
                current += "\\" * run
            began = True
        elif char == '"':
            if quoted and line[at + 1 : at + 2] == '"':
                current += '"'
                at += 1
            else:
                quoted = not quoted
            began, at = True, at + 1
        elif char in " \t" and not quoted:
            if began:
                found.append(current)
            current, began, at = "", False, at + 1
        else:
            current, began, at = current + char, True, at + 1
    return [*found, current] if began else found


def handed(line: str) -> list[str]:
    """What the program of an `& 'NAME.exe' ...` gets."""
    (kind, program), *rest = tokens(line)
    assert kind == "value"
    return taken_apart(command_line(program, [text for _, text in rest]))


@given(argvs)
def test_a_program_is_handed_every_word_as_it_is(arguments: list[str]) -> None:
    assert handed(argv_line(["tool.exe", *arguments])) == ["tool.exe", *arguments]


@given(argvs)
def test_a_cmdlet_gets_every_word_as_a_value_or_a_parameter(arguments: list[str]) -> None:
    found = tokens(argv_line(["Stop-Service", *arguments]))
    assert [text for _, text in found] == ["Stop-Service", *arguments]
    assert all(kind == "value" or re.fullmatch(r"-[A-Za-z][A-Za-z0-9]*", text) for kind, text in found)


@given(argvs)
def test_what_is_neither_by_its_name_gets_the_same_either_way_or_nothing(arguments: list[str]) -> None:
    try:
        line = argv_line(["tool", *arguments])
    except ValueError:
        assert any(not word or '"' in word or word.endswith("\\") for word in arguments)
    else:
        assert [text for _, text in tokens(line)] == ["tool", *arguments]
        assert handed(line) == ["tool", *arguments]


@given(argvs)
def test_a_batch_file_gets_only_what_cmd_leaves_alone(arguments: list[str]) -> None:
    try:
        line = argv_line(["stop.cmd", *arguments])
    except ValueError:
        return
    assert not set('%"^&|<>()!\n\r=,;') & set("".join(arguments))
    assert handed(line) == ["stop.cmd", *arguments]


@given(words | nasty)
def test_a_value_in_a_shell_line_is_one_value(value: str) -> None:
    assert tokens(f"& 'x' {quote_powershell(value)}") == [("value", "x"), ("value", value)]


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (("sc.exe", "stop", "W32Time"), "& 'sc.exe' 'stop' 'W32Time'"),
        (("sc.exe", "config", "a b", "-x"), "& 'sc.exe' 'config' 'a b' -x"),
        (("tool.exe", ""), "& 'tool.exe' '\"\"'"),
        (("tool.exe", 'say "hi"'), "& 'tool.exe' '\"say \\\"hi\\\"\"'"),
        (("tool.exe", "C:\\a b\\"), "& 'tool.exe' '\"C:\\a b\\\\\"'"),
        (("Set-Service", "-Name", "it's", "-StartupType", "Disabled"),
         "& 'Set-Service' -Name 'it''s' -StartupType 'Disabled'"),
        (("Set-Item", "-Value", ""), "& 'Set-Item' -Value ''"),
    ],
)  # fmt: skip
def test_how_it_reads(argv: tuple[str, ...], line: str) -> None:
    assert argv_line(argv) == line


# --- the line that is sent ---


@given(words | nasty)
def test_a_line_decodes_to_what_it_was_and_no_shell_finds_anything_in_it(script: str) -> None:
    line = sent_line(script)
    assert script_of(line) == script
    assert re.fullmatch(r"powershell -NoProfile -NonInteractive -EncodedCommand [A-Za-z0-9+/]+=*", line)


@settings(deadline=None)
@given(st.integers(MOST_SCRIPT - 40, MOST_SCRIPT + 40), st.sampled_from(["a", "ü", "😀"]))
def test_what_fits_is_sent_and_what_does_not_is_refused(units: int, char: str) -> None:
    width = len(char.encode("utf-16-le")) // 2
    script = char * (units // width)
    try:
        inner = inner_line(Platform.WINDOWS, None, script, False)
    except ValueError:
        assert units // width * width > MOST_SCRIPT
    else:
        assert len(read_line(Platform.WINDOWS, inner)) <= MOST_SENT
        assert len(f'"C:\\WINDOWS\\system32\\cmd.exe" /c "{read_line(Platform.WINDOWS, inner)}"') <= 8191


def test_what_is_too_long_is_told_with_its_line_before_the_night() -> None:
    long = replace(step("stop"), do=Shell("Stop-Service x; " * 400))
    book = playbook(shutdown={Mode.STOP: (long,)}, restore={}, force=(), health=(), evidence=())
    ws = workspace("a on h1", playbooks=[book])
    assert command_problems(ws) == ()
    hosts = {id: replace(host, platform=Platform.WINDOWS) for id, host in ws.inventory.hosts.items()}
    (problem,) = command_problems(replace(ws, inventory=replace(ws.inventory, hosts=hosts)))
    assert problem.source == long.source
    assert problem.what.startswith(
        "it can't be sent to h1: 6,400 characters of PowerShell are too long for Windows: 2,"
    )
    assert problem.advice == "Put it into a script on the host."


def test_a_word_that_would_get_lost_is_told_with_its_line() -> None:
    book = playbook(shutdown={Mode.STOP: (step("stop", "tool", ""),)}, restore={}, force=(), health=(), evidence=())
    ws = workspace("a on h1", playbooks=[book])
    hosts = {id: replace(host, platform=Platform.WINDOWS) for id, host in ws.inventory.hosts.items()}
    (problem,) = command_problems(replace(ws, inventory=replace(ws.inventory, hosts=hosts)))
    assert problem.what == (
        "it can't be sent to h1: PowerShell may not hand an empty word on as it is: a program's name ends with .exe."
    )


@pytest.mark.parametrize("line", ["", LAUNCH, f"{LAUNCH}###", LAUNCH + base64.b64encode(b"e\0x\0").decode(), "ls"])
def test_other_lines_are_not_ours(line: str) -> None:
    assert script_of(line) is None


def test_what_stands_around_a_command() -> None:
    """Which code it ends with, and that a backtick or a comment at its end swallows nothing of it."""
    for script in ("x `", "x # note", "x;", "x |"):
        text = base64.b64decode(sent_line(script).removeprefix(LAUNCH)).decode("utf-16-le")
        head, _, tail = text.partition(script)
        assert head.endswith("\n")
        assert tail.startswith("\n\n$orchOk=$?;")
    assert powershell.MOST_SCRIPT > 2_500
