"""`python -m workers.notification_consumer`: the notification service.

Takes the queue `botcore.notifications` into users' lists and the outbox, and sends from there.
"""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from adapters.mongo_event_attempts import MongoEventAttempts
from adapters.rabbitmq_consumer import EventConsumer
from adapters.rabbitmq_topology import NOTIFICATIONS_QUEUE
from workers.connections import Need, open_connections
from workers.notification_channels import open_channels
from workers.notification_planning import NotificationPlanning
from workers.notification_sender import CONCURRENT, DeliverySender, RateLimits
from workers.notification_stores import notification_stores
from workers.process import run_process, run_until
from workers.readiness import announce_ready
from workers.settings import Settings


async def _serve(settings: Settings) -> None:
    # Webhooks' names are looked up in it: as many as may be under way at once, so that names
    # that are answered slowly on purpose hold up nobody else's.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(CONCURRENT, "lookup"))
    async with (
        open_connections(settings, {Need.MONGODB}) as connections,
        open_channels(settings) as channels,
    ):
        stores = notification_stores(connections.database)
        limits = RateLimits(
            settings.notifications_per_minute_per_target,
            settings.notifications_per_minute_per_user,
        )
        sender = DeliverySender(stores, channels, limits, settings.dashboard_url)
        planning = NotificationPlanning(stores, sender.wake)
        consumer = EventConsumer(
            settings.rabbitmq_url,
            NOTIFICATIONS_QUEUE,
            planning,
            settings.rabbitmq_queue_type,
            attempts=MongoEventAttempts(connections.database, NOTIFICATIONS_QUEUE),
        )
        await _side_by_side(sender.run(), consumer.run(announce_ready))


async def _side_by_side(*works: Coroutine[Any, Any, None]) -> None:
    """Run endless works; the end of one is the end of all, each with time to put things right."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until(settings: Settings, stop: asyncio.Event) -> None:
    await run_until(_serve(settings), stop)


if __name__ == "__main__":
    run_process(_until)
