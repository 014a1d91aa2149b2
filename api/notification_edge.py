"""What the routes of notifications work with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from adapters.apprise_process import open_apprise
from adapters.outbound_network import OutboundNetwork
from adapters.redis_rate_limit import RedisRateLimit
from workers.connections import Connections
from workers.notification_channels import target_seals
from workers.notification_desk import NotificationDesk
from workers.notification_stores import notification_stores
from workers.notification_targets import TargetCheck
from workers.settings import Settings

# Each looks names up and may start a fork.
CHANGES_PER_WINDOW: Final = 30
WINDOW_S: Final = 60


@dataclass(frozen=True, slots=True)
class NotificationEdge:
    """The desk, and how often a user may ask it to change or send something."""

    desk: NotificationDesk
    rate: RedisRateLimit


@asynccontextmanager
async def open_notification_edge(
    settings: Settings, connections: Connections
) -> AsyncIterator[NotificationEdge]:
    """Open it for an application; apprise is started when somebody names a service."""
    network = OutboundNetwork(settings.notification_networks)
    async with open_apprise(network) as apprise:
        desk = NotificationDesk(
            notification_stores(connections.database),
            target_seals(settings),
            TargetCheck(network, apprise),
        )
        yield NotificationEdge(
            desk,
            RedisRateLimit(connections.redis, "notification-changes", CHANGES_PER_WINDOW, WINDOW_S),
        )
