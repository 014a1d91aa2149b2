"""Yardstick: the pipeline as it is usually written, one message after the other.

`json.loads`, Decimals, then an awaited SET and an awaited PUBLISH for each message; no
indicators. `python -m bench.market.naive_worker REDIS_URL STREAM_URL`
"""

import json
import sys
from decimal import Decimal
from typing import Any

import uvloop
import websockets
from redis.asyncio import Redis

from adapters.redis_quotes import PRICE_TTL_MS, price_key, public_key
from workers.readiness import announce_ready

_NUMBERS = frozenset("abcABhlopqvPQVwx")


def normalised(told: dict[str, Any]) -> dict[str, Any]:
    """Read the numbers of a message as what they are."""
    flat = told.get("k", told)
    return {
        name: str(Decimal(value)) if name in _NUMBERS and isinstance(value, str) else value
        for name, value in flat.items()
    }


async def follow(redis_url: str, stream_url: str) -> None:
    """Write and broadcast every message."""
    async with (
        Redis.from_url(redis_url) as redis,
        websockets.connect(stream_url, compression=None, proxy=None) as stream,
    ):
        announce_ready()
        async for text in stream:
            message = json.loads(text)
            told = normalised(message["data"])
            document = json.dumps(told)
            symbol, _, kind = message["stream"].partition("@")
            # Each kind has a key of its own: what is known of a symbol is not put together.
            key = price_key(told["s"]) if kind == "bookTicker" else f"{kind}:{symbol}"
            await redis.set(key, document, px=PRICE_TTL_MS)
            await redis.publish(public_key(message["stream"]), document)


if __name__ == "__main__":
    uvloop.run(follow(sys.argv[1], sys.argv[2]))
