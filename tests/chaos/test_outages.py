"""A service goes away in the middle of trades: what is under way is late, never lost.

RabbitMQ does in `test_events`.
"""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

import httpx
import pytest
import redis.asyncio as redis

from adapters.redis_feed import RedisFeedReader
from tests.chaos.links import having
from tests.chaos.people import Person, World, until
from tests.chaos.system import Program, down

pytestmark = pytest.mark.timeout(300)

KEY = "once"
# The slowest retry comes 10 s after the one before, and reconnecting takes its time.
RECOVERY_S = 45.0


async def place_in_the_middle(
    world: World, person: Person, program: Program, meanwhile: Coroutine[Any, Any, None]
) -> httpx.Response:
    """Take the server away after the exchange has filled the order, before it has answered."""
    mark = f"newClientOrderId={person.client_order_id(KEY)}"
    hold = world.system.api_links.exchange.hold(having(mark), answers=True)
    request = asyncio.create_task(person.place(KEY))
    async with asyncio.timeout(RECOVERY_S):
        await hold.reached.wait()
    async with down(program):
        hold.deliver()
        await meanwhile
    return await request


async def settled(world: World, person: Person) -> None:
    await until(partial(world.is_settled, person, person.trade_id(KEY)), RECOVERY_S, "settling")


async def _is_announced(world: World, person: Person) -> bool:
    trade_id = person.trade_id(KEY)
    return bool(world.events[trade_id]) and not await world.holds(person, trade_id)


async def assert_refused(world: World, person: Person, *codes: str) -> None:
    """Place an order; it is refused with 503 and does not leave."""
    answer = await person.place(KEY)
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] in codes
    assert await world.orders_at_venue(person.client_order_id(KEY)) == 0


async def assert_failed(world: World, person: Person) -> None:
    """Assert that an order that did not leave ended as failed, once, and holds nothing."""
    events = world.events[person.trade_id(KEY)]

    await until(partial(_is_announced, world, person), RECOVERY_S, "the failure announced")
    assert await world.orders_at_venue(person.client_order_id(KEY)) == 0
    # What never held anything leaves no record.
    assert {trade["status"] for trade in await world.trades(person)} <= {"REJECTED"}
    assert {event["routing_key"] for event in events} == {"trade.failed"}
    assert len({event["message_id"] for event in events}) == 1
    repeat = await person.place(KEY)
    assert repeat.status_code == 503, repeat.text
    assert await world.orders_at_venue(person.client_order_id(KEY)) == 0
    await world.assert_even(person)


async def test_redis_down(world: World) -> None:
    """The push is late, and without a quote no order leaves."""
    middle, new = await world.people(2)
    refused = assert_refused(world, new, "QUOTE_STALE", "SERVICE_UNAVAILABLE")
    answer = await place_in_the_middle(world, middle, world.system.servers["redis"], refused)
    assert answer.status_code == 201, answer.text
    await settled(world, middle)
    await world.assert_one_trade(middle, KEY)
    await assert_failed(world, new)
    port = world.system.places["redis"].port
    async with redis.Redis(host="127.0.0.1", port=port) as cache:

        async def is_pushed() -> bool:
            frames = await RedisFeedReader(cache).after(middle.user_id, 0, 100)
            return any(middle.trade_id(KEY).encode() in entry.frame for entry in frames)

        await until(is_pushed, RECOVERY_S, "the push")


async def test_mongodb_down(world: World) -> None:
    """The record is late, and without an account no order leaves."""
    middle, new = await world.people(2)
    answers = []

    async def meanwhile() -> None:
        answers.append(await new.place(KEY))
        assert await world.orders_at_venue(new.client_order_id(KEY)) == 0

    mongodb = world.system.servers["mongodb"]
    answer = await place_in_the_middle(world, middle, mongodb, meanwhile())
    assert answer.status_code == 201, answer.text
    await settled(world, middle)
    await world.assert_one_trade(middle, KEY)
    if answers[0].status_code == 503:
        await assert_failed(world, new)
        return
    # Its three attempts outlasted the caller's patience; the last may find MongoDB back.
    assert answers[0].status_code == 202, answers[0].text
    await until(partial(_is_announced, world, new), RECOVERY_S, "the outcome announced")
    if await world.orders_at_venue(new.client_order_id(KEY)):
        await settled(world, new)
        await world.assert_one_trade(new, KEY)
    else:
        await assert_failed(world, new)


async def test_without_prices_no_order_leaves(world: World) -> None:
    person = await world.register()
    streaming = world.system.background["workers.streaming"]
    streaming.freeze()

    async def price_is(status: int) -> bool:
        answer = await world.http.get("/api/market/prices/BTCUSDT", headers=person.headers)
        return answer.status_code == status

    try:
        await until(partial(price_is, 503), RECOVERY_S, "the price gone")
        await assert_refused(world, person, "QUOTE_STALE")
    finally:
        streaming.thaw()
    await until(partial(price_is, 200), RECOVERY_S, "the price back")
    await assert_failed(world, person)


async def test_without_temporal_no_order_leaves(world: World) -> None:
    person = await world.register()
    temporal = world.system.api_links.temporal
    await temporal.cut()
    try:
        await assert_refused(world, person, "SERVICE_UNAVAILABLE")
    finally:
        await temporal.open()

    async def is_even() -> bool:
        return not await world.holds(person, person.trade_id(KEY))

    await until(is_even, RECOVERY_S, "the reservation released")
    assert await world.trades(person) == []

    async def is_placed() -> bool:
        return (await person.place(KEY)).status_code == 201

    await until(is_placed, RECOVERY_S, "placing again")
    await settled(world, person)
    await world.assert_one_trade(person, KEY)
