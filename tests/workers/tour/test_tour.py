"""What the tour does when a step does not work; that it works is tests/stack's."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from websockets.asyncio.server import ServerConnection, serve

from workers.stack.ports import LOOPBACK, free_port
from workers.stack.run_directory import RunDirectory
from workers.tour import __main__ as tour
from workers.tour import listeners
from workers.tour.addresses import NothingRunsError, addresses_of
from workers.tour.client import Client, RefusedError, _exact
from workers.tour.listeners import Silence, open_feed
from workers.tour.steps import _down_to, _place

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quote_quantity": Decimal(50)}
UNAVAILABLE = httpx.Response(503, headers={"Retry-After": "0"}, text="busy")


@asynccontextmanager
async def gateway(answer: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    port = free_port()
    async with serve(answer, LOOPBACK, port):
        yield f"ws://{LOOPBACK}:{port}"


def api(*answers: httpx.Response) -> Client:
    given_answers = iter(answers)
    transport = httpx.MockTransport(lambda _request: next(given_answers))
    return Client(httpx.AsyncClient(transport=transport, base_url="http://api"))


@given(st.decimals("0.00000001", "100000", places=8))
def test_a_request_carries_every_digit(quantity: Decimal) -> None:
    sent = json.loads(_exact({"symbol": "BTCUSDT", "quantity": quantity}), parse_float=Decimal)
    assert sent == {"symbol": "BTCUSDT", "quantity": quantity}


@given(st.decimals("0.01", "100000", places=8), st.sampled_from(["0.01", "0.00001", "1"]))
def test_a_price_is_rounded_down_to_its_step(price: Decimal, step: str) -> None:
    rounded = _down_to(price, Decimal(step))
    assert rounded <= price < rounded + Decimal(step)
    assert rounded % Decimal(step) == 0


def test_without_a_stack_it_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["tour", "--directory", str(tmp_path)])
    assert tour.main() == 1
    assert "start it with make run" in capsys.readouterr().out
    with pytest.raises(NothingRunsError):
        addresses_of(RunDirectory(tmp_path / "never").root)


async def test_a_refusal_is_told_with_its_status_and_body() -> None:
    with pytest.raises(RefusedError, match="POST /api/trades/execute: 422 too small"):
        await api(httpx.Response(422, text="too small")).place(ORDER)


async def test_when_asked_to_come_again_it_does_so_once() -> None:
    console = Console(quiet=True)
    placed = await _place(api(UNAVAILABLE, httpx.Response(201, json={"n": 1})), ORDER, console)
    assert placed.answer == {"n": 1}
    with pytest.raises(RefusedError, match="503"):
        await _place(api(UNAVAILABLE, UNAVAILABLE), ORDER, console)


async def test_what_the_server_says_of_its_time_is_read() -> None:
    headers = {"Server-Timing": "total;dur=7.9, venue;dur=1.25"}
    timed = await api(httpx.Response(201, json={}, headers=headers)).place(ORDER)
    assert timed.server_timing_ms == {"total": 7.9, "venue": 1.25}


async def test_an_error_frame_ends_the_wait() -> None:
    async def refuse(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(json.dumps({"type": "error", "data": {"code": "TOKEN_INVALID"}}))

    async with gateway(refuse) as url, open_feed(url) as feed:
        with pytest.raises(Silence, match="TOKEN_INVALID"):
            await feed.authenticate("nonsense")


async def test_a_push_that_does_not_come_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "WAIT_S", 0.2)

    async def other_trades_only(socket: ServerConnection) -> None:
        frame = {"type": "order_update", "data": {"order_id": "another"}}
        await socket.send(json.dumps(frame))
        await socket.wait_closed()

    async with gateway(other_trades_only) as url, open_feed(url) as feed:
        with pytest.raises(Silence, match="no order_update"):
            await feed.wait_for("order_update", "mine")
