"""The same orders at the same moments: to the exchange, to a paper session, and to a dry run."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import aiohttp
from redis.asyncio import Redis

from adapters.binance_client import VenueClient, make_client
from adapters.redis_books import RedisBooks
from bench.paper.comparison import Comparison, report_all
from bench.paper.owner import new_owner
from bench.paper.places import Asked, DryRun, Exchange, Session
from bench.report import Report
from bench.system import System
from domain.orders import Side
from domain.paper.book import BookSnapshot

# A thin book with a coarse tick, and a deep one with a fine tick; the smallest quantities.
SYMBOLS = {"LTCUSDT": Decimal("0.001"), "BNBUSDT": Decimal("0.001")}
# SLICED is three at the market, one upon the other; IOC a limit that crosses the spread.
KINDS = ("MARKET", "GTC", "SLICED", "IOC", "MARKET", "GTC", "MARKET", "IOC")
SLICES = 3
# The best level of either book holds some thousands.
LEAST_QUOTE, MOST_QUOTE = 20.0, 30_000.0
IOC_LEVELS = 5
PACE_PER_S = 5.0
SEED = 11
DEPOSIT = 10_000_000
STOCK_QUOTE = 25_000
STOCK_ORDERS = 20


@dataclass(slots=True)
class Floor:
    """Everybody who gets the same orders."""

    venue: Exchange
    paper: Session
    dry: DryRun
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - a load

    async def compare(self, number: int) -> Comparison:
        """Send one order everywhere at once."""
        symbol = list(SYMBOLS)[number % len(SYMBOLS)]
        side = (Side.BUY, Side.SELL)[number // len(SYMBOLS) % 2]
        kind = KINDS[number // (2 * len(SYMBOLS)) % len(KINDS)]
        size, depth = self.chance.random(), self.chance.randrange(IOC_LEVELS)
        quote = LEAST_QUOTE * (MOST_QUOTE / LEAST_QUOTE) ** size
        book = await self.dry.book(symbol)
        asked = self._asked(kind, side, book, (quote, depth))
        venue, paper, dry = await asyncio.gather(
            self.venue.trade(asked), self.paper.trade(asked), self.dry.trade(asked, book)
        )
        return Comparison(kind, side, venue, paper, dry)

    def _asked(self, kind: str, side: Side, book: BookSnapshot, drawn: tuple[float, int]) -> Asked:
        quote, depth = drawn
        step = SYMBOLS[book.symbol]
        quantity = Decimal(quote) / book.mid // step * step
        if kind == "IOC":
            return Asked(book.symbol, side, quantity, book.opposite(side)[depth].price, kind)
        if kind == "GTC":
            return Asked(book.symbol, side, quantity, book.own(side)[0].price, kind)
        slices = (quantity,) * (SLICES if kind == "SLICED" else 1)
        return Asked(book.symbol, side, sum(slices, Decimal(0)), slices=slices)


async def measure_realism(
    system: System, http: aiohttp.ClientSession, report: Report, count: int
) -> None:
    """Compare `count` orders and report."""
    no_limits = {"max_position_notional_quote": DEPOSIT, "max_order_notional_quote": DEPOSIT}
    owner = await new_owner(http, no_limits, initial_balance=DEPOSIT)
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_account(system, http)) for _ in range(3)]
        redis = await stack.enter_async_context(
            Redis.from_url(system.environment["BOTCORE_REDIS_URL"])
        )
        floor = Floor(Exchange(*clients), Session(owner), DryRun(RedisBooks(redis)))
        await _stock(floor)
        report_all(report, await _paced(floor, count))


@asynccontextmanager
async def _account(system: System, http: aiohttp.ClientSession) -> AsyncIterator[VenueClient]:
    url = system.environment["BOTCORE_EXCHANGE_URL"]
    balances = {"USDT": DEPOSIT, "LTC": 100_000, "BNB": 100_000}
    async with http.post(f"{url}/sandbox/accounts", json={"balances": balances}) as answer:
        keys = await answer.json()
    client = make_client(
        api_url=url, testnet=False, api_key=keys["api_key"], api_secret=keys["api_secret"]
    )
    try:
        yield client
    finally:
        await client.close_connection()


async def _stock(floor: Floor) -> None:
    """Buy what the session will sell; the exchange's accounts have it already."""
    for symbol, step in SYMBOLS.items():
        for _ in range(STOCK_ORDERS):
            quantity = STOCK_QUOTE / (await floor.dry.book(symbol)).mid // step * step
            await floor.paper.trade(Asked(symbol, Side.BUY, quantity, slices=(quantity,)))


async def _paced(floor: Floor, count: int) -> list[Comparison]:
    running: list[asyncio.Task[Comparison]] = []
    for number in range(count):
        running.append(asyncio.create_task(floor.compare(number)))
        # Not always at the same moment of the market's own beat.
        await asyncio.sleep(floor.chance.uniform(0.5, 1.5) / PACE_PER_S)
    done = await asyncio.gather(*running, return_exceptions=True)
    refused = [each for each in done if isinstance(each, BaseException)]
    if len(refused) > count // 50:
        raise RuntimeError(f"{len(refused)} orders were refused: {refused[0]!r}")
    return [each for each in done if isinstance(each, Comparison)]
