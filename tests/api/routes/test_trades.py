"""Every kind of order, from the request to the exchange's ledger and back."""

import pytest

from tests.api.routes.trading import D, Market, Trader, read, refused

PRIVATE = "private, no-store"


async def test_a_market_order_is_filled_recorded_and_accounted_for(trader: Trader) -> None:
    response = await trader.execute(key="first", quantity=D("0.01"))
    assert response.status_code == 201, response.text
    assert response.headers["cache-control"] == PRIVATE
    assert response.headers["idempotency-key"] == "first"
    assert "idempotency-replayed" not in response.headers
    trade = read(response)
    assert (trade["status"], trade["executed_quantity"]) == ("FILLED", D("0.01"))
    assert trade["executed_price"] == D("60000.01")
    assert (trade["commission"], trade["commission_asset"]) == (D("0.00001"), "BTC")
    assert trade["workflow_id"] == f"trade-{trade['trade_id']}"
    assert [f["quantity"] for f in trade["fills"]] == [D("0.01")]
    assert await trader.get(f"/api/trades/{trade['trade_id']}") == trade
    assert (await trader.get("/api/trades"))["items"] == [trade]
    (order,) = await trader.market.orders(trade["trade_id"])
    assert (order["side"], order["quantity"]) == ("BUY", D("0.01"))
    account = await trader.account()
    assert account["balances"]["USDT"]["free"] == D("10000") - D("600.0001")
    assert account["balances"]["USDT"]["locked"] == 0
    assert account["balances"]["BTC"]["free"] == D("0.00999")


async def test_our_balances_are_the_venues(trader: Trader) -> None:
    await trader.bought(quantity=D("0.02"))
    await trader.bought(side="SELL", quantity=D("0.013"))
    await trader.bought(symbol="ETHUSDT", quote_quantity=D(500))
    await trader.get("/api/trades")
    theirs = await trader.edge.services.trading.venue.balances(trader.user_id)
    ours = {a: b["total"] for a, b in (await trader.account())["balances"].items()}
    assert ours == theirs


async def test_a_market_order_by_quote_quantity(trader: Trader) -> None:
    trade = await trader.bought(quote_quantity=D(100))
    assert trade["status"] == "FILLED"
    assert trade["quantity"] == trade["executed_quantity"] == D("0.00166")
    assert trade["quote_quantity"] == 100


async def test_a_market_order_walks_the_book(trader: Trader, market: Market) -> None:
    asks = [[D("60000.01"), D("0.01")], [D("60010"), D("0.02")]]
    await market.book("BTCUSDT", "59999.99", "", asks=asks)
    trade = await trader.bought(quantity=D("0.02"))
    assert [(f["price"], f["quantity"]) for f in trade["fills"]] == [
        (D("60000.01"), D("0.01")), (D("60010"), D("0.01")),
    ]  # fmt: skip
    assert trade["executed_price"] == D("60005.005")


async def test_a_market_order_without_enough_of_a_book_expires_with_what_it_got(
    trader: Trader, market: Market
) -> None:
    await market.book("BTCUSDT", "59999.99", "", asks=[[D("60000.01"), D("0.01")]])
    trade = await trader.bought(quantity=D("0.03"))
    assert (trade["status"], trade["executed_quantity"]) == ("EXPIRED", D("0.01"))
    account = await trader.account()
    assert account["balances"]["USDT"]["locked"] == 0
    assert account["balances"]["BTC"]["total"] == D("0.00999")


async def test_a_limit_order_rests_and_is_canceled(trader: Trader) -> None:
    trade = await trader.bought(type="LIMIT", quantity=D("0.01"), price=D(55000))
    assert (trade["status"], trade["time_in_force"]) == ("NEW", "GTC")
    account = await trader.account()
    assert account["balances"]["USDT"] == {
        "asset": "USDT", "free": D(9450), "locked": D(550), "total": D(10000),
    }  # fmt: skip
    path = f"/api/trades/{trade['trade_id']}"
    canceled = await trader.call("DELETE", path)
    assert (canceled.status_code, read(canceled)["status"]) == (200, "CANCELED"), canceled.text
    assert (await trader.get(path))["status"] == "CANCELED"
    assert (await trader.account())["balances"]["USDT"]["free"] == 10_000
    refused(await trader.call("DELETE", path), 409, "NOT_CANCELABLE")


async def test_a_partial_fill_and_the_cancel_of_the_rest(trader: Trader, market: Market) -> None:
    await market.book("BTCUSDT", "59999.99", "", asks=[[D(60000), D("0.004")]])
    trade = await trader.bought(type="LIMIT", quantity=D("0.01"), price=D(60000))
    assert (trade["status"], trade["executed_quantity"]) == ("PARTIALLY_FILLED", D("0.004"))
    assert (await trader.account())["balances"]["USDT"]["locked"] == D("360")
    canceled = await trader.call("DELETE", f"/api/trades/{trade['trade_id']}")
    assert read(canceled)["status"] == "CANCELED"
    assert read(canceled)["executed_quantity"] == D("0.004")
    account = await trader.account()
    assert account["balances"]["USDT"]["free"] == D(9760)
    assert account["balances"]["USDT"]["locked"] == 0
    assert account["open_positions"] == 1


