"""Sessions: start, read, stop, start over, fork; and whose they are."""

from collections.abc import Awaitable, Callable

import pytest

from tests.api.routes.paper.trading import PATH, Desk
from tests.api.routes.trading import D, read, refused, until

NewDesk = Callable[..., Awaitable[Desk]]


async def test_a_session_begins_with_what_was_asked_for(new_desk: NewDesk) -> None:
    desk = await new_desk(name="mine", initial_balance=D("500.5"), latency_ms=20, seed=7)
    portfolio = await desk.portfolio()
    assert portfolio["status"] == "ACTIVE"
    assert (portfolio["name"], portfolio["latency_ms"], portfolio["seed"]) == ("mine", 20, 7)
    assert portfolio["balances"]["USDT"]["free"] == D("500.5") == portfolio["equity"]
    assert portfolio["workflow_id"] == f"paper-{desk.session_id}"
    assert portfolio["positions"] == portfolio["open_orders"] == []


async def test_settings_out_of_range_are_refused(desk: Desk) -> None:
    response = await desk.trader.call("POST", f"{PATH}/start", {"initial_balance": D(0)})
    assert refused(response, 422, "INVALID_REQUEST")["errors"][0]["field"] == "initial_balance"
    response = await desk.trader.call("POST", f"{PATH}/start", {"leverage": D(10)})
    refused(response, 422, "INVALID_REQUEST")


async def test_one_key_starts_one_session(desk: Desk) -> None:
    first = await desk.trader.call("POST", f"{PATH}/start", {}, "again")
    second = await desk.trader.call("POST", f"{PATH}/start", {}, "again")
    assert (first.status_code, second.status_code) == (201, 200)
    assert read(first)["session_id"] == read(second)["session_id"]
    other = await desk.trader.call("POST", f"{PATH}/start", {"seed": 1}, "again")
    refused(other, 422, "IDEMPOTENCY_MISMATCH")


async def test_a_loop_that_starts_sessions_is_stopped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.paper_desk.MAX_ACTIVE_SESSIONS", 1)
    refused(await desk.trader.call("POST", f"{PATH}/start", {}), 429, "RATE_LIMITED")
    await desk.post("stop")

    async def may_start() -> bool:
        return (await desk.trader.call("POST", f"{PATH}/start", {})).status_code == 201

    await until(may_start, "room for a session")


async def test_a_session_keeps_the_limits_that_its_owner_had(desk: Desk) -> None:
    await desk.trader.put("/api/risk/limits", max_order_notional_quote=D(100))
    later = Desk(desk.trader)
    await later.start()
    problem = refused(await later.execute(), 422, "RISK_LIMIT_EXCEEDED")
    assert problem["limit_value"] == 100
    assert (await desk.traded())["status"] == "FILLED"


async def test_a_stopped_session_is_closed(desk: Desk) -> None:
    order = await desk.limit("BUY", "0.01", "50000")
    response = await desk.post("stop", reason="enough")
    assert response.status_code == 200, response.text
    assert (read(response)["status"], read(response)["open_orders"]) == ("STOPPED", [])
    refused(await desk.execute(), 409, "SESSION_CLOSED")
    refused(await desk.post("stop"), 409, "SESSION_CLOSED")
    refused(await desk.post("reset"), 409, "SESSION_CLOSED")
    await desk.ended(order["trade_id"], "CANCELED")
    portfolio = await desk.portfolio()
    assert (portfolio["status"], portfolio["status_reason"]) == ("STOPPED", "enough")
    assert portfolio["balances"]["USDT"] == {
        "asset": "USDT",
        "free": D(10_000),
        "locked": D(0),
        "total": D(10_000),
    }


async def test_a_session_starts_over(desk: Desk) -> None:
    await desk.traded()
    resting = await desk.limit("BUY", "0.01", "50000")
    response = await desk.post("reset")
    assert response.status_code == 200, response.text
    portfolio = await desk.portfolio()
    assert (portfolio["generation"], portfolio["equity"]) == (2, D(10_000))
    assert list(portfolio["balances"]) == ["USDT"]
    assert (await desk.ended(resting["trade_id"], "CANCELED"))["generation"] == 1
    assert (await desk.traded())["generation"] == 2


async def test_a_fork_goes_on_after_a_trade(desk: Desk) -> None:
    first = await desk.traded(quantity=D("0.02"))
    await desk.traded(side="SELL", quantity=D("0.01"))
    response = await desk.post("fork", trade_id=first["trade_id"])
    assert response.status_code == 201, response.text
    fork = Desk(desk.trader, read(response))
    assert fork.session["forked_from"] == f"{desk.session_id}#1"
    held = (await fork.portfolio())["balances"]
    assert held["BTC"]["free"] == D("0.02") - first["commission"]
    assert held["USDT"]["free"] == D(10_000) - D("0.02") * first["executed_price"]
    await fork.traded(side="SELL", quantity=D("0.01"))
    assert (await desk.portfolio())["trade_count"] == 2
    equity = await desk.trader.get(f"{fork.path}/equity")
    assert equity["points"][0]["equity"] == first["equity_after"]
    await desk.post("reset")
    named = read(await desk.post("fork", trade_id=first["trade_id"], name="what if"))
    assert (named["name"], named["forked_from"]) == ("what if", f"{desk.session_id}#1")
    missing = "00000000-0000-0000-0000-000000000000"
    refused(await desk.post("fork", trade_id=missing), 404, "NOT_FOUND")


async def test_a_session_is_its_owners_only(desk: Desk, new_desk: NewDesk) -> None:
    stranger = await new_desk()
    order = await desk.limit("BUY", "0.01", "50000")
    for method, path in (
        ("GET", ""),
        ("GET", "/trades"),
        ("GET", "/equity"),
        ("POST", "/stop"),
        ("POST", "/reset"),
        ("DELETE", f"/orders/{order['trade_id']}"),
    ):
        response = await stranger.trader.call(method, f"{desk.path}{path}")
        refused(response, 404, "NOT_FOUND")
    refused(await stranger.execute(session_id=desk.session_id), 404, "NOT_FOUND")
    assert (await desk.portfolio())["open_orders"][0]["trade_id"] == order["trade_id"]


async def test_the_session_may_be_left_out_where_there_is_one(desk: Desk) -> None:
    trade = await desk.traded(session_id=None)
    assert trade["session_id"] == desk.session_id
    await desk.trader.call("POST", f"{PATH}/start", {})
    refused(await desk.execute(session_id=None), 409, "SESSION_AMBIGUOUS")


async def test_sessions_are_listed_newest_first(desk: Desk) -> None:
    for number in range(3):
        await desk.trader.call("POST", f"{PATH}/start", {"name": f"n{number}"})
    first = await desk.trader.get(f"{PATH}/sessions", limit=2)
    rest = await desk.trader.get(f"{PATH}/sessions", cursor=first["next_cursor"])
    assert [each["name"] for each in (*first["items"], *rest["items"])] == ["n2", "n1", "n0", ""]
    assert rest["next_cursor"] is None


async def test_two_sessions_have_books_of_their_own(desk: Desk) -> None:
    second = Desk(desk.trader)
    await second.start(initial_balance=D(1_000))
    await desk.traded(quantity=D("0.05"))
    await second.traded(quantity=D("0.01"))
    one, other = await desk.portfolio(), await second.portfolio()
    assert one["balances"]["BTC"]["total"] == D("0.04995")
    assert other["balances"]["BTC"]["total"] == D("0.00999")
    assert other["balances"]["USDT"]["total"] == D(1_000) - D("0.01") * 60_001
