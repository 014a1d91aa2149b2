"""Events to publish, and ways to look at what became of them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from adapters.exact_json import dump
from adapters.rabbitmq import RabbitEventBus
from adapters.rabbitmq_consumer import Attempts, Effect, EventConsumer
from adapters.rabbitmq_topology import EVENTS_EXCHANGE, TRADING_QUEUE, declare_topology
from domain.event_messages import Event
from domain.events import (
    AI_SIGNAL_GENERATED,
    AI_SIGNAL_SCORED,
    PASSWORD_CHANGED,
    RISK_LIMIT_EXCEEDED,
    SESSION_BROKEN,
    SIGN_IN,
    TOKEN_REUSED,
    TRADE_CANCELED,
    TRADE_EXECUTED,
    TRADE_FAILED,
    TRADING_HALTED,
    VENUE_CREDENTIALS_CHANGED,
    DomainEvent,
)

AT = datetime(2025, 10, 10, 12, tzinfo=UTC)
_PATIENCE_S = 30.0

_ORDER: dict[str, Any] = {
    "trade_id": "t1",
    "symbol": "BTCUSDT",
    "side": "BUY",
    "quantity": Decimal("0.001"),
    "price": Decimal("45000.10"),
}
_ENDED = _ORDER | {
    "type": "MARKET",
    "status": "FILLED",
    "executed_quantity": Decimal("0.001"),
    "executed_price": Decimal("45000.10"),
    "commission": Decimal("0.045"),
    "commission_asset": "USDT",
    "venue_order_id": 7,
}
_DENIED = _ORDER | {
    "limit_type": "daily_loss",
    "current_value": Decimal("-5.5"),
    "limit_value": Decimal(-5),
    "code": "RISK_LIMIT_EXCEEDED",
    "reason": "too much was lost today",
}
_SIGNAL: dict[str, Any] = {
    "analysis_id": "a1",
    "user_ids": ["ann"],
    "brought_own": False,
    "symbol": "BTCUSDT",
    "timeframe": "1h",
    "signal": "Long",
    "confidence": Decimal("0.85"),
    "model": "sandbox-rule-1",
    "prompt_version": "v1",
}
_ACTIVITY = {"activity_id": "x1", "address": "127.0.0.1", "user_agent": "curl"}

# Every event that there is, with what it must say.
DATA: dict[str, dict[str, Any]] = {
    TRADE_EXECUTED: _ENDED,
    TRADE_CANCELED: _ENDED | {"status": "CANCELED"},
    TRADE_FAILED: _ORDER | {"code": "VENUE_UNAVAILABLE", "reason": "the venue is away"},
    RISK_LIMIT_EXCEEDED: _DENIED,
    SESSION_BROKEN: {"session_id": "s1", "reason": "the books do not balance"},
    AI_SIGNAL_GENERATED: _SIGNAL
    | {
        "suggested_entry": Decimal(45190),
        "suggested_stop_loss": Decimal(44900),
        "suggested_take_profit": Decimal(45600),
        "risk_reward_ratio": Decimal("1.41"),
    },
    AI_SIGNAL_SCORED: _SIGNAL
    | {
        "created_at": AT,
        "outcome": "STOP",
        "entered_at": AT,
        "ended_at": AT,
        "exit_price": Decimal(44900),
        "r_multiple": Decimal(-1),
    },
    SIGN_IN: _ACTIVITY,
    TOKEN_REUSED: _ACTIVITY,
    PASSWORD_CHANGED: _ACTIVITY,
    VENUE_CREDENTIALS_CHANGED: _ACTIVITY,
    TRADING_HALTED: _ACTIVITY | {"reason": "enough"},
}


def an_event(
    routing_key: str = TRADE_EXECUTED, message_id: str | None = None, **data: Any
) -> DomainEvent:
    """Return an event of Ann's."""
    content = {"user_id": "ann"} | DATA.get(routing_key, {}) | data
    return DomainEvent(routing_key, message_id or secrets.token_hex(8), content, AT)


def envelope_of(event: DomainEvent, **changes: Any) -> bytes:
    """Return an event as it is published, with members that are different."""
    return dump(event.envelope() | changes)


@asynccontextmanager
async def publishing(url: str) -> AsyncIterator[RabbitEventBus]:
    """Publish while this is open."""
    bus = RabbitEventBus(url)
    bus.start()
    try:
        yield bus
    finally:
        await bus.close()


@asynccontextmanager
async def consuming(
    url: str,
    effect: Effect,
    queue: str = TRADING_QUEUE,
    *,
    batch: int = 100,
    attempts: Attempts | None = None,
) -> AsyncIterator[asyncio.Task[None]]:
    """Consume while this is open."""
    ready = asyncio.Event()
    consumer = EventConsumer(url, queue, effect, attempts=attempts, batch=batch)
    task = asyncio.create_task(consumer.run(ready.set))
    async with asyncio.timeout(_PATIENCE_S):
        await ready.wait()
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def channel_of(url: str) -> AsyncIterator[AbstractChannel]:
    """Talk to a broker whose topology is in place."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await declare_topology(channel)
        yield channel


async def send(
    channel: AbstractChannel, bodies: Sequence[bytes], routing_key: str = TRADE_EXECUTED
) -> None:
    """Publish whatever bytes."""
    exchange = await channel.get_exchange(EVENTS_EXCHANGE)
    for body in bodies:
        await exchange.publish(aio_pika.Message(body), routing_key)


async def taken(channel: AbstractChannel, queue: str, count: int) -> list[AbstractIncomingMessage]:
    """Wait for so many messages of a queue, and take them out."""
    source = await channel.get_queue(queue)
    found: list[AbstractIncomingMessage] = []
    async with asyncio.timeout(_PATIENCE_S):
        while len(found) < count:
            message = await source.get(no_ack=True, fail=False)
            if message is None:
                await asyncio.sleep(0.02)
            else:
                found.append(message)
    return found


async def waiting(channel: AbstractChannel, queue: str) -> int:
    """Return how many messages wait in a queue, those in somebody's hands left out."""
    declared = await channel.declare_queue(queue, passive=True)
    return declared.declaration_result.message_count or 0


async def until_waiting(channel: AbstractChannel, queue: str, count: int) -> None:
    """Wait until so many messages wait in a queue."""
    async with asyncio.timeout(_PATIENCE_S):
        while await waiting(channel, queue) != count:  # noqa: ASYNC110 - the broker's, not ours
            await asyncio.sleep(0.02)


class Recorded:
    """An effect that only remembers; `before` may raise or wait first."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self._changed = asyncio.Event()

    async def before(self, events: Sequence[Event]) -> None:
        """Do nothing; tests put something else here."""

    async def apply(self, events: Sequence[Event]) -> None:
        await self.before(events)
        self.batches.append([event.message_id for event in events])
        self._changed.set()

    @property
    def ids(self) -> list[str]:
        return [message_id for batch in self.batches for message_id in batch]

    async def until(self, count: int) -> None:
        """Wait for so many effects."""
        async with asyncio.timeout(_PATIENCE_S):
            while len(self.ids) < count:
                self._changed.clear()
                await self._changed.wait()


def without(event: DomainEvent, *names: str) -> DomainEvent:
    """Return an event that lacks some of its data."""
    return replace(event, data={k: v for k, v in event.data.items() if k not in names})
