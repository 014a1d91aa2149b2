import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.mongo import Database
from adapters.mongo_system_logs import MongoSystemLogs
from adapters.rabbitmq import RabbitEventBus
from adapters.rabbitmq_dead_letters import CAUSE_HEADER
from adapters.rabbitmq_messages import read_event
from adapters.rabbitmq_topology import DEAD_LETTER_QUEUE
from domain.events import SIGN_IN, TRADE_EXECUTED
from tests.events import AT, an_event, channel_of, consuming, envelope_of, publishing, send, taken
from workers.logging_consumer import EventLog


@pytest.fixture
async def bus(rabbitmq_vhost_url: str) -> AsyncIterator[RabbitEventBus]:
    async with publishing(rabbitmq_vhost_url) as bus:
        await bus.ready()
        yield bus


@pytest.fixture
async def consumer(rabbitmq_vhost_url: str, database: Database) -> AsyncIterator[None]:
    async with consuming(rabbitmq_vhost_url, EventLog(MongoSystemLogs(database))):
        yield


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
        await bus.publish(an_event(message_id=message_id))
    await bus.publish(an_event(SIGN_IN, "m4"))
    found = await logged(database, 4)
    assert [entry["_id"] for entry in found] == ["m1", "m2", "m3", "m4"]
    first = found[0]
    assert first["data"]["price"] == Decimal("45000.1")
    assert first["data"]["trade_id"] == "t1"
    assert (first["event"], first["user_id"]) == ("trade_executed", "ann")
    assert first["routing_key"] == TRADE_EXECUTED
    assert first["timestamp"] == AT
    assert found[3]["event"] == "security_sign_in"


@pytest.mark.usefixtures("consumer")
async def test_what_the_store_cannot_keep_does_not_stop_the_log(
    database: Database, rabbitmq_vhost_url: str
) -> None:
    poison = {"too-big": b"1" + b"0" * 40, "too-long": b"1." + b"1" * 40, "null": b'{"\\u0000":1}'}
    unkeepable = [
        envelope_of(an_event(message_id=name, more="HERE")).replace(b'"HERE"', value)
        for name, value in poison.items()
    ]
    good = [envelope_of(an_event(message_id=f"good-{number}")) for number in range(3)]
    with capture_logs():
        async with channel_of(rabbitmq_vhost_url) as channel:
            bodies = [body for pair in zip(unkeepable, good, strict=True) for body in pair]
            await send(channel, bodies)
            buried = await taken(channel, DEAD_LETTER_QUEUE, 3)
            found = await logged(database, 3)
    assert [message.body for message in buried] == unkeepable
    assert {message.headers[CAUSE_HEADER] for message in buried} == {"unforeseen"}
    assert [entry["_id"] for entry in found] == ["good-0", "good-1", "good-2"]


async def test_one_line_an_event(database: Database) -> None:
    log = EventLog(MongoSystemLogs(database))
    first, second = (read_event(envelope_of(an_event(message_id=one))) for one in ("m1", "m2"))
    with capture_logs() as lines:
        await log.apply([first])
        await log.apply([first, second])
    assert [(line["event"], line["message_id"], line["trade_id"]) for line in lines] == [
        ("trade_executed", "m1", "t1"),
        ("trade_executed", "m2", "t1"),
    ]
