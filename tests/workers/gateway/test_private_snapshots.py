"""What a private subscription begins with, and that events go on from there."""

import asyncio

from domain.events import ACCOUNT_UPDATE
from tests.workers.gateway.conftest import Stage

STATE = {"orders": [{"order_id": "o"}], "positions": [], "account": {"open_positions": 0}}


async def test_each_private_channel_begins_with_its_state(stage: Stage) -> None:
    stage.states.known["ann"] = {**STATE, "signals": []}
    for number in range(1, 4):
        await stage.order("ann", number)
    client = await stage.connect_as("ann")
    told = await client.subscribe("orders", "positions", "account", "signals")
    assert told["snapshot"] == {**STATE, "signals": []}
    assert told["sequence"] == 3
    await stage.order("ann", 4)
    assert (await client.expect("order_update"))["sequence"] == 4


async def test_a_state_that_cannot_be_read_is_null(stage: Stage) -> None:
    await stage.tick(1)
    client = await stage.connect_as("ann")
    told = await client.subscribe("orders", "account", "BTCUSDT@ticker")
    assert told["snapshot"]["orders"] is None
    assert told["snapshot"]["account"] is None
    assert told["snapshot"]["BTCUSDT@ticker"]["sequence"] == 1
    await stage.order("ann", 1)
    assert (await client.expect("order_update"))["sequence"] == 1


async def test_what_happens_while_the_state_is_read_follows_it_in_order(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.subscribe("account", "BTCUSDT@ticker")
    await stage.order("ann", 1, ACCOUNT_UPDATE)
    assert (await client.expect("account_update"))["sequence"] == 1
    stage.states.readable.clear()
    stage.states.reading.clear()
    await client.say(type="subscribe", channels=["orders"])
    await stage.states.reading.wait()
    for number in range(2, 6):
        await stage.order("ann", number)
        await stage.order("ann", number, ACCOUNT_UPDATE)
    # Prices do not wait for it, nor does the conversation.
    await stage.tick(1)
    assert (await client.expect("price_update"))["sequence"] == 1
    await client.silence()
    stage.states.readable.set()
    told = (await client.expect("subscribed"))["data"]
    assert told["sequence"] == 1
    assert [(await client.receive())["sequence"] for _ in range(8)] == list(range(2, 10))
    await client.silence()


async def test_resuming_while_the_state_is_read(stage: Stage) -> None:
    for number in range(1, 6):
        await stage.order("ann", number)
    stage.states.readable.clear()
    client = await stage.connect_as("ann")
    await client.say(type="subscribe", channels=["orders"], resume_from=2)
    await stage.states.reading.wait()
    for number in range(6, 9):
        await stage.order("ann", number)
    stage.states.readable.set()
    assert (await client.expect("subscribed"))["data"]["sequence"] == 5
    assert [(await client.receive())["sequence"] for _ in range(6)] == list(range(3, 9))
    await client.silence()


async def test_a_channel_that_is_given_up_while_its_state_is_read(stage: Stage) -> None:
    stage.states.readable.clear()
    client = await stage.connect_as("ann")
    await client.say(type="subscribe", channels=["orders", "account"])
    await stage.states.reading.wait()
    await client.say(type="unsubscribe", channels=["orders"])
    await client.expect("unsubscribed")
    stage.states.readable.set()
    told = (await client.expect("subscribed"))["data"]
    assert told["channels"] == ["account"]
    assert list(told["snapshot"]) == ["account"]
    await stage.order("ann", 1)
    await stage.order("ann", 2, ACCOUNT_UPDATE)
    assert (await client.expect("account_update"))["sequence"] == 2
    await client.silence()


async def test_a_client_that_goes_while_its_state_is_read(stage: Stage) -> None:
    stage.states.readable.clear()
    client, other = await stage.connect_as("ann"), await stage.connect_as("ann")
    await client.say(type="subscribe", channels=["orders"])
    await stage.states.reading.wait()
    await client.socket.close()
    stage.states.readable.set()
    await other.subscribe("orders")
    await stage.order("ann", 1)
    assert (await other.expect("order_update"))["sequence"] == 1
    assert len(stage.gateway._services.private._feeds["ann"].followers) == 1


async def test_a_feed_that_counts_anew_and_further_is_noticed(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.subscribe("orders")
    for number in range(1, 4):
        await stage.order("ann", number)
        await client.expect("order_update")
    # Redis comes back empty, and more is pushed than the client has had, before the gateway
    # listens again.
    stage.gateway._subscription._channels.discard("feed:ann")
    await stage.gateway._subscription.remove("feed:ann")
    await stage.redis.flushall()
    for number in range(11, 16):
        await stage.order("ann", number)
    await stage.gateway._subscription.add("feed:ann")
    assert (await client.expect("error"))["data"]["code"] == "HISTORY_LOST"
    await stage.order("ann", 16)
    assert (await client.expect("order_update"))["sequence"] == 6


async def test_a_feed_that_counts_anew_while_the_state_is_read(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.subscribe("orders")
    for number in range(1, 4):
        await stage.order("ann", number)
        await client.expect("order_update")
    stage.states.readable.clear()
    stage.states.reading.clear()
    await client.say(type="subscribe", channels=["account"])
    await stage.states.reading.wait()
    await stage.redis.delete("feed:ann", "feed:ann:sequence")
    feed = stage.gateway._services.private._feeds["ann"]
    stage.gateway._services.private.subscribed("feed:ann")
    async with asyncio.timeout(20):
        while not feed.resets:  # noqa: ASYNC110 - it announces nothing
            await asyncio.sleep(0.005)
    stage.states.readable.set()
    await client.expect("subscribed")
    assert (await client.expect("error"))["data"]["code"] == "HISTORY_LOST"
    await stage.order("ann", 11)
    assert (await client.expect("order_update"))["sequence"] == 1
