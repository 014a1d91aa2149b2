"""A market that stands still, and people who trade on it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
from temporalio.client import WorkflowHandle, WorkflowHistory

from adapters.exact_json import dump, load
from adapters.redis_feed import RedisFeedReader
from domain.orders import client_order_id, workflow_id
from tests.api.people import Edge, bearer

D = Decimal
PATIENCE_S = 15
POLL_S = 0.02


async def until(is_so: Callable[[], Any], what: str = "the condition") -> Any:
    """Wait for an awaitable condition to be true; return what made it so."""
    for _ in range(int(PATIENCE_S / POLL_S)):
        found = await is_so()
        if found:
            return found
        await asyncio.sleep(POLL_S)
    raise AssertionError(f"{what} did not come about")


class Market:
    """The sandbox exchange's levers."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def set(self, **levers: Any) -> Any:
        """Pull levers of a market."""
        response = await self._http.post("/sandbox/market", content=dump(levers))
        assert response.status_code == 200, response.text
        return response.json()

    async def book(
        self, symbol: str, bid: str, ask: str, quantity: str = "5", *, asks: Any = None
    ) -> None:
        """Make a market with one level a side (or these asks)."""
        levels = asks if asks is not None else [[D(ask), D(quantity)]]
        book = {"bids": [[D(bid), D(quantity)]], "asks": levels}
        await self.set(symbol=symbol, pause=True, book=book)

    async def fault(self, **fault: Any) -> str:
        """Switch a fault on; return its id."""
        response = await self._http.post("/sandbox/faults", content=dump(fault))
        assert response.status_code == 201, response.text
        fault_id: str = response.json()["fault_id"]
        return fault_id

    async def fired(self, fault_id: str) -> int:
        """Return how often a fault has hit."""
        items = (await self._http.get("/sandbox/faults")).json()["items"]
        return next(int(each["fired"]) for each in items if each["fault_id"] == fault_id)

    async def calm(self) -> None:
        """Switch every fault off."""
        await self._http.delete("/sandbox/faults")

    async def open_account(self, **balances: int) -> dict[str, str]:
        """Open an account at the exchange that nobody uses yet."""
        response = await self._http.post("/sandbox/accounts", json={"balances": balances})
        keys: dict[str, str] = response.json()
        return keys

    async def ledger(self, account_id: str | None = None) -> list[dict[str, Any]]:
        """Return what the exchange has accepted and done."""
        params = {} if account_id is None else {"account_id": account_id}
        items: list[dict[str, Any]] = load(
            (await self._http.get("/sandbox/ledger", params=params)).text
        )["items"]
        return items

    async def orders(self, trade_id: str) -> list[dict[str, Any]]:
        """Return every order that the exchange accepted for a trade."""
        wanted = client_order_id(trade_id)
        return [
            item
            for item in await self.ledger()
            if item["kind"] == "ORDER" and item["client_order_id"] == wanted
        ]


@dataclass(frozen=True)
class Trader:
    """Somebody who is signed in."""

    edge: Edge
    market: Market
    user_id: str
    token: str

    async def call(
        self, method: str, path: str, body: Any = None, key: str | None = None, **params: Any
    ) -> httpx.Response:
        """Call the interface; numbers of the body may be Decimal."""
        headers = bearer(self.token) | ({} if key is None else {"Idempotency-Key": key})
        content = None if body is None else dump(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        return await self.edge.http.request(
            method, path, content=content, headers=headers, params=params
        )

    async def execute(self, key: str | None = None, **order: Any) -> httpx.Response:
        """Place an order; by default a small purchase of BTC at the market."""
        asked = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"} | order
        if not {"quantity", "quote_quantity"} & set(asked):
            asked["quantity"] = D("0.01")
        body = {name: value for name, value in asked.items() if value is not None}
        return await self.call("POST", "/api/trades/execute", body, key)

    async def bought(self, **order: Any) -> dict[str, Any]:
        """Place an order that succeeds; return the trade."""
        response = await self.execute(**order)
        assert response.status_code == 201, response.text
        trade: dict[str, Any] = read(response)
        return trade

    async def get(self, path: str, **params: Any) -> Any:
        """Read something that is there."""
        response = await self.call("GET", path, **params)
        assert response.status_code == 200, response.text
        return read(response)

    async def account(self) -> dict[str, Any]:
        """Read the account, its balances by asset."""
        found: dict[str, Any] = await self.get("/api/account")
        return found | {"balances": {each["asset"]: each for each in found["balances"]}}

    async def put(self, path: str, **body: Any) -> httpx.Response:
        """Change something."""
        return await self.call("PUT", path, body)

    async def recorded(self, trade_id: str, *statuses: str) -> dict[str, Any]:
        """Wait until a trade's record has one of these states."""

        async def found() -> dict[str, Any] | None:
            record = await self.edge.services.trading.trades.trade(trade_id)
            return record if record and record["status"] in statuses else None

        record: dict[str, Any] = await until(found, f"{trade_id} {statuses}")
        return record

    def workflow(self, trade_id: str) -> WorkflowHandle[Any, Any]:
        """Return the workflow of a trade."""
        return self.edge.services.trading.client.get_workflow_handle(workflow_id(trade_id))

    async def told(self) -> list[dict[str, Any]]:
        """Return what the sockets of this user were told, oldest first."""
        feed = RedisFeedReader(self.edge.services.connections.redis)
        return [load(entry.frame) for entry in await feed.after(self.user_id, 0, 1_000)]

    async def state(self) -> Any:
        """Return everything that an order could change."""
        return await self.edge.services.trading.accounts.load(self.user_id)


def read(response: httpx.Response) -> Any:
    """Parse an answer with its numbers exact."""
    return load(response.text)


def refused(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the problem that an answer is, of this kind."""
    assert (response.status_code, read(response).get("code")) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = read(response)
    return problem


async def ended_history(trader: Trader, trade_id: str) -> WorkflowHistory:
    """Return the history of a trade's workflow once it has ended."""
    handle = trader.workflow(trade_id)
    await asyncio.gather(handle.result(), return_exceptions=True)
    return await handle.fetch_history()
