"""Where the details of a mistake in orch itself go: a private file in the folder for temporary files.

It holds the traceback (places in the code, no values of variables) and the versions; nothing of the command line, since
that may name what is nobody's business.
"""

import os
import platform
import tempfile
import traceback

from orchestrator import __version__


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
