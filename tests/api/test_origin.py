"""Where a request came from, as the record of activities tells it."""

import asyncio
from ipaddress import ip_network
from typing import Any

from api.origin import begin_request, current_origin, end_request
from domain.activity import Origin
from tests.api.people import OpenEdge

PROXIES = [ip_network("10.0.0.0/8")]


def scope(*headers: tuple[bytes, bytes], peer: str = "10.0.0.7") -> dict[str, Any]:
    return {"headers": list(headers), "client": (peer, 1234)}


def test_the_address_before_our_proxies_and_who_it_says_it_is() -> None:
    headers = ((b"x-forwarded-for", b"6.6.6.6, 1.2.3.4"), (b"user-agent", b"browser"))
    serving = begin_request(scope(*headers), b"request-1")
    assert current_origin(PROXIES) == Origin("1.2.3.4", "browser", "request-1")
    assert current_origin([]).address == "10.0.0.7"
    end_request(serving)
    assert current_origin(PROXIES) == Origin()


async def test_requests_side_by_side_are_not_mixed_up() -> None:
    async def serve(number: int) -> str:
        begin_request(scope(peer=f"1.1.1.{number}"), b"")
        await asyncio.sleep(0)
        return current_origin(PROXIES).address

    assert await asyncio.gather(*(serve(number) for number in range(9))) == [
        f"1.1.1.{number}" for number in range(9)
    ]


async def test_a_process_that_ends_writes_down_what_it_noted(open_edge: OpenEdge) -> None:
    async with open_edge(keep=True) as edge:
        pair = await edge.register()
        await edge.login(pair["user"]["email"], "not-the-password")
        name = edge.services.settings.mongodb_database
    async with open_edge(mongodb_database=name) as again:
        activity = again.services.connections.database["user_activity"]
        kinds = {each["kind"] async for each in activity.find({"user_id": pair["user"]["id"]})}
    assert kinds == {"registered", "sign_in_failed"}
