"""Bad input of every kind: a problem, and nothing has changed."""

from typing import Any

import httpx
import pytest

from tests.api.people import PASSWORD, Edge, new_email

CALLS = ["register", "login", "refresh", "logout"]
GOOD: dict[str, dict[str, Any]] = {
    "register": {"email": "somebody@example.com", "password": PASSWORD, "full_name": "Somebody"},
    "login": {"email": "somebody@example.com", "password": PASSWORD},
    "refresh": {"refresh_token": "A" * 64},
    "logout": {"refresh_token": "A" * 64},
}


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["code"] == code
    assert document["status"] == status
    assert {"type", "title", "detail"} <= set(document)
    assert response.headers["x-request-id"]
    return document


async def people(edge: Edge) -> int:
    return await edge.services.connections.database["users"].count_documents({})


@pytest.mark.parametrize("call", CALLS)
async def test_an_unknown_member_is_refused(edge: Edge, call: str) -> None:
    response = await edge.http.post(f"/api/auth/{call}", json=GOOD[call] | {"is_admin": True})
    document = assert_problem(response, 422, "INVALID_REQUEST")
    assert [error["field"] for error in document["errors"]] == ["is_admin"]


@pytest.mark.parametrize("call", CALLS)
async def test_a_missing_member_is_named(edge: Edge, call: str) -> None:
    response = await edge.http.post(f"/api/auth/{call}", json={})
    document = assert_problem(response, 422, "INVALID_REQUEST")
    assert {error["field"] for error in document["errors"]} == set(GOOD[call])


@pytest.mark.parametrize("value", [None, True, 1, 1.5, [], {}, {"$ne": ""}, ["a@example.com"]])
@pytest.mark.parametrize("call", CALLS)
async def test_a_member_of_another_type_is_refused(edge: Edge, call: str, value: Any) -> None:
    for member in GOOD[call]:
        response = await edge.http.post(f"/api/auth/{call}", json=GOOD[call] | {member: value})
        document = assert_problem(response, 422, "INVALID_REQUEST")
        assert [error["field"] for error in document["errors"]] == [member]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"email":"a@example.com","email":"b@example.com"}',
        b'{"email":"\\ud800"}',
        b"[" * 50_000,
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
        b'{"email":NaN}',
    ],
    ids=lambda body: repr(body[:16]),
)
@pytest.mark.parametrize("call", CALLS)
async def test_what_is_not_json(edge: Edge, call: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = await edge.http.post(f"/api/auth/{call}", content=body, headers=headers)
    assert_problem(response, 400, "INVALID_REQUEST")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"1", b"true"])
async def test_json_that_is_no_object(edge: Edge, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = await edge.http.post("/api/auth/login", content=body, headers=headers)
    assert_problem(response, 422, "INVALID_REQUEST")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_another_content_type(edge: Edge, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    response = await edge.http.post("/api/auth/login", content=b"email=a", headers=headers)
    assert_problem(response, 422, "INVALID_REQUEST")


async def test_a_huge_body(edge: Edge) -> None:
    body = GOOD["login"] | {"password": "x" * 10_000_000}
    assert_problem(await edge.http.post("/api/auth/login", json=body), 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("password", ["", "x" * 1_025])
async def test_a_password_that_cannot_be_one(edge: Edge, password: str) -> None:
    body = GOOD["login"] | {"password": password}
    assert_problem(await edge.http.post("/api/auth/login", json=body), 422, "INVALID_REQUEST")


@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "@example.com",
        "a@",
        "a b@example.com",
        "a@b@example.com",
        "a@example",
        "a@.com",
        "a@[127.0.0.1]",
        "a\x00@example.com",
        "a\n@example.com",
        "a@exam\u202eple.com",
        '"a b"@example.com',
        "x" * 300 + "@example.com",
        "Somebody <a@example.com>",
        "a@example.com, b@example.com",
    ],
)
@pytest.mark.parametrize("call", ["register", "login"])
async def test_what_is_no_address(edge: Edge, call: str, email: str) -> None:
    before = await people(edge)
    response = await edge.http.post(f"/api/auth/{call}", json=GOOD[call] | {"email": email})
    document = assert_problem(response, 422, "INVALID_REQUEST")
    assert [error["field"] for error in document["errors"]] == ["email"]
    assert await people(edge) == before


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\x00b", "a\nb", "a\x1bb", "a\u2028b"])
async def test_what_is_no_name(edge: Edge, name: str) -> None:
    before = await people(edge)
    response = await edge.http.post(
        "/api/auth/register", json=GOOD["register"] | {"email": new_email(), "full_name": name}
    )
    document = assert_problem(response, 422, "INVALID_REQUEST")
    assert [error["field"] for error in document["errors"]] == ["full_name"]
    assert await people(edge) == before


@pytest.mark.parametrize("name", ["Ō", "李小龍", "O'Brien", "María José", "🦊", "x" * 200])
async def test_what_is_a_name(edge: Edge, name: str) -> None:
    body = GOOD["register"] | {"email": new_email(), "full_name": name}
    response = await edge.http.post("/api/auth/register", json=body)
    assert response.status_code == 201
    assert response.json()["user"]["full_name"] == name


async def test_an_answer_never_repeats_a_password(edge: Edge) -> None:
    body = {"email": "nonsense", "password": "swordfish-" * 200, "full_name": 1, "x": "swordfish"}
    response = await edge.http.post("/api/auth/register", json=body)
    assert "swordfish" not in response.text


async def test_many_wrong_members_make_a_short_answer(edge: Edge) -> None:
    body = {f"{'x' * 500}{number}": 1 for number in range(200)}
    response = await edge.http.post("/api/auth/login", json=body)
    document = assert_problem(response, 422, "INVALID_REQUEST")
    assert len(document["errors"]) <= 20
    assert len(response.content) < 10_000


async def test_a_password_is_case_sensitive_and_not_trimmed(edge: Edge) -> None:
    email = (await edge.register())["user"]["email"]
    for other in (PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} ", f"{PASSWORD}\x00"):
        assert_problem(await edge.login(email, other), 401, "INVALID_CREDENTIALS")
