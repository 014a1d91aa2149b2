"""Binance's public market data: symbols and their rules, day summaries, streams."""

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import structlog

from adapters.binance_client import VenueClient, make_client
from adapters.binance_errors import venue_faults
from adapters.binance_streams import (
    CONNECTION_LIFE_S,
    LIFE_JITTER,
    StreamSet,
    StreamSockets,
    Take,
)
from domain.errors import ErrorCode, Retryable
from domain.market import SymbolRules

_TRADING = "TRADING"

_log = structlog.get_logger(__name__)


class BinanceMarket:
    """Public calls and streams; needs no keys. Make it inside a running loop.

    Args:
        api_url: The exchange's address, or None for Binance itself.
        stream_url: Its WebSocket address, or None for Binance itself.
        testnet: Whether Binance's testnet is meant.
    """

    def __init__(self, api_url: str | None, stream_url: str | None, *, testnet: bool) -> None:
        self._client: VenueClient = make_client(api_url=api_url, testnet=testnet)
        self._sockets = StreamSockets(self._client)
        if stream_url is not None:
            self._sockets.serve_from(stream_url)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close_connection()

    async def symbol_rules(self) -> list[SymbolRules]:
        """Return the rules of every symbol that trades on the spot market, sorted.

        A symbol whose rules cannot be read is left out and logged: it must not be traded.

        Raises:
            Retryable: The venue could not be reached.
        """
        with venue_faults():
            answer = await self._client.get_exchange_info()
        found = []
        for listed in answer["symbols"]:
            if listed["status"] != _TRADING or not listed["isSpotTradingAllowed"]:
                continue
            try:
                found.append(rules_of(listed))
            except (KeyError, ArithmeticError, TypeError) as error:
                _log.warning("venue.symbol_unread", symbol=listed["symbol"], error=repr(error))
        return sorted(found, key=lambda rules: rules.symbol)

    async def day_summaries(self) -> list[dict[str, Any]]:
        """Return Binance's 24-hour ticker of every symbol, as it came.

        Raises:
            Retryable: The venue could not be reached.
        """
        with venue_faults():
            summaries: list[dict[str, Any]] = await self._client.get_ticker()
        return summaries

    async def listen(self, streams: StreamSet, take: Take, life_s: float | None = None) -> None:
        """Hand every message of a combined stream to `take`; return when it is to be opened anew.

        Args:
            streams: What to carry; may change meanwhile.
            take: Takes a message undecoded; must neither block nor raise.
            life_s: How long the connection may last; less than Binance's day if None.

        Raises:
            Retryable: The stream could not be opened, broke or fell silent.
        """
        jitter = random.uniform(1 - LIFE_JITTER, 1)  # noqa: S311 - jitter
        socket = self._sockets.open(streams, take)
        try:
            with venue_faults():
                async with socket:
                    cause = await socket.follow(life_s or CONNECTION_LIFE_S * jitter)
        except Retryable:
            raise
        except Exception as error:
            # The library lets any fault of its WebSocket client through.
            raise _broken(repr(error)) from error
        if cause is not None:
            raise _broken(cause)


def rules_of(listed: Mapping[str, Any]) -> SymbolRules:
    """Read one symbol of `exchangeInfo`.

    Source: https://developers.binance.com/docs/binance-spot-api-docs/filters. A
    MARKET_LOT_SIZE of zero sets no limit of its own; older symbols have MIN_NOTIONAL in
    the place of NOTIONAL.

    Raises:
        KeyError: A filter is missing.
        ArithmeticError: A number is none.
    """
    filters = {rule["filterType"]: rule for rule in listed["filters"]}
    price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
    notional = filters.get("NOTIONAL") or filters["MIN_NOTIONAL"]
    max_quantity = Decimal(lot["maxQty"])
    max_market = Decimal(filters.get("MARKET_LOT_SIZE", lot)["maxQty"])
    return SymbolRules(
        symbol=listed["symbol"],
        base_asset=listed["baseAsset"],
        quote_asset=listed["quoteAsset"],
        tick_size=Decimal(price["tickSize"]),
        step_size=Decimal(lot["stepSize"]),
        min_price=Decimal(price["minPrice"]),
        max_price=Decimal(price["maxPrice"]),
        min_quantity=Decimal(lot["minQty"]),
        max_quantity=max_quantity,
        max_market_quantity=min(max_market, max_quantity) if max_market else max_quantity,
        min_notional=Decimal(notional["minNotional"]),
    )


def _broken(cause: str) -> Retryable:
    return Retryable(ErrorCode.VENUE_UNAVAILABLE, f"The market stream broke: {cause}.")
