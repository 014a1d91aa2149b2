"""Symbols and prices: public, answered from the cache as it was written."""

from hashlib import blake2b
from typing import Annotated

from fastapi import Header, Query, Response

from adapters.exact_json import dump
from adapters.redis_quotes import RedisQuoteBoard
from adapters.venue_symbols import VenueSymbolBook
from api.dependencies import ServicesOf
from api.routing import edge_router
from api.schemas import AnswerModel, Moment, Number
from api.services import Services
from domain.errors import ErrorCode, Rejected, Retryable
from domain.market import SymbolRules

router = edge_router("/api/market", "Market")

# API.md: what browsers and the CDN may keep, and for how long.
CACHE_CONTROL = "public, s-maxage=1, stale-while-revalidate=5"
MAX_LIST_CHARACTERS = 2_000


class TradedSymbol(AnswerModel):
    """A symbol and what the venue allows for it."""

    symbol: str
    base_asset: str
    quote_asset: str
    tick_size: Number
    step_size: Number
    min_quantity: Number
    min_notional: Number


class Price(AnswerModel):
    """The latest price; `volume_24h` in the base asset, `change_24h` in percent."""

    symbol: str
    price: Number
    bid: Number
    ask: Number
    volume_24h: Number
    change_24h: Number
    timestamp: Moment


class SymbolList(AnswerModel):
    """Every symbol of the venue."""

    items: list[TradedSymbol]


class PriceList(AnswerModel):
    """The prices that were asked for, in that order; symbols without a live one are left out."""

    items: list[Price]


_IfNoneMatch = Annotated[str | None, Header()]


@router.get("/symbols", response_model=SymbolList)
async def symbols(services: ServicesOf, if_none_match: _IfNoneMatch = None) -> Response:
    """Answer with every symbol that can be traded."""
    items = [_traded(rules) for rules in _book(services).all_rules()]
    return _public(dump({"items": items}), if_none_match)


@router.get("/prices", response_model=PriceList)
async def prices(
    services: ServicesOf,
    symbols: Annotated[str | None, Query(max_length=MAX_LIST_CHARACTERS)] = None,
    if_none_match: _IfNoneMatch = None,
) -> Response:
    """Answer with the latest prices of some symbols, or of all; 503 where none is live."""
    book = _book(services)
    if symbols is None:
        wanted = [rules.symbol for rules in book.all_rules()]
    else:
        wanted = list(dict.fromkeys(symbols.split(",")))
    for symbol in wanted:
        _require_known(book, symbol)
    board = RedisQuoteBoard(services.connections.redis)
    live = [found for found in await board.documents(wanted) if found is not None]
    if wanted and not live:
        raise Retryable(ErrorCode.QUOTE_STALE, "There is no live price of any of these.")
    return _public(b'{"items":[' + b",".join(live) + b"]}", if_none_match)


@router.get("/prices/{symbol}", response_model=Price)
async def price(
    services: ServicesOf,
    symbol: str,
    if_none_match: _IfNoneMatch = None,
) -> Response:
    """Answer with the latest price of one symbol; 503 where it is too old to be one."""
    _require_known(_book(services), symbol)
    document = (await RedisQuoteBoard(services.connections.redis).documents([symbol]))[0]
    if document is None:
        raise Retryable(ErrorCode.QUOTE_STALE, f"There is no live price of {symbol}.")
    return _public(document, if_none_match)


def _book(services: Services) -> VenueSymbolBook:
    book = services.connections.symbols
    if not book.loaded:
        raise Retryable(ErrorCode.VENUE_UNAVAILABLE, "The venue has not told its symbols yet.")
    return book


def _require_known(book: VenueSymbolBook, symbol: str) -> None:
    if book.rules(symbol) is None:
        raise Rejected(ErrorCode.UNKNOWN_SYMBOL, "The venue does not trade this symbol.")


def _traded(rules: SymbolRules) -> dict[str, object]:
    return {
        "symbol": rules.symbol,
        "base_asset": rules.base_asset,
        "quote_asset": rules.quote_asset,
        "tick_size": rules.tick_size,
        "step_size": rules.step_size,
        "min_quantity": rules.min_quantity,
        "min_notional": rules.min_notional,
    }


def _public(body: bytes, if_none_match: str | None) -> Response:
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": CACHE_CONTROL}
    if if_none_match is not None and _matches(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _matches(if_none_match: str, tag: str) -> bool:
    """Compare weakly, as RFC 9110 section 13.1.2 asks for here."""
    candidates = (each.strip().removeprefix("W/") for each in if_none_match.split(","))
    return any(each in {tag, "*"} for each in candidates)
