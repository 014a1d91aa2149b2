"""The long life of a session: runs that hand over, books that break, histories that replay."""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import pytest
from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowHistory,
    WorkflowUpdateFailedError,
)

from activities.failures import as_error
from domain.errors import ErrorCode
from domain.orders import OrderIntent, OrderType, Side
from domain.paper.session import paper_order
from tests.api.routes.paper.trading import Desk
from tests.api.routes.trading import D, Market, read, refused, until
from tests.replay.replaying import keep, replayer
from workflows.paper_session import PaperSession

NewDesk = Callable[..., Awaitable[Desk]]

UNIT = Decimal("1e-8")
MEBIBYTE = 2**20


async def runs_of(desk: Desk, least: int) -> list[Any]:
    """Return a session's runs once Temporal lists so many, oldest first."""
    client = desk.trader.edge.services.trading.client
    query = f"WorkflowId = 'paper-{desk.session_id}'"

    async def found() -> list[Any]:
        listed = [each async for each in client.list_workflows(query)]
        return listed if len(listed) >= least else []

    listed: list[Any] = await until(found, f"{least} runs")
    return sorted(listed, key=lambda each: each.start_time)


def usdt_after(deposit: Decimal, trades: list[dict[str, Any]]) -> Decimal:
    """Count the quote asset from the fills alone."""
    for trade in trades:
        for fill in trade["fills"]:
            cost = (fill["price"] * fill["quantity"]).quantize(UNIT, ROUND_FLOOR)
            deposit += -cost if trade["side"] == "BUY" else cost
            if fill["commission_asset"] == "USDT":
                deposit -= fill["commission"]
    return deposit


