"""The one place that opens and closes the connections to our own servers."""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from adapters.mongo import Client, Database, database_of, open_client
from adapters.rabbitmq import RabbitEventBus
from adapters.redis_cache import RedisCache
from adapters.redis_invalidation import Invalidations
from workers.settings import Settings

# A cache that does not answer within a second has failed; callers decide what follows.
REDIS_TIMEOUT_S = 1.0
REDIS_MAX_CONNECTIONS = 64


class Need(StrEnum):
    """What a process can ask to be connected to."""

    MONGODB = "mongodb"
    REDIS = "redis"
    CACHE = "cache"
    EVENTS = "rabbitmq"


@dataclass(slots=True)
class Connections:
    """What one process holds open; asking for what it did not open is a mistake in its code.

    Opening sends nothing: a service that is away makes the first operation fail, not the
    start of the process.
    """

    settings: Settings
    mongo_client: Client | None = None
    redis_client: Redis | None = None
    invalidations: Invalidations | None = None
    read_through: RedisCache | None = None
    event_bus: RabbitEventBus | None = None

    @property
    def database(self) -> Database:
        """The database of this installation."""
        if self.mongo_client is None:
            raise RuntimeError("this process did not ask for MongoDB")
        return database_of(self.mongo_client, self.settings.mongodb_database)

    @property
    def redis(self) -> Redis:
        """Redis, answering bytes."""
        if self.redis_client is None:
            raise RuntimeError("this process did not ask for Redis")
        return self.redis_client

    @property
    def cache(self) -> RedisCache:
        """The read-through cache; listens for invalidations in the background."""
        if self.read_through is None:
            raise RuntimeError("this process did not ask for the cache")
        return self.read_through

    @property
    def events(self) -> RabbitEventBus:
        """RabbitMQ, for publishing; connects in the background."""
        if self.event_bus is None:
            raise RuntimeError("this process did not ask for RabbitMQ")
        return self.event_bus


@asynccontextmanager
async def open_connections(
    settings: Settings, needs: Collection[Need], name: str | None = None
) -> AsyncIterator[Connections]:
    """Open what `needs` names, and close it in the opposite order; the cache needs Redis.

    MongoDB knows the process by `name`, where it is given.
    """
    connections = Connections(settings)
    async with AsyncExitStack() as stack:
        if Need.MONGODB in needs:
            connections.mongo_client = open_client(settings.mongodb_url, name)
            stack.callback(connections.mongo_client.close)
        if Need.REDIS in needs:
            connections.redis_client = _open_redis(settings.redis_url)
            stack.push_async_callback(connections.redis_client.aclose)
        if Need.CACHE in needs:
            connections.invalidations = Invalidations(connections.redis, settings.redis_url)
            connections.invalidations.start()
            stack.push_async_callback(connections.invalidations.close)
            connections.read_through = RedisCache(connections.redis, connections.invalidations)
            stack.push_async_callback(connections.read_through.close)
        if Need.EVENTS in needs:
            connections.event_bus = RabbitEventBus(
                settings.rabbitmq_url, settings.rabbitmq_queue_type
            )
            connections.event_bus.start()
            stack.push_async_callback(connections.event_bus.close)
        yield connections


def _open_redis(url: str) -> Redis:
    # One retry, at once: it replaces a pooled connection that died while it was idle. The
    # library's own policy would wait for seconds, on paths that have milliseconds.
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=REDIS_MAX_CONNECTIONS,
        timeout=REDIS_TIMEOUT_S,
        socket_timeout=REDIS_TIMEOUT_S,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),
    )
    return Redis.from_pool(pool)
