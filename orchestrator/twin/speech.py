"""What the simulated hosts say: believable text, and evidence that says it is of a rehearsal. Pure."""

import shlex
from collections.abc import Collection

from orchestrator.hosts.look import LookCall
from orchestrator.twin.meaning import Meaning
from orchestrator.twin.receipts import Receipts


def failure_text(line: str) -> str:
    """What a step that fails writes to standard error."""
    words = _words(line)
    program = words[0].rpartition("/")[2]
    if program == "systemctl" and len(words) > 2:
        unit = words[-1]
        return f'Job for {unit} failed because a timeout was exceeded.\nSee "systemctl status {unit}" for details.\n'
    if program == "virsh" and len(words) > 2:
        return f"error: Failed to {words[1]} domain '{words[-1]}'\nerror: Timed out during operation\n"
    return f"{program}: timeout waiting for worker\n"


def unknown_text(line: str) -> str:
    """What a host says to a line that no playbook renders for it."""
    return f"orch-twin: unknown command: {line}\n"


def evidence_text(meaning: Meaning, host: str) -> str:
    """What a piece of evidence holds."""
    return (
        f"# REHEARSAL (orch twin): {meaning.step} of {meaning.system}, on {host}\n"
        "# A simulated host: nothing here was seen on a real one.\n"
        "pid  user  command\n"
        f"  1  root  /sbin/init\n"
        f"412  {meaning.system[:8]:<8}  {meaning.system}\n"
    )


def look_text(
    call: LookCall, tools: Collection[str], root_tools: Collection[str], receipts: Receipts, at: float
) -> str:
    """What a host answers to the question of `orch probe`, as `hosts/look.sh` says it."""
    if not call.login:
        return f"orch-look begin 1\norch-look clock {at:.3f}\norch-look end\n"
    lines = ["", "orch-look begin 1", f"orch-look clock {at:.9f}", "orch-look shell /bin/bash"]
    if receipts.generation is None:
        lines.append("orch-look receipts - none -")
    else:
        lines.append(f"orch-look receipts /run/lock {f'ours {receipts.generation}' if receipts.is_made else 'new -'}")
    for number, tool in enumerate(call.tools, 1):
        lines.append(f"orch-look {f'tool {number} {_path(tool)}' if tool in tools else f'missing {number}'}")
    if call.sudo:
        lines.append("orch-look sudo 0")
        for number, tool in enumerate(call.root_tools, 1):
            lines.append(f"orch-look root {number} {_path(tool) if tool in root_tools else ''}")
    return "\n".join([*lines, f"orch-look clock {at:.9f}", "orch-look end", ""])


def _path(tool: str) -> str:
    return tool if "/" in tool else f"/usr/bin/{tool}"


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    if "--" in words[:4] and "sudo" in words[:3]:
        words = words[words.index("--") + 1 :]
    return words or ["sh"]
