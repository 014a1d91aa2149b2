"""Binance's public market data: symbols and their rules, day summaries, streams."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import structlog
from binance import BinanceSocketManager
from binance.ws.reconnecting_websocket import ReconnectingWebsocket

from adapters.binance_client import VenueClient, make_client
from adapters.binance_errors import venue_faults
from domain.errors import ErrorCode, Retryable
from domain.market import SymbolRules

# A feed of several symbols that says nothing for this long is broken, whatever TCP thinks.
SILENT_AFTER_S = 5.0
# How soon the library's reader notices that it is to stop.
READ_TIMEOUT_S = 1
OPEN_WITHIN_S = 5

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
        self._sockets = _Sockets(self._client)
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

    async def listen(self, streams: Sequence[str], take: Callable[[str | bytes], None]) -> None:
        """Hand every message of a combined stream to `take`, until the stream breaks.

        Args:
            streams: Names such as `btcusdt@bookTicker`.
            take: Takes a message undecoded; must neither block nor raise.

        Raises:
            Retryable: The stream could not be opened, broke or fell silent.
        """
        socket = self._sockets.open(streams, take)
        try:
            with venue_faults():
                async with socket:
                    cause = await socket.wait_broken()
        except Retryable:
            raise
        except Exception as error:
            # The library lets any fault of its WebSocket client through.
            raise _broken(repr(error)) from error
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


class _Sockets(BinanceSocketManager):  # type: ignore[misc]  # the library ships no types
    """The library's sockets, opened so that messages arrive undecoded and at once."""

    def serve_from(self, stream_url: str) -> None:
        """Use this address instead of Binance's."""
        self.STREAM_URL = f"{stream_url}/"
        self.testnet = False
        # A stand-in is near; neither a proxy nor compression has a place in between.
        self.ws_kwargs = {"proxy": None, "compression": None}

    def open(self, streams: Sequence[str], take: Callable[[str | bytes], None]) -> "_Socket":
        """Make a socket for a combined stream; `async with` connects it."""
        return _Socket(
            take,
            url=self._get_stream_url(),
            path=f"streams={'/'.join(streams)}",
            prefix="stream?",
            open_timeout=OPEN_WITHIN_S,
            **self.ws_kwargs,
        )


class _Socket(ReconnectingWebsocket):  # type: ignore[misc]  # the library ships no types
    """One connection that ends when it breaks.

    The library would queue up to 100 messages, reconnect five times by itself, and hide the
    gap; whoever listens here has to know about it.
    """

    MAX_RECONNECTS = 0
    TIMEOUT = READ_TIMEOUT_S

    def __init__(self, take: Callable[[str | bytes], None], **options: Any) -> None:
        super().__init__(**options)
        self._take = take
        self._broke = asyncio.Event()
        self._cause = "it fell silent"
        self._heard_s = 0.0

    async def wait_broken(self) -> str:
        """Return the cause once nothing more will come."""
        clock = asyncio.get_running_loop().time
        self._heard_s = clock()
        while not self._broke.is_set() and clock() - self._heard_s < SILENT_AFTER_S:
            try:
                async with asyncio.timeout(READ_TIMEOUT_S):
                    await self._broke.wait()
            except TimeoutError:
                continue
        return self._cause

    def _handle_message(self, evt: str | bytes) -> None:
        self._heard_s = asyncio.get_running_loop().time()
        self._take(evt)

    async def _propagate_error(self, error_msg: dict[str, Any]) -> None:
        if not self._broke.is_set():
            self._cause = str(error_msg.get("type"))
            self._broke.set()


def _broken(cause: str) -> Retryable:
    return Retryable(ErrorCode.VENUE_UNAVAILABLE, f"The market stream broke: {cause}.")
