"""How a command becomes the line that is sent, for each platform (contract sections 3 and 8). Pure.

The rules:
- The *inner line* is what the host's shell shall run; the plan's `argv` becomes words of it, each quoted, always.
- `sudo` is `sudo -n` and speaks English (`LC_ALL=C`), so that its refusal can be read (`hosts/sudo.py`).
- On Linux nothing depends on the login shell: what is sent is `exec /bin/sh -c '...'`, one line without `!`, which csh
  and fish take as bash does. Where the inner line has a newline, `!` or a backslash, it goes *armoured*: these
  characters are written in octal (`\\0041`), and `printf %b` on the host undoes it.
- On Windows it is PowerShell with an encoded command (`plan/powershell.py`).
- An appliance has no shell that we know: it gets the plain line, and what cannot be quoted is refused.
- What cannot be said on a platform is a ValueError, raised before anything is sent.
"""

import re
import shlex
from collections.abc import Sequence

from orchestrator.model.terms import Platform
from orchestrator.plan import powershell
from orchestrator.plan.quoting import quote_appliance

SUDO = "LC_ALL=C sudo -n -- "

_SHELL = "exec /bin/sh -c "
_ARMOURED = 'exec /bin/sh -c \'exec /bin/sh -c "$(printf %b "$1")"\' orch '
_TO_ARMOUR = re.compile("[\\\\!'\\n\\r]")
_IN_ARMOUR = re.compile(r"\\0([0-7]{3})")


def inner_line(platform: Platform, argv: Sequence[str] | None, shell: str | None, sudo: bool) -> str:
    """The command as the host's own shell shall run it. Exactly one of `argv` and `shell` is given."""
    if (argv is None) == (shell is None):
        raise ValueError("a command is either argv or a shell line")
    if argv is not None and not argv:
        raise ValueError("an empty command")
    if any("\0" in word for word in (argv or (shell or "",))):
        raise ValueError("a command can't hold a NUL character")
    if sudo and platform is not Platform.LINUX:
        raise ValueError(f"sudo does not exist on the platform {platform.value}")
    match platform:
        case Platform.LINUX:
            return _inner_linux(argv, shell or "", sudo)
        case Platform.WINDOWS:
            line = shell or "" if argv is None else powershell.argv_line(argv)
            powershell.refuse_too_long(line)
            return line
        case Platform.APPLIANCE:
            return shell or "" if argv is None else " ".join(map(quote_appliance, argv))


def _inner_linux(argv: Sequence[str] | None, shell: str, sudo: bool) -> str:
    if not sudo:
        return shell if argv is None else shlex.join(argv)
    return SUDO + shlex.join(("/bin/sh", "-c", shell) if argv is None else argv)


def read_line(platform: Platform, inner: str) -> str:
    """What is sent for a read, and for a step without a receipt."""
    match platform:
        case Platform.LINUX:
            if re.search(r"[\\!\n\r]", inner):
                return _ARMOURED + f"'{armour(inner)}'"
            return _SHELL + shlex.quote(inner)
        case Platform.WINDOWS:
            return powershell.sent_line(inner)
        case Platform.APPLIANCE:
            return inner


def unwrap_read(line: str) -> str | None:
    """The inner line of what `read_line` made for Linux; None for any other line."""
    if line.startswith(_ARMOURED):
        inner = unarmour(line[len(_ARMOURED) + 1 : -1])
    elif line.startswith(_SHELL):
        try:
            words = shlex.split(line[len(_SHELL) :])
        except ValueError:
            return None
        inner = words[0] if len(words) == 1 else None
    else:
        return None
    return inner if inner is not None and read_line(Platform.LINUX, inner) == line else None


def armour(text: str) -> str:
    """`text` without the characters that some login shell would touch even between single quotes; for `printf %b`."""
    return _TO_ARMOUR.sub(lambda match: f"\\0{ord(match[0]):03o}", text)


def unarmour(text: str) -> str | None:
    """The text that `armour` was given; None where `armour` never writes such a thing."""
    plain = _IN_ARMOUR.sub(lambda match: chr(int(match[1], 8)), text)
    return plain if armour(plain) == text else None
