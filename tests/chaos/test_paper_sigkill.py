"""A paper session with resting orders, while processes are killed, one after the other.

What its owner was answered is what the records tell, each order once, and the balances are what
the records' fills make of the deposit, counted here anew.
"""

import asyncio
import itertools
import os
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
import pytest

from adapters.exact_json import load
from adapters.mongo import Document
from tests.chaos.people import Person, World, until
from tests.chaos.system import Program

pytestmark = pytest.mark.timeout(300)

# `make chaos-paper` makes it 200, and kills every process.
ORDERS = int(os.environ.get("CHAOS_PAPER_ORDERS", "80"))
KILLS_ALL = "CHAOS_PAPER_ALL" in os.environ
AT_ONCE = 3
PATIENCE_S = 120.0
RETRY_S = 0.1
DEPOSIT = Decimal(100_000)
UNIT = Decimal("0.00000001")
# The quotes and the answers of a system that is being killed.
LATER = {409, 429, 500, 502, 503}


@dataclass
class Owner:
    """Somebody who trades on paper and never gives up."""

    world: World
    person: Person
    session_id: str = ""
    answered: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def call(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """Ask until there is an answer that stands."""
        headers = self.person.headers | ({"Idempotency-Key": key} if key else {})
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    answer = await self.world.http.request(
                        method, f"/api/paper-trading{path}", json=body, headers=headers, timeout=15
                    )
                except httpx.TransportError:
                    await asyncio.sleep(RETRY_S)
                    continue
                if answer.status_code not in LATER:
                    assert answer.status_code < 300, answer.text
                    return load(answer.text)
                await asyncio.sleep(RETRY_S)

    async def start(self) -> None:
        session = await self.call("POST", "/start", {"initial_balance": int(DEPOSIT)}, "session")
        self.session_id = session["session_id"]

    async def order(self, number: int) -> None:
        """Place one order of a mix: most at the market, some to rest near it and some far."""
        kind, price = number % 8, await self.bid()
        order: dict[str, Any] = {"symbol": "BTCUSDT", "session_id": self.session_id}
        if kind == 3:
            order |= {"type": "LIMIT", "side": "BUY", "price": round(price * 0.9, 2)}
        elif kind == 6:
            order |= {"type": "LIMIT", "side": "BUY", "price": round(price - 0.5, 2)}
        else:
            order |= {"type": "MARKET", "side": "SELL" if kind in {1, 4, 7} else "BUY"}
        # The first buys what the sales of those beside it need.
        order["quantity"] = 0.001 if order["side"] == "SELL" else 0.002 if number else 0.1
        key = f"order-{number}"
        trade = await self.call("POST", "/execute", order, key)
        assert trade["status"] in {"FILLED", "NEW", "PARTIALLY_FILLED"}, trade
        self.answered[key] = trade

    async def bid(self) -> float:
        while True:
            try:
                answer = await self.world.http.get("/api/market/prices/BTCUSDT", timeout=5)
            except httpx.TransportError:
                await asyncio.sleep(RETRY_S)
                continue
            if answer.status_code == 200:
                return float(answer.json()["bid"])
            await asyncio.sleep(RETRY_S)

    async def portfolio(self) -> Any:
        return await self.call("GET", f"/sessions/{self.session_id}")

    async def records(self) -> list[Document]:
        trades = self.world.database["paper_trades"]
        return await trades.find({"session_id": self.session_id}).to_list(None)


def recomputed(records: list[Document]) -> dict[str, Decimal]:
    """Count what is held, from the deposit and the fills alone."""
    held: defaultdict[str, Decimal] = defaultdict(Decimal, USDT=DEPOSIT)
    for record in records:
        sign = 1 if record["side"] == "BUY" else -1
        for fill in record["fills"]:
            cost = (fill["price"] * fill["quantity"]).quantize(UNIT, "ROUND_FLOOR")
            held[record["base_asset"]] += sign * fill["quantity"]
            held[record["quote_asset"]] -= sign * cost
            held[fill["commission_asset"]] -= fill["commission"]
    return dict(held)


@dataclass
class Murder:
    """Kills and starts processes in turn, each in the middle of its share of the trades."""

    world: World
    owner: Owner
    killed: list[str] = field(default_factory=list)
    progress: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def victims(self) -> list[Program]:
        """What a session needs, or everything."""
        system = self.world.system
        needed = ("workers.paper_market", "workers.streaming", "temporal", "mongodb", "redis")
        others = {**system.background, **system.servers}
        first = [others.pop(name) for name in needed]
        return [system.worker, system.api, *first, *(others.values() if KILLS_ALL else ())]

    async def commit(self) -> None:
        for program in self.victims:
            before = len(self.owner.answered)

            async def has_traded(before: int = before) -> bool:
                return len(self.owner.answered) >= before + 3

            await until(has_traded, PATIENCE_S, f"trades before {program.name} is killed")
            program.kill()
            await program.start()
            async with self.progress:
                self.killed.append(program.name)
                self.progress.notify_all()

    async def turn_of(self, number: int) -> None:
        """Wait until so many are dead that this order is due."""
        share = ORDERS / len(self.victims)
        async with self.progress:
            await self.progress.wait_for(
                lambda: (
                    number < share * (len(self.killed) + 1) or len(self.killed) == len(self.victims)
                )
            )


async def test_balances_are_those_of_the_records_whoever_was_killed(world: World) -> None:
    owner = Owner(world, await world.register())
    await owner.start()
    murder, numbers = Murder(world, owner), itertools.count()

    async def trade() -> None:
        while (number := next(numbers)) < ORDERS:
            await murder.turn_of(number)
            await owner.order(number)

    await owner.order(next(numbers))
    await asyncio.gather(murder.commit(), *(trade() for _ in range(AT_ONCE)))
    everything = len(world.system.servers) + len(world.system.background) + 2
    assert len(set(murder.killed)) == (everything if KILLS_ALL else 7)

    # Everything that was answered is recorded once, under the id that was told.
    async def is_recorded() -> bool:
        portfolio = await owner.portfolio()
        return len(await owner.records()) == ORDERS == int(portfolio["trade_count"])

    await until(is_recorded, PATIENCE_S, "the records")
    assert len({trade["trade_id"] for trade in owner.answered.values()}) == ORDERS
    for key, told in owner.answered.items():
        again = await owner.call("POST", "/execute", _asked(told, owner), key)
        assert again["trade_id"] == told["trade_id"]
    # What rests near the market fills when it falls: whoever watches lives again.
    fallen = {"symbol": "BTCUSDT", "price": round(await owner.bid() * 0.98, 2)}
    answer = await world.http.post(f"{world.system.exchange_url}/sandbox/market", json=fallen)
    assert answer.status_code == 200, answer.text

    async def only_far_rest() -> bool:
        return len((await owner.portfolio())["open_orders"]) == ORDERS // 8

    await until(only_far_rest, PATIENCE_S, "the fills of what rested near")
    portfolio = await owner.portfolio()
    for order in portfolio["open_orders"]:
        await owner.call("DELETE", f"/sessions/{owner.session_id}/orders/{order['trade_id']}")

    async def is_flat() -> bool:
        records = await owner.records()
        return all(each["status"] in {"FILLED", "CANCELED"} for each in records)

    await until(is_flat, PATIENCE_S, "the records of the end")
    held = {each["asset"]: each for each in (await owner.portfolio())["balances"]}
    assert all(each["locked"] == 0 for each in held.values())
    assert {asset: each["total"] for asset, each in held.items()} == recomputed(
        await owner.records()
    )


def _asked(trade: dict[str, Any], owner: Owner) -> dict[str, Any]:
    """Return the body that a trade was asked for with."""
    order = {name: trade[name] for name in ("symbol", "side", "type")}
    order["quantity"] = float(trade["quantity"])
    if trade["price"] is not None:
        order["price"] = float(trade["price"])
    return order | {"session_id": owner.session_id}
