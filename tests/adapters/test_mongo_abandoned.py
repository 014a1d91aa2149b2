import asyncio

import pytest
from pymongo.errors import OperationFailure

from adapters.mongo import Database, database_of, open_client
from adapters.mongo_abandoned import end_abandoned


async def test_what_a_dead_process_has_left_open_is_ended(
    database: Database, mongodb_url: str
) -> None:
    dead, other = open_client(mongodb_url, "dead"), open_client(mongodb_url, "other")
    await database.create_collection("things")
    try:
        for number, client in enumerate((dead, other)):
            session = await client.start_session()
            session.start_transaction()
            things = database_of(client, database.name)["things"]
            await things.insert_one({"_id": number}, session=session)
            if client is other:
                others = session
        assert await end_abandoned(database, "nobody") == 0
        assert await end_abandoned(database, "dead") == 1
        # Long before it would have run out.
        async with asyncio.timeout(3):
            await database["things"].insert_one({"_id": 0})
        await others.commit_transaction()
        assert await database["things"].count_documents({}) == 2
    finally:
        dead.close()
        other.close()


async def test_a_store_that_is_away_or_says_no_holds_nobody_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = open_client("mongodb://127.0.0.1:1/", operation_timeout_ms=200)
    assert await end_abandoned(database_of(away, "x"), "x") == 0
    away.close()

    def refuse(*_: object) -> None:
        raise OperationFailure("not authorized", 13)

    monkeypatch.setattr(type(database.client["admin"]), "aggregate", refuse)
    assert await end_abandoned(database, "x") == 0
