"""Clients that say too much, or nonsense."""

from tests.workers.gateway.conftest import Stage


async def test_malformed_messages_are_forgiven_a_few_times(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    hostile: list[str | bytes] = [
        "",
        "{",
        "[]",
        b"\x00\xff",
        "null",
        '{"type":"ping","id":' + "[" * 9_000,
    ]
    for text in hostile[:5]:
        await client.socket.send(text)
        assert (await client.expect("error"))["data"]["code"] == "INVALID_REQUEST"
    await client.silence()
    await client.socket.send(hostile[5])
    assert (await client.expect("error"))["data"]["code"] == "INVALID_REQUEST"
    assert await client.close_code() == 4400


async def test_a_message_in_fragments_is_one_message(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.socket.send(iter(['{"type":', '"ping",', '"id":5}']))
    assert (await client.expect("pong"))["data"] == {"id": 5}


async def test_a_message_of_hostile_size_ends_the_line_only(stage: Stage) -> None:
    other = await stage.connect_as("bob")
    client = await stage.connect_as("ann")
    await client.socket.send("x" * 1_000_000)
    assert await client.close_code() == 1009
    await other.silence()


async def test_endless_fragments_are_cut(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.socket.send(iter(["x" * 10_000] * 4))
    assert (await client.expect("error"))["data"]["code"] == "INVALID_REQUEST"


async def test_too_many_messages_or_channels(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    for _ in range(60):
        await client.say(type="ping")
    assert await client.close_code() == 4429
    client = await stage.connect_as("ann")
    await client.say(type="subscribe", channels=[f"S{n}USDT@ticker" for n in range(101)])
    assert await client.close_code() == 4429
