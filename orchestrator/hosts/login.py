"""Logging in, by key only (contract section 8): the host's own identity, else the agent's keys and the usual files.

- Never a password, never a prompt: paramiko would ask on the terminal for a second factor, so it is not left to it.
- A host's identity that is missing, unreadable or protected by a passphrase is a refusal that says so; among the usual
  files such a one is passed over, since the agent may hold it.
- A certificate beside a key file (`KEY-cert.pub`) is offered before the key itself; so are those in the agent.
- A key file is read once, and again when it or its certificate has changed: certificates live shorter than runs.
- Nothing here puts key material into a text.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import paramiko

from orchestrator.hosts.port import HostSpec
from orchestrator.hosts.refusal import Refusal
from orchestrator.model.terms import Found

_CERTIFIED = "-cert-v01@openssh.com"
Keys = tuple[paramiko.PKey, ...]
_Age = tuple[int | None, int | None]
_USUAL = ("id_ed25519", "id_ecdsa", "id_rsa")


class KeyRing:
    """The keys that we may log in with, each file read once for all connections."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = Lock()
        self._read: dict[Path, tuple[_Age, Keys | str]] = {}

    def login(self, spec: HostSpec) -> "KeyLogin":
        """How to log in to `spec`. Raises Refusal where the host's identity can't be used."""
        if spec.identity is None:
            return KeyLogin(spec, self._usual(), agent=True)
        path = Path(spec.identity).expanduser()
        key = self._key(path if path.is_absolute() else self._root / path)
        if isinstance(key, str):
            raise Refusal(Found.LOGIN, spec.id, f"{spec.id}: its identity {spec.identity} {key}")
        return KeyLogin(spec, key, agent=False)

    def _usual(self) -> Keys:
        found = [self._key(Path.home() / ".ssh" / name) for name in _USUAL]
        return tuple(key for keys in found if not isinstance(keys, str) for key in keys)

    def _key(self, path: Path) -> Keys | str:
        """What `path` has to offer, or what is wrong with it."""
        age = _age(path), _age(_certificate(path))
        with self._lock:
            if path not in self._read or self._read[path][0] != age:
                self._read[path] = age, _read_key(path)
            return self._read[path][1]


class KeyLogin:
    """For paramiko (`auth_strategy`): tries each key once."""

    def __init__(self, spec: HostSpec, keys: Keys, *, agent: bool) -> None:
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
            yield from map(_with_certificate, agent.get_keys())
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


def _with_certificate(key: paramiko.AgentKey) -> paramiko.AgentKey:
    # Paramiko takes an RSA certificate of the agent's apart, and then offers the bare key under the certificate's name.
    if key.name.endswith(_CERTIFIED) and key.public_blob is None:
        key.public_blob = paramiko.pkey.PublicBlob(type_=key.name, blob=key.blob)  # type: ignore[assignment]
    return key


def _certificate(path: Path) -> Path:
    return path.with_name(f"{path.name}-cert.pub")


def _age(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _read_key(path: Path) -> Keys | str:
    certificate = _certificate(path)
    try:
        if certificate.exists():
            paramiko.pkey.PublicBlob.from_file(str(certificate))
    except (OSError, ValueError, paramiko.SSHException):
        return f"has a certificate that can't be used: {certificate.name}"
    try:
        key = paramiko.PKey.from_path(path)  # with its certificate
        if key.public_blob is None:
            return (key,)
        bare = paramiko.PKey.from_path(path)
        bare.public_blob = None
        return (key, bare)
    except OSError as error:
        return f"can't be read: {error.strerror}"
    except (paramiko.PasswordRequiredException, TypeError):
        return "is protected by a passphrase: load it into the agent and leave `identity` out, or use another"
    except (paramiko.SSHException, ValueError):
        return "is no private key that can be used"
    except Exception as error:
        return f"is no private key that can be used ({type(error).__name__})"
