"""One key, one order."""

import asyncio

from tests.api.routes.trading import D, Market, Trader, read, refused


async def test_a_repeat_answers_the_same_trade(trader: Trader, market: Market) -> None:
    first = await trader.execute(key="k")
    again = await trader.execute(key="k", quantity=D("0.010"))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["idempotency-replayed"] == "true"
    assert read(again) == read(first)
    assert len(await market.orders(read(first)["trade_id"])) == 1


async def test_repeats_at_once_are_one_order(trader: Trader, market: Market) -> None:
    answers = await asyncio.gather(*(trader.execute(key="k") for _ in range(8)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [*[200] * 7, 201]
    bodies = [read(answer) for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    assert len(await market.orders(bodies[0]["trade_id"])) == 1
    assert (await trader.account())["balances"]["BTC"]["total"] == D("0.00999")


async def test_a_repeat_while_the_first_is_running_waits_for_its_outcome(
    trader: Trader, market: Market
) -> None:
    await market.fault(kind="delay_answer", delay_ms=400, count=1, match={"path": "/api/v3/order"})
    first = asyncio.create_task(trader.execute(key="k"))
    await asyncio.sleep(0.2)  # the first is at the venue; the outcome does not hang on it
    again = await trader.execute(key="k")
    assert ((await first).status_code, again.status_code) == (201, 200)
    assert read(again) == read(await first)


async def test_another_body_under_the_same_key_is_refused(trader: Trader, market: Market) -> None:
    first = read(await trader.execute(key="k"))
    for other in ({"quantity": D("0.02")}, {"symbol": "ETHUSDT"}, {"ai_signal_id": "s"}):
        refused(await trader.execute(key="k", **other), 422, "IDEMPOTENCY_MISMATCH")
    assert len(await market.orders(first["trade_id"])) == 1


async def test_other_bodies_at_once_are_one_order(trader: Trader, market: Market) -> None:
    quantities = [D("0.01") + D("0.001") * step for step in range(6)]
    answers = await asyncio.gather(*(trader.execute(key="k", quantity=q) for q in quantities))
    placed = [answer for answer in answers if answer.status_code == 201]
    assert len(placed) == 1
    for answer in answers:
        if answer is not placed[0]:
            refused(answer, 422, "IDEMPOTENCY_MISMATCH")
    (order,) = await market.orders(read(placed[0])["trade_id"])
    assert order["quantity"] == read(placed[0])["quantity"]
    usdt = (await trader.account())["balances"]["USDT"]
    assert usdt["locked"] == 0


async def test_the_key_is_the_users_own(trader: Trader, another_trader: Trader) -> None:
    mine, theirs = await trader.execute(key="k"), await another_trader.execute(key="k")
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert read(mine)["trade_id"] != read(theirs)["trade_id"]


async def test_a_denial_is_told_again(trader: Trader, market: Market) -> None:
    await trader.put("/api/risk/trading-state", state="HALTED", reason="lunch")
    denied = refused(await trader.execute(key="k"), 422, "TRADING_HALTED")
    await trader.put("/api/risk/trading-state", state="ACTIVE")
    again = await trader.execute(key="k")
    assert refused(again, 422, "TRADING_HALTED") == denied
    assert again.headers["idempotency-replayed"] == "true"
    assert await market.orders(denied["trade_id"]) == []
    assert (await trader.execute(key="another")).status_code == 201


async def test_a_repeat_of_a_resting_order_shows_how_it_stands(trader: Trader) -> None:
    order = {"type": "LIMIT", "quantity": D("0.01"), "price": D(55000)}
    first = read(await trader.execute(key="k", **order))
    await trader.recorded(first["trade_id"], "NEW")
    assert read(await trader.execute(key="k", **order))["status"] == "NEW"
    await trader.call("DELETE", f"/api/trades/{first['trade_id']}")
    assert read(await trader.execute(key="k", **order))["status"] == "CANCELED"
