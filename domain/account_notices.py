"""What a user is told of their own account, in case it was not they."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from domain.activity import Activity, ActivityKind
from domain.events import (
    PASSWORD_CHANGED,
    SIGN_IN,
    TOKEN_REUSED,
    TRADING_HALTED,
    VENUE_CREDENTIALS_CHANGED,
    DomainEvent,
)

_EVENT_NAMESPACE = uuid.UUID("0a5c3c4e-2f0c-5d0b-9d2c-6b1d1a0e7c35")

# What somebody did → the event by which its user hears of it.
ROUTING_KEYS: Final[Mapping[ActivityKind, str]] = {
    ActivityKind.SIGNED_IN: SIGN_IN,
    ActivityKind.TOKEN_REUSED: TOKEN_REUSED,
    ActivityKind.PASSWORD_CHANGED: PASSWORD_CHANGED,
    ActivityKind.VENUE_CREDENTIALS_CHANGED: VENUE_CREDENTIALS_CHANGED,
    ActivityKind.TRADING_HALTED: TRADING_HALTED,
}


class UnannouncedActivity(Protocol):
    """The records of what people did, as far as notices of it are concerned."""

    async def unannounced(self, since: datetime, before: datetime) -> Sequence[Activity]:
        """Return what happened in between and asks for a notice that never left, oldest first.

        Raises:
            Retryable: The store could not be reached.
        """

    async def mark_announced(self, activity_id: str, at: datetime) -> None:
        """Remember that its notice has left.

        Raises:
            Retryable: The store could not be reached; marking again is safe.
        """


def asks_for_notice(activity: Activity) -> bool:
    """Tell whether its user hears of it."""
    return activity.kind in ROUTING_KEYS


def notice_event(activity: Activity) -> DomainEvent:
    """Return what is published of it, always under the same `message_id`.

    Raises:
        KeyError: It does not ask for a notice: a mistake of the caller.
    """
    routing_key = ROUTING_KEYS[activity.kind]
    data: dict[str, Any] = {
        "user_id": activity.user_id,
        "activity_id": activity.activity_id,
        "address": activity.origin.address,
        "user_agent": activity.origin.user_agent,
    }
    if routing_key == TRADING_HALTED:
        data["reason"] = activity.details.get("reason")
    message_id = str(uuid.uuid5(_EVENT_NAMESPACE, activity.activity_id))
    return DomainEvent(routing_key, message_id, data, activity.at)
