"""Password hashes."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from passlib.hash import argon2

from adapters.passwords import MAX_WAITING, THREADS, PasswordHasher
from domain.errors import ErrorCode, Retryable


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    made = PasswordHasher()
    yield made
    made.close()


async def test_a_password_is_recognised(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("tremendous-7")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await hasher.verify("tremendous-7", stored)
    assert not await hasher.verify("tremendous-8", stored)
    assert not await hasher.verify("", stored)
    assert await hasher.hash("tremendous-7") != stored, "salted"


async def test_a_keyboard_may_compose_its_characters_either_way(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("caf\u00e9-tremendous")
    assert await hasher.verify("cafe\u0301-tremendous", stored)


async def test_a_null_byte_does_not_end_a_password(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("tremendous\x00-7")
    assert not await hasher.verify("tremendous\x00-8", stored)
    assert not await hasher.verify("tremendous", stored)


async def test_nobody_has_a_password(hasher: PasswordHasher) -> None:
    assert not await hasher.verify("nobody has this password", None)


async def test_an_unknown_person_costs_as_much_as_a_known_one(
    hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await hasher.hash("tremendous-7")
    against: list[str] = []
    compare = hasher._argon2.verify

    def watched(password: str, stored_hash: str) -> bool:
        against.append(stored_hash)
        return bool(compare(password, stored_hash))

    monkeypatch.setattr(hasher._argon2, "verify", watched)
    await hasher.verify("wrong", stored)
    await hasher.verify("wrong", None)
    assert len(against) == 2
    parameters = {text.rsplit("$", 2)[0] for text in against}
    assert parameters == {"$argon2id$v=19$m=19456,t=2,p=1"}, "one comparison each, equally hard"


async def test_an_old_hash_is_outdated(hasher: PasswordHasher) -> None:
    weak = argon2.using(type="ID", memory_cost=1024, time_cost=1, parallelism=1).hash("x")
    assert hasher.is_outdated(weak)
    assert await hasher.verify("x", weak)
    assert not hasher.is_outdated(await hasher.hash("x"))


async def test_a_crowd_is_turned_away_and_the_loop_stays_free(hasher: PasswordHasher) -> None:
    release = threading.Event()
    waiting = [asyncio.ensure_future(hasher._in_pool(release.wait)) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Retryable) as refused:
        await hasher.verify("tremendous-7", None)
    assert refused.value.code is ErrorCode.RATE_LIMITED
    assert refused.value.extensions["retry_after_s"] >= 1
    assert len(hasher._pool._threads) <= THREADS
    release.set()
    assert all(await asyncio.gather(*waiting))
    assert not await hasher.verify("tremendous-7", None), "there is room again"
