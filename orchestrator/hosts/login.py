"""Logging in, by key only (contract section 8): the host's own identity, else the agent's keys and the usual files.

- Never a password, never a prompt: paramiko would ask on the terminal for a second factor, so it is not left to it.
- A host's identity that is missing, unreadable or protected by a passphrase is a refusal that says so; among the usual
  files such a one is passed over, since the agent may hold it.
- A key file is read once. Nothing here puts key material into a text.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import paramiko

from orchestrator.hosts.port import HostSpec
from orchestrator.hosts.refusal import Refusal
from orchestrator.model.terms import Found

_USUAL = ("id_ed25519", "id_ecdsa", "id_rsa")


class KeyRing:
    """The keys that we may log in with, each file read once for all connections."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = Lock()
        self._read: dict[Path, paramiko.PKey | str] = {}

    def login(self, spec: HostSpec) -> "KeyLogin":
        """How to log in to `spec`. Raises Refusal where the host's identity can't be used."""
        if spec.identity is None:
            return KeyLogin(spec, self._usual(), agent=True)
        path = Path(spec.identity).expanduser()
        key = self._key(path if path.is_absolute() else self._root / path)
        if isinstance(key, str):
            raise Refusal(Found.LOGIN, spec.id, f"{spec.id}: its identity {spec.identity} {key}")
        return KeyLogin(spec, [key], agent=False)

    def _usual(self) -> list[paramiko.PKey]:
        found = [self._key(Path.home() / ".ssh" / name) for name in _USUAL]
        return [key for key in found if not isinstance(key, str)]

    def _key(self, path: Path) -> paramiko.PKey | str:
        """The key in `path`, or what is wrong with it."""
        with self._lock:
            if path not in self._read:
                self._read[path] = _read_key(path)
            return self._read[path]


class KeyLogin:
    """For paramiko (`auth_strategy`): tries each key once."""

    def __init__(self, spec: HostSpec, keys: list[paramiko.PKey], *, agent: bool) -> None:
        self._spec = spec
        self._keys = keys
        self._agent = agent

    def authenticate(self, transport: paramiko.Transport) -> None:
        """Log in. Raises Refusal where no key is accepted."""
        tried = 0
        agent = paramiko.Agent() if self._agent and os.environ.get("SSH_AUTH_SOCK") else None
        try:
            for key in self._offers(agent):
                tried += 1
                if self._accepts(transport, key):
                    return
        finally:
            if agent is not None:
                agent.close()
        spec = self._spec
        why = f"accepts none of {tried} key{'s' if tried > 1 else ''}" if tried else "could not be offered any key"
        raise Refusal(Found.LOGIN, spec.id, f"{spec.id}, as {spec.user}: {why}")

    def _offers(self, agent: paramiko.Agent | None) -> Iterator[paramiko.PKey]:
        if agent is not None:
            yield from agent.get_keys()
        yield from self._keys

    def _accepts(self, transport: paramiko.Transport, key: paramiko.PKey) -> bool:
        spec = self._spec
        try:
            more = transport.auth_publickey(spec.user, key)
        except paramiko.BadAuthenticationType:
            raise Refusal(Found.LOGIN, spec.id, f"{spec.id}, as {spec.user}: does not take keys at all") from None
        except paramiko.AuthenticationException as error:
            if transport.is_active():
                return False
            why = f"closed the connection while we logged in ({error})"
            raise Refusal(Found.LOGIN, spec.id, f"{spec.id}, as {spec.user}: {why}") from None
        if more:
            why = f"the key is not enough, it also wants {', '.join(more)}"
            raise Refusal(Found.LOGIN, spec.id, f"{spec.id}, as {spec.user}: {why}")
        return True


def _read_key(path: Path) -> paramiko.PKey | str:
    try:
        return paramiko.PKey.from_path(path)
    except OSError as error:
        return f"can't be read: {error.strerror}"
    except (paramiko.PasswordRequiredException, TypeError):
        return "is protected by a passphrase: load it into the agent and leave `identity` out, or use another"
    except (paramiko.SSHException, ValueError):
        return "is no private key that can be used"
    except Exception as error:
        return f"is no private key that can be used ({type(error).__name__})"
