import asyncio
from collections.abc import AsyncIterator, Callable

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from adapters.rabbitmq import PUBLISH_TIMEOUT_S, RabbitEventBus
from adapters.rabbitmq_topology import (
    AI_SIGNALS_QUEUE,
    BINDINGS,
    EVENTS_EXCHANGE,
    NOTIFICATIONS_QUEUE,
    TRADING_QUEUE,
)
from domain.errors import Retryable
from domain.events import AI_SIGNAL_GENERATED, RISK_LIMIT_EXCEEDED, SIGN_IN, TRADE_EXECUTED
from tests.events import AT, an_event, envelope_of, publishing, taken
from workers.stack import servers
from workers.stack.instance import Instance
from workers.stack.servers import Server


@pytest.fixture
async def bus(rabbitmq_vhost_url: str) -> AsyncIterator[RabbitEventBus]:
    async with publishing(rabbitmq_vhost_url) as bus:
        await bus.ready()
        yield bus


@pytest.fixture
async def channel(rabbitmq_vhost_url: str) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(rabbitmq_vhost_url) as connection:
        yield await connection.channel()


async def test_an_event_arrives_whole(bus: RabbitEventBus, channel: AbstractChannel) -> None:
    event = an_event(message_id="m1")
    await bus.publish(event)
    (message,) = await taken(channel, TRADING_QUEUE, 1)
    assert message.body == envelope_of(event)
    assert message.body.startswith(
        b'{"event":"trade_executed","routing_key":"trade.executed","data":{"user_id":"ann",'
    )
    assert b'"price":45000.1,' in message.body
    assert message.body.endswith(
        b'},"timestamp":"2025-10-10T12:00:00.000Z","message_id":"m1","version":1}'
    )
    assert message.message_id == "m1"
    assert message.type == "trade_executed"
    assert message.timestamp == AT
    assert message.content_type == "application/json"
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert message.routing_key == TRADE_EXECUTED
    assert message.exchange == EVENTS_EXCHANGE


@pytest.mark.parametrize(
    ("routing_key", "queues"),
    [
        (TRADE_EXECUTED, {TRADING_QUEUE, NOTIFICATIONS_QUEUE}),
        (RISK_LIMIT_EXCEEDED, {TRADING_QUEUE, NOTIFICATIONS_QUEUE}),
        (AI_SIGNAL_GENERATED, {AI_SIGNALS_QUEUE, NOTIFICATIONS_QUEUE}),
        (SIGN_IN, {TRADING_QUEUE, NOTIFICATIONS_QUEUE}),
    ],
)
async def test_each_event_reaches_its_queues(
    bus: RabbitEventBus, channel: AbstractChannel, routing_key: str, queues: set[str]
) -> None:
    await bus.publish(an_event(routing_key))
    reached = set()
    for name in BINDINGS:
        queue = await channel.get_queue(name)
        if await queue.get(no_ack=True, fail=False) is not None:
            reached.add(name)
    assert reached == queues


async def test_an_event_that_no_queue_takes_is_not_confirmed(bus: RabbitEventBus) -> None:
    with pytest.raises(Retryable):
        await bus.publish(an_event("nobody.listens"))
    await bus.publish(an_event())


async def test_an_absent_broker_is_told_in_bounded_time() -> None:
    async with publishing("amqp://guest:guest@127.0.0.1:1/") as bus:
        clock = asyncio.get_running_loop().time
        began_s = clock()
        with pytest.raises(Retryable):
            await bus.publish(an_event())
        with pytest.raises(Retryable):
            await bus.ready()
        assert clock() - began_s < 2 * PUBLISH_TIMEOUT_S + 1
    with pytest.raises(Retryable):
        await bus.publish(an_event())


async def test_a_caller_that_gives_up_is_let_go() -> None:
    async with publishing("amqp://guest:guest@127.0.0.1:1/") as bus:
        publication = asyncio.create_task(bus.publish(an_event()))
        await asyncio.sleep(0)
        publication.cancel()
        with pytest.raises(asyncio.CancelledError):
            await publication


async def test_a_confirmation_that_breaks_off_is_a_passing_fault(
    bus: RabbitEventBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_off(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    exchange = await bus._exchange()
    monkeypatch.setattr(exchange, "publish", break_off)
    with pytest.raises(Retryable):
        await bus.publish(an_event())


async def test_a_broker_that_dies_and_returns(
    start_server: Callable[[Server], Instance],
) -> None:
    broker = await asyncio.to_thread(start_server, servers.RABBITMQ)
    async with publishing(broker.url) as bus:
        for number in range(5):
            await bus.publish(an_event(message_id=f"before-{number}"))
        publishing_on = [asyncio.create_task(_persistently(bus, f"during-{n}")) for n in range(5)]
        await asyncio.to_thread(broker.kill)
        with pytest.raises(Retryable):
            await bus.publish(an_event(message_id="while-away"))
        publishing_on += [asyncio.create_task(_persistently(bus, f"away-{n}")) for n in range(5)]
        await asyncio.to_thread(broker.start)
        async with asyncio.timeout(30):
            await asyncio.gather(*publishing_on)
        kept = set()
        async with await aio_pika.connect(broker.url) as connection:
            queue = await (await connection.channel()).get_queue(TRADING_QUEUE)
            while (message := await queue.get(no_ack=True, fail=False)) is not None:
                kept.add(message.message_id)
    wanted = {f"{when}-{n}" for when in ("before", "during", "away") for n in range(5)}
    assert kept >= wanted


async def _persistently(bus: RabbitEventBus, message_id: str) -> None:
    while True:
        try:
            await bus.publish(an_event(message_id=message_id))
        except Retryable:
            await asyncio.sleep(0.1)
        else:
            return
