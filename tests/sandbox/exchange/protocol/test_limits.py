"""Request weights, order counts, and the ban that follows stubbornness."""

from typing import Any

import pytest

from sandbox.exchange.core.errors import VenueError
from sandbox.exchange.protocol.limits import Limits
from tests.sandbox.exchange.harness import Desk

NOW = 1_700_000_000_000


def error_of(limits: Limits, weight: int, now: int) -> VenueError:
    with pytest.raises(VenueError) as raised:
        limits.spend("a", weight, now)
    return raised.value


def test_weight_is_counted_by_address_and_minute() -> None:
    limits = Limits(weight_limit=10)
    assert [limits.spend("a", 4, NOW), limits.spend("a", 4, NOW), limits.spend("b", 4, NOW)] == [
        4,
        8,
        4,
    ]
    refused = error_of(limits, 4, NOW)
    assert (refused.code, refused.status) == (-1003, 429)
    assert refused.retry_after_s == 60 - NOW // 1000 % 60
    assert limits.spend("a", 4, NOW + 60_000) == 4


def test_an_address_that_keeps_on_is_banned() -> None:
    limits = Limits(weight_limit=1)
    statuses = [error_of(limits, 2, NOW).status for _ in range(32)]
    assert statuses[0] == 429
    assert statuses[-1] == 418
    assert error_of(limits, 0, NOW + 100_000).status == 418
    assert limits.spend("a", 1, NOW + 180_000) == 1


def test_orders_are_counted_by_account() -> None:
    limits = Limits(order_limit_10s=2)
    limits.count_orders("x", 2, NOW)
    limits.count_orders("y", 1, NOW)
    with pytest.raises(VenueError) as raised:
        limits.count_orders("x", 1, NOW)
    assert (raised.value.code, raised.value.status) == (-1015, 429)
    assert raised.value.msg == "Too many new orders; current limit is 2 orders per 10 SECOND."
    limits.count_orders("x", 1, NOW + 10_000)
    assert limits.order_counts("x", NOW + 10_000) == (1, 3)


async def test_headers(desk: Desk) -> None:
    trader = await desk.trader()

    async def headers(method: str, path: str, **params: Any) -> Any:
        url = f"{desk.http}/api/v3/{path}?{trader.signed(params)}"
        async with desk.session.request(
            method, url, headers={"X-MBX-APIKEY": trader.key}
        ) as answer:
            assert answer.status == 200
            return answer.headers

    before = int((await headers("GET", "account"))["X-MBX-USED-WEIGHT-1M"])
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
    found = await headers("POST", "order", **order)
    assert int(found["X-MBX-USED-WEIGHT-1M"]) - before in {1, 1 - before}
    assert (found["X-MBX-ORDER-COUNT-10S"], found["X-MBX-ORDER-COUNT-1D"]) == ("1", "1")
    _, usage = await trader.call("GET", "rateLimit/order")
    assert [row["count"] for row in usage][1] == 1
