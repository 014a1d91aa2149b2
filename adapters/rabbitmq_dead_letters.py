"""Dead letters: how a message becomes one, and what can be done with it afterwards."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractIncomingMessage

from adapters.exact_json import time_text
from adapters.rabbitmq_messages import Cause

# Headers of a dead letter. The broker's own, where it buried the message itself, is `x-death`.
QUEUE_HEADER: Final = "botcore-queue"
CAUSE_HEADER: Final = "botcore-cause"
DETAIL_HEADER: Final = "botcore-detail"
ROUTING_KEY_HEADER: Final = "botcore-routing-key"
BURIED_AT_HEADER: Final = "botcore-buried-at"
_DETAIL_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Burial:
    """Why a message of this queue is a dead letter."""

    queue: str
    cause: Cause
    detail: str


def buried(message: AbstractIncomingMessage, burial: Burial) -> Message:
    """Return the copy that goes among the dead letters, with its cause in its headers."""
    headers: dict[str, Any] = {
        **message.headers,
        QUEUE_HEADER: burial.queue,
        CAUSE_HEADER: str(burial.cause),
        DETAIL_HEADER: burial.detail[:_DETAIL_CHARACTERS],
        ROUTING_KEY_HEADER: message.routing_key or "",
        BURIED_AT_HEADER: time_text(datetime.now(UTC)),
    }
    return Message(
        message.body,
        headers=headers,
        content_type=message.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=message.message_id,
        timestamp=message.timestamp,
        type=message.type,
    )
