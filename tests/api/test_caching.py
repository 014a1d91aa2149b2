"""Who may keep an answer: on every route that there is, in success and in failure."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from api.caching import PRIVATE, PUBLIC, matches
from tests.api.people import Edge, bearer

METHODS = {"get", "post", "put", "delete", "patch"}
GOOD = {"symbol": "BTCUSDT", "timeframe": "1m"}
# Not of a user and not of the market: where the gateway is.
CONFIGURATION = ("/api/config", "public, max-age=60")


def routes(edge: Edge) -> list[tuple[str, str]]:
    document: dict[str, Any] = edge.app.openapi()
    found = [
        (method, path)
        for path, operations in document["paths"].items()
        for method in operations
        if method in METHODS
    ]
    assert len(found) > 20
    return found


def expected(path: str, response: httpx.Response) -> str:
    if response.status_code >= 300 and response.status_code != 304:
        return PRIVATE
    if path.startswith("/api/market/"):
        return PUBLIC
    return CONFIGURATION[1] if path == CONFIGURATION[0] else PRIVATE


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("well_formed", [False, True])
async def test_every_route_says_who_may_keep_its_answer(
    edge: Edge, *, signed_in: bool, well_formed: bool
) -> None:
    async with asyncio.timeout(20):
        await edge.services.market.symbols.ready()
    headers = bearer((await edge.register())["token"]) if signed_in else {}
    seen = set()
    for method, path in routes(edge):
        filled = re.sub(
            r"{(\w+)}", lambda found: GOOD.get(found[1], "none") if well_formed else "%00", path
        )
        response = await edge.http.request(method.upper(), filled, headers=headers)
        told = response.headers.get_list("Cache-Control")
        assert told == [expected(path, response)], (method, filled, response.status_code)
        seen.add((told[0], response.status_code // 100))
    assert (PUBLIC, 2) in seen
    assert {(PRIVATE, 2), (PRIVATE, 4)} <= seen


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no/such/path", 404),
        ("POST", "/api/market/symbols", 405),
        ("GET", "/api/market/prices/NOSUCH", 404),
        ("GET", "/api/market/candles/BTCUSDT/1x", 422),
        ("GET", "/api/account", 401),
    ],
)
async def test_no_error_is_kept(edge: Edge, method: str, path: str, status: int) -> None:
    async with asyncio.timeout(20):
        await edge.services.market.symbols.ready()
    response = await edge.http.request(method, path)
    assert (response.status_code, response.headers["Cache-Control"]) == (status, PRIVATE)
    assert "ETag" not in response.headers


@pytest.mark.parametrize(
    ("if_none_match", "is_same"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", W/"a"', True),
        (' "b" ,"a" ', True),
        ("*", True),
        ('"b"', False),
        ("a", False),
        ("", False),
        ('w/"a"', False),
        ('"a', False),
    ],
)
def test_tags_are_compared_weakly(if_none_match: str, *, is_same: bool) -> None:
    assert matches(if_none_match, '"a"') is is_same
