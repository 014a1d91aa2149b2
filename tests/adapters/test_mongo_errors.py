"""Which faults of MongoDB pass."""

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import (
    AutoReconnect,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteError,
    WTimeoutError,
)

from adapters.mongo import Client, database_of
from adapters.mongo_errors import mongo_faults
from domain.errors import ErrorCode, Retryable


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("x"),
        NetworkTimeout("x"),
        NotPrimaryError("x"),
        ServerSelectionTimeoutError("x"),
        ExecutionTimeout("x", 50),
        WTimeoutError("x", 64),
        OperationFailure("x", 112, {"errorLabels": ["TransientTransactionError"]}),
        OperationFailure("x", 91, {"errorLabels": ["RetryableWriteError"]}),
    ],
    ids=repr,
)
def test_a_passing_fault_is_retryable(error: PyMongoError) -> None:
    with pytest.raises(Retryable) as raised, mongo_faults():
        raise error
    assert raised.value.code is ErrorCode.SERVICE_UNAVAILABLE
    assert raised.value.__cause__ is error
    assert "x" not in raised.value.detail.split()


@pytest.mark.parametrize(
    "error", [DuplicateKeyError("x", 11000), WriteError("x", 121), OperationFailure("x", 13)]
)
def test_a_mistake_stays_one(error: PyMongoError) -> None:
    with pytest.raises(type(error)), mongo_faults():
        raise error


async def test_a_server_that_is_away_is_a_passing_fault(unused_tcp_port: int) -> None:
    client: Client = AsyncIOMotorClient(
        f"mongodb://127.0.0.1:{unused_tcp_port}/", serverSelectionTimeoutMS=100, timeoutMS=200
    )
    try:
        with pytest.raises(Retryable), mongo_faults():
            await database_of(client, "nowhere")["users"].find_one({})
    finally:
        client.close()