async def test_a_limit_order_better_than_its_price_frees_the_difference(trader: Trader) -> None:
    trade = await trader.bought(type="LIMIT", quantity=D("0.01"), price=D(61000))
    assert (trade["status"], trade["executed_price"]) == ("FILLED", D("60000.01"))
    usdt = (await trader.account())["balances"]["USDT"]
    assert (usdt["free"], usdt["locked"]) == (D("9399.9999"), 0)


@pytest.mark.parametrize("time_in_force", ["IOC", "FOK"])
async def test_what_is_not_filled_at_once_expires(trader: Trader, time_in_force: str) -> None:
    trade = await trader.bought(
        type="LIMIT", quantity=D("0.01"), price=D(58000), time_in_force=time_in_force
    )
    assert (trade["status"], trade["executed_quantity"]) == ("EXPIRED", 0)
    usdt = (await trader.account())["balances"]["USDT"]
    assert (usdt["free"], usdt["locked"]) == (10_000, 0)


async def test_immediate_or_cancel_takes_a_part_and_fill_or_kill_all_or_nothing(
    trader: Trader, market: Market
) -> None:
    order = {"type": "LIMIT", "quantity": D("0.01"), "price": D(60000)}
    await market.book("BTCUSDT", "59999.99", "", asks=[[D(60000), D("0.004")]])
    killed = await trader.bought(**order, time_in_force="FOK")
    assert (killed["status"], killed["executed_quantity"]) == ("EXPIRED", 0)
    taken = await trader.bought(**order, time_in_force="IOC")
    assert (taken["status"], taken["executed_quantity"]) == ("EXPIRED", D("0.004"))


@pytest.mark.parametrize(
    ("kind", "stop"), [("STOP_LOSS_LIMIT", D(58000)), ("TAKE_PROFIT_LIMIT", D(62000))]
)
async def test_a_stop_waits_for_its_price_and_then_sells(
    trader: Trader, market: Market, kind: str, stop: D
) -> None:
    await trader.bought(quantity=D("0.02"))
    trade = await trader.bought(
        side="SELL", type=kind, quantity=D("0.01"), price=stop, stop_price=stop
    )
    assert trade["status"] == "NEW"
    assert (await trader.account())["balances"]["BTC"]["locked"] == D("0.01")
    await market.book("BTCUSDT", str(stop), str(stop + D("0.02")))
    await market.set(symbol="BTCUSDT", trade={"side": "SELL", "quantity": D("0.00001")})
    await market.book("BTCUSDT", str(stop), str(stop + D("0.02")))
    await trader.workflow(trade["trade_id"]).signal("check_venue")
    record = await trader.recorded(trade["trade_id"], "FILLED")
    assert record["executed_price"] == stop
    btc = (await trader.account())["balances"]["BTC"]
    assert (btc["free"], btc["locked"]) == (D("0.00998"), 0)


async def test_a_list_is_filtered_and_paged_newest_first(trader: Trader) -> None:
    first = await trader.bought()
    second = await trader.bought(symbol="ETHUSDT", quantity=D("0.01"))
    third = await trader.bought(type="LIMIT", quantity=D("0.01"), price=D(55000))
    await trader.recorded(third["trade_id"], "NEW")

    async def ids(**params: object) -> list[str]:
        return [t["trade_id"] for t in (await trader.get("/api/trades", **params))["items"]]

    ordered = [third["trade_id"], second["trade_id"], first["trade_id"]]
    assert await ids() == ordered
    assert await ids(symbol="ETHUSDT") == ordered[1:2]
    assert await ids(status="NEW") == ordered[:1]
    assert await ids(status="FILLED") == ordered[1:]
    assert await ids(since=second["created_at"]) == ordered[:2]
    page = await trader.get("/api/trades", limit=2)
    assert [t["trade_id"] for t in page["items"]] == ordered[:2]
    rest = await trader.get("/api/trades", limit=2, cursor=page["next_cursor"])
    assert [t["trade_id"] for t in rest["items"]] == ordered[2:]
    assert rest["next_cursor"] is None


async def test_nobody_sees_or_cancels_anothers_trade(
    trader: Trader, another_trader: Trader
) -> None:
    trade = await trader.bought(type="LIMIT", quantity=D("0.01"), price=D(55000))
    path = f"/api/trades/{trade['trade_id']}"
    refused(await another_trader.call("GET", path), 404, "NOT_FOUND")
    refused(await another_trader.call("DELETE", path), 404, "NOT_FOUND")
    assert (await another_trader.get("/api/trades"))["items"] == []
    assert (await trader.get(path))["status"] == "NEW"
