"""Latest prices and candles in Redis: written by the streams, read by whoever trades or looks."""

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
# The latest candle lives for this many of its own spans, but not shorter than the second.
CANDLE_TTL_SPANS = 3
CANDLE_TTL_MIN_MS = 10_000

# The comparison and the writes are one act: a worker that slept since it last looked at its
# lease must not broadcast beside the one that has it now.
# A client that heard no answer sends the same again, hence the number of the write.
# KEYS: latest frames, lease, last write. ARGV: token ('' needs no lease), the write's number,
# then for each update its key, document, time to live in milliseconds, channel, and frame
# ('' is kept but not announced).
_WRITE = f"""
if ARGV[1] ~= '' then
  if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
  local write = ARGV[1] .. ARGV[2]
  if redis.call('GET', KEYS[3]) == write then return 1 end
  redis.call('SET', KEYS[3], write, 'EX', 60)
end
for i = 3, #ARGV, 5 do
  redis.call('SET', ARGV[i], ARGV[i + 1], 'PX', ARGV[i + 2])
  if ARGV[i + 4] ~= '' then
    redis.call('HSET', KEYS[1], ARGV[i + 3], ARGV[i + 4])
    redis.call('PUBLISH', '{_PUBLIC}' .. ARGV[i + 3], ARGV[i + 4])
  end
end
return 1
"""


def price_key(symbol: str) -> str:
    """Name the key of a symbol's latest price."""
    return f"price:{symbol}"


def candle_key(symbol: str, timeframe: str) -> str:
    """Name the key of a symbol's latest candle."""
    return f"candle:{symbol}:{timeframe}"


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

    @property
    def key(self) -> str:
        """Where `document` is kept."""
        return price_key(self.symbol)

    @property
    def ttl_ms(self) -> int:
        """How long it is kept."""
        return PRICE_TTL_MS


@dataclass(frozen=True, slots=True)
class CandleUpdate:
    """One candle on its way out: kept for `ttl_ms`, and its complete `kline_update`."""

    key: str
    ttl_ms: int
    document: bytes
    channel: str
    frame: bytes


Update = Tick | CandleUpdate


@dataclass(frozen=True, slots=True)
class Lease:
    """What allows a worker to write: `key` holds `token` as long as the worker holds it."""

    key: str
    token: str


class LeaseLostError(Exception):
    """Somebody else writes now, or may have in between; nothing was written."""


class RedisTickWriter:
    """Writes prices and candles and broadcasts them: one round trip for any number.

    Args:
        redis: Where to.
        lease: What must be held for it; None where nobody else can be writing.
    """

    def __init__(self, redis: Redis, lease: Lease | None = None) -> None:
        self._write = redis.register_script(_WRITE)
        self._lease = lease or Lease("", "")
        self._writes = 0

    async def write(self, updates: Sequence[Update]) -> None:
        """Renew what is kept, keep the latest frames and announce them: all or nothing.

        Raises:
            LeaseLostError: The lease is not held any more.
            Retryable: Redis could not be reached; it may have been written or not, which
                the latest frames tell.
        """
        lease = self._lease
        self._writes += 1
        args: list[bytes | str | int] = [lease.token, self._writes]
        for update in updates:
            args += (update.key, update.document, update.ttl_ms)
            args += (update.channel, update.frame or b"")
        try:
            written = await self._write(
                keys=[LATEST_FRAMES_KEY, lease.key, f"{lease.key}:write"], args=args
            )
        except (RedisError, OSError) as error:
            raise _unreachable() from error
        if not written:
            raise LeaseLostError


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


async def latest_frames_of(redis: Redis, channels: Sequence[str]) -> dict[str, bytes]:
    """Return the latest frame of those of these channels that have had one.

    Raises:
        Retryable: The cache could not be reached.
    """
    if not channels:
        return {}
    try:
        found = await redis.hmget(LATEST_FRAMES_KEY, list(channels))
    except (RedisError, OSError) as error:
        raise _unreachable() from error
    frames = cast("list[bytes | None]", found)
    return {
        channel: frame for channel, frame in zip(channels, frames, strict=True) if frame is not None
    }


def _unreachable() -> Retryable:
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, "The price cache could not be reached.")
