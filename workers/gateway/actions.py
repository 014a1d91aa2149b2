"""What a conversation decides is to be done."""

from dataclasses import dataclass
from typing import TypeAlias

from workers.gateway.frames import CloseCode


@dataclass(frozen=True, slots=True)
class Send:
    """Write this frame."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class SendPing:
    """Write a WebSocket ping."""


@dataclass(frozen=True, slots=True)
class SendPong:
    """Answer a WebSocket ping with what it carried."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """Write a close frame and end; nothing follows it."""

    code: CloseCode
    reason: str


@dataclass(frozen=True, slots=True)
class Join:
    """Deliver these channels from now on, and confirm with `subscribed`.

    `resume_from` is the last private sequence that the client has, None to start at the
    latest. `fresh` are those of `channels` that were not delivered before.
    """

    user_id: str
    channels: tuple[str, ...]
    fresh: frozenset[str]
    resume_from: int | None


@dataclass(frozen=True, slots=True)
class Leave:
    """Deliver these channels no longer, and confirm with `unsubscribed`."""

    channels: tuple[str, ...]


Action: TypeAlias = Send | SendPing | SendPong | Close | Join | Leave
