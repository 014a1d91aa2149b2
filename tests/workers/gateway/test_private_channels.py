"""A user's own events over real sockets: each once, in order, and resumed."""

import asyncio

from domain.events import ACCOUNT_UPDATE, POSITION_UPDATE
from tests.workers.gateway.conftest import MakeStage, Stage


async def test_two_users_never_see_each_others_events(stage: Stage) -> None:
    ann, bob = await stage.connect_as("ann"), await stage.connect_as("bob")
    for client in (ann, bob):
        await client.subscribe("orders", "positions", "account")
    for number in range(20):
        await stage.order("ann", number)
    await stage.order("bob", 100)
    for number in range(20):
        assert (await ann.expect("order_update"))["data"]["order_id"] == f"order-{number}"
    assert (await bob.expect("order_update"))["data"]["order_id"] == "order-100"
    await ann.silence()
    await bob.silence()


async def test_one_user_hears_on_every_connection_and_gateway(make_stage: MakeStage) -> None:
    first, second = await make_stage(), await make_stage()
    clients = [await s.connect_as("ann") for s in (first, first, second)]
    for client in clients:
        await client.subscribe("orders")
    await first.order("ann", 1)
    for client in clients:
        assert (await client.expect("order_update"))["sequence"] == 1


async def test_a_client_that_comes_back_resumes_where_it_was(stage: Stage) -> None:
    first = await stage.connect_as("ann")
    await first.subscribe("orders")
    for number in range(1, 4):
        await stage.order("ann", number)
        last = (await first.expect("order_update"))["sequence"]
    await first.socket.close()
    for number in range(4, 300):
        await stage.order("ann", number)
    await stage.order("ann", 300, POSITION_UPDATE)
    second = await stage.connect_as("ann")
    told = await second.subscribe("orders", "positions", resume_from=last)
    assert told["sequence"] == 300
    for number in range(4, 300):
        assert (await second.expect("order_update"))["sequence"] == number
    assert (await second.expect("position_update"))["sequence"] == 300
    await stage.order("ann", 301)
    assert (await second.expect("order_update"))["sequence"] == 301


async def test_events_during_a_replay_come_once_and_in_order(stage: Stage) -> None:
    for number in range(1, 400):
        await stage.order("ann", number)
    client = await stage.connect_as("ann")

    async def go_on() -> None:
        for number in range(400, 600):
            await stage.order("ann", number)

    going_on = asyncio.create_task(go_on())
    await client.subscribe("orders", resume_from=0)
    received = [(await client.expect("order_update"))["sequence"] for _ in range(599)]
    await going_on
    assert received == list(range(1, 600))
    await client.silence()


async def test_a_channel_added_with_resume_repeats_nothing_else(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.subscribe("orders")
    await stage.order("ann", 1)
    await stage.order("ann", 2, ACCOUNT_UPDATE)
    await client.expect("order_update")
    await client.subscribe("account", resume_from=0)
    assert (await client.expect("account_update"))["sequence"] == 2
    await client.silence()
    await stage.order("ann", 3)
    assert (await client.expect("order_update"))["sequence"] == 3


async def test_a_gap_that_cannot_be_filled_is_declared_to_the_living(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.subscribe("orders")
    await stage.order("ann", 1)
    assert (await client.expect("order_update"))["sequence"] == 1
    await stage.redis.incrby("feed:ann:sequence", 4)
    await stage.order("ann", 2)
    assert (await client.expect("error"))["data"]["code"] == "HISTORY_LOST"
    assert (await client.expect("order_update"))["sequence"] == 6


async def test_a_redis_that_forgot_its_latest_writes(stage: Stage) -> None:
    client = await stage.connect_as("ann")
    await client.subscribe("orders")
    for number in range(1, 4):
        await stage.order("ann", number)
        await client.expect("order_update")
    await stage.redis.delete("feed:ann")
    await stage.redis.set("feed:ann:sequence", 1)
    # What the gateway does whenever its subscription was made anew.
    stage.gateway._services.private.subscribed("feed:ann")
    assert (await client.expect("error"))["data"]["code"] == "HISTORY_LOST"
    await stage.order("ann", 4)
    assert (await client.expect("order_update"))["sequence"] == 2


async def test_lost_history_is_declared(stage: Stage) -> None:
    for number in range(1, 11):
        await stage.order("ann", number)
    await stage.redis.xtrim("feed:ann", maxlen=5, approximate=False)
    client = await stage.connect_as("ann")
    await client.subscribe("orders", resume_from=2)
    assert (await client.expect("error"))["data"]["code"] == "HISTORY_LOST"
    await stage.order("ann", 11)
    assert (await client.expect("order_update"))["sequence"] == 11
    ahead = await stage.connect_as("ann")
    await ahead.subscribe("orders", resume_from=1_000)
    assert (await ahead.expect("error"))["data"]["code"] == "HISTORY_LOST"
