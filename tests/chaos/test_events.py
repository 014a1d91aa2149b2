"""RabbitMQ is away during trades, then its consumers die: each event has each effect once."""

import asyncio
import os
from collections import Counter
from collections.abc import Sequence

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from adapters.rabbitmq_dead_letters import CAUSE_HEADER, QUEUE_HEADER
from adapters.rabbitmq_topology import (
    BINDINGS,
    DEAD_LETTER_QUEUE,
    EVENTS_EXCHANGE,
    NOTIFICATIONS_QUEUE,
    TRADING_QUEUE,
)
from tests.chaos.people import Person, World, until
from tests.chaos.system import down
from tests.events import channel_of, taken, waiting
from workers.settings import Settings

pytestmark = pytest.mark.timeout(600)

# `make chaos-events` makes it 500.
TRADES = int(os.environ.get("CHAOS_TRADES", "40"))
TRADES_A_PERSON = 50
PACE_PER_S = 20
# The slowest retry comes 10 s after the one before, and reconnecting takes its time.
RECOVERY_S = 90.0
CONSUMERS = (
    "workers.logging_consumer",
    "workers.notification_consumer",
    "workers.analytics_consumer",
)
POISON = b'{"event": "not whole'
# Where the effect of a trade's event is kept, and where the trade's id stands in it.
EFFECTS = ("system_logs", "notifications")


def _rabbitmq_url(world: World) -> str:
    fields = {
        name.removeprefix("BOTCORE_").lower(): value
        for name, value in world.system.environment.items()
    }
    return Settings.model_validate(fields).rabbitmq_url


class Trading:
    """Trades, one after the other at a pace, whoever makes them."""

    def __init__(self, people: Sequence[Person]) -> None:
        self.people = people
        self.trade_ids: list[str] = []
        self._placed = asyncio.Condition()

    async def run(self) -> None:
        tasks = []
        for number in range(TRADES):
            tasks.append(asyncio.create_task(self._place(number)))
            await asyncio.sleep(1 / PACE_PER_S)
        await asyncio.gather(*tasks)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(RECOVERY_S + TRADES / PACE_PER_S), self._placed:
            await self._placed.wait_for(lambda: len(self.trade_ids) >= count)

    async def _place(self, number: int) -> None:
        person = self.people[number % len(self.people)]
        answer = await person.place_patiently(f"event-{number}", RECOVERY_S)
        assert answer.status_code in {200, 201, 202}, answer.text
        async with self._placed:
            self.trade_ids.append(person.trade_id(f"event-{number}"))
            self._placed.notify_all()


async def test_each_event_has_each_effect_once(world: World) -> None:
    trading = Trading(await world.people(max(4, TRADES // TRADES_A_PERSON)))
    broker = world.system.servers["rabbitmq"]
    running = asyncio.create_task(trading.run())
    await trading.until(TRADES // 4)
    async with channel_of(_rabbitmq_url(world)) as channel:
        await _poison(channel)
    async with down(broker):
        await trading.until(TRADES * 3 // 4)
    for module in CONSUMERS:
        world.system.background[module].kill()
    await asyncio.gather(*(world.system.background[module].start() for module in CONSUMERS))
    await running
    assert len(set(trading.trade_ids)) == TRADES
    for person in trading.people:
        await world.assert_even(person)

    async def has_all_effects() -> bool:
        found = [await _effects(world, name, trading.trade_ids) for name in EFFECTS]
        return all(len(counted) == TRADES for counted in found)

    await until(has_all_effects, RECOVERY_S, "every effect")
    for name in EFFECTS:
        counted = await _effects(world, name, trading.trade_ids)
        assert set(counted.values()) == {1}, name
    for trade_id in trading.trade_ids:
        heard = world.events[trade_id]
        assert {event["routing_key"] for event in heard} == {"trade.executed"}
        assert len({event["message_id"] for event in heard}) == 1
    async with channel_of(_rabbitmq_url(world)) as channel:
        await _until_empty(channel)
        # One from each queue that the poison reached, or more where a consumer died between
        # burial and acknowledgement; and nothing else.
        dead = await taken(channel, DEAD_LETTER_QUEUE, await waiting(channel, DEAD_LETTER_QUEUE))
    assert {message.headers[QUEUE_HEADER] for message in dead} == {
        TRADING_QUEUE,
        NOTIFICATIONS_QUEUE,
    }
    assert {message.body for message in dead} == {POISON}
    assert {message.headers[CAUSE_HEADER] for message in dead} == {"unreadable"}


async def _poison(channel: AbstractChannel) -> None:
    """Publish what nobody can read, to be kept over the broker's death."""
    exchange = await channel.get_exchange(EVENTS_EXCHANGE)
    message = aio_pika.Message(POISON, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
    await exchange.publish(message, "trade.executed")


async def _effects(world: World, name: str, trade_ids: Sequence[str]) -> Counter[str]:
    condition = {"data.trade_id": {"$in": list(trade_ids)}}
    found = world.database[name].find(condition, {"data.trade_id": True})
    return Counter([each["data"]["trade_id"] async for each in found])


async def _until_empty(channel: AbstractChannel) -> None:
    async def is_empty() -> bool:
        return not any([await waiting(channel, name) for name in BINDINGS])

    await until(is_empty, RECOVERY_S, f"{TRADING_QUEUE} and {NOTIFICATIONS_QUEUE} empty")
