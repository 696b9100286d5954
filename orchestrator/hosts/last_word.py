"""The CLOSE of a channel is the last thing that we send on it (contract section 8).

- RFC 4254, 5.3: whoever has closed a channel sends nothing more on it; its number may then be another channel's.
  OpenSSH ("ieof packet referred to nonexistent channel") and asyncssh ("Invalid channel number") take one message more
  for a broken peer and end the whole connection: every command on it is lost, and behind a gateway every host.
- Paramiko does send one more, once in a few thousand short commands on a shared connection. It decides under the
  channel's lock what to send and sends after letting go of it. In between, its own thread may get the host's CLOSE (the
  command has ended without reading its standard input) and answer it. So it happens to an end of input, to input, to
  the bytes of a tunnel and to a widened window alike; no care on our side of its methods helps.
- So each channel gets a door of its own, through which all of its messages go, one at a time. What comes to it after
  the CLOSE was meant for nobody any more and is dropped.
"""

from threading import Lock
from typing import Any, cast

import paramiko
from paramiko.common import cMSG_CHANNEL_CLOSE


class Door:
    """Stands in for the transport before one channel."""

    def __init__(self, transport: Any) -> None:  # a paramiko.Transport; its type knows nothing of what we need of it
        self._transport = transport
        self._lock = Lock()
        self._closed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _send_user_message(self, message: paramiko.Message) -> None:
        # By this name the channel sends everything. The lock spans the sending too: deciding the order is not enough.
        with self._lock:
            if self._closed:
                return
            self._closed = message.asbytes().startswith(cMSG_CHANNEL_CLOSE)
            self._transport._send_user_message(message)  # noqa: SLF001 (paramiko has no public one)


def closing_last(channel: paramiko.Channel) -> paramiko.Channel:
    """`channel`, newly opened and not used yet, behind a door of its own.

    What the host closed before this is no danger: paramiko's thread has then marked the channel, and sends alone.
    """
    channel.transport = cast(paramiko.Transport, Door(channel.transport))
    return channel
