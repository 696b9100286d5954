"""PowerShell over SSH: how a command becomes one encoded line, and what that line can't carry (section 3). Pure.

- The line is `powershell ... -EncodedCommand BASE64`: neither cmd.exe nor PowerShell as the login shell finds anything
  to interpret in it. `powershell` is Windows PowerShell 5.1, which every Windows server has.
- cmd.exe, the login shell that Windows comes with, takes 8,191 characters, itself included. A script that is longer,
  once encoded, can't be sent, and is told when the plan is made.
- Errors are terminating. One that nobody catches is written to standard error as plain text (an encoded command would
  write it as XML), and the exit code is 1. Else it is that of the last program, else 1 where the last command failed,
  else 0. PowerShell as the login shell makes 1 of every code but 0, so that only 0 is certain; output is.
- Output is UTF-8, input too: `[Console]::In.ReadLine()` reads what a step's `stdin` holds. Where there is no console to
  set it for, the code page stays what it is.
- An argument of a program (`NAME.exe`) is quoted as Windows PowerShell must be given it: it drops empty arguments, and
  the quotes within one. A cmdlet (`Verb-Noun`) gets values. What is neither by its name gets no such argument at all; a
  batch file, which cmd.exe reads once more, gets only plain words.
"""

import base64
import binascii
import re
from collections.abc import Sequence

from orchestrator.plan.quoting import quote_powershell

LAUNCH = "powershell -NoProfile -NonInteractive -EncodedCommand "
MOST_SENT = 8_100
"""Of cmd.exe's 8,191 characters, without `"C:\\WINDOWS\\system32\\cmd.exe" /c "..."`, and some to spare."""

_BEFORE = (
    "$ErrorActionPreference='Stop'; $ProgressPreference='SilentlyContinue'; $global:LASTEXITCODE=0\n"
    'trap { [Console]::Error.WriteLine("$_"); exit 1 }\n'
    "try { [Console]::OutputEncoding=[Console]::InputEncoding=New-Object Text.UTF8Encoding $false } catch {}\n"
)
# Two line ends, so that one that the command escapes (a backtick at its end) does not swallow what follows.
_AFTER = "\n\n$orchOk=$?; if ($LASTEXITCODE) { exit $LASTEXITCODE }; if (-not $orchOk) { exit 1 }; exit 0"

_PARAMETER = re.compile(r"-[A-Za-z][A-Za-z0-9]*\Z")
_CMDLET = re.compile(r"[A-Z][A-Za-z]*-[A-Z][A-Za-z0-9]*\Z")
_PROGRAM = re.compile(r".*\.(?:exe|com)\Z", re.IGNORECASE | re.DOTALL)
_BATCH = re.compile(r".*\.(?:bat|cmd)\Z", re.IGNORECASE | re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9_.:+@/\\ -]+\Z")
_BEFORE_QUOTE = re.compile(r'(\\*)("|\Z)')

MOST_SCRIPT = (MOST_SENT - len(LAUNCH)) // 4 * 3 // 2 - len(_BEFORE) - len(_AFTER)
"""The longest command that fits, in UTF-16 units."""


def argv_line(argv: Sequence[str]) -> str:
    """A command's words as a line of PowerShell. Raises ValueError for what can't be handed on as it is."""
    program, *words = argv
    return " ".join(["&", quote_powershell(program), *(_word(program, word) for word in words)])


def refuse_too_long(script: str) -> None:
    """Raises ValueError where `script` does not fit into what Windows takes."""
    units = len(script.encode("utf-16-le", "surrogatepass")) // 2
    if units > MOST_SCRIPT:
        raise ValueError(f"{units:,} characters of PowerShell are too long for Windows: {MOST_SCRIPT:,} fit")


def sent_line(script: str) -> str:
    """What is sent for a script."""
    text = _BEFORE + script + _AFTER
    return LAUNCH + base64.b64encode(text.encode("utf-16-le", "surrogatepass")).decode("ascii")


def script_of(line: str) -> str | None:
    """The script that `sent_line` made `line` of; None for any other line."""
    if not line.startswith(LAUNCH):
        return None
    try:
        text = base64.b64decode(line[len(LAUNCH) :], validate=True).decode("utf-16-le", "surrogatepass")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if len(text) < len(_BEFORE) + len(_AFTER) or not (text.startswith(_BEFORE) and text.endswith(_AFTER)):
        return None
    return text[len(_BEFORE) : -len(_AFTER)]


def _word(program: str, word: str) -> str:
    # A quoted `-Name` would be a value to a cmdlet, not a parameter, so plain parameter names stay bare.
    if _PARAMETER.match(word):
        return word
    if _BATCH.match(program):
        if not _PLAIN.match(word) or word.endswith("\\"):
            raise ValueError(f'"{word}" can\'t be handed to a batch file as it is')
    elif _gets_lost(word) and not _CMDLET.match(program):
        if not _PROGRAM.match(program):
            shown = f'"{word}"' if word else "an empty word"
            raise ValueError(f"PowerShell may not hand {shown} on as it is: a program's name ends with .exe")
        return quote_powershell(_for_a_program(word))
    return quote_powershell(word)


def _gets_lost(word: str) -> bool:
    """Whether Windows PowerShell would hand something else on to a program."""
    return not word or '"' in word or (word.endswith("\\") and any(char.isspace() for char in word))


def _for_a_program(word: str) -> str:
    """In quotes of its own, as programs on Windows take their command line apart."""
    doubled = _BEFORE_QUOTE.sub(lambda match: match[1] * 2 + ('\\"' if match[2] else ""), word)
    return f'"{doubled}"'
