"""What a private channel shows at the moment of its subscription.

Read from the same stores and in the same shapes as the edge's lists: `orders` is the open
orders, each as an `order_update` carries it, `positions` the open positions, `account` the
account as `GET /api/account` answers it. `signals` carries passing news and begins empty.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

import structlog

from adapters.mongo_accounts import MongoAccountStore
from adapters.mongo_trades import MongoTrades
from adapters.redis_quotes import RedisQuoteBoard, parse_quote
from domain.account import Account, on_day
from domain.equity import equity, priced_symbols
from domain.errors import Rejected, Retryable
from domain.order_status import TERMINAL
from domain.trade_events import account_view
from domain.trade_view import position_view, trade_view
from domain.trades import submitting

# A client waits for its events no longer than this; a state that is not read by then is null.
READ_WITHIN_S = 1.0

_log = structlog.get_logger(__name__)


class PrivateStates(Protocol):
    """Where the gateway learns what private channels show."""

    async def read(self, user_id: str, channels: Collection[str]) -> dict[str, Any]:
        """Return what each channel shows now, without those that could not be read.

        Never raises, and returns within `READ_WITHIN_S`.
        """


class StoredStates:
    """Reads MongoDB, and live prices from Redis; implements `PrivateStates`."""

    def __init__(
        self, accounts: MongoAccountStore, trades: MongoTrades, quotes: RedisQuoteBoard
    ) -> None:
        self._accounts = accounts
        self._trades = trades
        self._quotes = quotes
        self._readers: dict[str, Callable[[Account], Awaitable[Any]]] = {
            "orders": self._orders,
            "positions": self._positions,
            "account": self._account,
        }

    async def read(self, user_id: str, channels: Collection[str]) -> dict[str, Any]:
        """Return what each channel shows now."""
        state: dict[str, Any] = {"signals": []} if "signals" in channels else {}
        stored = [channel for channel in channels if channel in self._readers]
        if not stored:
            return state
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                account = await self._accounts.load(user_id)
                for channel in stored:
                    state[channel] = await self._readers[channel](account)
        except Rejected:
            # There is no trading account yet, so there is nothing in it either.
            return state | {channel: [] for channel in stored if channel != "account"}
        except (Retryable, TimeoutError) as fault:
            _log.warning("gateway.state_unread", error=repr(fault))
        return state

    async def _orders(self, account: Account) -> list[dict[str, Any]]:
        """Return the open orders, oldest first; one without a record is on its way."""
        records = await self._trades.records(account.orders)
        views = [
            records.get(trade_id) or trade_view(submitting(each.order, each.created_at))
            for trade_id, each in account.orders.items()
        ]
        views = [view for view in views if view["status"] not in TERMINAL]
        views.sort(key=lambda view: view["created_at"])
        return [{"order_id": view["trade_id"], **view} for view in views]

    async def _positions(self, account: Account) -> list[dict[str, Any]]:
        positions = account.open_positions
        prices = await self._prices(sorted({position.symbol for position in positions}))
        return [position_view(each, prices.get(each.symbol)) for each in positions]

    async def _account(self, account: Account) -> dict[str, Any]:
        account = on_day(account, datetime.now(UTC))
        prices = await self._prices(priced_symbols(account))
        return {**account_view(account), "equity_quote": equity(account, prices)}

    async def _prices(self, symbols: Collection[str]) -> Mapping[str, Decimal]:
        """Return the live prices; a cache that is away has none."""
        try:
            documents = await self._quotes.documents(list(symbols))
        except Retryable:
            return {}
        quotes = [parse_quote(document) for document in documents if document is not None]
        return {quote.symbol: quote.price for quote in quotes}
