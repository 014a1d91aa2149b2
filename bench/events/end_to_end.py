"""From a trade's fill to a webhook in its receiver's hands, through the whole system."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from time import time
from typing import Any

import aiohttp
from aiohttp import web

from bench.load import paced
from bench.report import Report, percentile
from bench.system import private_system
from bench.trade import Trader, new_trader
from workers.stack.ports import LOOPBACK

PACE_PER_S = 20
GOAL_MS = 250
WARM_UP = 40
_PATIENCE_S = 30.0
_UNLIMITED = 10_000
# A bench trades as no person does.
_ALLOWED = {
    "BOTCORE_NOTIFICATIONS_PER_MINUTE_PER_TARGET": f"{_UNLIMITED}",
    "BOTCORE_NOTIFICATIONS_PER_MINUTE_PER_USER": f"{_UNLIMITED}",
}
_CREATED = 201


class Receiver:
    """A webhook's receiver: when it was handed each trade."""

    def __init__(self) -> None:
        self.received_at: dict[str, float] = {}
        self.changed = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        """Take one webhook."""
        at = time()
        told: dict[str, Any] = await request.json()
        trade_id = told.get("data", {}).get("trade_id")
        if trade_id is not None:
            self.received_at.setdefault(trade_id, at)
        self.changed.set()
        return web.Response()

    async def until_received(self, trade_ids: set[str]) -> None:
        """Wait for them all."""
        async with asyncio.timeout(_PATIENCE_S):
            while not trade_ids <= self.received_at.keys():
                self.changed.clear()
                await self.changed.wait()


async def measure_notifying(report: Report, count: int) -> None:
    """Trade at a pace, and take the time from each fill to its webhook."""
    async with _receiver() as (receiver, url):
        with _allowed(), private_system() as system:
            async with aiohttp.ClientSession(system.api_url) as http:
                trader = await new_trader(http)
                await _subscribe(trader, url)
                await _trade(trader, receiver, WARM_UP)
                filled = await _trade(trader, receiver, count)
    times = [(receiver.received_at[each] - at) * 1_000 for each, at in filled.items()]
    name = f"trade filled to webhook received, {PACE_PER_S} trades/s"
    report.row(name, times)
    value = percentile(times, 95)
    goal = f"< {GOAL_MS} ms"
    report.goal("trade filled to notification at its target, p95", goal, value, met=value < GOAL_MS)


async def _trade(trader: Trader, receiver: Receiver, count: int) -> dict[str, float]:
    """Return when the exchange filled each trade, once all webhooks are there."""

    async def once() -> tuple[str, float]:
        order = {
            "symbol": "BTCUSDT",
            "side": next(trader.sides),
            "type": "MARKET",
            "quantity": 0.001,
        }
        headers = {"Authorization": f"Bearer {trader.token}"}
        async with trader.http.post("/api/trades/execute", json=order, headers=headers) as answer:
            told = await answer.json()
        if answer.status != _CREATED:
            raise RuntimeError(f"{answer.status}: {told}")
        return told["trade_id"], datetime.fromisoformat(told["timestamp"]).timestamp()

    filled = dict(await paced(once, count, PACE_PER_S))
    await receiver.until_received(set(filled))
    return filled


async def _subscribe(trader: Trader, url: str) -> None:
    target = {"name": "bench", "kind": "webhook", "url": url, "max_per_minute": _UNLIMITED}
    async with trader.http.put(
        "/api/notifications/settings",
        json={"targets": [target], "events": ["trade.executed"]},
        headers={"Authorization": f"Bearer {trader.token}"},
    ) as answer:
        if not answer.ok:
            raise RuntimeError(await answer.text())


@asynccontextmanager
async def _receiver() -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    try:
        yield receiver, f"http://{LOOPBACK}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@contextmanager
def _allowed() -> Iterator[None]:
    """Let the stack, which takes over this process's environment, send that much."""
    before = {name: os.environ.get(name) for name in _ALLOWED}
    os.environ.update(_ALLOWED)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
