import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

import aio_pika
import orjson
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from structlog.testing import capture_logs

from adapters.rabbitmq import (
    AI_SIGNALS_QUEUE,
    BINDINGS,
    DEAD_LETTER_QUEUE,
    EVENTS_EXCHANGE,
    NOTIFICATIONS_QUEUE,
    PUBLISH_TIMEOUT_S,
    TRADING_QUEUE,
    RabbitEventBus,
)
from adapters.rabbitmq_consumer import Delivery, RabbitConsumer
from domain.errors import ErrorCode, Rejected, Retryable
from domain.events import (
    AI_SIGNAL_GENERATED,
    RISK_LIMIT_EXCEEDED,
    TRADE_EXECUTED,
    DomainEvent,
)
from workers.stack import servers
from workers.stack.instance import Instance
from workers.stack.servers import Server

AT = datetime(2025, 10, 10, 12, tzinfo=UTC)


def an_event(routing_key: str = TRADE_EXECUTED, message_id: str = "m1") -> DomainEvent:
    data = {"trade_id": "t", "user_id": "ann", "price": Decimal("45000.10")}
    return DomainEvent(routing_key, message_id, data, AT)


@asynccontextmanager
async def publishing(url: str) -> AsyncIterator[RabbitEventBus]:
    bus = RabbitEventBus(url)
    bus.start()
    try:
        yield bus
    finally:
        await bus.close()


@pytest.fixture
async def bus(rabbitmq_vhost_url: str) -> AsyncIterator[RabbitEventBus]:
    async with publishing(rabbitmq_vhost_url) as bus:
        await bus.ready()
        yield bus


@pytest.fixture
async def channel(rabbitmq_vhost_url: str) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(rabbitmq_vhost_url) as connection:
        yield await connection.channel()


async def take(
    channel: AbstractChannel, queue: str, count: int = 1
) -> list[AbstractIncomingMessage]:
    """Wait for the next messages of a queue; more that are there already are lost."""
    arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    source = await channel.get_queue(queue)
    tag = await source.consume(arrived.put, no_ack=True)
    async with asyncio.timeout(20):
        messages = [await arrived.get() for _ in range(count)]
    await source.cancel(tag)
    return messages


async def test_an_event_arrives_whole(bus: RabbitEventBus, channel: AbstractChannel) -> None:
    await bus.publish(an_event())
    (message,) = await take(channel, TRADING_QUEUE)
    assert message.body == (
        b'{"event":"trade_executed","routing_key":"trade.executed",'
        b'"data":{"trade_id":"t","user_id":"ann","price":45000.1},'
        b'"timestamp":"2025-10-10T12:00:00.000Z","message_id":"m1","version":1}'
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


Handle = Callable[[Delivery], Awaitable[None]]


@asynccontextmanager
async def consuming(url: str, handle: Handle) -> AsyncIterator[None]:
    ready = asyncio.Event()
    task = asyncio.create_task(RabbitConsumer(url, TRADING_QUEUE, handle).run(ready.set))
    await ready.wait()
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_is_refused_goes_to_the_dead_letters(
    bus: RabbitEventBus, channel: AbstractChannel, rabbitmq_vhost_url: str
) -> None:
    handled: asyncio.Queue[str] = asyncio.Queue()

    async def handle(delivery: Delivery) -> None:
        if delivery.message_id == "poison":
            raise Rejected(ErrorCode.INVALID_REQUEST, "not for me")
        if delivery.message_id == "bug":
            raise ZeroDivisionError
        await handled.put(str(delivery.message_id))

    with capture_logs():
        await _feed_and_look(bus, channel, rabbitmq_vhost_url, handle)
    async with asyncio.timeout(20):
        assert await handled.get() == "good"


async def _feed_and_look(
    bus: RabbitEventBus, channel: AbstractChannel, url: str, handle: Handle
) -> None:
    async with consuming(url, handle):
        for message_id in ("poison", "bug", "good"):
            await bus.publish(an_event(message_id=message_id))
        dead = await take(channel, DEAD_LETTER_QUEUE, 2)
        assert {message.message_id for message in dead} == {"poison", "bug"}


async def test_a_passing_fault_keeps_the_message_in_hand(
    bus: RabbitEventBus, rabbitmq_vhost_url: str
) -> None:
    tries: list[bytes] = []
    done = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        tries.append(delivery.body)
        if len(tries) < 3:
            raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "away")
        done.set()

    async with consuming(rabbitmq_vhost_url, handle):
        await bus.publish(an_event())
        async with asyncio.timeout(20):
            await done.wait()
    assert len(set(tries)) == 1
    assert orjson.loads(tries[0])["message_id"] == "m1"


async def test_stopping_finishes_what_is_in_hand_and_leaves_the_rest(
    bus: RabbitEventBus, channel: AbstractChannel, rabbitmq_vhost_url: str
) -> None:
    begun, may_finish = asyncio.Event(), asyncio.Event()
    finished: list[str] = []

    async def handle(delivery: Delivery) -> None:
        begun.set()
        await may_finish.wait()
        finished.append(str(delivery.message_id))

    task = asyncio.create_task(
        RabbitConsumer(rabbitmq_vhost_url, TRADING_QUEUE, handle).run(lambda: None)
    )
    await bus.publish(an_event())
    async with asyncio.timeout(20):
        await begun.wait()
    task.cancel()
    asyncio.get_running_loop().call_later(0.1, may_finish.set)
    await asyncio.gather(task, return_exceptions=True)
    assert finished == ["m1"]
    await bus.publish(an_event(message_id="m2"))
    (message,) = await take(channel, TRADING_QUEUE)
    assert message.message_id == "m2"
