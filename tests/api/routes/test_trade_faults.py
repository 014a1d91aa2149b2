"""Whatever becomes of a request on its way to the exchange and back: one order."""

import asyncio
from typing import Any

import httpx
import pytest

from domain.orders import client_order_id, trade_id_of
from tests.api.people import OpenEdge
from tests.api.routes.trading import D, Market, Trader, read, refused
from tests.conftest import StartServer
from workers.stack import servers

ORDER_PATH = "/api/v3/order"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop_answer"},
        {"kind": "drop_request"},
        {"kind": "unknown_execution", "code": -1006, "executed": True},
        {"kind": "unknown_execution", "code": -1006, "executed": False},
        {"kind": "unknown_execution", "code": -1007, "executed": True},
        {"kind": "unknown_execution", "code": -1007, "executed": False},
        {"kind": "delay_answer", "delay_ms": 3_500},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
async def test_an_unknown_outcome_ends_with_one_order(
    trader: Trader, market: Market, fault: dict[str, Any]
) -> None:
    match = {"method": "POST", "path": ORDER_PATH}
    fault_id = await market.fault(**fault, match=match, count=1)
    trade = await trader.bought()
    assert trade["status"] == "FILLED"
    assert await market.fired(fault_id) == 1
    assert len(await market.orders(trade["trade_id"])) == 1
    await trader.recorded(trade["trade_id"], "FILLED")
    account = await trader.account()
    assert account["balances"]["BTC"]["total"] == D("0.00999")
    assert account["balances"]["USDT"]["locked"] == 0


async def test_an_outcome_that_cannot_be_learnt_in_time_is_unknown_and_found_out_later(
    trader: Trader, market: Market
) -> None:
    mine = client_order_id(trade_id_of(trader.user_id, "k"))
    await market.fault(kind="drop_answer", match={"path": ORDER_PATH, "client_order_id": mine})
    asked = await market.fault(kind="drop_request", match={"method": "GET", "path": ORDER_PATH})
    answer = await trader.execute(key="k")
    assert (answer.status_code, read(answer)["status"]) == (202, "UNKNOWN")
    trade_id = read(answer)["trade_id"]
    assert (await trader.get(f"/api/trades/{trade_id}"))["status"] == "UNKNOWN"
    again = await trader.execute(key="k")
    assert (again.status_code, again.headers["idempotency-replayed"]) == (202, "true")
    assert (await trader.account())["balances"]["USDT"]["locked"] > 0
    assert await market.fired(asked) >= 2
    await market.calm()
    await trader.recorded(trade_id, "FILLED")
    assert len(await market.orders(trade_id)) == 1
    assert (await trader.get(f"/api/trades/{trade_id}"))["status"] == "FILLED"
    assert (await trader.account())["balances"]["USDT"]["locked"] == 0


@pytest.mark.usefixtures("market")
async def test_a_venue_that_refuses_connections_gets_no_order_and_holds_no_money(
    open_edge: OpenEdge, start_server: StartServer
) -> None:
    exchange = start_server(servers.EXCHANGE)
    queue_of_its_own = start_server(servers.TEMPORAL)
    async with (
        open_edge(exchange_url=exchange.url, temporal_address=queue_of_its_own.url) as edge,
        httpx.AsyncClient(base_url=exchange.url) as http,
    ):
        signed_in = await edge.register()
        their_market = Market(http)
        person = Trader(edge, their_market, signed_in["user"]["id"], signed_in["token"])
        exchange.kill()
        problem = refused(await person.execute(), 503, "VENUE_UNAVAILABLE")
        await person.recorded(problem["trade_id"], "REJECTED")
        assert (await person.state()).balance("USDT").free == 10_000
        await asyncio.to_thread(exchange.start)
        assert await their_market.orders(problem["trade_id"]) == []


async def test_a_cancel_that_the_venue_lost_sight_of(trader: Trader, market: Market) -> None:
    trade = await trader.bought(type="LIMIT", quantity=D("0.01"), price=D(55000))
    match = {"method": "DELETE", "path": ORDER_PATH}
    await market.fault(kind="drop_answer", match=match, count=1)
    canceled = await trader.call("DELETE", f"/api/trades/{trade['trade_id']}")
    assert (canceled.status_code, read(canceled).get("status")) == (200, "CANCELED")


async def test_a_cancel_that_comes_too_late(trader: Trader, market: Market) -> None:
    trade = await trader.bought(type="LIMIT", quantity=D("0.01"), price=D(55000))
    await trader.recorded(trade["trade_id"], "NEW")
    await market.book("BTCUSDT", "54999.98", "55000.00")
    path = f"/api/trades/{trade['trade_id']}"
    refused(await trader.call("DELETE", path), 409, "NOT_CANCELABLE")
    await trader.recorded(trade["trade_id"], "FILLED")
