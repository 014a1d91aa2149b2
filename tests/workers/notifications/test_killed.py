"""The notification service as it is started, and killed, with events waiting for it."""

import asyncio
import base64
import secrets
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.mongo import Database
from adapters.mongo_deliveries import State
from adapters.rabbitmq import RabbitEventBus
from domain.events import TRADE_EXECUTED, DomainEvent
from domain.notifications import notification_id_of
from tests.receivers import HttpReceiver
from tests.workers.notifying import AT, Service
from workers.notification_stores import notification_stores
from workers.stack.children import Child, Launch

KEY = base64.b64encode(b"k" * 32).decode()
EVENTS = 200
KILLS = 2


def trade(user_id: str) -> DomainEvent:
    data = {
        "trade_id": secrets.token_hex(8),
        "user_id": user_id,
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "MARKET",
        "status": "FILLED",
        "quantity": 1,
        "price": 45_000,
        "executed_quantity": 1,
        "executed_price": 45_000,
        "commission": 0,
        "commission_asset": None,
        "venue_order_id": 7,
    }
    return DomainEvent(TRADE_EXECUTED, secrets.token_hex(8), data, AT)


@pytest.fixture
def environment(
    mongodb_url: str, redis_url: str, rabbitmq_vhost_url: str, database: Database
) -> dict[str, str]:
    return {
        "BOTCORE_JWT_SECRET": "a secret of the tests, long enough",
        "BOTCORE_CREDENTIALS_KEY": KEY,
        "BOTCORE_MONGODB_URL": mongodb_url,
        "BOTCORE_MONGODB_DATABASE": database.name,
        "BOTCORE_REDIS_URL": redis_url,
        "BOTCORE_RABBITMQ_URL": rabbitmq_vhost_url,
        "BOTCORE_NOTIFICATION_NETWORKS": '["127.0.0.0/8"]',
        "BOTCORE_NOTIFICATIONS_PER_MINUTE_PER_TARGET": "100000",
        "BOTCORE_NOTIFICATIONS_PER_MINUTE_PER_USER": "100000",
    }


@pytest.fixture
async def bus(rabbitmq_vhost_url: str) -> AsyncIterator[RabbitEventBus]:
    bus = RabbitEventBus(rabbitmq_vhost_url)
    bus.start()
    await bus.ready()
    yield bus
    await bus.close()


async def test_killed_in_the_middle_of_a_backlog(
    bus: RabbitEventBus,
    database: Database,
    environment: dict[str, str],
    http_receiver: HttpReceiver,
    tmp_path: Path,
) -> None:
    stores = notification_stores(database)
    # Of the service that runs elsewhere, what looks at its stores is used here.
    people = Service(database, stores, None, None)  # type: ignore[arg-type]  # not run here
    await people.target("ann", http_receiver.url)
    events = [trade("ann") for _ in range(EVENTS)]
    await asyncio.gather(*(bus.publish(event) for event in events))
    for number in range(KILLS):
        child = await _start(number, environment, tmp_path)
        seen = len(http_receiver.received)
        await http_receiver.until(min(seen + 40, EVENTS))
        child.signal(signal.SIGKILL)
        await asyncio.to_thread(child.stop)
    # The dead ones' leases run out.
    await database["notification_deliveries"].update_many(
        {"state": State.DUE},
        # As if it had all been quick: what is late would be told in a digest.
        {"$set": {"leased_until": AT, "attempts": 0, "created_at": datetime.now(UTC)}},
    )
    child = await _start(KILLS, environment, tmp_path)
    await people.until("ann", State.DELIVERED, EVENTS)
    await asyncio.to_thread(child.stop)
    assert child.exit_code == 0, child.log_tail()
    wanted = {notification_id_of(event.message_id, "ann") for event in events}
    listed = await stores.notifications.page("ann", unread=True, position=None, limit=1_000)
    assert sorted(each["notification_id"] for each in listed) == sorted(wanted)
    heard = Counter(each.headers["webhook-id"] for each in http_receiver.received)
    assert set(heard) == wanted
    # At least once: only what was under way at a death is heard twice.
    assert len(http_receiver.received) - EVENTS <= KILLS * 4


async def _start(number: int, environment: dict[str, str], directory: Path) -> Child:
    command = (sys.executable, "-m", "workers.notification_consumer")
    child = Child("notifications", Launch(command, environment), directory / f"log-{number}")
    await asyncio.to_thread(child.wait_ready, lambda: child.announced, 60)
    return child
