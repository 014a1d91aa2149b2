"""Positions: what is held, what it is worth, and leaving it."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.routes.conftest import quoted
from tests.api.routes.trading import D, Market, Trader, read, refused

ORDERS = {"method": "POST", "path": "/api/v3/order"}


async def position(trader: Trader, symbol: str = "BTCUSDT", state: str = "open") -> dict[str, Any]:
    """Return the only position of a symbol."""
    items = (await trader.get("/api/positions", state=state))["items"]
    (found,) = [item for item in items if item["symbol"] == symbol]
    return dict(found)


async def close(trader: Trader, held: dict[str, Any], key: str | None = None) -> httpx.Response:
    return await trader.call("POST", f"/api/positions/{held['position_id']}/close", key=key)


async def test_fills_average_and_sales_realise(trader: Trader, market: Market) -> None:
    await trader.bought(quantity=D("0.01"))
    await market.book("BTCUSDT", "61999.99", "62000.01")
    await quoted(trader.edge, "BTCUSDT", "62000.01")
    await trader.bought(quantity=D("0.01"))
    held = await position(trader)
    assert held["side"] == "LONG"
    assert held["quantity"] == D("0.01998")
    assert held["entry_price"].quantize(D("0.01")) == D("61061.07")
    sale = await trader.bought(side="SELL", quantity=D("0.01"))
    held = await position(trader)
    assert held["quantity"] == D("0.00998")
    realized = (D("61999.99") - held["entry_price"]) * D("0.01") - sale["commission"]
    assert held["realized_pnl"] == realized.quantize(D("1e-8"))
    assert (await trader.account())["realized_pnl_today"] == held["realized_pnl"]


async def test_marks_are_live_or_null(trader: Trader, market: Market) -> None:
    await trader.bought(quantity=D("0.01"))
    await market.set(symbol="BTCUSDT", trade={"side": "BUY", "quantity": D("0.00001")})
    held = await position(trader)
    live = await trader.edge.services.trading.quotes.quote("BTCUSDT")
    assert live is not None
    assert held["mark_price"] == live.price
    worth = (live.price - held["entry_price"]) * held["quantity"]
    assert held["unrealized_pnl"] == worth.quantize(D("1e-8"))


async def test_without_a_live_price_marks_and_equity_are_null(
    trader: Trader, market: Market
) -> None:
    await trader.bought(symbol="DOGEUSDT", quantity=D(100))
    redis = trader.edge.services.connections.redis
    await redis.client_pause(1500, all=False)  # no price is renewed
    await asyncio.sleep(1.05)  # the life of a price
    held = await position(trader, "DOGEUSDT")
    assert (held["mark_price"], held["unrealized_pnl"]) == (None, None)
    assert held["quantity"] == D("99.9")
    assert (await trader.account())["equity_quote"] is None
    await market.book("BTCUSDT", "59999.99", "60000.01")
    await quoted(trader.edge, "BTCUSDT", "60000.01")
    assert (await trader.account())["equity_quote"] is not None


async def test_closing_sells_all_of_it_once(trader: Trader, market: Market) -> None:
    await trader.bought(quantity=D("0.01"))
    held = await position(trader)
    closed = await close(trader, held)
    assert closed.status_code == 201, closed.text
    trade = read(closed)
    assert (trade["side"], trade["type"], trade["quantity"]) == ("SELL", "MARKET", D("0.00999"))
    assert (await trader.get("/api/positions"))["items"] == []
    after = await position(trader, state="closed")
    assert after["position_id"] == held["position_id"]
    assert (after["quantity"], after["close_reason"]) == (0, "sold")
    assert after["closed_at"] == trade["timestamp"]
    assert (after["mark_price"], after["unrealized_pnl"]) == (None, None)
    refused(await close(trader, held), 409, "NOT_CANCELABLE")
    assert len(await market.orders(trade["trade_id"])) == 1


async def test_what_is_smaller_than_a_step_is_left_and_counts_as_flat(trader: Trader) -> None:
    await trader.bought(symbol="ETHUSDT", quantity=D("0.0123"))
    closed = read(await close(trader, await position(trader, "ETHUSDT")))
    assert closed["quantity"] == D("0.0122")
    assert (await trader.get("/api/positions"))["items"] == []
    assert (await trader.account())["balances"]["ETH"]["total"] == D("0.0000877")


async def test_clicks_at_once_close_once(trader: Trader) -> None:
    await trader.bought(quantity=D("0.01"))
    await trader.bought(quantity=D("0.01"))
    held = await position(trader)
    answers = await asyncio.gather(*(close(trader, held) for _ in range(5)))
    assert all(answer.status_code in {200, 201, 409} for answer in answers)
    assert [answer.status_code for answer in answers].count(201) == 1
    sales = [t for t in (await trader.get("/api/trades"))["items"] if t["side"] == "SELL"]
    assert [sale["executed_quantity"] for sale in sales] == [held["quantity"]]


async def test_a_close_that_came_to_nothing_can_be_tried_again(
    trader: Trader, market: Market
) -> None:
    # Nobody's order rests in this market, so that it can be made empty.
    await market.book("DOGEUSDT", "0.15000", "0.15002", "9000")
    await quoted(trader.edge, "DOGEUSDT", "0.15002")
    await trader.bought(symbol="DOGEUSDT", quantity=D(1000))
    held = await position(trader, "DOGEUSDT")
    await trader.put("/api/risk/trading-state", state="HALTED")
    refused(await close(trader, held), 422, "TRADING_HALTED")
    await trader.put("/api/risk/trading-state", state="REDUCING")
    await market.fault(kind="reject", match=ORDERS, count=1)
    refused(await close(trader, held), 422, "INVALID_ORDER")
    await market.set(symbol="DOGEUSDT", book={"bids": [], "asks": [[D("0.15002"), D(9000)]]})
    unsold = await close(trader, held)
    assert (read(unsold)["status"], read(unsold)["executed_quantity"]) == ("EXPIRED", 0)
    await trader.recorded(read(unsold)["trade_id"], "EXPIRED")
    await market.book("DOGEUSDT", "0.15000", "0.15002", "9000")
    await quoted(trader.edge, "DOGEUSDT", "0.15002")
    closed = await close(trader, held)
    assert (closed.status_code, read(closed)["status"]) == (201, "FILLED")


async def test_a_repeat_under_a_key_answers_the_same_trade(trader: Trader) -> None:
    await trader.bought(quantity=D("0.01"))
    held = await position(trader)
    first = await close(trader, held, key="leave")
    assert first.status_code == 201
    await trader.recorded(read(first)["trade_id"], "FILLED")
    again = await close(trader, held, key="leave")
    assert (again.status_code, read(again)) == (200, read(first))
    refused(await close(trader, held, key="other"), 409, "NOT_CANCELABLE")


async def test_a_key_of_another_order_does_not_close(trader: Trader) -> None:
    await trader.bought(key="k", quantity=D("0.01"))
    refused(await close(trader, await position(trader), key="k"), 422, "IDEMPOTENCY_MISMATCH")
    assert (await position(trader))["quantity"] == D("0.00999")


async def test_nobody_sees_or_closes_anothers_position(
    trader: Trader, another_trader: Trader
) -> None:
    await trader.bought(quantity=D("0.01"))
    held = await position(trader)
    assert (await another_trader.get("/api/positions"))["items"] == []
    refused(await close(another_trader, held), 404, "NOT_FOUND")
    refused(await close(another_trader, held, key="k"), 404, "NOT_FOUND")
    assert (await position(trader))["quantity"] == held["quantity"]


async def test_positions_are_paged_the_last_opened_first(trader: Trader) -> None:
    for symbol, quantity in (("BTCUSDT", "0.01"), ("ETHUSDT", "0.01"), ("DOGEUSDT", "100")):
        await trader.bought(symbol=symbol, quantity=D(quantity))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await trader.get("/api/positions", limit=2, **cursor)
        seen += [item["symbol"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == ["DOGEUSDT", "ETHUSDT", "BTCUSDT"]


@pytest.mark.parametrize("params", [{"state": "half"}, {"limit": "0"}], ids=str)
async def test_bad_lists(trader: Trader, params: dict[str, str]) -> None:
    refused(await trader.call("GET", "/api/positions", **params), 422, "INVALID_REQUEST")


async def test_what_is_not_there(trader: Trader) -> None:
    nothing = {"position_id": "6f0f3c1e-6d0b-5b7e-9d7e-6b8f4f6f2a11"}
    refused(await close(trader, nothing), 404, "NOT_FOUND")
    refused(await trader.call("POST", "/api/positions/x/close"), 422, "INVALID_REQUEST")
