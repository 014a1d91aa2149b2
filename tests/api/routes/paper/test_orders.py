"""Paper orders: the book that they walk, what rests, and that a key trades once."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.api.routes.paper.trading import Desk
from tests.api.routes.trading import D, Market, read, refused

NewDesk = Callable[..., Awaitable[Desk]]


async def test_a_market_order_walks_the_book(new_desk: NewDesk) -> None:
    desk = await new_desk(initial_balance=D(200_000))
    await desk.trader.call("POST", f"{desk.path}/reset")
    trade = await desk.traded(quantity=D("0.15"))
    assert (trade["status"], trade["executed_price"]) == ("FILLED", D(60_001))
    assert trade["reference_price"] == D(60_001)
    assert trade["slippage_bps"] == 0
    assert (trade["commission"], trade["commission_asset"]) == (D("0.00015"), "BTC")
    assert trade["balance_after"] == D(200_000) - D("0.15") * 60_001


async def test_a_repeat_is_told_of_the_first(desk: Desk) -> None:
    first = await desk.execute("key")
    second = await desk.execute("key")
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert read(first)["trade_id"] == read(second)["trade_id"]
    refused(await desk.execute("key", quantity=D("0.02")), 422, "IDEMPOTENCY_MISMATCH")
    assert (await desk.portfolio())["trade_count"] == 1


async def test_repeats_at_once_trade_once(desk: Desk) -> None:
    responses = await asyncio.gather(*(desk.execute("key") for _ in range(8)))
    assert sorted({response.status_code for response in responses}) == [200, 201]
    assert len({read(response)["trade_id"] for response in responses}) == 1
    assert (await desk.portfolio())["trade_count"] == 1


async def test_many_orders_at_once_all_come_to_their_turn(desk: Desk) -> None:
    responses = await asyncio.gather(*(desk.execute(quantity=D("0.001")) for _ in range(40)))
    assert {response.status_code for response in responses} == {201}
    held = (await desk.portfolio())["balances"]["BTC"]["total"]
    assert held == 40 * D("0.000999")


async def test_a_crowd_is_told_to_come_later(desk: Desk) -> None:
    responses = await asyncio.gather(*(desk.execute(quantity=D("0.0001")) for _ in range(120)))
    statuses = {response.status_code for response in responses}
    assert statuses == {201, 429}
    late = next(response for response in responses if response.status_code == 429)
    refused(late, 429, "RATE_LIMITED")
    assert late.headers["Retry-After"] == "1"


async def test_bad_orders_are_refused_as_real_ones(desk: Desk) -> None:
    refused(await desk.execute(symbol="NOPEUSDT"), 404, "UNKNOWN_SYMBOL")
    refused(await desk.execute(quantity=D("0.000000001")), 422, "INVALID_ORDER")
    refused(await desk.execute(price=D(1)), 422, "INVALID_ORDER")
    too_fine = await desk.execute(quantity=D("0.000011"))
    assert refused(too_fine, 422, "FILTER_FAILURE")["errors"][0]["field"] == "quantity"
    refused(await desk.execute(side="SELL"), 422, "INSUFFICIENT_BALANCE")
    problem = refused(await desk.execute(quantity=D(1)), 422, "RISK_LIMIT_EXCEEDED")
    assert problem["limit_type"] == "order_notional"
    assert (await desk.portfolio())["trade_count"] == 0


async def test_nothing_fills_where_there_is_no_whole_book(desk: Desk, market: Market) -> None:
    await market.set(symbol="SOLUSDT", pause=True, book={"bids": [[D(100), D(5)]], "asks": []})
    response = await desk.execute("key", symbol="SOLUSDT", quantity=D(1))
    refused(response, 503, "QUOTE_STALE")
    # It passes: the same key trades once there is a market again.
    await market.book("SOLUSDT", "100", "101")
    await desk.until_book("SOLUSDT", "101")
    assert (await desk.traded("key", symbol="SOLUSDT", quantity=D(1)))["status"] == "FILLED"


async def test_an_order_rests_until_the_market_trades_through_it(
    desk: Desk, market: Market
) -> None:
    order = await desk.limit("BUY", "0.01", "59995")
    assert order["status"] == "NEW"
    portfolio = await desk.portfolio()
    assert portfolio["balances"]["USDT"]["locked"] == D("599.95")
    assert portfolio["open_orders"][0]["phase"] == "RESTING"
    await market.set(
        symbol="BTCUSDT", trade={"side": "SELL", "quantity": D("3"), "price": D(59_990)}
    )
    filled = await desk.ended(order["trade_id"], "FILLED")
    assert filled["executed_price"] == D(59_995)
    assert [fill["is_maker"] for fill in filled["fills"]] == [True]
    assert (await desk.portfolio())["balances"]["BTC"]["total"] == D("0.00999")


async def test_at_its_price_an_order_waits_for_the_queue_before_it(
    desk: Desk, market: Market
) -> None:
    order = await desk.limit("BUY", "0.01", "59999")
    assert (await desk.portfolio())["open_orders"][0]["queue_ahead"] == 1
    # Whoever comes now stands behind.
    await market.set(symbol="BTCUSDT", book={"bids": [[59_999, 2]], "asks": [[60_001, 1]]})
    sell = {"side": "SELL", "quantity": D("0.4"), "price": D(59_999)}
    await market.set(symbol="BTCUSDT", trade=sell)
    await market.set(symbol="BTCUSDT", trade=sell | {"quantity": D("0.605")})
    partly = await desk.ended(order["trade_id"], "PARTIALLY_FILLED")
    assert partly["executed_quantity"] == D("0.005")


async def test_a_resting_order_is_canceled_once(desk: Desk) -> None:
    order = await desk.limit("BUY", "0.01", "50000")
    path = f"{desk.path}/orders/{order['trade_id']}"
    response = await desk.trader.call("DELETE", path)
    assert (response.status_code, read(response)["status"]) == (200, "CANCELED")
    refused(await desk.trader.call("DELETE", path), 409, "NOT_CANCELABLE")
    assert (await desk.portfolio())["balances"]["USDT"]["locked"] == 0


async def test_a_stop_goes_when_the_market_reaches_it(desk: Desk, market: Market) -> None:
    await desk.traded(quantity=D("0.02"))
    stop = await desk.traded(
        side="SELL",
        type="STOP_LOSS_LIMIT",
        quantity=D("0.01"),
        stop_price=D(59_995),
        price=D(59_900),
    )
    assert stop["status"] == "NEW"
    await market.set(symbol="BTCUSDT", trade={"side": "SELL", "quantity": D(3), "price": D(59_990)})
    sold = await desk.ended(stop["trade_id"], "FILLED")
    assert sold["executed_price"] == D(59_990)
    assert sold["fills"][0]["is_maker"] is False


async def test_a_bracket_protects_what_an_entry_bought(desk: Desk, market: Market) -> None:
    entry = await desk.traded(quantity=D("0.02"), stop_loss=D(59_000), take_profit=D(60_100))
    portfolio = await desk.portfolio()
    [position] = portfolio["positions"]
    assert (position["stop_loss"], position["take_profit"]) == (D(59_000), D(60_100))
    assert {order["parent_trade_id"] for order in portfolio["open_orders"]} == {entry["trade_id"]}
    await market.set(symbol="BTCUSDT", trade={"side": "BUY", "quantity": D(7), "price": D(60_010)})
    await market.book("BTCUSDT", "60100", "60200")
    trades: list[dict[str, object]] = []
    for order in portfolio["open_orders"]:
        if order["type"] == "LIMIT" or order["phase"] == "RESTING":
            trades.append(await desk.ended(order["trade_id"], "FILLED"))
        else:
            trades.append(await desk.ended(order["trade_id"], "EXPIRED"))
    assert len(trades) == 2
    assert (await desk.portfolio())["positions"] == []
