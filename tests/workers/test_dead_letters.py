import asyncio
from collections.abc import Callable

import aio_pika
import pytest

from adapters.rabbitmq_dead_letters import open_dead_letters
from adapters.rabbitmq_topology import (
    DEAD_LETTER_EXCHANGE,
    DEAD_LETTER_QUEUE,
    NOTIFICATIONS_QUEUE,
    TRADING_QUEUE,
)
from tests.events import (
    Recorded,
    an_event,
    channel_of,
    consuming,
    envelope_of,
    send,
    taken,
    until_waiting,
    waiting,
)
from workers import dead_letters

POISON = {
    b'{"broken': "unreadable",
    envelope_of(an_event(message_id="v9"), version=9): "unknown version",
    envelope_of(an_event("trade.liquidated", "new")): "unknown event",
}


@pytest.fixture
async def graves(rabbitmq_vhost_url: str) -> str:
    """Return a broker with three dead letters."""
    async with channel_of(rabbitmq_vhost_url) as channel:
        exchange = await channel.get_exchange("botcore.events")
        for number, body in enumerate(POISON):
            message = aio_pika.Message(body, message_id=f"poison-{number}")
            await exchange.publish(message, "trade.executed")
        async with consuming(rabbitmq_vhost_url, Recorded()):
            await until_waiting(channel, DEAD_LETTER_QUEUE, 3)
        await until_waiting(channel, NOTIFICATIONS_QUEUE, 3)
    return rabbitmq_vhost_url


@pytest.fixture
def run(
    graves: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, list[str]]]:
    """Return the program: from its arguments to its exit code and its lines."""
    monkeypatch.setenv("BOTCORE_RABBITMQ_URL", graves)
    monkeypatch.setenv("BOTCORE_JWT_SECRET", "x" * 32)
    monkeypatch.setenv("BOTCORE_CREDENTIALS_KEY", "x")

    def program(*arguments: str) -> tuple[int, list[str]]:
        code = dead_letters.main(arguments)
        return code, capsys.readouterr().out.splitlines()

    return program


async def ran(run: Callable[..., tuple[int, list[str]]], *arguments: str) -> tuple[int, list[str]]:
    return await asyncio.to_thread(run, *arguments)


async def test_what_is_listed_stays(run: Callable[..., tuple[int, list[str]]]) -> None:
    for _ in range(2):
        code, lines = await ran(run, "list")
        assert code == 0
        assert [line.split("  ")[0] for line in lines] == [
            *("poison-0", "poison-1", "poison-2"),
            "3 dead letters",
        ]
    code, lines = await ran(run, "list", "--cause", "unknown version")
    assert "  botcore.trading  unknown version  trade.executed of version 9" in lines[0]
    assert lines[1:] == ["1 dead letter"]
    code, lines = await ran(run, "show", "poison-0")
    assert (code, lines[-1]) == (0, '  {"broken')
    assert (await ran(run, "show", "nobody"))[0] == 1


async def test_a_replay_goes_to_the_original_queue_alone(
    run: Callable[..., tuple[int, list[str]]], graves: str
) -> None:
    assert await ran(run, "replay", "poison-1") == (0, ["1 of 1 replayed"])
    async with channel_of(graves) as channel:
        (message,) = await taken(channel, TRADING_QUEUE, 1)
        assert message.message_id == "poison-1"
        assert message.body == list(POISON)[1]
        assert not [name for name in message.headers if name.startswith("botcore-")]
        assert await waiting(channel, NOTIFICATIONS_QUEUE) == 3
        assert await waiting(channel, DEAD_LETTER_QUEUE) == 2
    assert await ran(run, "replay", "poison-1") == (1, ["0 of 0 replayed"])


async def test_what_is_still_poison_comes_back(
    run: Callable[..., tuple[int, list[str]]], graves: str
) -> None:
    assert await ran(run, "replay", "--all") == (0, ["3 of 3 replayed"])
    async with channel_of(graves) as channel, consuming(graves, Recorded()):
        await until_waiting(channel, DEAD_LETTER_QUEUE, 3)
    _, lines = await ran(run, "list", "--queue", TRADING_QUEUE)
    assert lines[-1] == "3 dead letters"


async def test_a_replayed_event_has_its_effect_once(
    graves: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off after the queue took it, a second replay puts a double there."""
    body = envelope_of(an_event(message_id="m1"))
    async with channel_of(graves) as channel:
        exchange = await channel.get_exchange(DEAD_LETTER_EXCHANGE)
        message = aio_pika.Message(body, headers={"botcore-queue": TRADING_QUEUE}, message_id="m1")
        await exchange.publish(message, "")
    with monkeypatch.context() as patch:
        patch.setattr(aio_pika.IncomingMessage, "ack", _lost)  # the process is killed there
        await _replay(graves, "m1")
    await _replay(graves, "m1")
    effect = Recorded()
    async with consuming(graves, effect):
        await effect.until(1)
    assert effect.ids == ["m1"]
    async with channel_of(graves) as channel:
        assert await waiting(channel, TRADING_QUEUE) == 0


async def _lost(_: aio_pika.IncomingMessage) -> None:
    """Take the place of an acknowledgement that never left."""


async def _replay(url: str, letter_id: str) -> None:
    async with open_dead_letters(url, "classic") as letters:
        found = [one async for one in letters.matching(lambda one: one.letter_id == letter_id)]
        for letter, message in found:
            assert await letters.replay(letter, message)
        assert len(found) == 1


async def test_discarding_and_its_guard(
    run: Callable[..., tuple[int, list[str]]], graves: str
) -> None:
    assert (await ran(run, "discard"))[0] == 2
    assert await ran(run, "discard", "--cause", "unreadable") == (0, ["1 of 1 discarded"])
    assert await ran(run, "discard", "--all") == (0, ["2 of 2 discarded"])
    async with channel_of(graves) as channel:
        assert await waiting(channel, DEAD_LETTER_QUEUE) == 0


async def test_a_letter_that_the_broker_buried_and_one_without_origin(
    run: Callable[..., tuple[int, list[str]]], graves: str
) -> None:
    await ran(run, "discard", "--all")
    async with channel_of(graves) as channel:
        exchange = await channel.get_exchange(DEAD_LETTER_EXCHANGE)
        await exchange.publish(aio_pika.Message(b"\x1b[2J", message_id="stray"), "")
        await send(channel, [b"rejected"])
        queue = await channel.get_queue(TRADING_QUEUE)
        message = await queue.get()
        await message.reject(requeue=False)
        await until_waiting(channel, DEAD_LETTER_QUEUE, 2)
    _, lines = await ran(run, "list")
    assert "  botcore.trading  rejected" in lines[1]
    _, lines = await ran(run, "show", "stray")
    assert lines[-1] == "  \\x1b[2J"
    code, lines = await ran(run, "replay", "--all")
    assert (code, lines[-1]) == (1, "1 of 2 replayed")
    assert lines[0].startswith("not replayed, no queue takes it: stray")


def test_a_broker_that_is_away_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOTCORE_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:1/")
    monkeypatch.setenv("BOTCORE_JWT_SECRET", "x" * 32)
    monkeypatch.setenv("BOTCORE_CREDENTIALS_KEY", "x")
    assert dead_letters.main(["list"]) == 3
    assert capsys.readouterr().out.startswith("RabbitMQ: ")
