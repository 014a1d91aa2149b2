"""Where notifications are kept."""

from dataclasses import dataclass

from adapters.mongo import Database
from adapters.mongo_deliveries import MongoDeliveries
from adapters.mongo_notification_settings import MongoNotificationSettings
from adapters.mongo_notifications import MongoNotifications


@dataclass(frozen=True, slots=True)
class NotificationStores:
    """What users want, what they have been told, and what is on its way to them."""

    settings: MongoNotificationSettings
    notifications: MongoNotifications
    deliveries: MongoDeliveries


def notification_stores(database: Database) -> NotificationStores:
    """Return the stores of a database."""
    return NotificationStores(
        MongoNotificationSettings(database),
        MongoNotifications(database),
        MongoDeliveries(database),
    )
