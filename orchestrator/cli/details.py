"""Where the details of a mistake in orch itself go: a private file in the folder for temporary files.

It holds the traceback (places in the code, no values of variables) and the versions; nothing of the command line, and
not what the error says, since either may hold what is nobody's business.
"""

import os
import platform
import tempfile
import traceback

from orchestrator import __version__


def place_of(error: BaseException) -> str:
    """Where in the code it happened: `planning.py, line 54`."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{os.path.basename(frames[-1].filename)}, line {frames[-1].lineno}" if frames else ""


def leave_details(error: BaseException) -> str:
    """Writes the traceback of `error`, and returns where; or says why it could not."""
    trace = "".join(traceback.format_tb(error.__traceback__))
    versions = f"orch {__version__}, Python {platform.python_version()}, {platform.system()}"
    text = f"{versions}\n\n{trace}\n{type(error).__name__}\n"
    try:
        handle, path = tempfile.mkstemp(prefix="orch-mistake-", suffix=".txt")  # 0600
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as failed:
        return f"no file, since none could be written ({failed.strerror})"
    return path
