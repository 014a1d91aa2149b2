"""Symbols and prices: public, answered from the cache as it was written.

A price is the live one in Redis, which lives for a second, or none: nothing older is ever
given as a price, so there is nothing for MongoDB to stand in with (`QUOTE_STALE`). Whoever
can do with the past reads candles, which say of what time they are.
"""

from typing import Annotated

from fastapi import Query, Response

from api.caching import IfNoneMatch, public_answer
from api.dependencies import ServicesOf
from api.routing import edge_router
from api.schemas import AnswerModel, Moment, Number
from domain.errors import ErrorCode, Retryable

router = edge_router("/api/market", "Market")

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


@router.get("/symbols", response_model=SymbolList)
async def symbols(services: ServicesOf, if_none_match: IfNoneMatch = None) -> Response:
    """Answer with every symbol that can be traded.

    While the venue is away this is what it told last, with its age in `Age`; orders are
    refused then.
    """
    body, age_s = await services.known_symbols.body()
    return public_answer(body, if_none_match, age_s=age_s)


@router.get("/prices", response_model=PriceList)
async def prices(
    services: ServicesOf,
    symbols: Annotated[str | None, Query(max_length=MAX_LIST_CHARACTERS)] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Answer with the latest prices of some symbols, or of all; 503 where none is live."""
    if symbols is None:
        wanted = [rules.symbol for rules in await services.known_symbols.all()]
    else:
        wanted = list(dict.fromkeys(symbols.split(",")))
    found = await services.trading.quotes.documents(wanted)
    for symbol, document in zip(wanted, found, strict=True):
        if document is None:
            await services.known_symbols.require(symbol)
    live = [document for document in found if document is not None]
    if wanted and not live:
        raise Retryable(ErrorCode.QUOTE_STALE, "There is no live price of any of these.")
    return public_answer(b'{"items":[' + b",".join(live) + b"]}", if_none_match)


@router.get("/prices/{symbol}", response_model=Price)
async def price(services: ServicesOf, symbol: str, if_none_match: IfNoneMatch = None) -> Response:
    """Answer with the latest price of one symbol; 503 where it is too old to be one."""
    (document,) = await services.trading.quotes.documents([symbol])
    if document is None:
        await services.known_symbols.require(symbol)
        raise Retryable(ErrorCode.QUOTE_STALE, f"There is no live price of {symbol}.")
    return public_answer(document, if_none_match)
