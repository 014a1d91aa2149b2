"""The refresh token of a page: in a cookie, and nowhere that a script could read it."""

from collections.abc import AsyncIterator
from http.cookies import Morsel, SimpleCookie
from typing import Any

import httpx
import pytest

from api.refresh_cookie import NAME
from domain.identity import REFRESH_TOKEN_TTL
from tests.api.people import PASSWORD, Edge, OpenEdge, new_email

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def browser_of(edge: Edge, base_url: str = "http://edge.test") -> httpx.AsyncClient:
    """A client that keeps cookies of its own, and asks as our page's scripts do."""
    transport = httpx.ASGITransport(edge.app)
    return httpx.AsyncClient(transport=transport, base_url=base_url, headers=SAME_ORIGIN)


@pytest.fixture
async def browser(edge: Edge) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_of(edge) as client:
        yield client


def cookie_of(response: httpx.Response) -> "Morsel[str]":
    [line] = response.headers.get_list("set-cookie")
    return SimpleCookie(line)[NAME]


async def register(browser: httpx.AsyncClient, email: str | None = None) -> httpx.Response:
    who = {"email": email or new_email(), "password": PASSWORD, "full_name": "Somebody"}
    response = await browser.post("/api/auth/register", json={**who, "refresh_in": "cookie"})
    assert response.status_code == 201, response.text
    return response


async def refresh(browser: httpx.AsyncClient, **headers: str) -> httpx.Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return await browser.post("/api/auth/refresh", json={}, headers=fields)


def refusal(response: httpx.Response) -> tuple[int, Any]:
    return response.status_code, response.json()["code"]


async def test_a_sign_in_puts_the_token_where_no_script_reads_it(
    browser: httpx.AsyncClient,
) -> None:
    email = new_email()
    login = {"email": email, "password": PASSWORD, "refresh_in": "cookie"}
    for response in (
        await register(browser, email),
        await browser.post("/api/auth/login", json=login),
    ):
        answer = response.json()
        assert set(answer) == {"token", "refresh_token", "token_type", "expires_in", "user"}
        assert answer["refresh_token"] is None
        cookie = cookie_of(response)
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "strict"
        assert cookie["path"] == "/api/auth"
        assert cookie["domain"] == "", "for this host only"
        assert int(cookie["max-age"]) == REFRESH_TOKEN_TTL.total_seconds()
        assert not cookie["secure"], "a page over HTTP would never get it back"
        assert cookie.value
        assert cookie.value not in response.text


async def test_a_refresh_from_the_cookie_replaces_it(browser: httpx.AsyncClient) -> None:
    values = [cookie_of(await register(browser)).value]
    for _ in range(3):
        response = await refresh(browser)
        assert response.status_code == 200
        assert response.json()["refresh_token"] is None
        values.append(cookie_of(response).value)
    assert len(set(values)) == 4
    assert browser.cookies[NAME] == values[-1]


async def test_a_cookie_that_was_used_ends_its_sign_in(browser: httpx.AsyncClient) -> None:
    first = cookie_of(await register(browser)).value
    assert (await refresh(browser)).status_code == 200
    current = browser.cookies[NAME]
    for value in (first, current):
        browser.cookies.set(NAME, value, domain="edge.test", path="/api/auth")
        assert refusal(await refresh(browser)) == (401, "TOKEN_REUSED")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "nonsense", ""])
async def test_a_cookie_is_not_believed_where_another_page_asks(
    browser: httpx.AsyncClient, site: str
) -> None:
    await register(browser)
    before = browser.cookies[NAME]
    assert refusal(await refresh(browser, Sec_Fetch_Site=site)) == (422, "INVALID_REQUEST")
    logout = await browser.post("/api/auth/logout", json={}, headers={"Sec-Fetch-Site": site})
    assert refusal(logout) == (422, "INVALID_REQUEST")
    assert browser.cookies[NAME] == before
    assert (await refresh(browser)).status_code == 200, "the sign-in lives on"


async def test_a_browser_that_tells_no_site_is_believed(browser: httpx.AsyncClient) -> None:
    await register(browser)
    del browser.headers["Sec-Fetch-Site"]
    assert (await refresh(browser)).status_code == 200


async def test_without_a_cookie_there_is_nothing_to_renew(browser: httpx.AsyncClient) -> None:
    assert refusal(await refresh(browser)) == (422, "INVALID_REQUEST")


async def test_a_logout_deletes_the_cookie_and_ends_the_sign_in(
    browser: httpx.AsyncClient,
) -> None:
    value = cookie_of(await register(browser)).value
    response = await browser.post("/api/auth/logout", json={})
    assert (response.status_code, response.content) == (204, b"")
    deleted = cookie_of(response)
    assert (deleted.value, deleted["max-age"], deleted["path"]) == ("", "0", "/api/auth")
    assert NAME not in browser.cookies
    browser.cookies.set(NAME, value, domain="edge.test", path="/api/auth")
    assert refusal(await refresh(browser)) == (401, "TOKEN_INVALID")


@pytest.mark.parametrize(
    "public", [{"public_url": "https://desk.example"}, {"public_ws_url": "wss://desk.example/ws"}]
)
async def test_where_the_public_address_is_encrypted_so_is_the_cookies_way(
    open_edge: OpenEdge, public: dict[str, str]
) -> None:
    async with open_edge(**public) as edge, browser_of(edge, "https://edge.test") as browser:
        assert cookie_of(await register(browser))["secure"] is True
        assert cookie_of(await refresh(browser))["secure"] is True
        deleted = cookie_of(await browser.post("/api/auth/logout", json={}))
        assert deleted["secure"] is True, "browsers let no other one replace it"


async def test_programs_get_their_token_in_json_and_no_cookie(edge: Edge) -> None:
    async with browser_of(edge) as program:
        registered = await program.post(
            "/api/auth/register",
            json={"email": new_email(), "password": PASSWORD, "full_name": "Program"},
        )
        body = {"refresh_token": registered.json()["refresh_token"]}
        renewed = await program.post("/api/auth/refresh", json=body)
        body = {"refresh_token": renewed.json()["refresh_token"]}
        ended = await program.post("/api/auth/logout", json=body)
    assert [each.status_code for each in (registered, renewed, ended)] == [201, 200, 204]
    assert not any("set-cookie" in each.headers for each in (registered, renewed, ended))


async def test_a_token_in_json_goes_before_the_cookie(browser: httpx.AsyncClient) -> None:
    await register(browser)
    before = browser.cookies[NAME]
    who = {"email": new_email(), "password": PASSWORD, "full_name": "Program"}
    program = (await browser.post("/api/auth/register", json=who)).json()
    body = {"refresh_token": program["refresh_token"]}
    renewed = await browser.post("/api/auth/refresh", json=body)
    assert renewed.json()["user"] == program["user"]
    assert renewed.json()["refresh_token"]
    assert browser.cookies[NAME] == before


async def test_only_two_places_for_a_token_are_known(browser: httpx.AsyncClient) -> None:
    body = {"email": new_email(), "password": PASSWORD, "refresh_in": "header"}
    refused = await browser.post("/api/auth/login", json=body)
    assert refusal(refused) == (422, "INVALID_REQUEST")
    assert [error["field"] for error in refused.json()["errors"]] == ["refresh_in"]
