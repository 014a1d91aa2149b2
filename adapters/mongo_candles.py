"""Closed candles with their indicators: written once, read as history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError
from pymongo.read_preferences import ReadPreference

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from domain.archival.tiers import DataType
from domain.candle_view import Enrichment, candle_of_view, candle_view
from domain.candles import Candle, Timeframe
from domain.indicators import Indicators

_DUPLICATE_KEY = 11_000
_ANSWER = {"_id": False}


class StoredCandle(NamedTuple):
    """What is kept of one closed candle."""

    candle: Candle
    indicators: Indicators
    enrichment: Enrichment


class MongoCandles:
    """Keeps `candles`, one document a symbol, timeframe and open time."""

    def __init__(self, database: Database) -> None:
        self._candles = database["candles"]
        # Closed candles do not change, so a replica that lags only has fewer of them.
        lagging = ReadPreference.SECONDARY_PREFERRED
        self._history, self._archive = (
            collection.with_options(read_preference=lagging)  # type: ignore[arg-type]  # motor's
            for collection in (self._candles, database[DataType.CANDLES.archive])
        )

    async def store(self, candles: Sequence[StoredCandle]) -> None:
        """Keep closed candles; one that is there already stays as it is.

        Raises:
            Retryable: The store could not be reached; storing again is safe.
        """
        if not candles:
            return
        try:
            with mongo_faults():
                await self._candles.insert_many(
                    [candle_view(*candle) for candle in candles], ordered=False
                )
        except BulkWriteError as error:
            _require_duplicates_only(error)

    async def correct(self, candles: Sequence[StoredCandle]) -> None:
        """Keep closed candles in the place of what is there.

        Raises:
            Retryable: The store could not be reached; correcting again is safe.
        """
        if not candles:
            return
        try:
            with mongo_faults():
                await self._candles.bulk_write([_upsert(each) for each in candles], ordered=False)
        except BulkWriteError as error:
            # Of two that write one candle for the first time, one may come second.
            _require_duplicates_only(error)
            await self.correct(candles)

    async def latest(self, symbol: str, timeframe: Timeframe, count: int) -> list[Candle]:
        """Return the newest closed candles, oldest first; not necessarily without a hole.

        Raises:
            Retryable: The store could not be reached.
        """
        cursor = self._candles.find(_series(symbol, timeframe), _ANSWER)
        with mongo_faults():
            found = await cursor.sort("open_time", -1).to_list(count)
        return [candle_of_view(document) for document in reversed(found)]

    async def between(
        self, symbol: str, timeframe: Timeframe, start: datetime, end: datetime, limit: int
    ) -> list[Document]:
        """Return candle documents by open time, both ends included, oldest first.

        Those that have gone to the archive are among them.

        Raises:
            Retryable: The store could not be reached.
        """
        condition = {**_series(symbol, timeframe), "open_time": {"$gte": start, "$lte": end}}
        with mongo_faults():
            cursor = self._history.find(condition, _ANSWER)
            found = await cursor.sort("open_time", 1).to_list(limit)
            if found and found[0]["open_time"] == start:
                return found
            # The archive has the oldest of a series. What is being moved is in both for a
            # moment, and is met by reading in the order in which it moves.
            if found:
                condition["open_time"] = {"$gte": start, "$lt": found[0]["open_time"]}
            cursor = self._archive.find(condition, _ANSWER)
            archived = await cursor.sort("open_time", 1).to_list(limit)
        return [*archived, *found][:limit]


def _series(symbol: str, timeframe: Timeframe) -> dict[str, Any]:
    return {"symbol": symbol, "timeframe": timeframe.value}


def _upsert(stored: StoredCandle) -> UpdateOne:
    document = candle_view(*stored)
    key = {name: document.pop(name) for name in ("symbol", "timeframe", "open_time")}
    return UpdateOne(key, {"$set": document}, upsert=True)


def _require_duplicates_only(error: BulkWriteError) -> None:
    """Raise the error unless all that it tells is that candles are there already."""
    if {each["code"] for each in error.details["writeErrors"]} != {_DUPLICATE_KEY}:
        raise error
