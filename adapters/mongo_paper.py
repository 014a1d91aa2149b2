"""The records of paper sessions and their trades."""

import asyncio
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.mongo_paging import older_than
from domain.paging import PagePosition
from domain.paper.records import RECORD_ONLY, paper_trade_of_record, paper_trade_record
from domain.paper.state import PaperTrade, SessionState, SessionStatus
from domain.paper.views import portfolio_view, session_view
from domain.paper_messages import PaperRecord

_state = TypeAdapter(SessionState)
_DUPLICATE_KEY = 11_000
# What a record has beside what clients are shown.
_REVISION = "revision"
_STATE = "state"
_TRADE_PUBLIC = dict.fromkeys(("_id", _REVISION, *RECORD_ONLY), False)
_SESSION_PUBLIC = {"_id": False, _REVISION: False, _STATE: False}


class MongoPaper:
    """Implements `domain.paper_messages.PaperStore`, and answers the lists of the edge."""

    def __init__(self, database: Database) -> None:
        self._sessions = database["paper_sessions"]
        self._trades = database["paper_trades"]

    async def record(self, record: PaperRecord) -> None:
        """Write what has changed; again, or after something newer, it changes nothing.

        The trades go first: who sees a session of some revision finds its trades.

        Raises:
            Retryable: The store could not be reached.
        """
        trades = [
            _newer(paper.trade_id, record.revision, paper_trade_record(paper))
            for paper in record.trades
        ]
        session = session_document(record.session)
        for collection, writes in (
            (self._trades, trades),
            (self._sessions, [_newer(record.session.session_id, record.revision, session)]),
        ):
            if not writes:
                continue
            with mongo_faults():
                try:
                    await collection.bulk_write(writes, ordered=False)
                except BulkWriteError as error:
                    # An upsert that found only a newer one tried to insert beside it.
                    faults = error.details["writeErrors"]
                    if not faults or any(each["code"] != _DUPLICATE_KEY for each in faults):
                        raise

    async def session(self, session_id: str) -> SessionState | None:
        """Return a session as it was recorded last, without the requests that it knows.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            found = await self._sessions.find_one({"_id": session_id}, {_STATE: True})
        return None if found is None else _state.validate_json(found[_STATE])

    async def active(self, user_id: str, limit: int) -> list[str]:
        """Return the ids of a user's active sessions.

        Raises:
            Retryable: The store could not be reached.
        """
        condition = {"user_id": user_id, "status": str(SessionStatus.ACTIVE)}
        with mongo_faults():
            found = await self._sessions.find(condition, {"_id": True}).to_list(limit)
        return [str(each["_id"]) for each in found]

    async def sessions(
        self, user_id: str, *, position: PagePosition | None, limit: int
    ) -> list[Document]:
        """Return a user's sessions, newest first.

        Raises:
            Retryable: The store could not be reached.
        """
        condition = {"user_id": user_id, **older_than(position, "created_at")}
        cursor = self._sessions.find(condition, _SESSION_PUBLIC)
        with mongo_faults():
            return await cursor.sort([("created_at", -1), ("_id", -1)]).to_list(limit)

    async def trade(self, trade_id: str) -> PaperTrade | None:
        """Return the record of one trade.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            found = await self._trades.find_one({"_id": trade_id})
        return None if found is None else paper_trade_of_record(found)

    async def trades(self, session_id: str, generation: int) -> list[PaperTrade]:
        """Return all trades of a session since its last reset, in their order.

        Raises:
            Retryable: The store could not be reached.
        """
        condition = {"session_id": session_id, "generation": generation}
        with mongo_faults():
            found = await self._trades.find(condition).sort("number").to_list(None)
        # Months of trades: whoever else is served by this loop must not wait for them.
        return await asyncio.to_thread(lambda: [paper_trade_of_record(each) for each in found])

    async def numbered(self, session_id: str, number: int) -> PaperTrade | None:
        """Return the record of a session's trade of this number.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            found = await self._trades.find_one({"session_id": session_id, "number": number})
        return None if found is None else paper_trade_of_record(found)

    async def page(  # noqa: PLR0913 - the filters of the interface
        self,
        session_id: str,
        *,
        symbol: str | None = None,
        status: str | None = None,
        since: datetime | None = None,
        position: PagePosition | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Return a session's trades as clients see them, newest first.

        Args:
            session_id: Whose.
            symbol: Only these.
            status: Only these.
            since: The earliest `created_at`.
            position: After which to go on.
            limit: How many at most.

        Raises:
            Retryable: The store could not be reached.
        """
        condition: Document = {"session_id": session_id, **older_than(position, "created_at")}
        if symbol is not None:
            condition["symbol"] = symbol
        if status is not None:
            condition["status"] = status
        if since is not None:
            condition = {"$and": [condition, {"created_at": {"$gte": since}}]}
        cursor = self._trades.find(condition, _TRADE_PUBLIC)
        with mongo_faults():
            return await cursor.sort([("created_at", -1), ("_id", -1)]).to_list(limit)


def session_document(session: SessionState) -> Document:
    """Return a session's document: as lists show it, and its whole state to go on from.

    The state is text, so that it comes back to the last digit.
    """
    portfolio = portfolio_view(session)
    shown = {name: portfolio[name] for name in ("equity", "realized_pnl", "trade_count")}
    state = _state.dump_json(session).decode()
    return session_view(session) | shown | {_STATE: state}


def _newer(identifier: str, revision: int, document: Document) -> ReplaceOne[Document]:
    return ReplaceOne(
        {"_id": identifier, _REVISION: {"$lte": revision}},
        document | {_REVISION: revision},
        upsert=True,
    )
