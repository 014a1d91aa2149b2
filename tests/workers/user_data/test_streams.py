"""Resting orders, moved by what the venue's user-data stream says."""

import asyncio
from decimal import Decimal

import pytest
from temporalio.api.enums.v1 import EventType

from domain import timing
from domain.orders import Order
from tests.trading_floor import Floor, Person, until

Following = asyncio.Task[None]


async def signals(floor: Floor, order: Order) -> list[str]:
    """Return the names of the signals that the order's workflow has received."""
    history = await floor.trading.client.get_workflow_handle(order.workflow_id).fetch_history()
    kind = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    return [
        event.workflow_execution_signaled_event_attributes.signal_name
        for event in history.events
        if event.event_type == kind
    ]


async def until_followed(floor: Floor, order: Order) -> None:
    """Return once the owner's stream is subscribed: the check that follows it has come."""

    async def is_checked() -> bool:
        return "check_venue" in await signals(floor, order)

    await until(is_checked)


async def assert_settled_once(floor: Floor, person: Person, order: Order, filled: str) -> None:
    """Compare the account, the record and the exchange's ledger."""
    account, quantity = await floor.account(person), Decimal(filled)
    fills = [item for item in await floor.ledger(person) if item["kind"] == "FILL"]
    record = await floor.trading.trades.trade(order.trade_id)
    assert record is not None
    assert sum(Decimal(str(fill["quantity"])) for fill in fills) == quantity
    assert record["executed_quantity"] == quantity
    assert len(record["fills"]) == len(fills)
    assert account.orders == {}
    spent = sum(Decimal(str(fill["quote_quantity"])) for fill in fills)
    fees = sum(Decimal(str(fill["commission"])) for fill in fills)
    assert account.balance("USDT").free == 10_000 - spent
    assert account.balance("USDT").locked == 0
    assert account.balance("BTC").total == quantity - fees


async def test_fills_reach_the_user_as_they_happen(floor: Floor, following: Following) -> None:
    del following
    person = await floor.person()
    order = await floor.rest(person)
    await until_followed(floor, order)
    await floor.trade("0.004")
    async with asyncio.timeout(10):
        update = await person.next_update("PARTIALLY_FILLED")
    assert Decimal(str(update["executed_quantity"])) == Decimal("0.004")
    await floor.trade("0.006")
    async with asyncio.timeout(10):
        await person.next_update("FILLED")
    await floor.until_recorded(order, "FILLED")
    await assert_settled_once(floor, person, order, "0.01")
    assert "execution_report" in await signals(floor, order)


async def test_many_fills_at_once_are_all_counted(floor: Floor, following: Following) -> None:
    del following
    person = await floor.person()
    order = await floor.rest(person)
    await until_followed(floor, order)
    await asyncio.gather(*(floor.trade("0.001") for _ in range(10)))
    await floor.until_recorded(order, "FILLED")
    await assert_settled_once(floor, person, order, "0.01")


async def test_cancelled_by_another_client(floor: Floor, following: Following) -> None:
    del following
    person = await floor.person()
    order = await floor.rest(person)
    await until_followed(floor, order)
    await floor.trade("0.004")
    await person.venue.cancel_order(symbol="BTCUSDT", origClientOrderId=order.client_order_id)
    await floor.until_recorded(order, "CANCELED")
    await assert_settled_once(floor, person, order, "0.004")


async def test_expired_by_the_venue(floor: Floor, following: Following) -> None:
    del following
    person = await floor.person()
    order = await floor.rest(person)
    await until_followed(floor, order)
    await floor.trade("0.004")
    await person.next_update("PARTIALLY_FILLED")
    # The venue does not let an account trade with itself.
    await person.venue.create_order(
        symbol="BTCUSDT", side="SELL", type="LIMIT", timeInForce="IOC", quantity="0.003",
        price="60005", selfTradePreventionMode="EXPIRE_MAKER",
    )  # fmt: skip
    record = await floor.until_recorded(order, "EXPIRED")
    assert record["executed_quantity"] == Decimal("0.004")
    account = await floor.account(person)
    assert account.orders == {}
    assert account.balance("USDT").locked == 0


async def test_what_was_missed_before_the_subscription_is_found(floor: Floor) -> None:
    from workers.user_data.__main__ import follow_accounts  # noqa: PLC0415 - started late here

    person = await floor.person()
    partial, whole = await floor.rest(person), await floor.rest(person)
    await floor.trade("0.014")
    following = asyncio.create_task(follow_accounts(floor.settings, lambda: None))
    try:
        await floor.until_recorded(partial, "FILLED")
        record = await floor.until_recorded(whole, "PARTIALLY_FILLED")
        assert record["executed_quantity"] == Decimal("0.004")
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_a_cut_stream_comes_back_and_loses_nothing(
    floor: Floor, following: Following
) -> None:
    del following
    person = await floor.person()
    order = await floor.rest(person)
    await until_followed(floor, order)
    for _ in range(4):
        await floor.trade("0.001")
        await floor.fault(kind="close_streams", target="user")
        await floor.trade("0.001")
    await floor.trade("0.002")
    # The timer cannot have done it: it waits for longer than this test's patience.
    assert timing.RECONCILE_INTERVAL_S > 10
    async with asyncio.timeout(10):
        await floor.until_recorded(order, "FILLED")
    await assert_settled_once(floor, person, order, "0.01")


async def test_a_silent_stream_is_made_up_for_by_the_timer(
    floor: Floor, following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    del following
    monkeypatch.setattr(timing, "RECONCILE_INTERVAL_S", 1.0)
    person = await floor.person()
    order = await floor.rest(person)
    await until_followed(floor, order)
    await floor.trade("0.004")
    await floor.until_recorded(order, "PARTIALLY_FILLED")
    await floor.fault(kind="silence_streams", target="user")
    await floor.trade("0.006")
    await floor.until_recorded(order, "FILLED")
    await assert_settled_once(floor, person, order, "0.01")
    assert (await signals(floor, order)).count("execution_report") == 1


async def test_two_replicas_do_no_harm(floor: Floor, following: Following) -> None:
    from workers.user_data.__main__ import follow_accounts  # noqa: PLC0415 - the second one

    del following
    second = asyncio.create_task(follow_accounts(floor.settings, lambda: None))
    try:
        person = await floor.person()
        order = await floor.rest(person)

        async def are_both_there() -> bool:
            return (await signals(floor, order)).count("check_venue") == 2

        await until(are_both_there)
        await floor.trade("0.004")
        await floor.trade("0.006")
        await floor.until_recorded(order, "FILLED")
        await assert_settled_once(floor, person, order, "0.01")
    finally:
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)


async def test_an_order_of_another_account_with_the_same_id_is_not_believed(
    floor: Floor, following: Following
) -> None:
    del following
    victim, stranger = await floor.person(), await floor.person()
    theirs = await floor.rest(stranger)
    order = await floor.rest(victim)
    await until_followed(floor, theirs)
    await until_followed(floor, order)
    await stranger.venue.create_order(
        symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01",
        price="60006", newClientOrderId=order.client_order_id,
    )  # fmt: skip
    await floor.trade("0.01", Decimal(60_006))

    async def is_heard() -> bool:
        return "execution_report" in await signals(floor, order)

    await until(is_heard)
    await floor.trade("0.02")
    await floor.until_recorded(order, "FILLED")
    await assert_settled_once(floor, victim, order, "0.01")
