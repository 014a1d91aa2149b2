"""A new user's account: interrupted anywhere, it is complete in the end, and there once."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.mongo import Database
from adapters.mongo_accounts import MongoAccountStore
from adapters.mongo_schema import ensure_schema
from domain.errors import ErrorCode, Retryable
from workers.connections import Connections, Need, open_connections
from workers.identity_parts import IdentityParts, open_identity
from workers.seed import SEED_PASSWORD, SEED_PEOPLE, seed
from workers.settings import Settings

PASSWORD = "tremendous-7"


@pytest.fixture
def settings(
    database: Database, mongodb_url: str, redis_url: str, exchange_url: str, redis_client: Redis
) -> Settings:
    del redis_client  # asked for because it empties Redis
    return Settings(
        jwt_secret="a secret of the tests, long enough",
        credentials_key=base64.b64encode(os.urandom(32)).decode(),
        mongodb_url=mongodb_url,
        mongodb_database=database.name,
        redis_url=redis_url,
        exchange_url=exchange_url,
    )


@pytest.fixture
async def connections(settings: Settings) -> AsyncIterator[Connections]:
    async with open_connections(settings, {Need.MONGODB, Need.REDIS}) as opened:
        await ensure_schema(opened.database)
        yield opened


@pytest.fixture
async def people(settings: Settings, connections: Connections) -> AsyncIterator[IdentityParts]:
    accounts = MongoAccountStore(connections.database)
    with open_identity(settings, connections, accounts) as parts:
        yield parts


async def add_user(people: IdentityParts) -> str:
    stored = await people.identity.add_user("a@example.com", PASSWORD, "A", roles=())
    assert stored.account_opened is False
    return stored.user.user_id


async def is_complete(people: IdentityParts, connections: Connections, user_id: str) -> bool:
    user: Any = await connections.database["users"].find_one({"_id": user_id})
    account: Any = await connections.database["accounts"].find_one({"_id": user_id})
    keys = await people.vault.credentials(user_id)
    if not (user["account_opened"] and account and keys):
        return False
    return bool(account["balances"]["USDT"]["free"] == Decimal(10_000))


def break_at(
    monkeypatch: pytest.MonkeyPatch, people: IdentityParts, owner: str, step: str, *, after: bool
) -> None:
    """Let one step fail once, before or after it has done its work."""
    place = getattr(people.new_accounts, owner)
    do = getattr(place, step)

    async def broken(*arguments: Any) -> Any:
        monkeypatch.setattr(place, step, do)
        if after:
            await do(*arguments)
        raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "The process was interrupted.")

    monkeypatch.setattr(place, step, broken)


STEPS = [
    ("_exchange", "open"),
    ("_vault", "store_first"),
    ("_accounts", "open_account"),
    ("_users", "mark_account_opened"),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "step"), STEPS, ids=[step for _, step in STEPS])
async def test_an_interruption_heals_at_the_next_sign_in(
    people: IdentityParts,
    connections: Connections,
    monkeypatch: pytest.MonkeyPatch,
    owner: str,
    step: str,
    *,
    after: bool,
) -> None:
    break_at(monkeypatch, people, owner, step, after=after)
    identity = people.identity
    signed_in = await identity.register("b@example.com", PASSWORD, "B", "127.0.0.1")
    user_id = signed_in.user.user_id
    done = (step, after) == ("mark_account_opened", True)
    assert await is_complete(people, connections, user_id) == done
    await identity.sign_in("b@example.com", PASSWORD, "127.0.0.1")
    assert await is_complete(people, connections, user_id)


async def test_a_refresh_heals_it_too(
    people: IdentityParts, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_at(monkeypatch, people, "_exchange", "open", after=False)
    signed_in = await people.identity.register("b@example.com", PASSWORD, "B", "127.0.0.1")
    await people.identity.refresh(signed_in.refresh_token)
    assert await is_complete(people, connections, signed_in.user.user_id)


async def test_many_at_once_make_one_account(
    people: IdentityParts, connections: Connections
) -> None:
    user_id = await add_user(people)
    await asyncio.gather(*(people.new_accounts.open_for(user_id) for _ in range(5)))
    first = await people.vault.credentials(user_id)
    await people.new_accounts.open_for(user_id)
    assert await people.vault.credentials(user_id) == first
    assert await is_complete(people, connections, user_id)


async def test_what_was_traded_away_does_not_come_back(
    people: IdentityParts, connections: Connections
) -> None:
    user_id = await add_user(people)
    await people.new_accounts.open_for(user_id)
    store = MongoAccountStore(connections.database)
    account = await store.load(user_id)
    spent = replace(account.balances["USDT"], free=Decimal(1))
    await store.change(user_id, lambda now: replace(now, balances={"USDT": spent}))
    await people.new_accounts.open_for(user_id)
    assert (await store.load(user_id)).balances["USDT"].free == Decimal(1)


async def test_seeding_makes_two_people_once(
    people: IdentityParts, connections: Connections
) -> None:
    await seed(people)
    before = [user async for user in connections.database["users"].find().sort("_id")]
    await seed(people)
    assert [user async for user in connections.database["users"].find().sort("_id")] == before
    assert {user["email"]: tuple(user["roles"]) for user in before} == {
        "demo@example.com": (),
        "operator@example.com": ("operator",),
    }
    for email, _, _ in SEED_PEOPLE:
        signed_in = await people.identity.sign_in(email, SEED_PASSWORD, "127.0.0.1")
        assert await is_complete(people, connections, signed_in.user.user_id)


@pytest.mark.parametrize("venue", ["testnet", "live"])
async def test_elsewhere_nobody_is_seeded_and_nobody_gets_an_account(
    settings: Settings, connections: Connections, venue: str, unused_tcp_port: int
) -> None:
    nowhere = f"http://127.0.0.1:{unused_tcp_port}"
    elsewhere = settings.model_copy(update={"venue": venue, "exchange_url": nowhere})
    accounts = MongoAccountStore(connections.database)
    with open_identity(elsewhere, connections, accounts) as people:
        await seed(people)
        assert await connections.database["users"].count_documents({}) == 0
        signed_in = await people.identity.register("c@example.com", PASSWORD, "C", "127.0.0.1")
    user_id = signed_in.user.user_id
    assert await people.vault.credentials(user_id) is None
    assert await connections.database["accounts"].count_documents({}) == 0
    stored: Any = await connections.database["users"].find_one({"_id": user_id})
    assert "account_opened" not in stored
