"""The market's levers: `POST /sandbox/market`."""

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from sandbox.exchange.core.records import number
from sandbox.exchange.core.symbols import SYMBOLS
from sandbox.exchange.market.listing import Listing
from sandbox.exchange.market.recording import read_rows
from sandbox.exchange.market.replay import ReplaySource
from sandbox.exchange.market.source import ModelSource
from sandbox.exchange.protocol.control import BadRequest, quantity_of, read_json, respond
from sandbox.exchange.venue import Venue, now_ms

_FIELDS: Final = frozenset({"symbol", "price", "pause", "speed", "replay", "trade", "book"})
_LEVERS: Final = _FIELDS - {"symbol"}
_MOST_SPEED: Final = 86_400


class MarketControl:
    """Moves, pauses, replays and trades a symbol's market.

    Args:
        venue: The exchange behind it.
    """

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    async def handle(self, request: web.Request) -> web.Response:
        """`POST /sandbox/market {symbol, price | replay | pause | speed | trade | book}`."""
        body = await read_json(request, _FIELDS)
        if not _LEVERS & set(body):
            raise BadRequest(f"one of {', '.join(sorted(_LEVERS))} is needed")
        symbol = body.get("symbol")
        if symbol is None and set(body) - {"pause", "speed"}:
            raise BadRequest("symbol is needed")
        if symbol is not None and symbol not in SYMBOLS:
            raise BadRequest(f"no such symbol: {symbol}")
        chosen = self._venue.listings if symbol is None else {symbol: self._venue.listings[symbol]}
        traded = Decimal(0)
        for listing in chosen.values():
            traded += self._apply(listing, body)
        await self._venue.commit()
        return respond({"items": [_view(listing) for listing in chosen.values()]})

    def _apply(self, listing: Listing, body: dict[str, Any]) -> Decimal:
        """Pull the levers named; returns what an outside trade came to."""
        now = now_ms()
        if "pause" in body:
            if not isinstance(body["pause"], bool):
                raise BadRequest("pause is true or false")
            listing.paused = body["pause"]
        if "speed" in body:
            _set_speed(listing, body["speed"], now)
        if "replay" in body:
            _replay(listing, body, now)
        if "price" in body:
            self._move(listing, quantity_of(body["price"], "price"), now)
        if "book" in body:
            self._set_book(listing, body["book"], now)
        if "trade" in body:
            return self._trade(listing, body["trade"], now)
        return Decimal(0)

    def _move(self, listing: Listing, price: Decimal, now: int) -> None:
        rules = listing.market.rules
        if price < 2 * rules.tick_size or price % rules.tick_size or price > rules.max_price:
            raise BadRequest("price must be a whole number of ticks")
        if not isinstance(listing.source, ModelSource):
            listing.source = ModelSource(listing.model)
        factor = float(price) / (listing.source.targets(now)[-1] / listing.source.factor)
        listing.source.factor = factor
        self._venue.engine.shift_price(rules.symbol, repr(factor), now)
        listing.maker.move_to(price, now)

    def _set_book(self, listing: Listing, book: Any, now: int) -> None:
        if not isinstance(book, dict) or not set(book) <= {"bids", "asks"}:
            raise BadRequest("book is {bids: [[price, quantity]…], asks: […]}")
        rules = listing.market.rules
        sides = {
            side: _levels(listing, book.get(name, []))
            for side, name in (("BUY", "bids"), ("SELL", "asks"))
        }
        bids, asks = sides["BUY"], sides["SELL"]
        if bids and asks and max(bids) >= min(asks):
            raise BadRequest("bids and asks cross")
        own = listing.market.book
        own.bids.clear_model()
        own.asks.clear_model()
        listing.maker.forget()
        # Orders of accounts that the new book crosses are filled by it.
        for side, levels in sides.items():
            for price, quantity in sorted(levels.items(), reverse=side == "BUY"):
                left = quantity - self._venue.engine.outside_trade(
                    rules.symbol, side, quantity, price, now
                )
                own.side(side).set_model(price, left)

    def _trade(self, listing: Listing, trade: Any, now: int) -> Decimal:
        if not isinstance(trade, dict) or not {"quantity", "side"} <= set(trade):
            raise BadRequest("trade is {price?, quantity, side}")
        if trade["side"] not in {"BUY", "SELL"}:
            raise BadRequest("side is BUY or SELL")
        quantity = quantity_of(trade["quantity"], "quantity")
        price = quantity_of(trade["price"], "price") if trade.get("price") is not None else None
        if not quantity or quantity % listing.market.rules.step_size:
            raise BadRequest("quantity must be a whole number of steps")
        symbol = listing.market.rules.symbol
        return self._venue.engine.outside_trade(symbol, trade["side"], quantity, price, now)


def _levels(listing: Listing, raw: Any) -> dict[Decimal, Decimal]:
    rules = listing.market.rules
    found = {}
    try:
        rows = [(quantity_of(p, "price"), quantity_of(q, "quantity")) for p, q in raw]
    except (TypeError, ValueError) as error:
        raise BadRequest(f"a level is [price, quantity]: {error}") from error
    for price, quantity in rows:
        if not price or price % rules.tick_size or not quantity or quantity % rules.step_size:
            raise BadRequest(f"[{price}, {quantity}] is not in ticks and steps")
        found[price] = quantity
    return found


def _set_speed(listing: Listing, speed: Any, now: int) -> None:
    if not isinstance(speed, Decimal) or not 0 < speed <= _MOST_SPEED:
        raise BadRequest(f"speed is more than 0 and at most {_MOST_SPEED}")
    listing.source.set_speed(float(speed), now)


def _replay(listing: Listing, body: dict[str, Any], now: int) -> None:
    """Follow a CSV (a path here, or its rows) from now on; false goes back to the model."""
    wanted = body["replay"]
    if wanted is False:
        listing.source = ModelSource(listing.model)
        return
    try:
        text = Path(wanted).read_text() if isinstance(wanted, str) else None
        rows = read_rows(text.splitlines() if text is not None else wanted)
    except (OSError, TypeError, ValueError) as error:
        raise BadRequest(f"cannot replay: {error}") from error
    speed = float(body.get("speed", 60))
    listing.source = ReplaySource(rows, now, speed, listing.model)


def _view(listing: Listing) -> dict[str, Any]:
    market = listing.market
    bid, ask = market.book.bids.best(), market.book.asks.best()
    return {
        "symbol": market.rules.symbol,
        "price": number(market.last_price),
        "bid": number(bid.price) if bid else None,
        "ask": number(ask.price) if ask else None,
        "paused": listing.paused,
    }
