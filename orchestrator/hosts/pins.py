"""Host keys: pinned by fingerprint, judged before we log in, never asked about (contract section 8).

- A host without a pin is refused; so is one that shows a key whose SHA-256 fingerprint is not pinned. Nothing has been
  sent to it then: neither who we are nor a signature.
- The key exchange offers only the pinned types, so that a host with several keys shows one that we can judge.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence

import paramiko

from orchestrator.hosts.refusal import Refusal
from orchestrator.model.terms import Found

_EVERY = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
_ALGORITHMS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
# What no host of ours needs: CBC and its MACs (Terrapin where a host has no strict key exchange), SHA-1, MD5, 3DES.
_WEAK = {
    "ciphers": ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"],
    "macs": ["hmac-sha1", "hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
}


def fingerprint(blob: bytes) -> str:
    """The fingerprint of a public key as ssh-keygen writes it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")


def disabled_algorithms(key_types: Sequence[str]) -> Mapping[str, list[str]]:
    """For paramiko: what must not be negotiated with a host whose pinned keys are of `key_types` ((): not known)."""
    allowed = {name for key_type in key_types for name in _ALGORITHMS.get(key_type, (key_type,))}
    others = [name for name in _EVERY if name not in allowed] if allowed & set(_EVERY) else []
    return {**_WEAK, "keys": others}


class PinnedKey(paramiko.MissingHostKeyPolicy):
    """Paramiko asks it about every key, because it is given no known_hosts: it lets the pinned ones pass."""

    def __init__(self, host: str, pinned: Sequence[str]) -> None:
        self._host = host
        self._pinned = pinned

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Raise Refusal unless `key` is pinned."""
        shown = fingerprint(key.asbytes())
        if shown in self._pinned:
            return
        what = f"{self._host} shows the host key {shown} ({key.get_name()})"
        if self._pinned:
            raise Refusal(Found.KEY, self._host, f"{what}, pinned in known_hosts: {', '.join(self._pinned)}")
        raise Refusal(Found.KEY, self._host, f"{what}, and known_hosts has no key for it")
