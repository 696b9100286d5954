"""Ids and names as the contract's section 3 allows them, and what may be told to SSH.

Host addresses and user names reach programs and sockets: they are validated here so that none can be read as an
option (`-oProxyCommand=...`) or as anything but a name.
"""

import ipaddress
import re

ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}\Z")
VAR_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


def is_id(text: str) -> bool:
    """Whether `text` is an id: of a customer, zone, host, system, service, kind, person, gate or label."""
    return ID_PATTERN.match(text) is not None


def is_address(text: str) -> bool:
    """Whether `text` is a host name or an IPv4 or IPv6 literal that is safe to hand to SSH."""
    if NAME_PATTERN.match(text):
        return True
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def is_user(text: str) -> bool:
    """Whether `text` is a login name that is safe to hand to SSH."""
    return NAME_PATTERN.match(text) is not None


def is_var(text: str) -> bool:
    """Whether `text` names a playbook var: a word for `{word}` in a template."""
    return VAR_PATTERN.match(text) is not None
