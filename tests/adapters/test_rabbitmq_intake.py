from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from aio_pika.abc import AbstractIncomingMessage

from adapters.rabbitmq_dead_letters import Burial
from adapters.rabbitmq_intake import Intake, IntakeEndedError, open_intake
from adapters.rabbitmq_messages import Cause
from adapters.rabbitmq_topology import TRADING_QUEUE
from tests.chaos.links import Link
from tests.events import an_event, channel_of, envelope_of, send, until_waiting, waiting


@pytest.fixture
async def filled_url(rabbitmq_vhost_url: str) -> str:
    """Return a broker with five messages in a queue."""
    async with channel_of(rabbitmq_vhost_url) as channel:
        await send(channel, [envelope_of(an_event()) for _ in range(5)])
    return rabbitmq_vhost_url


@pytest.fixture
async def link(rabbitmq_vhost_url: str) -> AsyncIterator[Link]:
    port = urlsplit(rabbitmq_vhost_url).port
    assert port is not None
    link = Link(port)
    await link.open()
    yield link
    await link.cut()


async def test_what_is_settled_out_of_order_takes_nothing_else_with_it(filled_url: str) -> None:
    async with open_intake(filled_url, TRADING_QUEUE, "classic", 10) as intake:
        messages: list[AbstractIncomingMessage] = []
        while len(messages) < 5:
            messages += await intake.take(1)
        await intake.acknowledge(messages[2:4])
        await intake.acknowledge(messages[:1])
    async with channel_of(filled_url) as channel:
        await until_waiting(channel, TRADING_QUEUE, 2)


async def test_a_prefetch_bounds_what_is_in_hand(filled_url: str) -> None:
    async with (
        channel_of(filled_url) as channel,
        open_intake(filled_url, TRADING_QUEUE, "classic", 2) as intake,
    ):
        await until_waiting(channel, TRADING_QUEUE, 3)
        messages = await intake.take(10)
        messages += [] if len(messages) == 2 else await intake.take(10)
        await intake.acknowledge(messages)
        await until_waiting(channel, TRADING_QUEUE, 1)


async def test_nothing_is_buried_or_taken_without_a_connection(filled_url: str, link: Link) -> None:
    url = filled_url.replace(f":{urlsplit(filled_url).port}/", f":{link.port}/")
    async with open_intake(url, TRADING_QUEUE, "classic", 10) as intake:
        (message, *_) = await intake.take(1)
        await link.cut()
        with pytest.raises(IntakeEndedError):
            await intake.bury(message, Burial(TRADING_QUEUE, Cause.REFUSED, "no"))
        with pytest.raises(IntakeEndedError):
            await _take_all(intake)
        with pytest.raises(IntakeEndedError):
            await intake.wait_open(20)
        await intake.acknowledge([message])
    async with channel_of(filled_url) as channel:
        assert await waiting(channel, TRADING_QUEUE) == 5


async def _take_all(intake: Intake) -> None:
    while True:
        await intake.take(1)
