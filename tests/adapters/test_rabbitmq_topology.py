import asyncio

import aio_pika
import pytest
from structlog.testing import capture_logs

from adapters import rabbitmq, rabbitmq_consumer
from adapters.rabbitmq_consumer import EventConsumer
from adapters.rabbitmq_topology import (
    BINDINGS,
    DEAD_LETTER_QUEUE,
    TRADING_QUEUE,
    TopologyConflictError,
    belongs,
    declare_topology,
)
from domain.errors import Retryable
from tests.events import DATA, Recorded, an_event, channel_of, publishing, waiting


async def _declare_otherwise(url: str) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(TRADING_QUEUE, durable=True, arguments={"x-max-length": 5})


async def _delete(url: str) -> None:
    async with await aio_pika.connect(url) as connection:
        await (await connection.channel()).queue_delete(TRADING_QUEUE)


async def test_a_topology_that_differs_is_told(rabbitmq_vhost_url: str) -> None:
    await _declare_otherwise(rabbitmq_vhost_url)
    async with await aio_pika.connect(rabbitmq_vhost_url) as connection:
        told = r"'x-dead-letter-exchange' for queue 'botcore\.trading'.*delete"
        with pytest.raises(TopologyConflictError, match=told):
            await declare_topology(await connection.channel())


async def test_nobody_crashes_over_it_and_all_go_on_once_it_is_mended(
    rabbitmq_vhost_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq_consumer, "CONFLICT_RETRY_S", 0.1)
    monkeypatch.setattr(rabbitmq, "CONFLICT_RETRY_S", 0.1)
    await _declare_otherwise(rabbitmq_vhost_url)
    effect = Recorded()
    consumer = EventConsumer(rabbitmq_vhost_url, TRADING_QUEUE, effect)
    with capture_logs() as lines:
        async with publishing(rabbitmq_vhost_url) as bus:
            consuming = asyncio.create_task(consumer.run(lambda: None))
            with pytest.raises(Retryable):
                await bus.publish(an_event())
            assert not consuming.done()
            await _delete(rabbitmq_vhost_url)
            async with asyncio.timeout(20):
                await _published(bus)
            await effect.until(1)
            consuming.cancel()
            await asyncio.gather(consuming, return_exceptions=True)
    told = [line for line in lines if line["event"] == "events.topology_differs"]
    assert any("queue" in line for line in told)
    assert any("queue" not in line for line in told)


async def _published(bus: rabbitmq.RabbitEventBus) -> None:
    while True:
        try:
            return await bus.publish(an_event())
        except Retryable:
            continue


async def test_quorum_queues_of_a_cluster(rabbitmq_vhost_url: str) -> None:
    async with await aio_pika.connect(rabbitmq_vhost_url) as connection:
        for _ in range(2):
            await declare_topology(await connection.channel(), "quorum")
    async with await aio_pika.connect(rabbitmq_vhost_url) as connection:
        channel = await connection.channel()
        for name in (*BINDINGS, DEAD_LETTER_QUEUE):
            assert await waiting(channel, name) == 0
    async with await aio_pika.connect(rabbitmq_vhost_url) as connection:
        with pytest.raises(TopologyConflictError, match=r"x-queue-type.*BOTCORE_RABBITMQ_QUEUE"):
            await declare_topology(await connection.channel(), "classic")


@pytest.mark.parametrize("routing_key", sorted(DATA))
def test_every_event_has_a_queue(routing_key: str) -> None:
    assert [name for name in BINDINGS if belongs(name, routing_key)]


def test_what_belongs_where() -> None:
    assert belongs(TRADING_QUEUE, "trade.executed")
    assert not belongs(TRADING_QUEUE, "ai.signal.generated")
    assert not belongs(TRADING_QUEUE, "trader.executed")
    assert not belongs(DEAD_LETTER_QUEUE, "trade.executed")


async def test_channels_of_tests_find_the_topology(rabbitmq_vhost_url: str) -> None:
    async with channel_of(rabbitmq_vhost_url) as channel:
        assert await waiting(channel, TRADING_QUEUE) == 0
