import asyncio
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

import pytest
from aio_pika.abc import AbstractChannel
from structlog.testing import capture_logs

from adapters.mongo import Database
from adapters.mongo_event_attempts import MongoEventAttempts
from adapters.rabbitmq import RabbitEventBus
from adapters.rabbitmq_consumer import DEADLY_AFTER, SUSPECT_AFTER, EventConsumer
from adapters.rabbitmq_dead_letters import CAUSE_HEADER, DETAIL_HEADER, QUEUE_HEADER
from adapters.rabbitmq_topology import DEAD_LETTER_QUEUE, TRADING_QUEUE
from domain.errors import ErrorCode, Rejected, Retryable
from domain.event_messages import Event
from domain.events import AI_SIGNAL_GENERATED
from tests.chaos.links import Link
from tests.events import (
    Recorded,
    an_event,
    channel_of,
    consuming,
    envelope_of,
    publishing,
    send,
    taken,
    until_waiting,
    waiting,
)


@pytest.fixture
async def bus(rabbitmq_vhost_url: str) -> AsyncIterator[RabbitEventBus]:
    async with publishing(rabbitmq_vhost_url) as bus:
        await bus.ready()
        yield bus


@pytest.fixture
async def channel(rabbitmq_vhost_url: str) -> AsyncIterator[AbstractChannel]:
    async with channel_of(rabbitmq_vhost_url) as channel:
        yield channel


class Refusing(Recorded):
    """Refuses some events as themselves, and some as a bug would."""

    async def before(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.message_id.startswith("refused"):
                raise Rejected(ErrorCode.INVALID_REQUEST, "not for me")
            if event.message_id.startswith("bug"):
                raise ZeroDivisionError


async def test_poison_goes_to_the_dead_letters_with_its_cause(
    channel: AbstractChannel, rabbitmq_vhost_url: str
) -> None:
    bodies = [
        envelope_of(an_event(message_id="good-1")),
        b"{",
        envelope_of(an_event(message_id="old"), version=0),
        envelope_of(an_event(message_id="refused")),
        envelope_of(an_event(AI_SIGNAL_GENERATED, "elsewhere")),
        envelope_of(an_event(message_id="bug")),
        envelope_of(an_event(message_id="good-2")),
    ]
    await send(channel, bodies)
    effect = Refusing()
    with capture_logs() as lines:
        async with consuming(rabbitmq_vhost_url, effect):
            await effect.until(2)
            dead = await taken(channel, DEAD_LETTER_QUEUE, 5)
    assert effect.ids == ["good-1", "good-2"]
    assert {message.body: message.headers[CAUSE_HEADER] for message in dead} == {
        bodies[1]: "unreadable",
        bodies[2]: "unknown version",
        bodies[3]: "refused",
        bodies[4]: "misplaced",
        bodies[5]: "unforeseen",
    }
    assert {message.headers[QUEUE_HEADER] for message in dead} == {TRADING_QUEUE}
    assert all(message.headers[DETAIL_HEADER] for message in dead)
    assert await waiting(channel, TRADING_QUEUE) == 0
    reports = [line for line in lines if line["event"] == "event.dead_lettered"]
    assert len(reports) == 5


async def test_a_passing_fault_keeps_the_batch_in_hand(
    bus: RabbitEventBus, rabbitmq_vhost_url: str
) -> None:
    tries: list[list[str]] = []

    class Recovering(Recorded):
        async def before(self, events: Sequence[Event]) -> None:
            tries.append([event.message_id for event in events])
            if len(tries) < 3:
                raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "away")

    effect = Recovering()
    async with consuming(rabbitmq_vhost_url, effect):
        await bus.publish(an_event(message_id="m1"))
        await effect.until(1)
    assert tries == [["m1"]] * 3


