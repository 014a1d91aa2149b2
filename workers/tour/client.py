"""The HTTP API as the tour's person uses it."""

import asyncio
import re
import secrets
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

Answer = dict[str, Any]
_PRICE_WAIT_S = 15.0
_TIMING = re.compile(r"([a-z_]+)[^,]*?;dur=([0-9.]+)")


class RefusedError(RuntimeError):
    """The API answered with a problem; the message says which.

    `retry_after_s` is set when it was the moment that was wrong, not the request.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        """Keep both."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Timed:
    """An answer, what the caller waited, and what the server says of itself."""

    answer: Answer
    waited_ms: float
    server_timing_ms: dict[str, float]


class Client:
    """Calls the API, carrying the token once there is one."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        """Take an httpx client whose base URL is the API's."""
        self._http = http
        self.token = ""

    async def sign_in(self, email: str, password: str) -> Answer:
        """Sign in and keep the token; return the user."""
        timed = await self._call(
            "POST", "/api/auth/login", json={"email": email, "password": password}
        )
        self.token = timed.answer["token"]
        self._http.headers["Authorization"] = f"Bearer {self.token}"
        user: Answer = timed.answer["user"]
        return user

    async def configuration(self) -> Answer:
        """Ask where the gateway and the pages of workflows are."""
        return (await self._call("GET", "/api/config")).answer

    async def price(self, symbol: str) -> Answer:
        """Return the live price, waiting a little for the first one after a start."""
        deadline = time.monotonic() + _PRICE_WAIT_S
        while True:
            try:
                return (await self._call("GET", f"/api/market/prices/{symbol}")).answer
            except RefusedError as error:
                if "QUOTE_STALE" not in str(error) or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.2)

    async def rules(self, symbol: str) -> Answer:
        """Return the symbol's trading rules."""
        items = (await self._call("GET", "/api/market/symbols")).answer["items"]
        return next(item for item in items if item["symbol"] == symbol)

    async def place(self, order: dict[str, Any]) -> Timed:
        """Place an order under a new Idempotency-Key."""
        key = f"tour-{secrets.token_hex(8)}"
        return await self._call(
            "POST",
            "/api/trades/execute",
            content=_exact(order),
            headers={"Idempotency-Key": key, "Content-Type": "application/json"},
        )

    async def cancel(self, trade_id: str) -> Timed:
        """Cancel a resting order."""
        return await self._call("DELETE", f"/api/trades/{trade_id}")

    async def trade(self, trade_id: str) -> Answer:
        """Read a trade's record."""
        return (await self._call("GET", f"/api/trades/{trade_id}")).answer

    async def _call(self, method: str, path: str, **request: Any) -> Timed:
        began = time.perf_counter()
        response = await self._http.request(method, path, **request)
        waited_ms = (time.perf_counter() - began) * 1000
        if not response.is_success:
            raise RefusedError(
                f"{method} {path}: {response.status_code} {response.text[:300]}",
                _retry_after_s(response),
            )
        timing = _TIMING.findall(response.headers.get("Server-Timing", ""))
        return Timed(_decoded(response), waited_ms, {name: float(value) for name, value in timing})


def _retry_after_s(response: httpx.Response) -> float | None:
    if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
        return None
    given = response.headers.get("Retry-After", "")
    return float(given) if given.isdigit() else None


def _decoded(response: httpx.Response) -> Answer:
    answer: Answer = response.json(parse_float=Decimal) if response.content else {}
    return answer


def _exact(order: dict[str, Any]) -> str:
    """Return JSON in which Decimals are numbers, digit for digit."""
    fields = (
        f'"{name}":{value:f}' if isinstance(value, Decimal) else f'"{name}":"{value}"'
        for name, value in order.items()
    )
    return "{" + ",".join(fields) + "}"
