"""Consuming events: acknowledged after the effect, poison to the dead letters."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from adapters.rabbitmq import QueueType, declare_topology, open_connection
from domain.errors import Rejected, Retryable

# Unacknowledged at once: enough to keep a store busy, few enough to come again after a crash.
PREFETCH = 32
RETRY_MIN_S = 0.2
RETRY_MAX_S = 5.0
# How long messages in hand may take when the process is to stop; the rest comes again.
STOP_WITHIN_S = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it arrived; `redelivered` if it was in somebody's hands before."""

    body: bytes
    message_id: str | None
    redelivered: bool


class RabbitConsumer:
    """Hands every message of one queue to `handle`.

    `handle` must be idempotent. `Retryable` is tried again, with the message kept in hand;
    `Rejected` and any fault that is not foreseen send it to the dead letters, so that one
    message that cannot be read does not stand in the way of the others.

    Args:
        url: The broker's address.
        queue: One of the topology's queues.
        handle: Does what the message asks for; returns once that is durable.
        queue_type: As for `declare_topology`.
    """

    def __init__(
        self,
        url: str,
        queue: str,
        handle: Callable[[Delivery], Awaitable[None]],
        queue_type: QueueType = "classic",
    ) -> None:
        self._url = url
        self._queue = queue
        self._handle = handle
        self._queue_type: QueueType = queue_type
        self._in_hand: set[asyncio.Task[None]] = set()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Consume until cancelled, then finish what is in hand.

        Args:
            on_ready: Called once, when the first message could arrive.
        """
        connection = await open_connection(self._url, f"consumer of {self._queue}")
        try:
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=PREFETCH)
            await declare_topology(channel, self._queue_type)
            queue = await channel.get_queue(self._queue)
            tag = await queue.consume(self._take)
            on_ready()
            try:
                await asyncio.Event().wait()
            finally:
                with contextlib.suppress(*CONNECTION_EXCEPTIONS, TimeoutError):
                    await queue.cancel(tag, timeout=STOP_WITHIN_S)
                await self._finish()
        finally:
            await connection.close()

    async def _finish(self) -> None:
        if self._in_hand:
            _, late = await asyncio.wait(self._in_hand, timeout=STOP_WITHIN_S)
            for task in late:
                task.cancel()

    async def _take(self, message: AbstractIncomingMessage) -> None:
        task = asyncio.create_task(self._settle(message))
        self._in_hand.add(task)
        task.add_done_callback(self._in_hand.discard)

    async def _settle(self, message: AbstractIncomingMessage) -> None:
        delivery = Delivery(message.body, message.message_id, bool(message.redelivered))
        try:
            await self._handle_persistently(delivery)
        except Rejected as refusal:
            await self._dead_letter(message, refusal, unforeseen=False)
        except Exception as fault:  # noqa: BLE001 - one message must not stop the others
            await self._dead_letter(message, fault, unforeseen=True)
        else:
            await _quietly(message.ack())

    async def _dead_letter(
        self, message: AbstractIncomingMessage, fault: Exception, *, unforeseen: bool
    ) -> None:
        _log.warning(
            "event.dead_lettered",
            queue=self._queue,
            message_id=message.message_id,
            error=repr(fault),
            exc_info=unforeseen,
        )
        await _quietly(message.reject(requeue=False))

    async def _handle_persistently(self, delivery: Delivery) -> None:
        wait_s = RETRY_MIN_S
        while True:
            try:
                await self._handle(delivery)
            except Retryable as fault:
                _log.warning("event.delayed", queue=self._queue, detail=fault.detail)
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, RETRY_MAX_S)
            else:
                return


async def _quietly(answer: Awaitable[None]) -> None:
    # A connection that broke meanwhile has given the message back; it comes again.
    with contextlib.suppress(*CONNECTION_EXCEPTIONS):
        await answer
