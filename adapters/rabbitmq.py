"""Events on RabbitMQ: the confirmed publisher."""

import asyncio

import structlog
from aio_pika import DeliveryMode, Message, RobustConnection
from aio_pika.abc import AbstractExchange, AbstractRobustConnection
from aio_pika.connection import make_url
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from adapters.ending_tasks import is_cancelled
from adapters.exact_json import dump
from adapters.rabbitmq_topology import QueueType, TopologyConflictError, declare_topology
from domain.errors import ErrorCode, Retryable
from domain.events import DomainEvent

# A publication that is not confirmed by then counts as failed: its workflow retries it, and
# consumers drop the double by its message_id.
PUBLISH_TIMEOUT_S = 2.0
# A broker that restarts is away for seconds; looking twice a second finds it soon enough.
RECONNECT_INTERVAL_S = 0.5
# Somebody has to look at a topology that differs; publications wait in their workflows.
CONFLICT_RETRY_S = 10.0
HEARTBEAT_S = 10
CONTENT_TYPE = "application/json"

_log = structlog.get_logger(__name__)


async def open_connection(url: str, name: str) -> AbstractRobustConnection:
    """Connect, waiting for as long as the broker is away; afterwards it reconnects by itself.

    Args:
        url: `amqp://` or `amqps://` address.
        name: What the broker's management page shows.
    """
    address = make_url(
        url, fail_fast=0, reconnect_interval=RECONNECT_INTERVAL_S, heartbeat=HEARTBEAT_S
    )
    connection = RobustConnection(address, client_properties={"connection_name": name})
    try:
        await connection.connect()
    except BaseException:
        # Whoever gave up waiting must not leave a task behind that goes on trying.
        await connection.close()
        raise
    return connection


class RabbitEventBus:
    """Publishes with confirms on one channel; implements `domain.ports.EventBus`.

    `start` returns at once, also while the broker is away: a publication then waits its two
    seconds and fails as `Retryable`.

    Args:
        url: The broker's address.
        queue_type: As for `declare_topology`.
    """

    def __init__(self, url: str, queue_type: QueueType = "classic") -> None:
        self._url = url
        self._queue_type: QueueType = queue_type
        self._connection: AbstractRobustConnection | None = None
        self._opening: asyncio.Task[AbstractExchange] | None = None

    def start(self) -> None:
        """Begin to connect in the background."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(), name="rabbitmq-open")

    async def close(self) -> None:
        """Close the connection; what was confirmed stays with the broker."""
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()

    async def ready(self) -> None:
        """Return once the broker is connected and the topology declared.

        Raises:
            Retryable: That did not come about within the time limit.
        """
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await self._exchange()
                if self._connection is not None:
                    await self._connection.ready()
        except TimeoutError as error:
            raise _unavailable() from error

    async def publish(self, event: DomainEvent) -> None:
        """Hand one event to the broker; return once a queue has it.

        Raises:
            Retryable: No confirmation within `PUBLISH_TIMEOUT_S`, whatever the cause.
        """
        message = Message(
            dump(event.envelope()),
            content_type=CONTENT_TYPE,
            delivery_mode=DeliveryMode.PERSISTENT,
            message_id=event.message_id,
            timestamp=event.timestamp,
            type=event.event,
        )
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                exchange = await self._exchange()
                await exchange.publish(message, event.routing_key, mandatory=True)
        except (TimeoutError, *CONNECTION_EXCEPTIONS) as error:
            raise _unavailable() from error
        except asyncio.CancelledError as error:
            # A connection that breaks cancels the confirmation that we wait for; that is a
            # fault of the broker, unless somebody has cancelled this very task.
            if is_cancelled():
                raise
            raise _unavailable() from error

    async def _exchange(self) -> AbstractExchange:
        if self._opening is None:
            raise ConnectionError("the event bus is not started")
        return await asyncio.shield(self._opening)

    async def _open(self) -> AbstractExchange:
        while True:
            if self._connection is None:
                self._connection = await open_connection(self._url, "events")
            try:
                channel = await self._connection.channel(on_return_raises=True)
                return await declare_topology(channel, self._queue_type)
            except TopologyConflictError as error:
                _log.error("events.topology_differs", detail=str(error))
                # The next attempt finds a connection that knows nothing of this one.
                await self._connection.close()
                self._connection = None
                await asyncio.sleep(CONFLICT_RETRY_S)
            except (Exception, asyncio.CancelledError) as error:
                # aiormq has many words for a connection that broke under it, a cancellation
                # and a bare Exception among them; this task must outlive all of them.
                if is_cancelled():
                    raise
                _log.warning("rabbitmq.topology_not_declared", error=repr(error))
                await asyncio.sleep(RECONNECT_INTERVAL_S)


def _unavailable() -> Retryable:
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, "The event broker did not confirm.")
