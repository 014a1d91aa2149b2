"""Guessing is slow, and owners are not locked out."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.people import PASSWORD, Edge, OpenEdge, new_email

# An empty Redis for each test: all come from one address.
pytestmark = pytest.mark.usefixtures("redis_client")

TIGHT: dict[str, Any] = {
    "failures_per_account_and_address": 3,
    "failures_per_address": 10,
    "failures_per_account": 12,
    "registrations_per_address": 50,
}
PROXY = {"trusted_proxies": ["127.0.0.1/32"]}


async def guess(edge: Edge, email: str, password: str, address: str) -> httpx.Response:
    body = {"email": email, "password": password}
    headers = {"X-Forwarded-For": address}
    return await edge.http.post("/api/auth/login", json=body, headers=headers)


async def test_guessing_is_refused_with_a_time(open_edge: OpenEdge) -> None:
    async with open_edge(**TIGHT) as edge:
        for email in ((await edge.register())["user"]["email"], new_email()):
            answers = [await edge.login(email, "not-the-password") for _ in range(5)]
            assert [a.status_code for a in answers] == [401, 401, 401, 429, 429]
            problem = answers[-1].json()
            assert problem["code"] == "RATE_LIMITED"
            assert 0 < problem["retry_after_s"] <= 300
            assert answers[-1].headers["retry-after"] == str(problem["retry_after_s"])


async def test_guesses_at_once_do_not_all_pass(open_edge: OpenEdge) -> None:
    async with open_edge(**TIGHT) as edge:
        email = (await edge.register())["user"]["email"]
        answers = await asyncio.gather(*(edge.login(email, "not-it") for _ in range(12)))
        assert sorted(a.status_code for a in answers) == [401] * 3 + [429] * 9


async def test_an_attack_from_many_addresses_does_not_lock_the_owner_out(
    open_edge: OpenEdge,
) -> None:
    async with open_edge(**TIGHT, **PROXY) as edge:
        email = (await edge.register())["user"]["email"]
        assert (await guess(edge, email, PASSWORD, "198.51.100.1")).status_code == 200
        attack = [await guess(edge, email, "not-it", f"203.0.113.{n}") for n in range(20)]
        assert [a.status_code for a in attack] == [401] * 12 + [429] * 8
        assert (await guess(edge, email, PASSWORD, "198.51.100.1")).status_code == 200


async def test_who_is_no_proxy_cannot_choose_an_address(open_edge: OpenEdge) -> None:
    async with open_edge(**TIGHT) as edge:
        email = (await edge.register())["user"]["email"]
        answers = [await guess(edge, email, "not-it", f"203.0.113.{n}") for n in range(5)]
        assert [a.status_code for a in answers] == [401, 401, 401, 429, 429]


async def test_a_stolen_access_token_does_not_guess_the_password(open_edge: OpenEdge) -> None:
    async with open_edge(**TIGHT) as edge:
        token = (await edge.register())["token"]
        body = {"current_password": "not-it", "new_password": "stupendous-8"}
        headers = {"Authorization": f"Bearer {token}"}
        statuses = [
            (await edge.http.post("/api/auth/change-password", json=body, headers=headers))
            for _ in range(5)
        ]
        assert [a.status_code for a in statuses] == [401, 401, 401, 429, 429]


async def test_registrations_are_limited(open_edge: OpenEdge) -> None:
    async with open_edge(**(TIGHT | {"registrations_per_address": 2})) as edge:
        for _ in range(2):
            await edge.register()
        body = {"email": new_email(), "password": PASSWORD, "full_name": "Third"}
        response = await edge.http.post("/api/auth/register", json=body)
        assert (response.status_code, response.json()["code"]) == (429, "RATE_LIMITED")
