"""Binance's public trades over REST: what the stream did not tell, from the first missing one.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api (`aggTrades`,
`historicalTrades`).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from adapters.binance_client import VenueClient, make_client
from adapters.binance_errors import venue_faults
from domain.errors import ErrorCode, Retryable
from domain.paper.observations import MarketTrade

# What Binance answers at most at once.
PAGE_ROWS: Final = 1_000


class BinanceTrades:
    """Public trades; needs no keys. Make it inside a running loop.

    Args:
        api_url: The exchange's address, or None for Binance itself.
        testnet: Whether Binance's testnet is meant.
    """

    def __init__(self, api_url: str | None, *, testnet: bool) -> None:
        self._client: VenueClient = make_client(api_url=api_url, testnet=testnet)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close_connection()

    async def first_since(self, symbol: str, since: datetime) -> int | None:
        """Return the id of the first trade at or after a moment; None where there is none yet.

        Raises:
            Retryable: The venue could not be reached.
        """
        start_ms = int(since.timestamp() * 1000)
        with venue_faults():
            found = await self._client.get_aggregate_trades(
                symbol=symbol, startTime=start_ms, limit=1
            )
        return int(found[0]["f"]) if found else None

    async def page(self, symbol: str, first_id: int) -> list[MarketTrade]:
        """Return up to `PAGE_ROWS` trades from this one on, oldest first.

        Raises:
            Retryable: The venue could not be reached, or told nonsense.
        """
        with venue_faults():
            rows: list[dict[str, Any]] = await self._client.get_historical_trades(
                symbol=symbol, fromId=first_id, limit=PAGE_ROWS
            )
        try:
            return [_trade(symbol, row) for row in rows]
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise Retryable(ErrorCode.VENUE_UNAVAILABLE, "the venue told no trades") from error


def _trade(symbol: str, row: Mapping[str, Any]) -> MarketTrade:
    return MarketTrade(
        symbol=symbol,
        price=Decimal(row["price"]),
        quantity=Decimal(row["qty"]),
        is_buyer_maker=bool(row["isBuyerMaker"]),
        trade_id=int(row["id"]),
        at=datetime.fromtimestamp(row["time"] / 1000, UTC),
    )
