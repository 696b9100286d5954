"""A refused `sudo -n` told apart from the exit code of what it should have run (contract section 3). Pure.

sudo exits with 1 when it refuses, like many a probe. So: exit code 1, nothing on standard output, and sudo's own words,
in the English that `command_line.SUDO` makes it speak. Whatever it refuses, the command has not begun.
"""

import re

_REFUSED = re.compile(
    r"^(?:"
    r"sudo: (?:a password is required|a terminal is required.*|no tty present.*|sorry, you must have a tty.*"
    r"|interactive authentication is required|.*: command not found|.*must be owned by uid 0.*|effective uid is not 0.*"
    r"|account validation failure.*|.*[Aa]ccount (?:or password )?(?:is |has )?expired.*|unable to open .*sudoers.*"
    r"|no valid sudoers sources found.*|error initializing .* plugin.*|PAM .*error.*)"
    r"|Sorry, user \S+ (?:is not allowed to execute|may not run sudo).*"
    r"|\S+ is not (?:in the sudoers file|allowed to run sudo).*"
    r")$",
    re.MULTILINE,
)
_MISSING = re.compile(r"\bsudo: (?:command )?not found$|\bsudo: No such file or directory$", re.MULTILINE)


def refused(exit: int, stdout: bytes, stderr: bytes) -> str | None:
    """What sudo said when it refused to run the command; None where the command ran."""
    if stdout or exit not in {1, 127}:
        return None
    text = stderr[:4096].decode("utf-8", "replace").replace("\r", "").strip()
    found = (_REFUSED if exit == 1 else _MISSING).search(text)
    return found.group()[:200] if found else None
