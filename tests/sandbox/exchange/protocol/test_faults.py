"""Every fault does what it says, as often as it says, and to nobody else."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from sandbox.exchange.protocol.faults import BadFault, Faults, Request
from tests.sandbox.exchange.harness import Desk, Trader

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}


@pytest.fixture
async def trader(desk: Desk) -> Trader:
    return await desk.trader()


async def kinds(desk: Desk, trader: Trader) -> list[str]:
    return [entry["kind"] for entry in await desk.ledger(trader)][1:]


def fault_for(trader: Trader, kind: str, **more: Any) -> dict[str, Any]:
    match = {"account_id": trader.account_id, "method": "POST", "path": "/api/v3/order"}
    return {"kind": kind, "count": 1, "match": match} | more


async def test_drop_answer_executes_and_says_nothing(desk: Desk, trader: Trader) -> None:
    await desk.fault(**fault_for(trader, "drop_answer"))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await trader.call("POST", "order", newClientOrderId="lost", **ORDER)
    assert await kinds(desk, trader) == ["ORDER", "FILL"]
    _, found = await trader.call("GET", "order", symbol="BTCUSDT", origClientOrderId="lost")
    assert found["status"] == "FILLED"


async def test_drop_request_does_not_execute(desk: Desk, trader: Trader) -> None:
    await desk.fault(**fault_for(trader, "drop_request"))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await trader.call("POST", "order", **ORDER)
    assert await kinds(desk, trader) == []
    assert (await trader.call("POST", "order", **ORDER))[0] == 200


@pytest.mark.parametrize(
    ("fault", "status", "code", "executed"),
    [
        ({"kind": "http_error"}, 503, -1001, False),
        ({"kind": "http_error", "status": 502, "executed": True}, 502, -1001, True),
        ({"kind": "unknown_execution"}, 408, -1007, False),
        ({"kind": "unknown_execution", "executed": True}, 408, -1007, True),
        ({"kind": "unknown_execution", "code": -1006, "executed": True}, 500, -1006, True),
        ({"kind": "rate_limit", "retry_after_s": 7}, 429, -1003, False),
        ({"kind": "rate_limit", "status": 418}, 418, -1003, False),
        ({"kind": "reject", "code": -2010, "msg": "Market is closed."}, 400, -2010, False),
    ],
)
async def test_errors(
    desk: Desk, trader: Trader, fault: dict[str, Any], status: int, code: int, *, executed: bool
) -> None:
    await desk.fault(**(fault_for(trader, "") | fault))
    found = await trader.call("POST", "order", **ORDER)
    assert (found[0], found[1]["code"]) == (status, code)
    assert await kinds(desk, trader) == (["ORDER", "FILL"] if executed else [])


async def test_retry_after_is_a_header(desk: Desk, trader: Trader) -> None:
    await desk.fault(**fault_for(trader, "rate_limit", retry_after_s=7))
    url = f"{desk.http}/api/v3/order?{trader.signed(ORDER)}"
    async with desk.session.post(url, headers={"X-MBX-APIKEY": trader.key}) as answer:
        assert answer.headers["Retry-After"] == "7"


async def test_delays(desk: Desk, trader: Trader) -> None:
    await desk.fault(**fault_for(trader, "delay_answer", delay_ms=300))
    began = time.monotonic()
    waiting = asyncio.create_task(trader.call("POST", "order", **ORDER))
    while not await kinds(desk, trader):
        assert time.monotonic() - began < 0.3
    assert (await waiting)[0] == 200
    assert time.monotonic() - began >= 0.3


async def test_a_fault_matches_and_counts(desk: Desk, trader: Trader) -> None:
    match = {"client_order_id": "bot-", "symbol": "BTCUSDT"}
    await desk.fault(kind="reject", code=-2010, msg="no", count=2, match=match)
    ids = ["x1", "bot-1", "bot-2", "bot-3"]
    codes = [
        (await trader.call("POST", "order", newClientOrderId=i, **ORDER))[1].get("code")
        for i in ids
    ]
    assert codes == [None, -2010, -2010, None]
    found = (await desk.get("/sandbox/faults"))["items"]
    assert [(f["fired"], f["count"]) for f in found] == [(2, 0)]


async def test_bad_faults_are_refused(desk: Desk) -> None:
    for body in (
        {"kind": "magic"},
        {"kind": "delay", "speed": 1},
        {"kind": "delay", "delay_ms": -1},
    ):
        found = await desk.post("/sandbox/faults", body, status=400)
        assert found["code"] == "INVALID_REQUEST"
    async with desk.session.delete(f"{desk.http}/sandbox/faults/f999999") as answer:
        assert answer.status == 404


def test_probability_is_drawn_from_the_seed() -> None:
    def run() -> list[bool]:
        faults = Faults()
        faults.add({"kind": "drop_answer", "probability": 0.3, "seed": 5})
        request = Request(
            method="POST", path="/", symbol=None, account_id=None, client_order_id=None
        )
        return [faults.plan(request).drop_answer for _ in range(400)]

    first = run()
    assert first == run()
    assert 80 < sum(first) < 160
    with pytest.raises(BadFault):
        Faults().add({"kind": "delay", "probability": 2})


async def quiet_for(stream: aiohttp.ClientWebSocketResponse, seconds: float) -> bool:
    """Whether, after what was on its way, nothing comes for so long."""
    for _ in range(1_000):
        try:
            await asyncio.wait_for(stream.receive(), seconds)
        except TimeoutError:
            return True
    return False


async def test_silence_and_close_of_streams(desk: Desk) -> None:
    url = f"{desk.process.ws}/ws/ethusdt@bookTicker"
    async with desk.session.ws_connect(url) as stream:
        await asyncio.wait_for(stream.receive(), 5)
        fault = await desk.fault(
            kind="silence_streams", target="market", match={"stream": "ethusdt@bookTicker"}
        )
        assert await quiet_for(stream, 1)
        async with desk.session.delete(f"{desk.http}/sandbox/faults/{fault['fault_id']}"):
            pass
        message = await asyncio.wait_for(stream.receive(), 5)
        assert message.type is aiohttp.WSMsgType.TEXT
        closed = await desk.fault(kind="close_streams", match={"stream": "ethusdt@bookTicker"})
        assert closed["fired"] == 1
        for _ in range(1_000):
            message = await asyncio.wait_for(stream.receive(), 5)
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
        assert message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
