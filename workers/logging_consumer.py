"""`python -m workers.logging_consumer`: the logging service of the queue `botcore.trading`."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from adapters.mongo_event_attempts import MongoEventAttempts
from adapters.mongo_system_logs import MongoSystemLogs
from adapters.rabbitmq_consumer import EventConsumer
from adapters.rabbitmq_topology import TRADING_QUEUE
from domain.event_messages import Event
from workers.connections import Need, open_connections
from workers.process import run_process, run_until
from workers.readiness import announce_ready
from workers.settings import Settings

_log = structlog.get_logger(__name__)


class EventLog:
    """Records each event once, in the store and as one line of this process's log.

    The store is what counts: a process that dies between the two has written no line.
    """

    def __init__(self, logs: MongoSystemLogs) -> None:
        self._logs = logs

    async def apply(self, events: Sequence[Event]) -> None:
        """Record events.

        Raises:
            Retryable: The store could not be reached.
        """
        for event in await self._logs.record(events, datetime.now(UTC)):
            _log.info(
                event.event,
                message_id=event.message_id,
                routing_key=event.routing_key,
                user_id=event.message.user_id,
                trade_id=event.data.get("trade_id"),
            )


async def _consume(settings: Settings) -> None:
    async with open_connections(settings, {Need.MONGODB}) as connections:
        effect = EventLog(MongoSystemLogs(connections.database))
        consumer = EventConsumer(
            settings.rabbitmq_url,
            TRADING_QUEUE,
            effect,
            settings.rabbitmq_queue_type,
            attempts=MongoEventAttempts(connections.database, TRADING_QUEUE),
        )
        await consumer.run(announce_ready)


async def _until(settings: Settings, stop: asyncio.Event) -> None:
    await run_until(_consume(settings), stop)


if __name__ == "__main__":
    run_process(_until)
