"""Latest prices in Redis: read by the trade's checks and the edge, written by the stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.exact_json import dump, load
from domain.errors import ErrorCode, Retryable
from domain.market import Quote

# DATA_FLOW.md, flow 2: "Cache TTL: 1 second". A price that nobody renews is gone.
PRICE_TTL_MS = 1_000
# Latest broadcast frame by channel: what a gateway tells a new subscriber, and from where
# the sequence of each channel goes on after a restart of the streaming worker.
LATEST_FRAMES_KEY = "market:latest_frames"
_PUBLIC = "public:"
PUBLIC_PATTERN = f"{_PUBLIC}*"


def price_key(symbol: str) -> str:
    """Name the key of a symbol's latest price."""
    return f"price:{symbol}"


def public_key(channel: str) -> str:
    """Name the Redis channel on which a public WebSocket channel is broadcast."""
    return f"{_PUBLIC}{channel}"


def channel_of(key: str) -> str | None:
    """Return the WebSocket channel that a Redis channel broadcasts, None where it is no such."""
    return key.removeprefix(_PUBLIC) if key.startswith(_PUBLIC) else None


def quote_document(quote: Quote) -> bytes:
    """Serialise as `GET /api/market/prices/{symbol}` answers, so that nobody does it twice."""
    return dump(
        {
            "symbol": quote.symbol,
            "price": quote.price,
            "bid": quote.bid,
            "ask": quote.ask,
            "volume_24h": quote.volume_24h,
            "change_24h": quote.change_24h,
            "timestamp": quote.timestamp,
        }
    )


def parse_quote(document: bytes) -> Quote:
    """Read what `quote_document` wrote.

    Raises:
        ValueError: It is something else.
        KeyError: The same, a member is missing.
    """
    read = load(document)
    return Quote(
        symbol=read["symbol"],
        price=Decimal(read["price"]),
        bid=Decimal(read["bid"]),
        ask=Decimal(read["ask"]),
        volume_24h=Decimal(read["volume_24h"]),
        change_24h=Decimal(read["change_24h"]),
        timestamp=datetime.fromisoformat(read["timestamp"]),
    )


class RedisQuoteBoard:
    """Reads prices; implements `domain.ports.QuoteBoard`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def quote(self, symbol: str) -> Quote | None:
        """Return the live quote, or None where it is older than its time to live.

        Raises:
            Retryable: The cache could not be reached.
        """
        document = (await self.documents([symbol]))[0]
        return None if document is None else parse_quote(document)

    async def documents(self, symbols: Sequence[str]) -> list[bytes | None]:
        """Return each symbol's quote as it will be sent to clients, None where none is live.

        Raises:
            Retryable: The cache could not be reached.
        """
        if not symbols:
            return []
        try:
            found = await self._redis.mget([price_key(symbol) for symbol in symbols])
        except (RedisError, OSError) as error:
            raise _unreachable() from error
        # The connection does not decode, which redis-py's types cannot say.
        return cast("list[bytes | None]", found)


@dataclass(frozen=True, slots=True)
class Tick:
    """One price on its way out.

    `frame` is the complete `price_update` where subscribers are to hear of it, None where
    the price is only renewed.
    """

    symbol: str
    document: bytes
    channel: str
    frame: bytes | None


class RedisTickWriter:
    """Writes prices and broadcasts them: one round trip for any number of symbols."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def write(self, ticks: Sequence[Tick]) -> None:
        """Renew the prices, keep the latest frames and announce them.

        Raises:
            Retryable: The cache could not be reached.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for tick in ticks:
            pipeline.set(price_key(tick.symbol), tick.document, px=PRICE_TTL_MS)
            if tick.frame is not None:
                pipeline.hset(LATEST_FRAMES_KEY, tick.channel, tick.frame)
                pipeline.publish(public_key(tick.channel), tick.frame)
        try:
            await pipeline.execute()
        except (RedisError, OSError) as error:
            raise _unreachable() from error


async def latest_frames(redis: Redis) -> dict[str, bytes]:
    """Return the latest frame of every public channel.

    Raises:
        Retryable: The cache could not be reached.
    """
    try:
        found = cast("dict[bytes, bytes]", await redis.hgetall(LATEST_FRAMES_KEY))
    except (RedisError, OSError) as error:
        raise _unreachable() from error
    return {channel.decode(): frame for channel, frame in found.items()}


def _unreachable() -> Retryable:
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, "The price cache could not be reached.")
