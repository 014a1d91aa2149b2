"""`python -m workers.analytics_consumer`: the analytics service of `botcore.ai_signals`."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.mongo_abandoned import end_abandoned
from adapters.mongo_analytics import MongoAnalytics
from adapters.mongo_event_attempts import MongoEventAttempts
from adapters.rabbitmq_consumer import EventConsumer
from adapters.rabbitmq_topology import AI_SIGNALS_QUEUE
from domain.event_messages import Event
from workers.connections import Need, open_connections
from workers.process import run_process, run_until
from workers.readiness import announce_ready
from workers.settings import Settings

NAME = "botcore-analytics"


class SignalCount:
    """Adds each signal to its day, once."""

    def __init__(self, analytics: MongoAnalytics) -> None:
        self._analytics = analytics

    async def apply(self, events: Sequence[Event]) -> None:
        """Add events.

        Raises:
            Retryable: The store could not be reached.
        """
        await self._analytics.add(events, datetime.now(UTC))


async def _consume(settings: Settings) -> None:
    async with open_connections(settings, {Need.MONGODB}, NAME) as connections:
        await end_abandoned(connections.database, NAME)
        effect = SignalCount(MongoAnalytics(connections.database))
        consumer = EventConsumer(
            settings.rabbitmq_url,
            AI_SIGNALS_QUEUE,
            effect,
            settings.rabbitmq_queue_type,
            attempts=MongoEventAttempts(connections.database, AI_SIGNALS_QUEUE),
        )
        await consumer.run(announce_ready)


async def _until(settings: Settings, stop: asyncio.Event) -> None:
    await run_until(_consume(settings), stop)


if __name__ == "__main__":
    run_process(_until)
