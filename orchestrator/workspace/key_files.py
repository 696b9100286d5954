"""The key files that an inventory names (`identity`), as they lie on the disk: what is wrong with each (section 8).

Looks, never reads: what a key file holds is nobody's business but the login's. A file that others can read is used all
the same by a login, so it is no error of the workspace but a lint.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from orchestrator.model.inventory import Inventory


def key_file_faults(root: Path, inventory: Inventory) -> Mapping[str, str]:
    """What is wrong with each key file that is named, by its name in the inventory; nothing where all is well."""
    named = sorted({host.identity for host in inventory.hosts.values() if host.identity is not None})
    found = {identity: _fault(root, identity) for identity in named}
    return {identity: fault for identity, fault in found.items() if fault}


def _fault(root: Path, identity: str) -> str:
    try:
        state = os.stat(root / Path(identity).expanduser())
    except FileNotFoundError:
        return "is not there"
    except (OSError, RuntimeError, ValueError) as error:
        return f"can't be looked at ({getattr(error, 'strerror', None) or error})"
    if not stat.S_ISREG(state.st_mode):
        return "is no plain file"
    if state.st_mode & 0o077:
        return f"is open to others on this machine ({stat.filemode(state.st_mode)})"
    return ""
