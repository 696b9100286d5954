"""What the host itself said of a channel, told apart from what only looks like it (contract section 6).

Paramiko closes a channel alike when the host refuses its request, when the host closes it, and when the connection is
lost, and it does so before it marks the connection as lost. Whoever looks at that moment takes a lost connection for a
refusal. So each channel remembers which of the host's own messages came: only these are its word.
"""

from collections.abc import Callable
from typing import Any

import paramiko
from paramiko.common import MSG_CHANNEL_CLOSE, MSG_CHANNEL_FAILURE

_REFUSED = "orch_refused"
_CLOSED = "orch_closed"


def refused_by_host(channel: paramiko.Channel) -> bool:
    """Whether the host answered that it will not do what it was requested on `channel`."""
    return getattr(channel, _REFUSED, False)


def closed_by_host(channel: paramiko.Channel) -> bool:
    """Whether the host has closed `channel`."""
    return getattr(channel, _CLOSED, False)


def _noting(name: str, handle: Callable[[Any, Any], object]) -> Callable[[Any, Any], object]:
    def noted(channel: Any, message: Any) -> object:
        setattr(channel, name, True)  # first: by handling it paramiko wakes up who waits
        return handle(channel, message)

    return noted


_HANDLERS: dict[int, Callable[[Any, Any], object]] = paramiko.Transport._channel_handler_table  # type: ignore[attr-defined]  # noqa: SLF001


class TellingTransport(paramiko.Transport):
    """A transport whose channels know what the host said of them."""

    _channel_handler_table = {
        **_HANDLERS,
        MSG_CHANNEL_FAILURE: _noting(_REFUSED, _HANDLERS[MSG_CHANNEL_FAILURE]),
        MSG_CHANNEL_CLOSE: _noting(_CLOSED, _HANDLERS[MSG_CHANNEL_CLOSE]),
    }
