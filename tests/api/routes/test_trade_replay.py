"""Histories of real trades replay; asked to, they are kept for later code."""

import os

from tests.api.routes.trading import D, Market, Trader, ended_history, read, refused
from tests.replay.replaying import keep, replayer
from workflows.trade_execution import TradeExecution

ORDERS = {"method": "POST", "path": "/api/v3/order"}


async def test_histories_of_every_kind_replay(trader: Trader, market: Market) -> None:
    ids = {"filled": (await trader.bought())["trade_id"]}
    await market.fault(kind="rate_limit", match=ORDERS, count=1)
    ids["retried"] = (await trader.bought())["trade_id"]
    resting = await trader.bought(type="LIMIT", quantity=D("0.01"), price=D(55000))
    await trader.call("DELETE", f"/api/trades/{resting['trade_id']}")
    ids["canceled"] = resting["trade_id"]
    await market.fault(kind="reject", match=ORDERS, count=1)
    ids["refused"] = refused(await trader.execute(), 422, "INVALID_ORDER")["trade_id"]
    await market.fault(kind="rate_limit", match=ORDERS, retry_after_s=60, count=1)
    ids["failed"] = refused(await trader.execute(), 503, "VENUE_UNAVAILABLE")["trade_id"]
    ids["unknown"] = await _unknown(trader, market)
    await trader.put("/api/risk/trading-state", state="HALTED", reason="")
    ids["denied"] = refused(await trader.execute(), 422, "TRADING_HALTED")["trade_id"]
    for name, trade_id in ids.items():
        history = await ended_history(trader, trade_id)
        await replayer(TradeExecution).replay_workflow(history)
        if os.environ.get("RECORD_HISTORIES"):
            keep(name, history)


async def _unknown(trader: Trader, market: Market) -> str:
    await market.fault(kind="drop_answer", match=ORDERS)
    await market.fault(kind="drop_request", match=ORDERS | {"method": "GET"})
    answer = await trader.execute()
    assert answer.status_code == 202
    await market.calm()
    trade_id: str = read(answer)["trade_id"]
    await trader.recorded(trade_id, "FILLED")
    return trade_id
