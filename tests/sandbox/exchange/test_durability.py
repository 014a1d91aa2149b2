"""What was answered is on disk, whatever happens to the process."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.sandbox.exchange.harness import Desk, ExchangeProcess, Trader

ENOUGH = 60
MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}


async def answered_until_cut(
    trader: Trader, answered: list[dict[str, Any]], enough: asyncio.Event
) -> None:
    """Place orders one after another until the exchange dies."""
    number = 0
    while True:
        number += 1
        side = "BUY" if number % 2 else "SELL"
        try:
            status, found = await trader.call(
                "POST", "order", **(MARKET | {"side": side, "newClientOrderId": f"n{number}"})
            )
        except (aiohttp.ClientError, ConnectionError):
            return
        assert status == 200, found
        answered.append(found)
        if len(answered) >= ENOUGH:
            enough.set()


async def test_kill_in_the_middle_of_trading(
    own_exchange: ExchangeProcess, http_session: aiohttp.ClientSession
) -> None:
    own_exchange.start()
    desk = Desk(own_exchange, http_session)
    traders = [await desk.trader() for _ in range(3)]
    resting = await traders[0].limit("BUY", "0.01", "30000", newClientOrderId="rests")
    answered: list[dict[str, Any]] = []
    enough = asyncio.Event()
    running = [asyncio.create_task(answered_until_cut(each, answered, enough)) for each in traders]
    await enough.wait()
    own_exchange.kill()
    await asyncio.gather(*running)
    own_exchange.start()
    entries = {e["order_id"]: e for e in await desk.ledger() if e["kind"] == "ORDER"}
    fills = {
        (e["symbol"], e["trade_id"], e["order_id"])
        for e in await desk.ledger()
        if e["kind"] == "FILL"
    }
    for found in answered:
        assert entries[found["orderId"]]["client_order_id"] == found["clientOrderId"]
        for fill in found["fills"]:
            assert (found["symbol"], fill["tradeId"], found["orderId"]) in fills
    sequences = [e["sequence"] for e in await desk.ledger()]
    assert sequences == sorted(set(sequences))
    assert (await traders[0].balances())["USDT"][1] == 300
    _, seen = await traders[0].call("GET", "order", symbol="BTCUSDT", origClientOrderId="rests")
    assert (seen["status"], seen["orderId"]) == ("NEW", resting["orderId"])
    after = await traders[1].order(**MARKET)
    assert after["orderId"] == max(entries) + 1
    assert after["fills"][0]["tradeId"] > max(trade for _, trade, _ in fills)
    gone = await traders[0].call("DELETE", "order", symbol="BTCUSDT", origClientOrderId="rests")
    assert gone[1]["status"] == "CANCELED"


async def test_the_ledger_is_the_same_after_a_restart(
    own_exchange: ExchangeProcess, http_session: aiohttp.ClientSession
) -> None:
    own_exchange.start()
    desk = Desk(own_exchange, http_session)
    trader = await desk.trader()
    await trader.order(**MARKET)
    await trader.limit("SELL", "0.01", "190000")
    before, balances = await desk.ledger(), await trader.balances()
    own_exchange.kill()
    own_exchange.start()
    assert (await desk.ledger())[: len(before)] == before
    assert await trader.balances() == balances
    since = before[-2]["sequence"]
    newer = await desk.get(f"/sandbox/ledger?since={since}&account_id={trader.account_id}")
    assert [e["sequence"] for e in newer["items"]] == [before[-1]["sequence"]]


async def test_a_torn_last_line_is_dropped_and_a_damaged_one_is_not(
    own_exchange: ExchangeProcess, http_session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    own_exchange.start()
    desk = Desk(own_exchange, http_session)
    trader = await desk.trader()
    await trader.order(**MARKET)
    before = await desk.ledger()
    own_exchange.kill()
    journal = tmp_path / "data" / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + whole.splitlines(keepends=True)[-1][:40])
    own_exchange.start()
    assert await desk.ledger() == before
    await trader.order(**MARKET)
    own_exchange.kill()
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0][:20] + b"\n", *lines[1:]]))
    with pytest.raises(AssertionError, match="damaged"):
        own_exchange.start()


async def test_a_clean_stop(own_exchange: ExchangeProcess, tmp_path: Path) -> None:
    own_exchange.start()
    assert own_exchange.stop() == 0
    assert b'"stopping"' in (tmp_path / "log").read_bytes()


async def test_a_directory_belongs_to_one_exchange(
    own_exchange: ExchangeProcess, tmp_path: Path
) -> None:
    own_exchange.start()
    second = ExchangeProcess(tmp_path)
    with pytest.raises(AssertionError, match="directory_in_use"):
        second.start()
    assert second.stop() == 1
