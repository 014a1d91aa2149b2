"""Bad input of every kind gets its problem, and changes nothing."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api.routes.trading import D, Market, Trader, read, refused

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": D("0.01")}
LIMIT = ORDER | {"type": "LIMIT", "price": D(59000)}
STOP = LIMIT | {"type": "STOP_LOSS_LIMIT"}
REFUSALS: list[tuple[Any, int, str]] = [
    ([], 422, "INVALID_REQUEST"),
    ({}, 422, "INVALID_REQUEST"),
    (ORDER | {"colour": "red"}, 422, "INVALID_REQUEST"),
    (ORDER | {"quantity": "0.01"}, 422, "INVALID_REQUEST"),
    (ORDER | {"quantity": True}, 422, "INVALID_REQUEST"),
    (ORDER | {"side": "buy"}, 422, "INVALID_REQUEST"),
    (ORDER | {"type": "STOP"}, 422, "INVALID_REQUEST"),
    (ORDER | {"ai_signal_id": "x" * 65}, 422, "INVALID_REQUEST"),
    (ORDER | {"symbol": "NOTHING"}, 404, "UNKNOWN_SYMBOL"),
    (ORDER | {"symbol": "btcusdt"}, 404, "UNKNOWN_SYMBOL"),
    (ORDER | {"quantity": D(0)}, 422, "INVALID_ORDER"),
    (ORDER | {"quantity": D("-0.01")}, 422, "INVALID_ORDER"),
    (ORDER | {"quantity": D("1e-9")}, 422, "INVALID_ORDER"),
    (ORDER | {"quote_quantity": D(100)}, 422, "INVALID_ORDER"),
    (ORDER | {"quantity": None}, 422, "INVALID_ORDER"),
    (ORDER | {"price": D(60000)}, 422, "INVALID_ORDER"),
    (ORDER | {"time_in_force": "IOC"}, 422, "INVALID_ORDER"),
    (ORDER | {"stop_loss": D(0)}, 422, "INVALID_ORDER"),
    (LIMIT | {"price": None}, 422, "INVALID_ORDER"),
    (LIMIT | {"stop_price": D(59000)}, 422, "INVALID_ORDER"),
    (STOP, 422, "INVALID_ORDER"),
    (ORDER | {"quantity": D("0.000011")}, 422, "FILTER_FAILURE"),
    (ORDER | {"quantity": D(1000)}, 422, "FILTER_FAILURE"),
    (LIMIT | {"price": D("59000.001")}, 422, "FILTER_FAILURE"),
    (LIMIT | {"price": D("0.01")}, 422, "FILTER_FAILURE"),
    (LIMIT | {"quantity": D("0.00001")}, 422, "FILTER_FAILURE"),
]


@pytest.mark.parametrize(("body", "status", "code"), REFUSALS)
async def test_bad_orders_change_nothing(trader: Trader, body: Any, status: int, code: str) -> None:
    before = await trader.state()
    problem = refused(await trader.call("POST", "/api/trades/execute", body, key="k"), status, code)
    assert problem["detail"]
    assert (code == "UNKNOWN_SYMBOL") == ("errors" not in problem)
    assert await trader.state() == before
    assert (await trader.get("/api/trades"))["items"] == []


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_has_1_to_255_characters(trader: Trader, key: str) -> None:
    refused(await trader.execute(key=key), 422, "INVALID_REQUEST")
    assert (await trader.execute(key="k" * 255)).status_code == 201


async def test_a_key_that_was_refused_is_free(trader: Trader) -> None:
    refused(await trader.execute(key="k", quantity=D(0)), 422, "INVALID_ORDER")
    assert (await trader.execute(key="k")).status_code == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/trades/execute"),
        ("GET", "/api/trades"),
        ("GET", f"/api/trades/{'0' * 36}"),
        ("DELETE", f"/api/trades/{'0' * 36}"),
        ("GET", "/api/positions"),
        ("POST", f"/api/positions/{'0' * 36}/close"),
        ("GET", "/api/account"),
        ("PUT", "/api/account/venue-credentials"),
        ("GET", "/api/risk/limits"),
        ("PUT", "/api/risk/limits"),
        ("GET", "/api/risk/trading-state"),
        ("PUT", "/api/risk/trading-state"),
    ],
)
async def test_nothing_works_without_a_token(trader: Trader, method: str, path: str) -> None:
    refused(await trader.edge.http.request(method, path), 401, "TOKEN_INVALID")


@pytest.mark.parametrize(
    "params",
    [{"limit": 0}, {"limit": 1001}, {"status": "DONE"}, {"since": "2026-01-01"}, {"cursor": "x"}],
)
async def test_bad_lists(trader: Trader, params: dict[str, Any]) -> None:
    refused(await trader.call("GET", "/api/trades", **params), 422, "INVALID_REQUEST")


async def test_what_is_not_there(trader: Trader) -> None:
    path = "/api/trades/6f0f3c1e-6d0b-5b7e-9d7e-6b8f4f6f2a11"
    refused(await trader.call("GET", path), 404, "NOT_FOUND")
    refused(await trader.call("DELETE", path), 404, "NOT_FOUND")
    refused(await trader.call("GET", "/api/trades/x"), 422, "INVALID_REQUEST")


async def test_without_a_live_quote_no_order_leaves(trader: Trader) -> None:
    before = await trader.state()
    problem = refused(await trader.execute(symbol="LTCUSDT", quantity=D("0.1")), 503, "QUOTE_STALE")
    assert await trader.market.orders(problem["trade_id"]) == []
    after = await trader.state()
    assert (after.balances, after.orders) == (before.balances, before.orders)


async def test_more_than_is_free_is_denied(trader: Trader) -> None:
    await trader.put("/api/risk/limits", max_order_notional_quote=D(10**6))
    problem = refused(
        await trader.execute(type="LIMIT", quantity=D("0.2"), price=D(60000)),
        422,
        "INSUFFICIENT_BALANCE",
    )
    assert problem["limit_type"] == "balance"
    assert (problem["current_value"], problem["limit_value"]) == (10_000, 12_000)
    assert await trader.market.orders(problem["trade_id"]) == []
    refused(await trader.execute(side="SELL"), 422, "INSUFFICIENT_BALANCE")


async def test_what_the_venue_refuses_is_recorded_and_told_again(
    trader: Trader, market: Market
) -> None:
    await market.fault(kind="reject", count=1, match={"path": "/api/v3/order"})
    first = refused(await trader.execute(key="k"), 422, "INVALID_ORDER")
    record = await trader.recorded(first["trade_id"], "REJECTED")
    assert record["failure"]["code"] == "INVALID_ORDER"
    again = await trader.execute(key="k")
    assert again.headers["idempotency-replayed"] == "true"
    assert refused(again, 422, "INVALID_ORDER") == first
    assert await market.orders(first["trade_id"]) == []
    usdt = (await trader.account())["balances"]["USDT"]
    assert (usdt["free"], usdt["locked"]) == (Decimal(10_000), 0)
    assert read(await trader.call("GET", f"/api/trades/{first['trade_id']}"))["failure"]
