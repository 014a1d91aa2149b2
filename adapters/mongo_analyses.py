"""Analyses, who asked for them, and what became of them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.mongo_paging import older_than
from adapters.mongo_tiers import TieredRecords
from domain.analysis import Analysis, Signal
from domain.analysis_view import analysis_of_record, analysis_record, score_view
from domain.archival.tiers import DataType
from domain.paging import PagePosition
from domain.scorecard import Outcome, Score

# What a record holds beside the interface's shape.
_HIDDEN = ("user_id", "user_ids", "subject", "brought_own", "usage")
_ENDED = [str(Outcome.TAKE_PROFIT), str(Outcome.STOP), str(Outcome.NEITHER)]


class MongoAnalyses:
    """Implements `domain.analysis_stores.AnalysisStore`, and answers the lists of the edge."""

    def __init__(self, database: Database) -> None:
        self._analyses = database["ai_analysis"]
        self._shown = TieredRecords(database, DataType.AI_ANALYSIS, _HIDDEN)
        # Reports may lag a little (DATA_FLOW.md, "Eventual Consistency").
        self._reports = self._analyses.with_options(
            read_preference=ReadPreference.SECONDARY_PREFERRED  # type: ignore[arg-type]  # motor's
        )
        # A log line is not worth a caller's wait for the disks of a majority.
        self._requests = database["ai_requests"].with_options(write_concern=WriteConcern(w=1))

    async def fresh(self, subject: str, now: datetime) -> Analysis | None:
        """Return the newest analysis of a subject that has not expired.

        Raises:
            Retryable: The store could not be reached.
        """
        condition = {"subject": subject, "expires_at": {"$gt": now}}
        with mongo_faults():
            record = await self._analyses.find_one(condition, sort=[("expires_at", -1)])
        return None if record is None else analysis_of_record(record)

    async def keep(self, analysis: Analysis, user_ids: Collection[str]) -> None:
        """Keep an analysis and who asked for it; again, it only adds askers.

        Raises:
            Retryable: The store could not be reached; keeping again is safe.
        """
        record = analysis_record(analysis) | {"user_id": next(iter(user_ids)), "score": None}
        change = {
            "$setOnInsert": record,
            "$addToSet": {"user_ids": {"$each": list(user_ids)}},
        }
        with mongo_faults():
            await self._analyses.update_one({"_id": analysis.analysis_id}, change, upsert=True)

    async def share(self, analysis_id: str, user_id: str) -> None:
        """Let one more user read an analysis; nothing is written where they may already.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            await self._analyses.update_one(
                {"_id": analysis_id, "user_ids": {"$ne": user_id}},
                {"$addToSet": {"user_ids": user_id}},
            )

    async def keep_score(self, analysis_id: str, score: Score) -> None:
        """Keep what became of an analysis.

        Raises:
            Retryable: The store could not be reached; keeping again is safe.
        """
        with mongo_faults():
            await self._analyses.update_one(
                {"_id": analysis_id}, {"$set": {"score": score_view(score)}}
            )

    async def record_request(self, request_id: str, entry: Document) -> None:
        """Write one line of the request log.

        Raises:
            Retryable: The store could not be reached.
        """
        try:
            with mongo_faults():
                await self._requests.insert_one({"_id": request_id, **entry})
        except DuplicateKeyError:
            # A retried write whose first answer was lost.
            return

    async def analysis(self, analysis_id: str, user_id: str) -> Document | None:
        """Return one analysis of this user, archived or not.

        Raises:
            Retryable: The store could not be reached.
        """
        return await self._shown.one({"_id": analysis_id, "user_ids": user_id})

    async def analyses(
        self,
        user_id: str,
        *,
        symbol: str | None = None,
        timeframe: str | None = None,
        position: PagePosition | None = None,
        limit: int = 100,
    ) -> list[Document]:
        """Return the analyses that a user asked for, archived or not, newest first.

        Raises:
            Retryable: The store could not be reached.
        """
        condition: dict[str, Any] = {"user_ids": user_id, **older_than(position, "created_at")}
        if symbol is not None:
            condition["symbol"] = symbol
        if timeframe is not None:
            condition["timeframe"] = timeframe
        return await self._shown.newest(condition, limit)

    async def scorecard(
        self, *, symbol: str | None = None, model: str | None = None
    ) -> list[Document]:
        """Return a line for each model and prompt version, sorted by both.

        What callers brought their own numbers for is left out.

        Raises:
            Retryable: The store could not be reached.
        """
        condition: Document = {"signal": {"$ne": str(Signal.NEUTRAL)}, "brought_own": False}
        if symbol is not None:
            condition["symbol"] = symbol
        if model is not None:
            condition["model"] = model
        with mongo_faults():
            return await self._reports.aggregate(_pipeline(condition)).to_list(None)


def _pipeline(condition: Document) -> list[Document]:
    counts = {
        str(outcome).lower(): {"$sum": {"$cond": [{"$eq": ["$score.outcome", str(outcome)]}, 1, 0]}}
        for outcome in Outcome
    }
    has_ended = {"$in": [{"$ifNull": ["$score.outcome", ""]}, _ENDED]}
    archived = {"coll": DataType.AI_ANALYSIS.archive, "pipeline": [{"$match": condition}]}
    return [
        {"$match": condition},
        # What is being moved counts twice for a moment; no report is about moments.
        {"$unionWith": archived},
        {
            "$group": {
                "_id": {"model": "$model", "prompt_version": "$prompt_version"},
                "analyses": {"$sum": 1},
                "scored": {"$sum": {"$cond": [{"$ne": ["$score", None]}, 1, 0]}},
                "entered": {"$sum": {"$cond": [has_ended, 1, 0]}},
                "mean_r": {"$avg": "$score.r_multiple"},
                **counts,
            }
        },
        {"$sort": {"_id.model": 1, "_id.prompt_version": 1}},
    ]
