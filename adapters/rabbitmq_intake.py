"""One connection's worth of consuming: it ends with the connection, and is not repaired.

A connection that comes back by itself would go on with messages in hand that the broker has
already given to somebody else; a new intake begins with none.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from adapters.rabbitmq_dead_letters import Burial, buried
from adapters.rabbitmq_topology import (
    DEAD_LETTER_EXCHANGE,
    QueueType,
    declare_topology,
)

HEARTBEAT_S = 10
# Connecting, declaring, a burial's confirmation.
ANSWER_TIMEOUT_S = 10.0


class IntakeEndedError(Exception):
    """The connection or the queue is gone; what was in hand comes again."""


class Intake:
    """The messages of one queue as they arrive, and what becomes of them.

    Args:
        graveyard: The dead-letter exchange, on a channel with confirms.
    """

    def __init__(self, graveyard: AbstractExchange) -> None:
        self._graveyard = graveyard
        self._arrived: deque[AbstractIncomingMessage] = deque()
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()
        self._settled_tag = 0

    async def arrive(self, message: AbstractIncomingMessage) -> None:
        """Take a message from the client library."""
        self._arrived.append(message)
        self._changed.set()

    def end(self, *_: object) -> None:
        """Give up: nothing more will come, and nothing can be acknowledged."""
        self._ended.set()
        self._changed.set()

    async def take(self, most: int) -> list[AbstractIncomingMessage]:
        """Return what is there, at least one message, oldest first.

        Raises:
            IntakeEndedError: Nothing will come any more.
        """
        while not self._arrived:
            self._require_open()
            self._changed.clear()
            await self._changed.wait()
        self._require_open()
        return [self._arrived.popleft() for _ in range(min(most, len(self._arrived)))]

    async def wait_open(self, wait_s: float) -> None:
        """Wait before another attempt.

        Raises:
            IntakeEndedError: It would be an attempt with messages that are no longer ours.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._ended.wait()
        self._require_open()

    async def acknowledge(self, messages: Sequence[AbstractIncomingMessage]) -> None:
        """Acknowledge them, with one frame if they are exactly the next ones."""
        tags = [message.delivery_tag or 0 for message in messages]
        follows_on = tags == list(range(self._settled_tag + 1, self._settled_tag + 1 + len(tags)))
        # A connection that broke meanwhile has given the messages back; they come again.
        with contextlib.suppress(*CONNECTION_EXCEPTIONS):
            if follows_on:
                await messages[-1].ack(multiple=True)
            else:
                for message in messages:
                    await message.ack()
        self._settled_tag = max(self._settled_tag, *tags)

    async def bury(self, message: AbstractIncomingMessage, burial: Burial) -> None:
        """Put a copy with its cause among the dead letters; acknowledging it comes after.

        Raises:
            IntakeEndedError: The broker did not confirm.
        """
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._graveyard.publish(buried(message, burial), "", mandatory=True)
        except (TimeoutError, *CONNECTION_EXCEPTIONS) as error:
            raise IntakeEndedError("a dead letter was not confirmed") from error

    def _require_open(self) -> None:
        if self._ended.is_set():
            raise IntakeEndedError("the connection or the queue is gone")


@asynccontextmanager
async def open_intake(
    url: str, queue_name: str, queue_type: QueueType, prefetch: int
) -> AsyncIterator[Intake]:
    """Connect, see to the topology, and take messages while this is open.

    Args:
        url: The broker's address.
        queue_name: The queue.
        queue_type: As for `declare_topology`.
        prefetch: Unacknowledged at once: enough to keep a store busy, few enough to come
            again after a crash.

    Raises:
        TopologyConflictError: The broker has the topology otherwise.
        CONNECTION_EXCEPTIONS: It could not be reached.
    """
    async with contextlib.AsyncExitStack() as stack:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            connection = await aio_pika.connect(
                url,
                heartbeat=HEARTBEAT_S,
                client_properties={"connection_name": f"consumer of {queue_name}"},
            )
            stack.push_async_callback(connection.close)
            burying = await connection.channel(on_return_raises=True)
            await declare_topology(burying, queue_type)
            intake = Intake(await burying.get_exchange(DEAD_LETTER_EXCHANGE))
            channel = await connection.channel(publisher_confirms=False)
            await channel.set_qos(prefetch_count=prefetch)
            for each in (connection, channel, burying):
                each.close_callbacks.add(intake.end)
            underlay = await channel.get_underlay_channel()
            underlay.on_consumer_cancel_callbacks.add(intake.end)
            queue = await channel.get_queue(queue_name)
            await queue.consume(intake.arrive)
        yield intake
