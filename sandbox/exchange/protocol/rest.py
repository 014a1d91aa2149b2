"""The REST API under `/api/v3`."""

from typing import Any, Final

import orjson
from aiohttp import web

from sandbox.exchange.core.errors import HTTP_GONE, VenueError
from sandbox.exchange.core.ledger import Account
from sandbox.exchange.protocol.dispatch import Arrival, ConnectionCut, answer
from sandbox.exchange.protocol.elsewhere import ELSEWHERE
from sandbox.exchange.protocol.params import pairs_of
from sandbox.exchange.protocol.security import payload_of
from sandbox.exchange.protocol.table import REST
from sandbox.exchange.venue import Venue, now_ms

PREFIX: Final = "/api/v3/"
_GONE: Final = frozenset({"userDataStream", "userDataStream/isolated"})
_GONE_PAGE: Final = (
    "<html>\r\n<head><title>410 Gone</title></head>\r\n<body>\r\n"
    "<center><h1>410 Gone</h1></center>\r\n</body>\r\n</html>\r\n"
)


class Rest:
    """Turns HTTP requests into calls.

    Args:
        venue: The exchange behind it.
    """

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        path = request.path.removeprefix(PREFIX)
        address = request.remote or ""
        if path in _GONE:
            return web.Response(status=HTTP_GONE, text=_GONE_PAGE, content_type="text/html")
        endpoint = REST.get((request.method, path)) or ELSEWHERE.get((request.method, path))
        if endpoint is None:
            return web.Response(status=404, text="<html><body><h2>404 Not found</h2></body></html>")
        query = request.raw_path.partition("?")[2]
        body = (await request.read()).decode(errors="replace") if request.can_read_body else ""
        arrival = Arrival(
            endpoint,
            _merged(query, body),
            payload_of(query, body),
            request.headers.get("X-MBX-APIKEY"),
            address,
            (request.method, request.path),
        )
        try:
            outcome = await answer(self._venue, arrival)
        except ConnectionCut:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=HTTP_GONE)
        except VenueError as error:
            return self._refuse(error, address)
        headers = self._headers(address)
        if endpoint.orders and outcome.account is not None:
            headers |= self._order_headers(outcome.account)
        return _json(outcome.answer, 200, headers)

    def _refuse(self, error: VenueError, address: str) -> web.Response:
        headers = self._headers(address)
        if error.retry_after_s is not None:
            headers["Retry-After"] = str(error.retry_after_s)
        return _json(error.body(), error.status, headers)

    def _headers(self, address: str) -> dict[str, str]:
        used = str(self._venue.limits.used(address, now_ms()))
        return {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}

    def _order_headers(self, account: Account) -> dict[str, str]:
        short, day = self._venue.limits.order_counts(account.account_id, now_ms())
        return {"X-MBX-ORDER-COUNT-10S": str(short), "X-MBX-ORDER-COUNT-1D": str(day)}


def _merged(query: str, body: str) -> list[tuple[str, str]]:
    """Parameters of both; one that is in both counts as the query string has it."""
    first = pairs_of(query)
    names = {name for name, _ in first}
    return first + [pair for pair in pairs_of(body) if pair[0] not in names]


def _json(content: Any, status: int, headers: dict[str, str]) -> web.Response:
    return web.Response(
        body=orjson.dumps(content),
        status=status,
        headers=headers,
        content_type="application/json",
        charset="UTF-8",
    )
