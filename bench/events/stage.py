"""A broker and a store of one's own, events to publish, and consumers to kill."""

import asyncio
import base64
import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import aio_pika

from adapters.mongo import Database, database_of, open_client
from adapters.mongo_schema import ensure_schema
from adapters.rabbitmq import RabbitEventBus
from adapters.rabbitmq_topology import BINDINGS
from bench.system import settings_of
from domain.events import AI_SIGNAL_GENERATED, TRADE_EXECUTED, DomainEvent
from workers.settings import Settings
from workers.stack import servers
from workers.stack.children import Child, Launch
from workers.stack.instance import Instance

START_TIMEOUT_S = 60.0
PUBLISHERS = 200
USERS = 100


@dataclass(frozen=True, slots=True)
class Stage:
    """RabbitMQ and MongoDB that run, a confirmed publisher, a place for consumers."""

    settings: Settings
    environment: dict[str, str]
    directory: Path
    database: Database
    bus: RabbitEventBus

    async def start(self, module: str) -> Child:
        """Start a consumer, and return when a message can reach it."""
        launch = Launch((sys.executable, "-m", module), self.environment)
        child = Child(module, launch, self.directory / f"{module}.log")
        waited_s = 0.0
        while not child.announced:
            child.require_alive(waited_s, START_TIMEOUT_S)
            await asyncio.sleep(0.01)
            waited_s += 0.01
        return child

    async def publish(self, events: list[DomainEvent]) -> None:
        """Publish them all, confirmed, in no order."""
        left = iter(events)

        async def publish_on() -> None:
            for event in left:
                await self.bus.publish(event)

        await asyncio.gather(*(publish_on() for _ in range(PUBLISHERS)))

    async def waiting(self, queue: str) -> int:
        """Return how many messages wait in a queue, or in a consumer's hands without an ack."""
        async with await aio_pika.connect(self.settings.rabbitmq_url) as connection:
            channel = await connection.channel()
            declared = await channel.declare_queue(queue, passive=True)
            return declared.declaration_result.message_count or 0

    async def purge(self) -> None:
        """Empty every queue and every collection."""
        async with await aio_pika.connect(self.settings.rabbitmq_url) as connection:
            channel = await connection.channel()
            for name in BINDINGS:
                await (await channel.get_queue(name)).purge()
        for name in await self.database.list_collection_names():
            await self.database[name].delete_many({})


def kill(child: Child) -> None:
    """End a consumer as a power cut would."""
    child.signal(signal.SIGKILL)
    child.stop()


@asynccontextmanager
async def private_stage() -> AsyncIterator[Stage]:
    """Start a broker and a store, and end them."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="botcore-bench-")))
        instances = {}
        for server in (servers.RABBITMQ, servers.MONGODB):
            instance = Instance(server, directory / server.name)
            stack.callback(instance.stop)
            instance.create()
            instances[server.name] = instance
        environment = {
            "BOTCORE_JWT_SECRET": secrets.token_hex(32),
            "BOTCORE_CREDENTIALS_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "BOTCORE_MONGODB_URL": instances[servers.MONGODB.name].url,
            "BOTCORE_RABBITMQ_URL": instances[servers.RABBITMQ.name].url,
        }
        settings = settings_of(environment)
        client = open_client(settings.mongodb_url)
        stack.callback(client.close)
        database = database_of(client, settings.mongodb_database)
        await ensure_schema(database)
        bus = RabbitEventBus(settings.rabbitmq_url)
        bus.start()
        await bus.ready()
        try:
            yield Stage(settings, environment, directory, database, bus)
        finally:
            await bus.close()


def trade_executed(number: int) -> DomainEvent:
    """Return the event of a filled trade, such as the trading worker publishes."""
    trade_id = f"{secrets.token_hex(4)}-{number:08d}"
    data = {
        "trade_id": trade_id,
        "user_id": f"user-{number % USERS}",
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "MARKET",
        "status": "FILLED",
        "quantity": Decimal("0.001"),
        "price": Decimal("45000.10"),
        "executed_quantity": Decimal("0.001"),
        "executed_price": Decimal("45000.10"),
        "commission": Decimal("0.04500010"),
        "commission_asset": "USDT",
        "venue_order_id": number,
    }
    return DomainEvent(TRADE_EXECUTED, f"trade-{trade_id}", data, datetime.now(UTC))


def signal_generated(number: int) -> DomainEvent:
    """Return the event of a new analysis, such as the analysis worker publishes."""
    analysis_id = f"{secrets.token_hex(4)}-{number:08d}"
    user_id = f"user-{number % USERS}"
    data = {
        "analysis_id": analysis_id,
        "user_id": user_id,
        "user_ids": [user_id],
        "brought_own": False,
        "symbol": ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT")[number % 4],
        "timeframe": "1h",
        "signal": ("Long", "Short", "Neutral")[number % 3],
        "confidence": Decimal(number % 1_000_001).scaleb(-6),
        "model": "sandbox-rule-1",
        "prompt_version": "market-analysis-v1",
        "suggested_entry": None,
        "suggested_stop_loss": None,
        "suggested_take_profit": None,
        "risk_reward_ratio": None,
    }
    at = datetime(2026, 1, 1 + number % 28, tzinfo=UTC)
    return DomainEvent(AI_SIGNAL_GENERATED, f"signal-{analysis_id}", data, at)
