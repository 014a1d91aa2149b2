"""Live order books in Redis: written by the paper market, read by whoever decides on one."""

import time
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import cast

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.errors import ErrorCode, Retryable
from domain.paper.book import BookSnapshot, Level

# As a price: a book that nobody renews is gone.
BOOK_TTL_MS = 1_000
# A sorted set of symbols, scored with the epoch second until which their books are wanted; and
# the channel that names one that is.
BOOK_DEMAND_KEY = "paper:demand"
# A session that traded a symbol is likely to trade it again within this.
BOOK_DEMAND_TTL_S = 900.0


def book_key(symbol: str) -> str:
    """Name the key of a symbol's live book."""
    return f"book:{symbol}"


def book_document(book: BookSnapshot) -> bytes:
    """Serialise a book; quantities and prices as text, so that they stay exact."""
    return orjson.dumps(
        {
            "symbol": book.symbol,
            "bids": [[str(level.price), str(level.quantity)] for level in book.bids],
            "asks": [[str(level.price), str(level.quantity)] for level in book.asks],
            "at": book.at.isoformat(),
            "sequence": book.sequence,
        }
    )


def parse_book(document: bytes) -> BookSnapshot:
    """Read what `book_document` wrote."""
    read = orjson.loads(document)
    bids, asks = (
        tuple(Level(Decimal(price), Decimal(quantity)) for price, quantity in read[side])
        for side in ("bids", "asks")
    )
    return BookSnapshot(
        read["symbol"], bids, asks, datetime.fromisoformat(read["at"]), read["sequence"]
    )


class RedisBooks:
    """Reads live books, and says which are wanted."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def book(self, symbol: str) -> BookSnapshot | None:
        """Return the live book, None where nobody has renewed it.

        Raises:
            Retryable: Redis could not be reached.
        """
        try:
            document = cast("bytes | None", await self._redis.get(book_key(symbol)))
        except (RedisError, OSError) as error:
            raise _unreachable() from error
        return None if document is None else parse_book(document)

    async def want(self, symbol: str) -> None:
        """Want a symbol's book for the next `BOOK_DEMAND_TTL_S`; again, it is prolonged.

        Raises:
            Retryable: Redis could not be reached.
        """
        wanted = {symbol: time.time() + BOOK_DEMAND_TTL_S}
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.zadd(BOOK_DEMAND_KEY, wanted)
        pipeline.publish(BOOK_DEMAND_KEY, symbol)
        try:
            await pipeline.execute()
        except (RedisError, OSError) as error:
            raise _unreachable() from error

    async def wanted(self) -> frozenset[str]:
        """Return the symbols whose books are wanted, and forget those that no longer are.

        Raises:
            Retryable: Redis could not be reached.
        """
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.zremrangebyscore(BOOK_DEMAND_KEY, "-inf", time.time())
        pipeline.zrange(BOOK_DEMAND_KEY, 0, -1)
        try:
            _, symbols = await pipeline.execute()
        except (RedisError, OSError) as error:
            raise _unreachable() from error
        return frozenset(symbol.decode() for symbol in symbols)

    async def write(self, books: Collection[BookSnapshot]) -> None:
        """Renew books.

        Raises:
            Retryable: Redis could not be reached.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for book in books:
            pipeline.set(book_key(book.symbol), book_document(book), px=BOOK_TTL_MS)
        try:
            await pipeline.execute()
        except (RedisError, OSError) as error:
            raise _unreachable() from error


def _unreachable() -> Retryable:
    return Retryable(ErrorCode.SERVICE_UNAVAILABLE, "The order books could not be reached.")
