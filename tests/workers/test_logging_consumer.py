import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aio_pika
import pytest
from structlog.testing import capture_logs

from adapters.exact_json import dump
from adapters.mongo import Database
from adapters.mongo_system_logs import MongoSystemLogs
from adapters.rabbitmq import DEAD_LETTER_QUEUE, EVENTS_EXCHANGE, TRADING_QUEUE, RabbitEventBus
from adapters.rabbitmq_consumer import Delivery, RabbitConsumer
from domain.errors import Rejected
from domain.events import TRADE_EXECUTED, DomainEvent
from workers.logging_consumer import EventLog, read_envelope

AT = datetime(2025, 10, 10, 12, tzinfo=UTC)


def an_event(message_id: str) -> DomainEvent:
    data = {"trade_id": "t1", "user_id": "ann", "price": Decimal("45000.10")}
    return DomainEvent(TRADE_EXECUTED, message_id, data, AT)


@pytest.fixture
async def bus(rabbitmq_vhost_url: str) -> AsyncIterator[RabbitEventBus]:
    bus = RabbitEventBus(rabbitmq_vhost_url)
    bus.start()
    await bus.ready()
    yield bus
    await bus.close()


@pytest.fixture
async def consumer(rabbitmq_vhost_url: str, database: Database) -> AsyncIterator[None]:
    log = EventLog(MongoSystemLogs(database))
    ready = asyncio.Event()
    task = asyncio.create_task(
        RabbitConsumer(rabbitmq_vhost_url, TRADING_QUEUE, log.handle).run(ready.set)
    )
    await ready.wait()
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def logged(database: Database, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(20):
        while True:
            found = await database["system_logs"].find().sort("_id").to_list(None)
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("consumer")
async def test_each_event_is_recorded_once(bus: RabbitEventBus, database: Database) -> None:
    for message_id in ("m1", "m2", "m1", "m1", "m3"):
        await bus.publish(an_event(message_id))
    found = await logged(database, 3)
    assert [entry["_id"] for entry in found] == ["m1", "m2", "m3"]
    first = found[0]
    assert first["data"] == {"trade_id": "t1", "user_id": "ann", "price": Decimal("45000.1")}
    assert (first["event"], first["user_id"]) == ("trade_executed", "ann")
    assert first["timestamp"] == AT


@pytest.mark.usefixtures("consumer")
async def test_poison_does_not_stop_the_log(
    bus: RabbitEventBus, database: Database, rabbitmq_vhost_url: str
) -> None:
    envelope = an_event("m1").envelope()
    hostile = [
        b"", b"{", b"\xff", b"[]", b"{}", b"[" * 100_000,
        dump({**envelope, "message_id": ""}),
        dump({**envelope, "version": 2}),
        dump({**envelope, "timestamp": "yesterday"}),
        dump({**envelope, "data": {"big": 10**18}}).replace(b"1" + b"0" * 18, b"1" + b"0" * 40),
        dump({**envelope, "data": {"null\x00": 1}}),
    ]  # fmt: skip
    with capture_logs() as lines:
        buried = await _bury(rabbitmq_vhost_url, hostile, bus, database)
    assert sorted(buried) == sorted(hostile)
    reports = [line for line in lines if line["event"] == "event.dead_lettered"]
    assert len(reports) == len(hostile)


async def _bury(
    url: str, hostile: list[bytes], bus: RabbitEventBus, database: Database
) -> list[bytes]:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(EVENTS_EXCHANGE)
        for body in hostile:
            await exchange.publish(aio_pika.Message(body), TRADE_EXECUTED)
        await bus.publish(an_event("good"))
        assert [entry["_id"] for entry in await logged(database, 1)] == ["good"]
        graveyard = await channel.get_queue(DEAD_LETTER_QUEUE)
        buried: list[bytes] = []
        async with asyncio.timeout(20):
            while len(buried) < len(hostile):
                message = await graveyard.get(no_ack=True, fail=False, timeout=5)
                if message is not None:
                    buried.append(message.body)
    return buried


async def test_one_line_an_event(database: Database) -> None:
    log = EventLog(MongoSystemLogs(database))
    delivery = Delivery(dump(an_event("m1").envelope()), "m1", redelivered=False)
    with capture_logs() as lines:
        await log.handle(delivery)
        await log.handle(delivery)
    assert [(line["event"], line["message_id"], line["trade_id"]) for line in lines] == [
        ("trade_executed", "m1", "t1")
    ]


def test_what_is_no_event_is_refused() -> None:
    with pytest.raises(Rejected):
        read_envelope(b"{}")
