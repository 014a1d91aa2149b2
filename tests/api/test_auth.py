"""The six calls of identity, on real stores."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from passlib.hash import argon2

from adapters.tokens import ACCESS_TOKEN_TTL_S
from tests.api.people import PASSWORD, Edge, bearer, new_email

NEW_PASSWORD = "stupendous-8"


async def test_register_answers_as_the_interface_says(edge: Edge) -> None:
    email = new_email()
    body = {"email": email, "password": PASSWORD, "full_name": "  Jöhn Doe "}
    response = await edge.http.post("/api/auth/register", json=body)
    assert response.status_code == 201
    answer = response.json()
    assert set(answer) == {"token", "refresh_token", "token_type", "expires_in", "user"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 900)
    assert set(answer["user"]) == {"id", "email", "full_name"}
    assert (answer["user"]["email"], answer["user"]["full_name"]) == (email, "Jöhn Doe")
    assert response.headers["cache-control"] == "private, no-store"
    claims = jwt.decode(answer["token"], options={"verify_signature": False})
    assert claims["sub"] == answer["user"]["id"]
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert jwt.get_unverified_header(answer["token"])["alg"] == "HS256"


async def test_me_tells_who_is_signed_in(edge: Edge) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    signed_in = await edge.register()
    me = (await edge.http.get("/api/auth/me", headers=bearer(signed_in["token"]))).json()
    assert set(me) == {"id", "email", "full_name", "created_at", "last_login", "roles"}
    assert {name: me[name] for name in ("id", "email", "full_name")} == signed_in["user"]
    assert me["roles"] == []
    assert me["created_at"].endswith("Z")
    assert before < datetime.fromisoformat(me["created_at"]) < datetime.now(UTC)


async def test_login_sets_last_login(edge: Edge) -> None:
    registered = await edge.register()
    first = (await edge.http.get("/api/auth/me", headers=bearer(registered["token"]))).json()
    response = await edge.login(registered["user"]["email"])
    assert response.status_code == 200
    assert response.json()["user"] == registered["user"]
    second = (await edge.http.get("/api/auth/me", headers=bearer(response.json()["token"]))).json()
    assert second["last_login"] > first["last_login"]
    assert second["created_at"] == first["created_at"]


async def test_two_spellings_of_an_address_are_one_person(edge: Edge) -> None:
    local_part = new_email().partition("@")[0]
    await edge.register(f"{local_part}@MÜNCHEN.example.com")
    for spelling in (
        f"{local_part.upper()}@münchen.example.COM",
        f" {local_part}@xn--mnchen-3ya.example.com ",
    ):
        assert (await edge.login(spelling)).status_code == 200
        body = {"email": spelling, "password": PASSWORD, "full_name": "Another"}
        again = await edge.http.post("/api/auth/register", json=body)
        assert again.status_code == 422
        assert again.json()["code"] == "INVALID_REQUEST"
        assert [error["field"] for error in again.json()["errors"]] == ["email"]


async def test_two_at_once_cannot_have_one_address(edge: Edge) -> None:
    body = {"email": new_email(), "password": PASSWORD, "full_name": "Twin"}
    answers = await asyncio.gather(
        *(edge.http.post("/api/auth/register", json=body) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422, 422]


async def test_unknown_and_wrong_are_answered_alike(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = await edge.register()
    compared: list[bool] = []
    hasher = edge.services.identity._hasher
    verify = hasher.verify

    async def watched(password: str, stored_hash: str | None) -> bool:
        compared.append(stored_hash is None)
        return await verify(password, stored_hash)

    monkeypatch.setattr(hasher, "verify", watched)
    wrong = await edge.login(registered["user"]["email"], "not-the-password")
    unknown = await edge.login(new_email(), "not-the-password")
    assert compared == [False, True], "each compared once; test_passwords shows: equally hard"
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "INVALID_CREDENTIALS"
    own = {"x-request-id", "date"}
    assert {k: v for k, v in wrong.headers.items() if k not in own} == {
        k: v for k, v in unknown.headers.items() if k not in own
    }


async def test_a_hash_of_old_parameters_is_renewed(edge: Edge) -> None:
    registered = await edge.register()
    users = edge.services.connections.database["users"]
    weak = argon2.using(type="ID", memory_cost=1024, time_cost=1, parallelism=1).hash(PASSWORD)
    query = {"_id": registered["user"]["id"]}
    await users.update_one(query, {"$set": {"password_hash": weak}})
    assert (await edge.login(registered["user"]["email"])).status_code == 200
    renewed: Any = await users.find_one(query)
    assert "m=19456,t=2,p=1" in renewed["password_hash"]
    assert (await edge.login(registered["user"]["email"])).status_code == 200


async def test_a_refresh_token_is_replaced(edge: Edge) -> None:
    pair = await edge.register()
    tokens = [pair["refresh_token"]]
    for _ in range(5):
        response = await edge.refresh(tokens[-1])
        assert response.status_code == 200
        assert response.json()["user"] == pair["user"]
        tokens.append(response.json()["refresh_token"])
        me = await edge.http.get("/api/auth/me", headers=bearer(response.json()["token"]))
        assert me.status_code == 200
    assert len(set(tokens)) == 6


async def test_a_refresh_token_that_comes_twice_ends_its_sign_in(edge: Edge) -> None:
    first = await edge.register()
    other = (await edge.login(first["user"]["email"])).json()
    second = (await edge.refresh(first["refresh_token"])).json()
    third = (await edge.refresh(second["refresh_token"])).json()
    for used in (first, second):
        again = await edge.refresh(used["refresh_token"])
        assert (again.status_code, again.json()["code"]) == (401, "TOKEN_REUSED")
    current = await edge.refresh(third["refresh_token"])
    assert (current.status_code, current.json()["code"]) == (401, "TOKEN_REUSED")
    assert (await edge.refresh(other["refresh_token"])).status_code == 200, "another sign-in"


async def test_of_two_refreshes_at_once_one_wins_and_the_sign_in_ends(edge: Edge) -> None:
    for _ in range(10):
        pair = await edge.register()
        answers = await asyncio.gather(*(edge.refresh(pair["refresh_token"]) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
        codes = {answer.json().get("code") for answer in answers}
        assert codes == {None, "TOKEN_REUSED"}
        winner = next(answer for answer in answers if answer.status_code == 200)
        after = await edge.refresh(winner.json()["refresh_token"])
        assert (after.status_code, after.json()["code"]) == (401, "TOKEN_REUSED")


@pytest.mark.parametrize("token", ["x", "A" * 64, "é" * 64, "\u0000", "a.b.c", "0" * 256])
async def test_an_unknown_refresh_token(edge: Edge, token: str) -> None:
    response = await edge.refresh(token)
    assert (response.status_code, response.json()["code"]) == (401, "TOKEN_INVALID")


async def test_half_a_refresh_token_revokes_nothing(edge: Edge) -> None:
    """The name of a sign-in, which every access token carries, is no key to it."""
    pair = await edge.register()
    session_id = jwt.decode(pair["token"], options={"verify_signature": False})["sid"]
    forged = session_id + "A" * (64 - len(session_id))
    assert (await edge.refresh(forged)).json()["code"] == "TOKEN_INVALID"
    assert (await edge.refresh(pair["refresh_token"])).status_code == 200


async def test_a_refresh_token_runs_out(edge: Edge) -> None:
    pair = await edge.register()
    sign_ins = edge.services.connections.database["refresh_tokens"]
    query = {"user_id": pair["user"]["id"]}
    stored: Any = await sign_ins.find_one(query)
    life = stored["expires_at"] - stored["created_at"]
    assert life == timedelta(days=30)
    past = datetime.now(UTC) - timedelta(seconds=1)
    await sign_ins.update_one(query, {"$set": {"expires_at": past}})
    response = await edge.refresh(pair["refresh_token"])
    assert (response.status_code, response.json()["code"]) == (401, "TOKEN_EXPIRED")


async def test_no_token_is_stored(edge: Edge) -> None:
    pair = await edge.register()
    stored: Any = await edge.services.connections.database["refresh_tokens"].find_one(
        {"user_id": pair["user"]["id"]}
    )
    assert pair["refresh_token"] not in str(stored)
    assert len(stored["token_hash"]) == 32


async def test_logout_ends_the_sign_in(edge: Edge) -> None:
    pair = await edge.register()
    other = (await edge.login(pair["user"]["email"])).json()
    body = {"refresh_token": pair["refresh_token"]}
    for _ in range(2):
        response = await edge.http.post("/api/auth/logout", json=body)
        assert (response.status_code, response.content) == (204, b"")
    refused = await edge.refresh(pair["refresh_token"])
    assert (refused.status_code, refused.json()["code"]) == (401, "TOKEN_INVALID")
    assert (await edge.refresh(other["refresh_token"])).status_code == 200


async def test_logout_of_nobody(edge: Edge) -> None:
    for token in ("x", "A" * 64):
        response = await edge.http.post("/api/auth/logout", json={"refresh_token": token})
        assert response.status_code == 204


async def change(edge: Edge, token: str, current: str, new: str) -> Any:
    body = {"current_password": current, "new_password": new}
    return await edge.http.post("/api/auth/change-password", json=body, headers=bearer(token))


async def test_a_changed_password_ends_the_other_sign_ins(edge: Edge) -> None:
    here = await edge.register()
    email = here["user"]["email"]
    elsewhere = (await edge.login(email)).json()
    response = await change(edge, here["token"], PASSWORD, NEW_PASSWORD)
    assert (response.status_code, response.content) == (204, b"")
    refused = await edge.refresh(elsewhere["refresh_token"])
    assert (refused.status_code, refused.json()["code"]) == (401, "TOKEN_INVALID")
    assert (await edge.refresh(here["refresh_token"])).status_code == 200
    assert (await edge.login(email)).status_code == 401
    assert (await edge.login(email, NEW_PASSWORD)).status_code == 200


async def test_a_password_is_changed_by_who_knows_it(edge: Edge) -> None:
    here = await edge.register()
    response = await change(edge, here["token"], "not-the-password", NEW_PASSWORD)
    assert (response.status_code, response.json()["code"]) == (401, "INVALID_CREDENTIALS")
    assert (await edge.login(here["user"]["email"])).status_code == 200


@pytest.mark.parametrize("new", ["short", "password", PASSWORD, "aaaaaaaaaaaa"])
async def test_a_weak_new_password_is_refused(edge: Edge, new: str) -> None:
    here = await edge.register()
    response = await change(edge, here["token"], PASSWORD, new)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["new_password"]


async def test_of_two_changes_at_once_one_wins(edge: Edge) -> None:
    here = await edge.register()
    news = [f"stupendous-{number}" for number in range(3)]
    answers = await asyncio.gather(*(change(edge, here["token"], PASSWORD, new) for new in news))
    assert sorted(answer.status_code for answer in answers) == [204, 401, 401]
    winner = news[[answer.status_code for answer in answers].index(204)]
    assert (await edge.login(here["user"]["email"], winner)).status_code == 200


async def test_an_access_token_runs_out(edge: Edge) -> None:
    pair = await edge.register()
    headers = bearer(pair["token"])
    assert (await edge.http.get("/api/auth/me", headers=headers)).status_code == 200
    later = datetime.now(UTC) + timedelta(seconds=ACCESS_TOKEN_TTL_S + 5)
    with time_machine.travel(later, tick=True):
        response = await edge.http.get("/api/auth/me", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "TOKEN_EXPIRED")


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer x", "Basic eDp4", "bearer a.b.c", "Bearer a b"],
)
async def test_without_a_token_there_is_no_me(edge: Edge, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = await edge.http.get("/api/auth/me", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "TOKEN_INVALID")
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_user_who_is_gone_has_no_token(edge: Edge) -> None:
    pair = await edge.register()
    await edge.services.connections.database["users"].delete_one({"_id": pair["user"]["id"]})
    response = await edge.http.get("/api/auth/me", headers=bearer(pair["token"]))
    assert (response.status_code, response.json()["code"]) == (401, "TOKEN_INVALID")
    refused = await edge.refresh(pair["refresh_token"])
    assert (refused.status_code, refused.json()["code"]) == (401, "TOKEN_INVALID")


async def test_what_people_do_is_kept(edge: Edge) -> None:
    pair = await edge.register()
    await edge.login(pair["user"]["email"])
    await change(edge, pair["token"], PASSWORD, NEW_PASSWORD)
    activity = edge.services.connections.database["user_activity"]
    kinds = [
        entry["kind"]
        async for entry in activity.find({"user_id": pair["user"]["id"]}).sort("timestamp", 1)
    ]
    assert kinds == ["registered", "signed_in", "password_changed"]