async def test_a_session_hands_over_and_forgets_nothing(
    desk: Desk, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.paper_session.UPDATES_A_RUN", 20)
    resting = await desk.limit("BUY", "0.01", "59000")
    first = await desk.traded("key", quantity=D("0.03"))
    denied = await desk.execute("denied", quantity=D(5))
    for _ in range(6):
        responses = await asyncio.gather(
            *(desk.execute(side="SELL", quantity=D("0.0001")) for _ in range(8)),
            *(desk.execute(side="BUY", quantity=D("0.0001")) for _ in range(2)),
        )
        assert Counter(response.status_code for response in responses) == {201: 10}
    runs = await runs_of(desk, 3)
    assert {run.status for run in runs[:-1]} == {WorkflowExecutionStatus.CONTINUED_AS_NEW}

    again = await desk.execute("key", quantity=D("0.03"))
    assert (again.status_code, read(again)["trade_id"]) == (200, first["trade_id"])
    refused(await desk.execute("key", quantity=D("0.04")), 422, "IDEMPOTENCY_MISMATCH")
    same = refused(await desk.execute("denied", quantity=D(5)), 422, "RISK_LIMIT_EXCEEDED")
    assert same == read(denied)
    portfolio, trades = await desk.portfolio(), await desk.trades()
    assert portfolio["trade_count"] == len(trades) == 62
    assert portfolio["balances"]["USDT"]["total"] == usdt_after(D(10_000), trades)
    assert [order["trade_id"] for order in portfolio["open_orders"]] == [resting["trade_id"]]
    await market.book("BTCUSDT", "58000", "58001")
    await desk.ended(resting["trade_id"], "FILLED")


async def test_a_session_whose_books_break_stops_and_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.traded()
    before = (await desk.portfolio())["balances"]
    with monkeypatch.context() as patch:
        patch.setattr("domain.paper.ledger.breach", lambda *_: "BTC: 1 is held, 2 came of trades")
        problem = refused(await desk.execute(), 422, "TRADING_HALTED")
        assert "2 came of trades" in problem["detail"]
    portfolio = await desk.portfolio()
    assert (portfolio["status"], portfolio["balances"]) == ("BROKEN", before)
    assert "2 came of trades" in portfolio["status_reason"]
    refused(await desk.execute(), 409, "SESSION_CLOSED")
    details = await desk.workflow.query("__temporal_workflow_metadata")
    assert "BROKEN" in details.current_details
    assert (await desk.post("reset")).status_code == 200
    assert (await desk.portfolio())["status"] == "ACTIVE"
    assert (await desk.traded())["status"] == "FILLED"


async def test_operators_find_a_session(desk: Desk) -> None:
    await desk.traded(quantity=D("0.02"))
    client = desk.trader.edge.services.trading.client
    query = (
        f"WorkflowType = 'PaperSession' AND UserId = '{desk.trader.user_id}' "
        f"AND Symbols = 'BTCUSDT' AND SessionId = '{desk.session_id}'"
    )

    async def found() -> list[str]:
        return [each.id async for each in client.list_workflows(query)]

    assert await until(found) == [f"paper-{desk.session_id}"]
    details = (await desk.workflow.query("__temporal_workflow_metadata")).current_details
    for told in ("ACTIVE", "8799.98 USDT", "holds 0.01998 BTCUSDT", "last FILLED BUY"):
        assert told in details, (told, details)


async def test_an_order_that_has_waited_too_long_does_not_fill(desk: Desk) -> None:
    paper = desk.trader.edge.services.paper
    session = await paper.desk.session(desk.trader.user_id, desk.session_id)
    intent = OrderIntent("BTCUSDT", Side.BUY, OrderType.MARKET, quantity=D("0.01"))
    order = paper_order(
        desk.trader.user_id, desk.session_id, "key", intent, paper.prices.rules("BTCUSDT")
    )
    asked = await paper.prices.order(session, order, None)
    before = timedelta(seconds=10)
    old = replace(
        asked,
        decision=replace(asked.decision, at=asked.decision.at - before),
        decided_at=asked.decided_at - before,
        arrived_at=asked.arrived_at - before,
    )
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await desk.workflow.execute_update(PaperSession.execute, old)
    assert as_error(failed.value.cause).code is ErrorCode.QUOTE_STALE
    assert (await desk.portfolio())["trade_count"] == 0
    assert (await desk.traded("key"))["status"] == "FILLED"


async def _lived(desk: Desk, market: Market) -> None:
    """Live through everything that a session can."""
    await desk.traded(quantity=D("0.02"), stop_loss=D(59_000), take_profit=D(61_000))
    await desk.execute(quantity=D(5))
    rests = await desk.limit("BUY", "0.01", "59995")
    far = await desk.limit("BUY", "0.01", "50000")
    fall = {"side": "SELL", "quantity": D(3), "price": D(59_990)}
    await market.set(symbol="BTCUSDT", trade=fall)
    await desk.ended(rests["trade_id"], "FILLED")
    await desk.trader.call("DELETE", f"{desk.path}/orders/{far['trade_id']}")
    await desk.traded(side="SELL", quantity=D("0.005"))
    await desk.post("reset")
    await desk.traded(symbol="ETHUSDT", quote_quantity=D(100))
    await desk.post("stop", reason="the end")


async def _ended(desk: Desk) -> list[WorkflowHistory]:
    await desk.workflow.result()
    runs = await runs_of(desk, 1)
    client = desk.trader.edge.services.trading.client
    handles = [client.get_workflow_handle(run.id, run_id=run.run_id) for run in runs]
    return [await handle.fetch_history() for handle in handles]


async def test_histories_replay(
    new_desk: NewDesk, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await new_desk(slippage_bps=D(3), latency_ms=5, seed=42)
    await whole.until_book("ETHUSDT", "3000.01")
    await _lived(whole, market)
    [history] = await _ended(whole)
    await replayer(PaperSession).replay_workflow(history)
    handed = await new_desk()
    with monkeypatch.context() as patch:
        patch.setattr("workflows.paper_session.UPDATES_A_RUN", 4)
        for _ in range(6):
            await handed.traded(quantity=D("0.001"))
        await runs_of(handed, 2)
        await handed.post("stop")
        parts = await _ended(handed)
        for part in parts:
            await replayer(PaperSession).replay_workflow(part)
    if os.environ.get("RECORD_HISTORIES"):
        keep("paper/lived", history)
        keep("paper/resumed", parts[-1])


async def test_no_run_grows_beyond_its_bound(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = MEBIBYTE // 8
    monkeypatch.setattr("workflows.paper_session.HISTORY_BYTES_A_RUN", bound)
    await desk.traded(quantity=D("0.05"))
    for _ in range(12):
        await asyncio.gather(*(desk.traded(side="SELL", quantity=D("0.0002")) for _ in range(8)))
    sizes = []
    for run in await runs_of(desk, 3):
        info = run.raw_info
        sizes.append(info.history_size_bytes)
    # Beyond it only by what was under way, and by what the next run begins with.
    assert all(size < 2 * bound for size in sizes), sizes
    assert (await desk.portfolio())["trade_count"] == 97
