"""What an asker gets while the model, Redis or MongoDB is away, and what is left of it after."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from adapters.redis_feed import RedisFeedReader
from domain.timing import ANALYSIS_PATIENCE_S
from tests.api.people import Edge, OpenEdge
from tests.api.routes.ai.analysing import Asker, Desk, is_sound, read, refused, until_ended
from tests.chaos.links import Link, having

MODEL_TIMEOUT_S = 0.7
LONG = {"ema_9": 3, "ema_21": 2, "ema_50": 1, "macd_histogram": 1}
DEADLINE_S = 30


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


async def link_to(url: str) -> AsyncIterator[Link]:
    link = Link(port_of(url))
    await link.open()
    yield link
    await link.cut()


class LinkOfItsOwn:
    """A link with a loop of its own: motor says goodbye to MongoDB while it holds up ours."""

    def __init__(self, port: int) -> None:
        self._link = Link(port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._link.port

    async def open(self) -> None:
        await self._there(self._link.open())

    async def cut(self) -> None:
        await self._there(self._link.cut())

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _there(self, act: Coroutine[Any, Any, None]) -> None:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(act, self._loop))


@pytest.fixture(scope="module")
async def mongodb(mongodb_url: str) -> AsyncIterator[LinkOfItsOwn]:
    link = LinkOfItsOwn(port_of(mongodb_url))
    await link.open()
    yield link
    await link.cut()
    link.close()


@pytest.fixture(scope="module")
async def redis(redis_url: str) -> AsyncIterator[Link]:
    async for link in link_to(redis_url):
        yield link


@pytest.fixture(scope="module")
async def model(model_url: str) -> AsyncIterator[Link]:
    async for link in link_to(model_url):
        yield link


@pytest.fixture(scope="module")
async def ai_edge(
    open_edge: OpenEdge, mongodb: LinkOfItsOwn, redis: Link, model: Link
) -> AsyncIterator[Edge]:
    """One application, and a worker with its settings, whose services can be taken away."""
    async with open_edge(
        mongodb_url=f"mongodb://127.0.0.1:{mongodb.port}/?directConnection=true",
        redis_url=f"redis://127.0.0.1:{redis.port}/0",
        model_url=f"http://127.0.0.1:{model.port}",
        openai_timeout_s=MODEL_TIMEOUT_S,
    ) as edge:
        async with asyncio.timeout(DEADLINE_S):
            await edge.services.market.symbols.ready()
        yield edge


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await condition():  # noqa: ASYNC110 - the condition is a server's
            await asyncio.sleep(0.05)


async def test_a_model_that_hangs_is_given_up_in_time(asker: Asker, desk: Desk) -> None:
    await desk.model.fault("delay", delay_ms=60_000)
    began = perf_counter()
    refused(await asker.post(), 503, "AI_UNAVAILABLE")
    assert 3 * MODEL_TIMEOUT_S < perf_counter() - began < ANALYSIS_PATIENCE_S
    assert await desk.calls() == 3
    for workflow_id in await desk.runs():
        await until_ended(desk, workflow_id)
    assert await desk.kept() == []


async def test_without_redis_nobody_is_asked(asker: Asker, desk: Desk, redis: Link) -> None:
    known = await asker.analyze()
    await redis.cut()
    try:
        # Neither requests nor money can be counted.
        for own in ({}, {"technical_indicators": LONG}):
            refused(await asker.post(**own), 503, "SERVICE_UNAVAILABLE")
    finally:
        await redis.open()
    assert await desk.calls() == 1
    assert await asker.analyze() == known | {"cached": True}


async def test_redis_goes_while_the_model_thinks(
    asker: Asker, desk: Desk, redis: Link, model: Link, redis_url: str
) -> None:
    thinking = model.hold(having(desk.subject.symbol), answers=True)
    asking = asyncio.create_task(asker.post(technical_indicators=LONG))
    async with asyncio.timeout(DEADLINE_S):
        await thinking.reached.wait()
    await redis.cut()
    try:
        thinking.deliver()
        response = await asking
    finally:
        await redis.open()
    assert response.status_code == 200, response.text
    analysis = read(response)
    assert is_sound(analysis)
    async with Redis.from_url(redis_url) as direct:

        async def pushed() -> bool:
            return await RedisFeedReader(direct).last_sequence(asker.user_id) == 1

        await until(pushed)
    # Where the process does not hear Redis again yet, it is not sure of what it has.
    again = await asker.analyze(technical_indicators=LONG)
    assert again | {"cached": True} == analysis | {"cached": True}
    assert await desk.calls() == 1
    assert len(await desk.kept()) == 1


async def test_mongodb_goes_while_the_model_thinks(
    asker: Asker, desk: Desk, mongodb: LinkOfItsOwn, model: Link
) -> None:
    other = await desk.asker()
    known = await asker.analyze()
    assert (await asker.analyze())["cached"]  # by now the cache has it
    thinking = model.hold(having(desk.subject.symbol), answers=True)
    asking = asyncio.create_task(asker.post(technical_indicators=LONG))
    async with asyncio.timeout(DEADLINE_S):
        await thinking.reached.wait()
    (workflow_id,) = set(await desk.runs()) - {known["workflow_id"]}

    async def waits_for_it() -> bool:
        found = await desk.workflow(workflow_id).describe()
        pending = found.raw_description.pending_activities
        return [each.activity_type.name for each in pending] == ["keep_analysis"]

    await mongodb.cut()
    try:
        thinking.deliver()
        cached, refusal, _ = await asyncio.gather(
            other.post(), other.post(technical_indicators={"rsi": 50}), until(waits_for_it)
        )
    finally:
        await mongodb.open()
    assert read(cached) == known | {"cached": True}
    refused(refusal, 503, "SERVICE_UNAVAILABLE")
    analysis = read(await asking)
    assert is_sound(analysis)
    assert (await asker.get(f"analyses/{analysis['analysis_id']}")).status_code == 200
    assert await desk.calls() == 2
    kept = {each["analysis_id"] for each in await desk.kept()}
    assert kept == {known["analysis_id"], analysis["analysis_id"]}
