"""The same orders at the same moments: to the exchange, to a paper session, and to a dry run."""

import asyncio
import math
import random
import statistics
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import aiohttp
from redis.asyncio import Redis

from adapters.binance_client import VenueClient, make_client
from adapters.redis_books import RedisBooks
from bench.paper.dry_run import is_reached, market_price
from bench.paper.owner import Owner, new_owner
from bench.report import Report
from bench.system import System
from domain.orders import Side
from domain.paper.book import BookSnapshot

# A thin book with a coarse tick, and a deep one with a fine tick.
SYMBOLS = {"LTCUSDT": Decimal("0.001"), "BNBUSDT": Decimal("0.001")}
KINDS = ("MARKET", "MARKET", "MARKET", "IOC", "GTC")
LEAST_QUOTE, MOST_QUOTE = 20.0, 9_500.0
PACE_PER_S = 5.0
REST_S = 3.0
LOOK_EVERY_S = 0.1
SEED = 11
# Of the normal distribution, for a confidence interval of 95 %.
Z_95 = 1.96
GOAL_BPS = 1.0
WORSE_THAN = 2.0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one order at one place."""

    price: Decimal | None
    ratio: float


@dataclass(slots=True)
class Comparison:
    """One order at the exchange, in the session, and in the dry run."""

    kind: str
    side: Side
    venue: Result
    paper: Result
    dry: Result

    def worse_bps(self, other: Result) -> float | None:
        """Return how much worse than at the exchange it was executed elsewhere."""
        if self.venue.price is None or other.price is None:
            return None
        sign = 1 if self.side is Side.BUY else -1
        return float((other.price / self.venue.price - 1) * 10_000) * sign


@dataclass(slots=True)
class Floor:
    """Everybody who gets the same orders."""

    owner: Owner
    venue: VenueClient
    books: RedisBooks
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - a load

    async def compare(self, number: int) -> Comparison:
        """Send one order everywhere at once."""
        symbol = list(SYMBOLS)[number % len(SYMBOLS)]
        side = (Side.BUY, Side.SELL)[number // len(SYMBOLS) % 2]
        kind = KINDS[number // (2 * len(SYMBOLS)) % len(KINDS)]
        spread = self.chance.random()
        quote = LEAST_QUOTE * (MOST_QUOTE / LEAST_QUOTE) ** spread
        book = await self.book(symbol)
        step = SYMBOLS[symbol]
        quantity = Decimal(quote) / book.mid // step * step
        order: dict[str, Any] = {"symbol": symbol, "side": str(side), "quantity": quantity}
        if kind == "MARKET":
            order |= {"type": "MARKET"}
        else:
            levels = book.opposite(side) if kind == "IOC" else book.own(side)
            order |= {"type": "LIMIT", "time_in_force": kind, "price": levels[0].price}
        venue, paper, dry = await asyncio.gather(
            self.at_venue(order), self.on_paper(order), self.in_dry_run(order, side, book)
        )
        return Comparison(kind, side, venue, paper, dry)

    async def book(self, symbol: str) -> BookSnapshot:
        """Return the live book, wanting it until it is there."""
        while True:
            book = await self.books.book(symbol)
            if book is not None:
                return book
            await self.books.want(symbol)
            await asyncio.sleep(LOOK_EVERY_S)

    async def at_venue(self, order: dict[str, Any]) -> Result:
        """Send it to the exchange; a resting one is canceled after a while."""
        names = {"time_in_force": "timeInForce"}
        plain = {names.get(name, name): str(value) for name, value in order.items()}
        told = await self.venue.create_order(**plain)
        if order.get("time_in_force") == "GTC":
            await asyncio.sleep(REST_S)
            where = {"symbol": order["symbol"], "orderId": told["orderId"]}
            told = await self.venue.get_order(**where)
            if told["status"] in {"NEW", "PARTIALLY_FILLED"}:
                told = await self.venue.cancel_order(**where)
        executed, cost = Decimal(told["executedQty"]), Decimal(told["cummulativeQuoteQty"])
        price = cost / executed if executed else None
        return Result(price, float(executed / order["quantity"]))

    async def on_paper(self, order: dict[str, Any]) -> Result:
        """Send it to the session."""
        told = await self.owner.execute(**order)
        if told["status"] in {"NEW", "PARTIALLY_FILLED"}:
            await asyncio.sleep(REST_S)
            path = f"/sessions/{self.owner.session_id}/orders/{told['trade_id']}"
            try:
                told = await self.owner.call("DELETE", path)
            except RuntimeError:  # it has ended by itself
                trades = await self.owner.call(
                    "GET", f"/sessions/{self.owner.session_id}/trades?limit=200"
                )
                told = next(t for t in trades["items"] if t["trade_id"] == told["trade_id"])
        executed = Decimal(told["executed_quantity"])
        return Result(
            Decimal(told["executed_price"]) if executed else None,
            float(executed / order["quantity"]),
        )

    async def in_dry_run(self, order: dict[str, Any], side: Side, book: BookSnapshot) -> Result:
        """Do what a dry run would do with it."""
        if order["type"] == "MARKET":
            return Result(market_price(book, side, order["quantity"]), 1.0)
        looks = int(REST_S / LOOK_EVERY_S) if order["time_in_force"] == "GTC" else 1
        for _ in range(looks):
            if is_reached(book, side, order["price"]):
                return Result(order["price"], 1.0)
            await asyncio.sleep(LOOK_EVERY_S)
            book = await self.book(order["symbol"])
        return Result(None, 0.0)


async def measure_realism(
    system: System, http: aiohttp.ClientSession, report: Report, count: int
) -> None:
    """Compare `count` orders and report."""
    url = system.environment["BOTCORE_EXCHANGE_URL"]
    balances = {"USDT": 1_000_000, "LTC": 10_000, "BNB": 10_000}
    async with http.post(f"{url}/sandbox/accounts", json={"balances": balances}) as answer:
        keys = await answer.json()
    venue = make_client(
        api_url=url, testnet=False, api_key=keys["api_key"], api_secret=keys["api_secret"]
    )
    owner = await new_owner(http, initial_balance=1_000_000)
    async with Redis.from_url(system.environment["BOTCORE_REDIS_URL"]) as redis:
        floor = Floor(owner, venue, RedisBooks(redis))
        try:
            await _stock(floor)
            compared = await _paced(floor, count)
        finally:
            await venue.close_connection()
    _report_prices(report, compared)
    _report_ratios(report, compared)


async def _stock(floor: Floor) -> None:
    """Buy what the session will sell; the exchange's account has it already."""
    for symbol, step in SYMBOLS.items():
        book = await floor.book(symbol)
        quantity = Decimal(9_000) / book.mid // step * step
        for _ in range(3):
            await floor.owner.execute(symbol=symbol, side="BUY", type="MARKET", quantity=quantity)
            await asyncio.sleep(1)


