"""The places that get the same orders: the exchange, a paper session, and a dry run."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.binance_client import VenueClient
from adapters.redis_books import RedisBooks
from bench.paper.dry_run import is_reached, market_price
from bench.paper.owner import Owner
from domain.orders import Side
from domain.paper.book import BookSnapshot

# So long an order rests before it is canceled.
REST_S = 3.0
LOOK_EVERY_S = 0.1
_OPEN = frozenset({"NEW", "PARTIALLY_FILLED"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One order; a MARKET one is sent in so many slices, one after the other.

    `price` is the limit, None at the market. `in_force` is IOC or GTC where there is a limit.
    """

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal | None = None
    in_force: str | None = None
    slices: tuple[Decimal, ...] = ()

    def bodies(self) -> list[dict[str, Any]]:
        """Return it as the interface takes it, slice by slice."""
        plain = {"symbol": self.symbol, "side": str(self.side)}
        if self.price is None:
            return [plain | {"type": "MARKET", "quantity": each} for each in self.slices]
        limit = {"type": "LIMIT", "price": self.price, "time_in_force": self.in_force}
        return [plain | limit | {"quantity": self.quantity}]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order at one place.

    `waited_s` is the mean time that its quantity waited for its fill; what never filled
    waited until it was canceled.
    """

    price: Decimal | None
    ratio: float
    waited_s: float


def outcome(asked: Asked, fills: Iterable[tuple[Decimal, Decimal, float]]) -> Outcome:
    """Return the outcome of fills: price, quantity, and seconds from the order to the fill."""
    executed, cost, waited = Decimal(0), Decimal(0), 0.0
    for price, quantity, after_s in fills:
        executed, cost = executed + quantity, cost + price * quantity
        waited += float(quantity) * min(max(after_s, 0.0), REST_S)
    waited += float(asked.quantity - executed) * REST_S
    return Outcome(
        price=cost / executed if executed else None,
        ratio=float(executed / asked.quantity),
        waited_s=waited / float(asked.quantity),
    )


class Exchange:
    """The sandbox exchange.

    Resting orders have an account for each side, and takers one of their own: Binance cancels
    an order that would trade with its own account's (self-trade prevention), and then not the
    market but the bench would decide what fills.
    """

    def __init__(self, takers: VenueClient, buyers: VenueClient, sellers: VenueClient) -> None:
        self._takers = takers
        self._resting = {Side.BUY: buyers, Side.SELL: sellers}

    async def trade(self, asked: Asked) -> Outcome:
        """Send an order; a resting one is canceled after a while."""
        client = self._resting[asked.side] if asked.in_force == "GTC" else self._takers
        fills: list[tuple[Decimal, Decimal, float]] = []
        for body in asked.bodies():
            body["timeInForce"] = body.pop("time_in_force", None)
            plain = {name: str(value) for name, value in body.items() if value is not None}
            told = await client.create_order(**plain)
            if asked.in_force == "GTC":
                fills += await self._rested(client, asked, told)
            else:
                fills += [(Decimal(f["price"]), Decimal(f["qty"]), 0.0) for f in told["fills"]]
        return outcome(asked, fills)

    async def _rested(
        self, client: VenueClient, asked: Asked, told: dict[str, Any]
    ) -> list[tuple[Decimal, Decimal, float]]:
        await asyncio.sleep(REST_S)
        where = {"symbol": asked.symbol, "orderId": told["orderId"]}
        if (await client.get_order(**where))["status"] in _OPEN:
            await client.cancel_order(**where)
        began_ms = told["transactTime"]
        return [
            (Decimal(fill["price"]), Decimal(fill["qty"]), (fill["time"] - began_ms) / 1000)
            for fill in await client.get_my_trades(**where)
        ]


class Session:
    """A paper session, over HTTP."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    async def trade(self, asked: Asked) -> Outcome:
        """Send an order; a resting one is canceled after a while."""
        fills: list[tuple[Decimal, Decimal, float]] = []
        for body in asked.bodies():
            told = await self._owner.execute(**body)
            if asked.in_force == "GTC":
                told = await self._rested(told)
            began = _moment(told["created_at"])
            fills += [
                (fill["price"], fill["quantity"], (_moment(fill["time"]) - began).total_seconds())
                for fill in told["fills"]
            ]
        return outcome(asked, fills)

    async def _rested(self, told: dict[str, Any]) -> Any:
        await asyncio.sleep(REST_S)
        path = f"/sessions/{self._owner.session_id}"
        order = f"{path}/orders/{told['trade_id']}"
        try:
            return await self._owner.call("DELETE", order)
        except RuntimeError:  # it has ended by itself
            trades = await self._owner.call("GET", f"{path}/trades?limit=200")
            return next(t for t in trades["items"] if t["trade_id"] == told["trade_id"])


class DryRun:
    """The yardstick: it looks at the same live books."""

    def __init__(self, books: RedisBooks) -> None:
        self._books = books

    async def book(self, symbol: str) -> BookSnapshot:
        """Return the live book, wanting it until it is there."""
        while True:
            book = await self._books.book(symbol)
            if book is not None:
                return book
            await self._books.want(symbol)
            await asyncio.sleep(LOOK_EVERY_S)

    async def trade(self, asked: Asked, book: BookSnapshot) -> Outcome:
        """Do what a dry run would do with an order that was decided on this book."""
        if asked.price is None:
            return outcome(
                asked, [(market_price(book, asked.side, each), each, 0.0) for each in asked.slices]
            )
        looks = int(REST_S / LOOK_EVERY_S) if asked.in_force == "GTC" else 1
        for look in range(looks):
            if is_reached(book, asked.side, asked.price):
                return outcome(asked, [(asked.price, asked.quantity, look * LOOK_EVERY_S)])
            await asyncio.sleep(LOOK_EVERY_S)
            book = await self.book(asked.symbol)
        return outcome(asked, [])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
