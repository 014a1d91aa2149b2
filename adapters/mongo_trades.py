"""The records of trades and positions, as they were written when trades were settled."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.mongo_paging import older_than
from adapters.mongo_tiers import TieredRecords
from domain.archival.tiers import DataType
from domain.paging import PagePosition

# What a record holds beside the interface's shape.
_FINGERPRINT = "fingerprint"
_PUBLIC = {"_id": False, _FINGERPRINT: False}


class MongoTrades:
    """Implements `domain.trading_ports.TradeStore`, and answers the lists of the edge."""

    def __init__(self, database: Database) -> None:
        self._trades = database["trades"]
        self._every_trade = TieredRecords(database, DataType.TRADES)
        self._shown_trades = TieredRecords(database, DataType.TRADES, (_FINGERPRINT,))
        self._positions = database["positions"]

    async def trade(self, trade_id: str) -> Document | None:
        """Return one record with its `fingerprint`, archived or not.

        An order that comes again after its trade was archived must find it: otherwise it
        would be placed again.

        Raises:
            Retryable: The store could not be reached.
        """
        return await self._every_trade.one({"_id": trade_id})

    async def records(self, trade_ids: Collection[str]) -> dict[str, Document]:
        """Return the records that there are of these trades, by their id.

        Raises:
            Retryable: The store could not be reached.
        """
        if not trade_ids:
            return {}
        with mongo_faults():
            cursor = self._trades.find({"_id": {"$in": list(trade_ids)}}, _PUBLIC)
            found = await cursor.to_list(None)
        return {record["trade_id"]: record for record in found}

    async def trades(  # noqa: PLR0913 - the filters of the interface
        self,
        user_id: str,
        *,
        symbol: str | None = None,
        status: str | None = None,
        since: datetime | None = None,
        position: PagePosition | None = None,
        limit: int = 100,
    ) -> list[Document]:
        """Return a user's trades, archived or not, newest first.

        Raises:
            Retryable: The store could not be reached.
        """
        condition: dict[str, Any] = {"user_id": user_id, **older_than(position, "created_at")}
        if symbol is not None:
            condition["symbol"] = symbol
        if status is not None:
            condition["status"] = status
        if since is not None:
            condition = {"$and": [condition, {"created_at": {"$gte": since}}]}
        return await self._shown_trades.newest(condition, limit)

    async def position(self, position_id: str) -> Document | None:
        """Return one position.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            return await self._positions.find_one({"_id": position_id}, _PUBLIC)

    async def positions(
        self, user_id: str, *, is_open: bool, position: PagePosition | None, limit: int
    ) -> list[Document]:
        """Return a user's positions, the last opened first.

        Raises:
            Retryable: The store could not be reached.
        """
        state: Document = {"closed_at": None} if is_open else {"closed_at": {"$ne": None}}
        condition = {"user_id": user_id, **state, **older_than(position, "opened_at")}
        cursor = self._positions.find(condition, _PUBLIC)
        with mongo_faults():
            return await cursor.sort([("opened_at", -1), ("_id", -1)]).to_list(limit)
