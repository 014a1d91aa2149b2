"""Somebody with a paper session."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from temporalio.client import WorkflowHandle

from tests.api.routes.trading import D, Trader, read, until

PATH = "/api/paper-trading"


@dataclass
class Desk:
    """A trader and their session."""

    trader: Trader
    session: dict[str, Any] = field(default_factory=dict)

    @property
    def session_id(self) -> str:
        session_id: str = self.session["session_id"]
        return session_id

    @property
    def path(self) -> str:
        return f"{PATH}/sessions/{self.session_id}"

    async def start(self, **settings: Any) -> None:
        response = await self.trader.call("POST", f"{PATH}/start", settings)
        assert response.status_code == 201, response.text
        self.session = read(response)

    async def until_book(self, symbol: str, ask: str) -> None:
        """Wait until the paper market has written this book."""
        books = self.trader.edge.services.paper.prices.books
        await books.want(symbol)

        async def is_there() -> bool:
            book = await books.book(symbol)
            return book is not None and bool(book.asks) and book.asks[0].price == D(ask)

        await until(is_there, f"the book of {symbol}")

    async def execute(self, key: str | None = None, **order: Any) -> httpx.Response:
        """Place an order; by default a small purchase of BTC at the market."""
        asked = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"} | order
        if not {"quantity", "quote_quantity"} & set(asked):
            asked["quantity"] = D("0.01")
        asked.setdefault("session_id", self.session_id)
        body = {name: value for name, value in asked.items() if value is not None}
        return await self.trader.call("POST", f"{PATH}/execute", body, key)

    async def traded(self, key: str | None = None, **order: Any) -> dict[str, Any]:
        """Place an order that succeeds."""
        response = await self.execute(key, **order)
        assert response.status_code == 201, response.text
        trade: dict[str, Any] = read(response)
        return trade

    async def limit(self, side: str, quantity: str, price: str, **more: Any) -> dict[str, Any]:
        """Place an order with a limit."""
        return await self.traded(
            side=side, type="LIMIT", quantity=D(quantity), price=D(price), **more
        )

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.trader.call("POST", f"{self.path}/{path}", body or None)

    async def portfolio(self) -> dict[str, Any]:
        """Read the session, its balances by asset."""
        found: dict[str, Any] = await self.trader.get(self.path)
        return found | {"balances": {each["asset"]: each for each in found["balances"]}}

    async def trades(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.trader.get(f"{self.path}/trades"))["items"]
        return found

    async def ended(self, trade_id: str, status: str) -> dict[str, Any]:
        """Wait until an order is recorded in this state."""

        async def found() -> dict[str, Any] | None:
            matching = [each for each in await self.trades() if each["trade_id"] == trade_id]
            return matching[0] if matching and matching[0]["status"] == status else None

        trade: dict[str, Any] = await until(found, f"{trade_id} {status}")
        return trade

    @property
    def workflow(self) -> WorkflowHandle[Any, Any]:
        client = self.trader.edge.services.trading.client
        return client.get_workflow_handle(f"paper-{self.session_id}")
