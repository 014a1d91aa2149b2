"""From events to what is listed, and to what is put into the outbox."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from domain.event_messages import Event
from domain.notifications import is_listed, notifications_of, planned
from workers.notification_stores import NotificationStores


class NotificationPlanning:
    """The effect of the queue `botcore.notifications`; see `rabbitmq_consumer.Effect`.

    What an event leads to is in two collections. The outbox is written first: a notification
    that is listed has all its deliveries, and an event that comes again changes nothing.

    Args:
        stores: Where that is kept.
        on_planned: Called when the outbox has something new.
    """

    def __init__(
        self, stores: NotificationStores, on_planned: Callable[[], None] = lambda: None
    ) -> None:
        self._stores = stores
        self._on_planned = on_planned

    async def apply(self, events: Sequence[Event]) -> None:
        """Plan what the users of these events are told.

        Raises:
            Retryable: The store could not be reached.
        """
        told = [each for event in events for each in notifications_of(event)]
        known, stored = await asyncio.gather(
            self._stores.notifications.known([each.notification_id for each in told]),
            self._stores.settings.load_all({each.user_id for each in told}),
        )
        now = datetime.now(UTC)
        new = [
            (each, stored[each.user_id].preferences)
            for each in told
            if each.notification_id not in known
            and is_listed(stored[each.user_id].preferences, each.event)
        ]
        outgoing = [one for each, wanted in new for one in planned(wanted, each, now)]
        await self._stores.deliveries.add(outgoing, now)
        await self._stores.notifications.add([each for each, _ in new], now)
        if outgoing:
            self._on_planned()
