"""The one place that opens and closes connections."""

import base64
import os

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from workers.connections import Need, open_connections
from workers.settings import Settings


def settings_of(mongodb_url: str, redis_url: str) -> Settings:
    return Settings(
        jwt_secret="a secret of the tests, long enough",
        credentials_key=base64.b64encode(os.urandom(32)).decode(),
        mongodb_url=mongodb_url,
        redis_url=redis_url,
    )


async def test_what_was_asked_for_works_and_is_closed(mongodb_url: str, redis_url: str) -> None:
    settings = settings_of(mongodb_url, redis_url)
    async with open_connections(settings, {Need.MONGODB, Need.REDIS}) as connections:
        await connections.database.command("ping")
        await connections.redis.ping()
        assert connections.database.name == settings.mongodb_database
        client = connections.mongo_client
    assert client is not None
    with pytest.raises(Exception, match="close"):
        await client.admin.command("ping")


async def test_what_was_not_asked_for_is_not_there(mongodb_url: str, redis_url: str) -> None:
    async with open_connections(settings_of(mongodb_url, redis_url), set()) as connections:
        with pytest.raises(RuntimeError):
            _ = connections.database
        with pytest.raises(RuntimeError):
            _ = connections.redis


async def test_opening_needs_nobody(unused_tcp_port: int) -> None:
    away = f"127.0.0.1:{unused_tcp_port}"
    settings = settings_of(f"mongodb://{away}/", f"redis://{away}/0")
    async with open_connections(settings, {Need.MONGODB, Need.REDIS}) as connections:
        with pytest.raises(RedisConnectionError):
            await connections.redis.ping()