async def _paced(floor: Floor, count: int) -> list[Comparison]:
    running: list[asyncio.Task[Comparison]] = []
    for number in range(count):
        running.append(asyncio.create_task(floor.compare(number)))
        # Not always at the same moment of the market's own beat.
        await asyncio.sleep(floor.chance.uniform(0.5, 1.5) / PACE_PER_S)
    done = await asyncio.gather(*running, return_exceptions=True)
    refused = [each for each in done if isinstance(each, BaseException)]
    if len(refused) > count // 20:
        raise RuntimeError(f"{len(refused)} orders were refused: {refused[0]!r}")
    return [each for each in done if isinstance(each, Comparison)]


def _report_prices(report: Report, compared: list[Comparison]) -> None:
    for kind in ("MARKET", "IOC", "GTC"):
        for name, place in (("paper", "paper"), ("yardstick: dry run", "dry")):
            found = [
                worse
                for each in compared
                if each.kind == kind and (worse := each.worse_bps(getattr(each, place))) is not None
            ]
            if len(found) > 1:
                _price_row(report, f"{name}, {kind}: price worse than the exchange's", found)


def _price_row(report: Report, name: str, found: list[float]) -> None:
    mean, half = statistics.fmean(found), Z_95 * statistics.stdev(found) / math.sqrt(len(found))
    distances = sorted(map(abs, found))
    median, p95 = statistics.median(distances), distances[int(len(distances) * 0.95)]
    report.rows.append(
        {
            "name": f"{name}, mean {mean:+.3f} ± {half:.3f} bps, median distance {median:.3f}",
            "n": len(found),
            "median_abs_bps": round(median, 4),
            "p95_abs_bps": round(p95, 4),
            "mean_bps": round(mean, 4),
            "ci95_bps": round(half, 4),
        }
    )
    if name.startswith("paper, MARKET"):
        goal = f"< {GOAL_BPS:g} bps"
        report.goal("market orders: median distance", goal, median, met=median < GOAL_BPS)
        name = "market orders: bias, within its 95 % interval"
        report.goal(name, f"<= {half:.3f} bps", abs(mean), met=abs(mean) <= half)


def _report_ratios(report: Report, compared: list[Comparison]) -> None:
    errors: dict[str, float] = {}
    limits = [each for each in compared if each.kind != "MARKET"]
    for name, place in (("paper", "paper"), ("yardstick: dry run", "dry")):
        off = [getattr(each, place).ratio - each.venue.ratio for each in limits]
        mean, half = statistics.fmean(off), Z_95 * statistics.stdev(off) / math.sqrt(len(off))
        errors[place] = statistics.fmean(map(abs, off))
        report.rows.append(
            {
                "name": f"{name}, limits: fill ratio less the exchange's, mean {mean:+.3f} "
                f"± {half:.3f}, mean distance {errors[place]:.3f}",
                "n": len(off),
                "mean_ratio": round(mean, 4),
                "ci95_ratio": round(half, 4),
                "mean_abs_ratio": round(errors[place], 4),
            }
        )
    times = errors["dry"] / errors["paper"] if errors["paper"] else math.inf
    name = "times worse the dry run's fill ratios are"
    report.goal(name, f">= {WORSE_THAN:g}", min(times, 1e6), met=times >= WORSE_THAN)
