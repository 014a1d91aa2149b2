"""Somebody with a paper session, over HTTP."""

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from time import perf_counter
from typing import Any

import aiohttp

from adapters.exact_json import dump, load

_OK = frozenset({200, 201})


@dataclass(slots=True)
class Owner:
    """A signed-in user and one session of theirs."""

    http: aiohttp.ClientSession
    token: str
    session_id: str = ""
    sides: Iterator[str] = field(default_factory=lambda: itertools.cycle(["BUY", "SELL"]))

    async def call(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """Make a call of paper trading that succeeds.

        Raises:
            RuntimeError: It did not.
        """
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        content = None if body is None else dump(body)
        async with self.http.request(
            method, f"/api/paper-trading{path}", data=content, headers=headers
        ) as answer:
            text = await answer.text()
        if answer.status not in _OK:
            raise RuntimeError(f"{answer.status}: {text}")
        return load(text)

    async def start(self, **settings: Any) -> None:
        """Start a session."""
        self.session_id = (await self.call("POST", "/start", settings))["session_id"]

    async def execute(self, key: str = "", **order: Any) -> Any:
        """Place an order."""
        return await self.call("POST", "/execute", order | {"session_id": self.session_id}, key)

    async def stock(self) -> None:
        """Buy enough that no later sale fails: orders overtake each other, and fees are taken."""
        await self.execute(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=Decimal("0.05"))

    async def once(self) -> float:
        """Place a small MARKET order; return the milliseconds that it took."""
        began = perf_counter()
        await self.execute(
            str(uuid.uuid4()),
            symbol="BTCUSDT",
            side=next(self.sides),
            type="MARKET",
            quantity=Decimal("0.001"),
        )
        return (perf_counter() - began) * 1000


async def new_owner(
    http: aiohttp.ClientSession, limits: dict[str, Any] | None = None, **settings: Any
) -> Owner:
    """Register a user with some risk limits of their own, and start a session."""
    person = {
        "email": f"{uuid.uuid4().hex}@example.com",
        "password": uuid.uuid4().hex,
        "full_name": "Bench",
    }
    async with http.post("/api/auth/register", json=person) as answer:
        answer.raise_for_status()
        owner = Owner(http, (await answer.json())["token"])
    if limits is not None:
        headers = {"Authorization": f"Bearer {owner.token}"}
        async with http.put("/api/risk/limits", json=limits, headers=headers) as answer:
            answer.raise_for_status()
    await owner.start(**settings)
    return owner
