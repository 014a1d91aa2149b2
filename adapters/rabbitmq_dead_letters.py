"""Dead letters: how a message becomes one, and what can be done with it afterwards."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import aio_pika
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import DeliveryError

from adapters.exact_json import time_text
from adapters.rabbitmq_messages import Cause
from adapters.rabbitmq_topology import BINDINGS, DEAD_LETTER_QUEUE, QueueType, declare_topology

# Headers of a dead letter. The broker's own, where it buried the message itself, is `x-death`.
_OURS: Final = "botcore-"
QUEUE_HEADER: Final = "botcore-queue"
CAUSE_HEADER: Final = "botcore-cause"
DETAIL_HEADER: Final = "botcore-detail"
ROUTING_KEY_HEADER: Final = "botcore-routing-key"
BURIED_AT_HEADER: Final = "botcore-buried-at"
_BROKERS_HEADERS: Final = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count")
_DETAIL_CHARACTERS = 500
_DIGEST_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Burial:
    """Why a message of this queue is a dead letter."""

    queue: str
    cause: Cause
    detail: str


def buried(message: AbstractIncomingMessage, burial: Burial) -> Message:
    """Return the copy that goes among the dead letters, with its cause in its headers."""
    headers: dict[str, Any] = {
        QUEUE_HEADER: burial.queue,
        CAUSE_HEADER: str(burial.cause),
        DETAIL_HEADER: burial.detail[:_DETAIL_CHARACTERS],
        ROUTING_KEY_HEADER: message.routing_key or "",
        BURIED_AT_HEADER: time_text(datetime.now(UTC)),
    }
    return _copy(message, {**message.headers, **headers})


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter as operators see it.

    Attributes:
        letter_id: the message's id, or where it has none, one made from its content.
        queue: where it was to be consumed; empty where nobody knows.
        cause: why it was buried; the broker's word where the broker did it.
        detail: more about it.
        buried_at: when, as ISO-8601; empty where nobody knows.
        body: what it says.
    """

    letter_id: str
    queue: str
    cause: str
    detail: str
    buried_at: str
    body: bytes


def letter_id_of(message: AbstractIncomingMessage) -> str:
    """Return a message's id, or where it has none, one made from its content."""
    if message.message_id:
        return message.message_id
    return f"sha256-{hashlib.sha256(message.body).hexdigest()[:_DIGEST_CHARACTERS]}"


def dead_letter(message: AbstractIncomingMessage) -> DeadLetter:
    """Read a dead letter's headers."""
    headers = message.headers
    deaths = headers.get("x-death")
    death: Any = deaths[0] if isinstance(deaths, list) and deaths else {}
    died_at = death.get("time")
    return DeadLetter(
        letter_id=letter_id_of(message),
        queue=str(headers.get(QUEUE_HEADER) or death.get("queue", "")),
        cause=str(headers.get(CAUSE_HEADER) or death.get("reason", "unknown")),
        detail=str(headers.get(DETAIL_HEADER, "")),
        buried_at=str(
            headers.get(BURIED_AT_HEADER)
            or (time_text(died_at) if isinstance(died_at, datetime) else "")
        ),
        body=message.body,
    )


Wanted = Callable[[DeadLetter], bool]


class DeadLetters:
    """The dead letters of a broker, on one channel with confirms.

    Whatever is looked at and not settled goes back to its place when the channel closes.
    """

    def __init__(self, channel: AbstractChannel) -> None:
        self._channel = channel

    async def matching(
        self, wanted: Wanted
    ) -> AsyncIterator[tuple[DeadLetter, AbstractIncomingMessage]]:
        """Yield those wanted, oldest first, of the letters that are there now."""
        queue = await self._channel.get_queue(DEAD_LETTER_QUEUE)
        declared = await self._channel.declare_queue(DEAD_LETTER_QUEUE, passive=True)
        for _ in range(declared.declaration_result.message_count or 0):
            message = await queue.get(fail=False)
            if message is None:  # somebody else looks at them, too
                return
            letter = dead_letter(message)
            if wanted(letter):
                yield letter, message

    async def replay(self, letter: DeadLetter, message: AbstractIncomingMessage) -> bool:
        """Put a letter back into the queue that it came from, and into no other.

        It is taken away from here once that queue has it. Cut off between the two it is in
        both, and the consumer drops the double by its `message_id`.

        Returns:
            Whether the queue took it.
        """
        if letter.queue not in BINDINGS:
            return False
        headers = {
            name: value
            for name, value in message.headers.items()
            if not name.startswith((_OURS, *_BROKERS_HEADERS))
        }
        try:
            # The default exchange hands it to the queue of this name alone.
            await self._channel.default_exchange.publish(
                _copy(message, headers), letter.queue, mandatory=True
            )
        except DeliveryError:
            return False
        await message.ack()
        return True


@asynccontextmanager
async def open_dead_letters(url: str, queue_type: QueueType) -> AsyncIterator[DeadLetters]:
    """Look at the dead letters while this is open.

    Raises:
        TopologyConflictError: The broker has the topology otherwise.
        CONNECTION_EXCEPTIONS: It could not be reached.
    """
    async with await aio_pika.connect(
        url, client_properties={"connection_name": "dead letters"}
    ) as connection:
        channel = await connection.channel(on_return_raises=True)
        await declare_topology(channel, queue_type)
        yield DeadLetters(channel)


def _copy(message: AbstractIncomingMessage, headers: dict[str, Any]) -> Message:
    return Message(
        message.body,
        headers=headers,
        content_type=message.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=message.message_id,
        timestamp=message.timestamp,
        type=message.type,
    )
