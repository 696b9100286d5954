"""SSH public keys as they stand in files: `TYPE BASE64 [comment]`, without options (section 5, "Keys"; section 8).

A key is taken only where its bytes are whole and say the same type as its first word. Nothing is verified with it
here; this room tells keys that can't be meant from those that can.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
"""Types of keys that are taken, of people and of hosts."""
_FIELDS = {"ssh-ed25519": 2, "ssh-rsa": 3, "sk-ssh-ed25519@openssh.com": 3, "sk-ecdsa-sha2-nistp256@openssh.com": 4}
_ECDSA_FIELDS = 3
_LONGEST = 16 * 1024


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key's type and its bytes."""

    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:...` as `ssh-keygen -l` prints it."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode("ascii")
        return "SHA256:" + digest.rstrip("=")


def parse_public_key(key_type: str, encoded: str, least_rsa_bits: int = 2048) -> PublicKey:
    """The key of two words. Raises ValueError, in words, for what is no whole key of a known and strong enough type."""
    if key_type not in KEY_TYPES:
        raise ValueError(f'"{key_type[:60]}" is no type of key that is taken ({", ".join(KEY_TYPES)})')
    try:
        blob = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the key is not whole (no base64)") from None
    fields = _fields(blob)
    if fields is None or len(fields) != _FIELDS.get(key_type, _ECDSA_FIELDS):
        raise ValueError("the key is not whole (cut, or too long)")
    if fields[0] != key_type.encode("ascii"):
        raise ValueError(f"the key says {key_type}, but its bytes are of another type")
    if key_type == "ssh-rsa":
        bits = int.from_bytes(fields[2], "big").bit_length()
        if bits < least_rsa_bits:
            raise ValueError(f"the RSA key has {bits} bits; {least_rsa_bits} are the least")
    elif key_type == "ssh-ed25519" and len(fields[1]) != 32:
        raise ValueError("the key is not whole (an ed25519 key has 32 bytes)")
    return PublicKey(key_type, blob)


def _fields(blob: bytes) -> list[bytes] | None:
    """The length-prefixed fields of a key, or None where they don't add up."""
    found = []
    at = 0
    while at < len(blob) <= _LONGEST:
        end = at + 4 + int.from_bytes(blob[at : at + 4], "big")
        if at + 4 > len(blob) or end > len(blob):
            return None
        found.append(blob[at + 4 : end])
        at = end
    return found or None