async def test_events_of_a_busy_moment_share_their_batches(
    bus: RabbitEventBus, rabbitmq_vhost_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.rabbitmq_consumer.PACE_S", 2.0)
    effect = Recorded()
    async with consuming(rabbitmq_vhost_url, effect):
        for message_id in ("alone", "m1", "m2", "m3"):
            await bus.publish(an_event(message_id=message_id))
            await effect.until(1)
        await effect.until(4)
    assert effect.batches == [["alone"], ["m1", "m2", "m3"]]


async def test_what_waits_is_handed_over_in_batches_without_doubles(
    channel: AbstractChannel, rabbitmq_vhost_url: str
) -> None:
    ids = [f"m{number}" for number in range(50)]
    await send(channel, [envelope_of(an_event(message_id=one)) for one in ids for _ in (1, 2)])
    begun = asyncio.Event()

    class Waiting(Recorded):
        async def before(self, _: Sequence[Event]) -> None:
            await begun.wait()

    effect = Waiting()
    async with consuming(rabbitmq_vhost_url, effect, batch=20):
        # Three batches' worth may be in hand.
        await until_waiting(channel, TRADING_QUEUE, 2 * len(ids) - 60)
        begun.set()
        while len(set(effect.ids)) < len(ids):
            await effect.until(len(effect.ids) + 1)
    assert list(dict.fromkeys(effect.ids)) == ids
    assert all(len(batch) == len(set(batch)) for batch in effect.batches)
    assert max(map(len, effect.batches)) > 5


async def test_a_stop_in_the_middle_of_a_backlog(
    channel: AbstractChannel, rabbitmq_vhost_url: str
) -> None:
    """The batch in hand is finished and acknowledged; the rest stays."""
    ids = [f"m{number}" for number in range(30)]
    await send(channel, [envelope_of(an_event(message_id=one)) for one in ids])
    begun, may_finish = asyncio.Event(), asyncio.Event()

    class Slow(Recorded):
        async def before(self, _: Sequence[Event]) -> None:
            begun.set()
            await may_finish.wait()

    effect = Slow()
    consumer = EventConsumer(rabbitmq_vhost_url, TRADING_QUEUE, effect, batch=5)
    task = asyncio.create_task(consumer.run(lambda: None))
    async with asyncio.timeout(20):
        await begun.wait()
    task.cancel()
    asyncio.get_running_loop().call_later(0.1, may_finish.set)
    await asyncio.gather(task, return_exceptions=True)
    done = len(effect.ids)
    assert 0 < done <= 5
    rest = await taken(channel, TRADING_QUEUE, 30 - done)
    assert [*effect.ids, *(envelope_id(message.body) for message in rest)] == ids
    assert await waiting(channel, TRADING_QUEUE) == 0


def envelope_id(body: bytes) -> str:
    return body.decode().split('"message_id":"')[1].split('"')[0]


async def test_a_queue_that_is_deleted_is_found_again(
    bus: RabbitEventBus, channel: AbstractChannel, rabbitmq_vhost_url: str
) -> None:
    effect = Recorded()
    ready = asyncio.Semaphore(0)
    consumer = EventConsumer(rabbitmq_vhost_url, TRADING_QUEUE, effect)
    task = asyncio.create_task(consumer.run(ready.release))
    with capture_logs() as lines:
        async with asyncio.timeout(20):
            await ready.acquire()
            await channel.queue_delete(TRADING_QUEUE)
            await ready.acquire()
    await bus.publish(an_event(message_id="m1"))
    await effect.until(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [line["event"] for line in lines] == ["events.connection_lost"]


@pytest.fixture
async def link(rabbitmq_vhost_url: str) -> AsyncIterator[Link]:
    """Return a way to the broker that can be cut."""
    port = urlsplit(rabbitmq_vhost_url).port
    assert port is not None
    link = Link(port)
    await link.open()
    yield link
    await link.cut()


def by(link: Link, url: str) -> str:
    return url.replace(f":{urlsplit(url).port}/", f":{link.port}/")


async def test_a_connection_that_breaks_with_a_batch_in_hand(
    channel: AbstractChannel, rabbitmq_vhost_url: str, link: Link
) -> None:
    """While the store is away as well: what is not ours any more is let go, and comes again."""
    bodies = [envelope_of(an_event(message_id=f"m{number}")) for number in range(3)]
    await send(channel, bodies)
    tried, is_back = asyncio.Event(), False

    class Away(Recorded):
        async def before(self, _: Sequence[Event]) -> None:
            tried.set()
            if not is_back:
                raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "away")

    effect = Away()
    with capture_logs() as lines:
        async with consuming(by(link, rabbitmq_vhost_url), effect):
            await tried.wait()
            await link.cut()
            await asyncio.sleep(0)
            is_back = True
            await link.open()
            await effect.until(3)
            await until_waiting(channel, TRADING_QUEUE, 0)
    assert sorted(effect.ids) == ["m0", "m1", "m2"]
    assert [line["event"] for line in lines].count("events.connection_lost") == 1


async def test_a_connection_that_breaks_before_the_acknowledgement(
    channel: AbstractChannel, rabbitmq_vhost_url: str, link: Link
) -> None:
    """The effect is there, the broker does not know: it comes again, for the record to drop."""
    bodies = [b"{", *(envelope_of(an_event(message_id=f"m{number}")) for number in range(3))]
    await send(channel, bodies)

    class Cutting(Recorded):
        async def before(self, _: Sequence[Event]) -> None:
            if not self.batches:
                await link.cut()

    effect = Cutting()
    with capture_logs():
        async with consuming(by(link, rabbitmq_vhost_url), effect):
            await effect.until(1)
            first = effect.batches[0]
            await link.open()
            await effect.until(3 + len(first))
            await until_waiting(channel, TRADING_QUEUE, 0)
    # Those whose acknowledgement was lost come twice, and others that were in hand may.
    assert {one: effect.ids.count(one) for one in first} == dict.fromkeys(first, 2)
    assert set(effect.ids) == {"m0", "m1", "m2"}
    assert len(effect.ids) <= 6
    assert await waiting(channel, DEAD_LETTER_QUEUE) > 0


class DeadError(BaseException):
    """The process is gone; nothing catches this."""


async def test_what_kills_its_consumer_is_found_out_and_what_is_beside_it_is_not(
    channel: AbstractChannel, rabbitmq_vhost_url: str, database: Database
) -> None:
    ids = [f"m{number}" for number in range(12)]
    bodies = [envelope_of(an_event(message_id=one)) for one in ids]
    bodies.insert(7, envelope_of(an_event(message_id="deadly")))
    await send(channel, bodies)

    class Dying(Recorded):
        async def before(self, events: Sequence[Event]) -> None:
            if any(event.message_id == "deadly" for event in events):
                raise DeadError

    effect, deaths = Dying(), 0
    attempts = MongoEventAttempts(database, TRADING_QUEUE)
    with capture_logs():
        while len(effect.ids) < len(ids):
            async with consuming(
                rabbitmq_vhost_url, effect, batch=20, attempts=attempts
            ) as consumer:
                done = asyncio.create_task(effect.until(len(ids)))
                await asyncio.wait([done, consumer], return_when=asyncio.FIRST_COMPLETED)
                deaths += consumer.done()
                done.cancel()
        (dead,) = await taken(channel, DEAD_LETTER_QUEUE, 1)
    assert sorted(effect.ids) == sorted(ids)
    assert dead.body == bodies[7]
    assert dead.headers[CAUSE_HEADER] == "kills its consumer"
    # At first nothing is known, then the batch is suspect, then the one message is.
    assert deaths == 1 + SUSPECT_AFTER + DEADLY_AFTER
    assert await waiting(channel, TRADING_QUEUE) == 0
