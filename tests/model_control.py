"""The sandbox model's own switches and counts, for tests."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest


class ModelControl:
    """`POST /sandbox/faults` and `GET /sandbox/calls` of one running model."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session
        # A symbol that no other test asks about: faults and counts go by it.
        self.symbol = f"T{secrets.token_hex(5).upper()}USDT"

    async def fault(self, kind: str, **fields: Any) -> str:
        """Switch a fault on; without a `match` it concerns this test's symbol."""
        body = {"kind": kind, "match": {"symbol": self.symbol}, **fields}
        async with self.session.post(f"{self.url}/sandbox/faults", json=body) as answer:
            made = await answer.json()
            assert answer.status == 201, made
            return str(made["fault_id"])

    async def faults(self) -> dict[str, dict[str, Any]]:
        async with self.session.get(f"{self.url}/sandbox/faults") as answer:
            return {item["fault_id"]: item for item in (await answer.json())["items"]}

    async def clear(self, fault_id: str) -> None:
        async with self.session.delete(f"{self.url}/sandbox/faults/{fault_id}") as answer:
            assert answer.status == 204

    async def calls(self, symbol: str | None = None, timeframe: str = "") -> dict[str, Any]:
        """Return the count and the last calls about this symbol (the test's own if None)."""
        query = {"symbol": symbol or self.symbol} | ({"timeframe": timeframe} if timeframe else {})
        async with self.session.get(f"{self.url}/sandbox/calls", params=query) as answer:
            found: dict[str, Any] = await answer.json()
            return found


@pytest.fixture
async def model_control(model_url: str) -> AsyncIterator[ModelControl]:
    """Return the switches of the session's model; every fault is off again afterwards."""
    async with aiohttp.ClientSession() as session:
        yield ModelControl(model_url, session)
        async with session.delete(f"{model_url}/sandbox/faults") as answer:
            assert answer.status == 204
