"""A notification service in this process, and people with targets."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_network
from typing import Any, TypeVar

from adapters.apprise_process import AppriseProcess, open_apprise
from adapters.mongo import Database, Document
from adapters.mongo_deliveries import State
from adapters.notification_seals import TargetAccess, TargetSeals
from adapters.outbound_network import OutboundNetwork
from adapters.webhook_client import new_signing_secret, open_webhook_client
from domain.event_messages import Event, TradeExecuted
from domain.events import TRADE_EXECUTED
from domain.notification_events import DEFAULT_EVENTS
from domain.orders import Side
from tests.receivers import ARRIVES_WITHIN_S
from workers.notification_channels import Channels
from workers.notification_planning import NotificationPlanning
from workers.notification_sender import DeliverySender, RateLimits
from workers.notification_stores import NotificationStores, notification_stores

SEALS = TargetSeals("1", {"1": b"k" * 32})
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LINK = "http://dashboard.test/#"
Found = TypeVar("Found")
GENEROUS = RateLimits(10_000, 10_000)
LOOPBACK = OutboundNetwork([ip_network("127.0.0.0/8")])


def executed(user_id: str, message_id: str = "") -> Event:
    """Return the event of a trade that filled."""
    message = TradeExecuted(
        user_id=user_id,
        trade_id="t1",
        symbol="BTCUSDT",
        side=Side.BUY,
        quantity=Decimal("0.5"),
        price=Decimal("54187.09"),
        type="MARKET",
        status="FILLED",
        executed_quantity=Decimal("0.5"),
        executed_price=Decimal("54187.09"),
        commission=Decimal(0),
        commission_asset=None,
        venue_order_id=7,
    )
    shown = {"user_id": user_id, "trade_id": "t1", "price": Decimal("54187.09")}
    return Event(TRADE_EXECUTED, message_id or secrets.token_hex(8), 1, AT, message, shown)


async def come_true(check: Callable[[], Awaitable[Found]]) -> Found:
    """Wait until something is there, and return it."""
    async with asyncio.timeout(ARRIVES_WITHIN_S):
        while True:
            found = await check()
            if found:
                return found
            await asyncio.sleep(0.02)


@dataclass
class Service:
    """What a notification process runs."""

    database: Database
    stores: NotificationStores
    planning: NotificationPlanning
    sender: DeliverySender

    async def target(self, user_id: str, url: str, kind: str = "webhook", **more: Any) -> str:
        """Give a user one more target; return its id."""
        target_id = secrets.token_hex(8)
        before = await self.stores.settings.load(user_id)
        target = {
            "target_id": target_id,
            "name": "mine",
            "kind": kind,
            "address": "…",
            "enabled": True,
            "disabled_reason": None,
            "events": None,
            "max_per_minute": 10_000,
            "created_at": AT,
            "sealed": SEALS.seal(user_id, target_id, TargetAccess(url, new_signing_secret())),
            **more,
        }
        await self.settings(user_id, targets=[*before.targets, target])
        return target_id

    async def settings(self, user_id: str, **changes: Any) -> None:
        before = await self.stores.settings.load(user_id)
        content = {
            "events": list(DEFAULT_EVENTS),
            "targets": list(before.targets),
            "quiet_hours": None,
            "digest": None,
            **changes,
        }
        assert await self.stores.settings.replace(before, content, AT)

    async def deliveries(self, user_id: str) -> list[Document]:
        return await self.stores.deliveries.page(user_id, position=None, limit=1_000)

    async def until(self, user_id: str, state: State, count: int = 1) -> list[Document]:
        """Wait for so many of a user's deliveries in a state."""

        async def found() -> list[Document]:
            those = [each for each in await self.deliveries(user_id) if each["state"] == state]
            return those if len(those) >= count else []

        return await come_true(found)

    async def set_back(self, user_id: str, state: State, field: str) -> None:
        """Let the time come that deliveries wait for."""
        await self.database["notification_deliveries"].update_many(
            {"user_id": user_id, "state": state}, {"$set": {field: AT}}
        )


@asynccontextmanager
async def open_service(
    database: Database, limits: RateLimits = GENEROUS, apprise: AppriseProcess | None = None
) -> AsyncIterator[Service]:
    """Run a sender; hand events to `planning`."""
    stores = notification_stores(database)
    async with open_webhook_client(LOOPBACK) as webhooks, open_apprise(LOOPBACK) as own:
        channels = Channels(SEALS, webhooks, apprise or own)
        sender = DeliverySender(stores, channels, limits, LINK)
        running = asyncio.create_task(sender.run())
        try:
            yield Service(database, stores, NotificationPlanning(stores, sender.wake), sender)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
