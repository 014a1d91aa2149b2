"""Accounts, the ledger and the market's levers."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.sandbox.exchange.harness import Desk, ExchangeProcess

SYMBOL = "BTCUSDT"
ROW = "{time},{o},{h},{l},{c},1.5,{end},60000,10,0.7,30000,0"


async def last_price(desk: Desk) -> Decimal:
    found = await desk.get(f"/api/v3/ticker/price?symbol={SYMBOL}")
    return Decimal(found["price"])


async def test_balances_are_exact(desk: Desk) -> None:
    trader = await desk.trader(USDT=0.1, BTC=0)
    await desk.post(
        f"/sandbox/accounts/{trader.account_id}/deposit", {"asset": "USDT", "quantity": 0.2}
    )
    assert (await trader.balances())["USDT"] == (Decimal("0.3"), Decimal(0))
    async with desk.session.get(
        f"{desk.http}/sandbox/ledger?account_id={trader.account_id}"
    ) as answer:
        items = json.loads(await answer.text(), parse_float=Decimal)["items"]
    assert [(e["kind"], e.get("quantity")) for e in items] == [
        ("ACCOUNT", None),
        ("DEPOSIT", Decimal("0.2")),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"balances": {"USDT": -1}},
        {"balances": {"usdt": 1}},
        {"balances": {"USDT": 0.000000001}},
        {"balances": [1]},
        {"funds": {}},
        [],
    ],
)
async def test_bad_accounts(desk: Desk, body: Any) -> None:
    found = await desk.post("/sandbox/accounts", body, status=400)
    assert found["code"] == "INVALID_REQUEST"


async def test_unknown_accounts(desk: Desk) -> None:
    body = {"asset": "USDT", "quantity": 1}
    await desk.post("/sandbox/accounts/nobody/deposit", body, status=404)


async def test_a_pause_holds_the_book_still(desk: Desk) -> None:
    await desk.set_book([("49990", "1")], [("50000", "1")])
    before = await desk.get(f"/api/v3/depth?symbol={SYMBOL}")
    trades = await desk.get(f"/api/v3/trades?symbol={SYMBOL}&limit=1")
    async with desk.session.ws_connect(f"{desk.process.ws}/ws/ethusdt@bookTicker") as other:
        for _ in range(5):
            await other.receive()
    assert await desk.get(f"/api/v3/depth?symbol={SYMBOL}") == before
    assert await desk.get(f"/api/v3/trades?symbol={SYMBOL}&limit=1") == trades


async def test_a_moved_price_fills_what_it_passes_and_sets_off_stops(desk: Desk) -> None:
    await desk.set_book([("49990", "1")], [("50000", "1")])
    trader = await desk.trader(USDT=100_000, BTC=2)
    resting = await trader.limit("BUY", "0.1", "48000")
    stop = await trader.order(
        symbol=SYMBOL, side="SELL", type="STOP_LOSS", quantity="0.2", stopPrice="47500"
    )
    await desk.market(symbol=SYMBOL, price=47_000)
    assert await last_price(desk) <= 47_000
    statuses = []
    for placed in (resting, stop):
        _, found = await trader.call("GET", "order", symbol=SYMBOL, orderId=placed["orderId"])
        statuses.append(found["status"])
    assert statuses == ["FILLED", "FILLED"]
    _, fills = await trader.call("GET", "myTrades", symbol=SYMBOL, orderId=resting["orderId"])
    assert [(f["price"], f["isMaker"]) for f in fills] == [("48000.00000000", True)]


async def test_a_price_that_reaches_an_order_fills_it(desk: Desk) -> None:
    await desk.set_book([("49990", "1")], [("50000", "1")])
    trader = await desk.trader()
    selling = await trader.limit("SELL", "0.3", "51000")
    await desk.market(symbol=SYMBOL, price=51_000)
    assert await last_price(desk) == 51_000
    buying = await trader.limit("BUY", "0.3", "50500")
    await desk.market(symbol=SYMBOL, price=50_500)
    assert await last_price(desk) == 50_500
    for placed in (selling, buying):
        _, found = await trader.call("GET", "order", symbol=SYMBOL, orderId=placed["orderId"])
        assert found["status"] == "FILLED"


async def test_a_resting_order_waits_behind_the_model(desk: Desk) -> None:
    await desk.set_book([("49990", "1")], [("50000", "1")])
    trader = await desk.trader()
    placed = await trader.limit("SELL", "1", "50000")
    for quantity, filled in (("0.6", "0"), ("0.6", "0.2"), ("0.3", "0.5")):
        await desk.market(symbol=SYMBOL, trade={"side": "BUY", "quantity": quantity})
        _, found = await trader.call("GET", "order", symbol=SYMBOL, orderId=placed["orderId"])
        assert Decimal(found["executedQty"]) == Decimal(filled)


async def test_a_set_book_fills_what_it_crosses(desk: Desk) -> None:
    await desk.set_book([("49990", "1")], [("50000", "1")])
    trader = await desk.trader()
    placed = await trader.limit("BUY", "0.4", "49995")
    await desk.market(symbol=SYMBOL, book={"bids": [], "asks": [["49000", "1"]]})
    _, found = await trader.call("GET", "order", symbol=SYMBOL, orderId=placed["orderId"])
    assert found["status"] == "FILLED"
    book = await desk.get(f"/api/v3/depth?symbol={SYMBOL}")
    assert (book["bids"], book["asks"]) == ([], [["49000.00000000", "0.60000000"]])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"symbol": "NOPE", "pause": True},
        {"price": 1},
        {"symbol": SYMBOL, "price": 0.001},
        {"symbol": SYMBOL, "pause": "yes"},
        {"symbol": SYMBOL, "speed": 0},
        {"symbol": SYMBOL, "trade": {"side": "BUY"}},
        {"symbol": SYMBOL, "trade": {"side": "BUY", "quantity": 0.000001}},
        {"symbol": SYMBOL, "book": {"bids": [[2, 1]], "asks": [[1, 1]]}},
        {"symbol": SYMBOL, "replay": "no-such-file.csv"},
        {"symbol": SYMBOL, "replay": [["1", "2"]]},
    ],
)
async def test_bad_levers(desk: Desk, body: dict[str, Any]) -> None:
    assert (await desk.post("/sandbox/market", body, status=400))["code"] == "INVALID_REQUEST"


def csv_file(path: Path, factor: int) -> Path:
    """Ten minutes from 40,000 up to 41,000; `factor` 1000 writes microseconds."""
    rows = []
    for minute in range(10):
        start = 40_000 + 100 * minute
        time = (1_640_995_200_000 + 60_000 * minute) * factor
        rows.append(
            ROW.format(time=time, o=start, h=start + 120, l=start - 20, c=start + 100, end=time)
        )
    path.write_text("open_time,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize("factor", [1, 1000])
async def test_a_csv_is_replayed(desk: Desk, tmp_path: Path, factor: int) -> None:
    path = csv_file(tmp_path / "klines.csv", factor)
    address = f"{desk.process.ws}/ws/btcusdt@bookTicker"
    async with desk.session.ws_connect(address) as stream:
        await desk.market(symbol=SYMBOL, replay=str(path), speed=150)
        seen: list[float] = []
        while not seen or seen[-1] < 40_990:
            found = json.loads((await stream.receive()).data)
            if float(found["b"]) < 45_000:
                seen.append(float(found["b"]))
    assert seen[0] < 40_400
    assert min(seen) >= 39_900
    await desk.market(symbol=SYMBOL, replay=False)


async def test_a_replays_candles_are_the_files(desk: Desk, tmp_path: Path) -> None:
    path = csv_file(tmp_path / "klines.csv", 1)
    address = f"{desk.process.ws}/ws/btcusdt@kline_1m"
    async with desk.session.ws_connect(address) as stream:
        await desk.market(symbol=SYMBOL, replay=str(path), speed=600)
        closed: list[list[str]] = []
        while len(closed) < 10:
            told = json.loads((await stream.receive()).data)["k"]
            if told["x"] and told["t"] < 1_700_000_000_000:
                closed.append([told["t"], *(told[member] for member in "ohlcv")])
    rows = await desk.get(f"/api/v3/klines?symbol={SYMBOL}&interval=1m&startTime=0")
    assert [row[:6] for row in rows] == closed
    assert [float(row[1]) for row in rows] == [40_000 + 100 * minute for minute in range(10)]
    (merged,) = await desk.get(f"/api/v3/klines?symbol={SYMBOL}&interval=5m&limit=1")
    assert (float(merged[1]), float(merged[4])) == (40_500, 41_000)
    await desk.market(symbol=SYMBOL, replay=False)


async def test_a_moved_price_survives_a_restart(
    own_exchange: ExchangeProcess, http_session: aiohttp.ClientSession
) -> None:
    own_exchange.start()
    desk = Desk(own_exchange, http_session)
    before = await last_price(desk)
    await desk.market(symbol=SYMBOL, price=float(int(before / 2)))
    own_exchange.kill()
    own_exchange.start()
    assert abs(await last_price(desk) / (before / 2) - 1) < Decimal("0.05")
