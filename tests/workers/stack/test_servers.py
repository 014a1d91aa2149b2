"""Every server comes up, serves, listens on loopback only, and survives being killed."""

import aio_pika
import httpx
import pytest
import redis.asyncio as redis
from temporalio.client import Client

from adapters.mongo import Database
from workers.stack import servers


async def test_mongodb_has_transactions(database: Database) -> None:
    async with await database.client.start_session() as session, session.start_transaction():
        await database["kept"].insert_one({"_id": 1}, session=session)
    assert await database["kept"].count_documents({}) == 1


async def test_redis_is_empty_and_keeps_a_log(redis_client: redis.Redis) -> None:
    assert await redis_client.dbsize() == 0
    assert (await redis_client.config_get("appendonly"))["appendonly"] == "yes"


async def test_virtual_hosts_are_apart(rabbitmq_url: str, rabbitmq_vhost_url: str) -> None:
    async with await aio_pika.connect(rabbitmq_vhost_url) as connection:
        channel = await connection.channel()
        await channel.declare_queue("mine")
    async with await aio_pika.connect(rabbitmq_url) as connection:
        channel = await connection.channel()
        with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
            await channel.declare_queue("mine", passive=True)


async def test_temporal_knows_the_search_attributes(temporal_address: str) -> None:
    client = await Client.connect(temporal_address)
    query = " AND ".join(f"{name} = 'none'" for name in servers.TEMPORAL_SEARCH_ATTRIBUTES)
    assert [workflow async for workflow in client.list_workflows(query)] == []


async def test_object_storage_answers(s3_url: str) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.put(f"{s3_url}/bucket")).status_code == 200
