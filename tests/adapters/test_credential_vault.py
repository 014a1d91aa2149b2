"""Venue credentials: sealed at rest, bound to their user, openable with earlier keys."""

import asyncio
import secrets
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters import credential_vault
from adapters.credential_vault import MongoCredentialVault, decode_key
from adapters.mongo import Database
from domain.errors import ErrorCode, HaltTrading, Rejected
from domain.ports import VenueCredentials
from tests.adapters.caching import open_node

MINE = VenueCredentials("my-api-key", "my-api-secret")
OTHERS = VenueCredentials("their-api-key", "their-api-secret")
OLD_KEY = bytes(range(32))
NEW_KEY = bytes(range(32, 64))


@pytest.fixture
async def user_id(database: Database) -> str:
    return await _add_user(database)


async def _add_user(database: Database) -> str:
    user_id = f"user_{secrets.token_hex(4)}"
    await database["users"].insert_one({
        "_id": user_id,
        "email": f"{user_id}@example.com",
        "full_name": "Somebody",
        "roles": [],
        "password_hash": "x",
        "created_at": datetime.now(UTC),
        "last_login": None,
    })  # fmt: skip
    return user_id


def vault_of(database: Database, key_id: str = "1", **keys: bytes) -> MongoCredentialVault:
    return MongoCredentialVault(database, key_id, keys or {"1": OLD_KEY})


async def test_credentials_come_back(database: Database, user_id: str) -> None:
    vault = vault_of(database)
    assert await vault.credentials(user_id) is None
    await vault.store(user_id, MINE)
    assert await vault.credentials(user_id) == MINE
    assert await vault_of(database).credentials(user_id) == MINE, "from the store, too"
    await vault.store(user_id, OTHERS)
    assert await vault.credentials(user_id) == OTHERS


async def test_nothing_readable_is_stored(database: Database, user_id: str) -> None:
    await vault_of(database).store(user_id, MINE)
    document: Any = await database["users"].find_one({"_id": user_id})
    assert MINE.api_key not in str(document)
    assert MINE.api_secret not in str(document)
    assert MINE.api_secret not in repr(MINE)


async def test_a_seal_is_never_the_same_twice(database: Database, user_id: str) -> None:
    vault = vault_of(database)
    seals = [vault._seal(user_id, MINE) for _ in range(5)]
    assert len({seal["nonce"] for seal in seals}) == 5
    assert len({seal["ciphertext"] for seal in seals}) == 5


async def test_a_seal_opens_for_its_user_only(database: Database, user_id: str) -> None:
    thief = await _add_user(database)
    await vault_of(database).store(user_id, MINE)
    stolen: Any = await database["users"].find_one({"_id": user_id})
    await database["users"].update_one(
        {"_id": thief}, {"$set": {"venue_credentials": stolen["venue_credentials"]}}
    )
    with pytest.raises(HaltTrading):
        await vault_of(database).credentials(thief)


async def test_a_changed_seal_does_not_open(database: Database, user_id: str) -> None:
    await vault_of(database).store(user_id, MINE)
    document: Any = await database["users"].find_one({"_id": user_id})
    changed = bytearray(document["venue_credentials"]["ciphertext"])
    changed[0] ^= 1
    await database["users"].update_one(
        {"_id": user_id}, {"$set": {"venue_credentials.ciphertext": bytes(changed)}}
    )
    with pytest.raises(HaltTrading):
        await vault_of(database).credentials(user_id)


async def test_keys_rotate(database: Database, user_id: str) -> None:
    await vault_of(database).store(user_id, MINE)
    rotated = MongoCredentialVault(database, "2", {"1": OLD_KEY, "2": NEW_KEY})
    assert await rotated.credentials(user_id) == MINE
    await rotated.store(user_id, MINE)
    finished = MongoCredentialVault(database, "2", {"2": NEW_KEY})
    assert await finished.credentials(user_id) == MINE
    with pytest.raises(HaltTrading):
        await vault_of(database).credentials(user_id)


async def test_another_key_of_the_same_name_does_not_open(database: Database, user_id: str) -> None:
    await vault_of(database).store(user_id, MINE)
    with pytest.raises(HaltTrading):
        await MongoCredentialVault(database, "1", {"1": NEW_KEY}).credentials(user_id)


async def test_the_first_credentials_stay(database: Database, user_id: str) -> None:
    vault = vault_of(database)
    assert await vault.store_first(user_id, MINE)
    assert not await vault.store_first(user_id, OTHERS)
    assert await vault_of(database).credentials(user_id) == MINE


async def test_nobody_has_no_credentials(database: Database) -> None:
    vault = vault_of(database)
    assert await vault.credentials("user_nobody") is None
    with pytest.raises(Rejected) as refused:
        await vault.store("user_nobody", MINE)
    assert refused.value.code is ErrorCode.NOT_FOUND


async def test_replaced_credentials_take_effect_in_every_process_at_once(
    database: Database, user_id: str, redis_client: Redis, redis_url: str
) -> None:
    async with open_node(redis_url) as one, open_node(redis_url) as another:
        here, elsewhere = (
            MongoCredentialVault(database, "1", {"1": OLD_KEY}, node.invalidations)
            for node in (one, another)
        )
        await here.store(user_id, MINE)
        for vault in (here, elsewhere):
            assert await vault.credentials(user_id) == MINE
        # Proof that a copy is served: the store has others, and nobody was told.
        await vault_of(database).store(user_id, OTHERS)
        assert await elsewhere.credentials(user_id) == MINE
        await here.store(user_id, OTHERS)
        assert await here.credentials(user_id) == OTHERS
        async with asyncio.timeout(5):
            while await elsewhere.credentials(user_id) != OTHERS:  # noqa: ASYNC110 - a reader
                await asyncio.sleep(0)
        assert await redis_client.keys() == [], "no secret has been there"


async def test_a_read_that_was_overtaken_by_a_replacement_is_not_kept(
    database: Database, user_id: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_node(redis_url) as node:
        vault = MongoCredentialVault(database, "1", {"1": OLD_KEY}, node.invalidations)
        await vault.store(user_id, MINE)
        read = vault._read

        async def overtaken(whose: str) -> VenueCredentials | None:
            found = await read(whose)
            monkeypatch.setattr(vault, "_read", read)
            await vault.store(user_id, OTHERS)
            return found

        monkeypatch.setattr(vault, "_read", overtaken)
        assert await vault.credentials(user_id) == MINE
        assert await vault.credentials(user_id) == OTHERS


async def test_what_is_remembered_is_bounded(
    database: Database, user_id: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credential_vault, "CACHED_USERS", 2)
    async with open_node(redis_url) as node:
        vault = MongoCredentialVault(database, "1", {"1": OLD_KEY}, node.invalidations)
        for each in (user_id, await _add_user(database), await _add_user(database)):
            await vault.store(each, MINE)
            assert await vault.credentials(each) == MINE
        assert vault._copies is not None
        assert vault._copies.size == 2


@pytest.mark.parametrize("text", ["", "short", "A" * 42, "é", "A" * 43 + "=A"])
def test_a_key_that_is_none_stops_the_start(text: str) -> None:
    with pytest.raises(ValueError):
        decode_key(text)
