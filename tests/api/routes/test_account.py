"""The account, and the keys that it trades with."""

from typing import Any

import pytest

from domain.account import TradingState
from tests.api.routes.trading import D, Market, Trader, refused

PATH = "/api/account/venue-credentials"


async def test_a_new_account(trader: Trader) -> None:
    response = await trader.call("GET", "/api/account")
    assert response.headers["cache-control"] == "private, no-store"
    assert await trader.get("/api/account") == {
        "balances": [{"asset": "USDT", "free": 10_000, "locked": 0, "total": 10_000}],
        "equity_quote": 10_000,
        "realized_pnl_today": 0,
        "open_positions": 0,
        "trading_state": "ACTIVE",
    }


async def test_equity_counts_what_is_held_and_what_is_locked(trader: Trader) -> None:
    await trader.bought(quantity=D("0.01"))
    await trader.bought(type="LIMIT", quantity=D("0.01"), price=D(55000))
    account = await trader.account()
    live = await trader.edge.services.trading.quotes.quote("BTCUSDT")
    assert live is not None
    assert account["balances"]["USDT"]["locked"] == 550
    assert account["equity_quote"] == D("9399.9999") + D("0.00999") * live.price
    assert account["open_positions"] == 1


async def test_other_keys_bring_their_accounts_balances(trader: Trader, market: Market) -> None:
    keys = await market.open_account(USDT=77, ETH=2)
    account_id = keys.pop("account_id")
    response = await trader.put(PATH, **keys)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["cache-control"] == "private, no-store"
    account = await trader.account()
    assert {a: b["free"] for a, b in account["balances"].items()} == {"USDT": 77, "ETH": 2}
    assert account["trading_state"] == "ACTIVE"
    told = [frame["data"] for frame in await trader.told() if frame["type"] == "account_update"]
    assert [each["trading_state"] for each in told] == ["HALTED", "ACTIVE"]
    assert {each["asset"] for each in told[-1]["balances"]} == {"USDT", "ETH"}
    trade = await trader.bought(quantity=D("0.001"))
    (order,) = await market.orders(trade["trade_id"])
    assert order["account_id"] == account_id


@pytest.mark.parametrize(
    "change", [{"api_key": "x"}, {"api_secret": "x"}, {"api_key": "a" * 64}], ids=str
)
async def test_keys_that_the_venue_refuses_change_nothing(
    trader: Trader, market: Market, change: dict[str, str]
) -> None:
    before = await trader.state()
    keys = await market.open_account(USDT=77)
    del keys["account_id"]
    problem = refused(await trader.put(PATH, **(keys | change)), 422, "INVALID_REQUEST")
    assert {error["field"] for error in problem["errors"]} == {"api_key", "api_secret"}
    assert all(secret not in str(problem) for secret in keys.values())
    assert await trader.state() == before
    assert (await trader.execute()).status_code == 201


async def test_keys_stay_while_orders_are_open(trader: Trader, market: Market) -> None:
    order = await trader.bought(type="LIMIT", quantity=D("0.01"), price=D(55000))
    keys = await market.open_account(USDT=77)
    del keys["account_id"]
    problem = refused(await trader.put(PATH, **keys), 422, "INVALID_REQUEST")
    assert "open" in problem["detail"]
    assert (await trader.account())["balances"]["USDT"]["total"] == 10_000
    await trader.call("DELETE", f"/api/trades/{order['trade_id']}")
    assert (await trader.put(PATH, **keys)).status_code == 204


async def test_the_trading_state_is_kept(trader: Trader, market: Market) -> None:
    await trader.put("/api/risk/trading-state", state="REDUCING", reason="careful")
    keys = await market.open_account(USDT=77)
    del keys["account_id"]
    assert (await trader.put(PATH, **keys)).status_code == 204
    state = await trader.state()
    assert (state.trading_state, state.trading_state_reason) == (TradingState.REDUCING, "careful")


async def test_a_venue_that_is_away_is_a_passing_fault(trader: Trader, market: Market) -> None:
    keys = await market.open_account(USDT=77)
    del keys["account_id"]
    await market.fault(kind="http_error", match={"path": "/api/v3/account"})
    response = await trader.put(PATH, **keys)
    refused(response, 503, "VENUE_UNAVAILABLE")
    assert response.headers["retry-after"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"api_key": "k"},
        {"api_key": "k", "api_secret": ""},
        {"api_key": "k\r\nX-Evil: 1", "api_secret": "s"},
        {"api_key": "k" * 257, "api_secret": "s"},
        {"api_key": 1, "api_secret": "s"},
        {"api_key": "k", "api_secret": "s", "more": 1},
    ],
)
async def test_bad_bodies(trader: Trader, body: dict[str, Any]) -> None:
    refused(await trader.put(PATH, **body), 422, "INVALID_REQUEST")


async def test_keys_are_never_readable(trader: Trader) -> None:
    assert (await trader.call("GET", PATH)).status_code == 405
