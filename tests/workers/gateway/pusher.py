"""A process that pushes private events, as the API and the trading workers do.

`python pusher.py REDIS_URL USER COUNT`: pushes the events 1 to COUNT, one every few
milliseconds, each as often as it takes; events that were pushed before change nothing.
"""

import asyncio
import sys
from datetime import UTC, datetime

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from adapters.redis_feed import RedisUserFeed
from domain.errors import Retryable
from domain.events import ORDER_UPDATE

_PACE_S = 0.005


async def _push(url: str, user_id: str, count: int) -> None:
    async with Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=1) as redis:
        feed = RedisUserFeed(redis)
        number = 1
        while number <= count:
            data = {"order_id": f"order-{number}"}
            try:
                await feed.push(
                    user_id, ORDER_UPDATE, data, event_id=f"e{number}", at=datetime.now(UTC)
                )
            except Retryable:
                await asyncio.sleep(_PACE_S)
                continue
            number += 1
            await asyncio.sleep(_PACE_S)


if __name__ == "__main__":
    asyncio.run(_push(sys.argv[1], sys.argv[2], int(sys.argv[3])))
