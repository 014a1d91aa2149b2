"""The newest analysis of a subject, out of the cache: five minutes, as long as it is fresh."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import orjson

from adapters.exact_json import dump
from adapters.mongo_analyses import MongoAnalyses
from adapters.redis_cache import RedisCache
from domain.analysis_view import analysis_view
from domain.timing import ANALYSIS_TTL_S

_TTL_MS: Final = ANALYSIS_TTL_S * 1_000


@dataclass(frozen=True, slots=True)
class CachedAnalysis:
    """A fresh analysis; `document` is its view, serialised."""

    analysis_id: str
    document: bytes


class AnalysisCopies:
    """Reads and forgets; implements `domain.analysis_stores.AnalysisCache`.

    `forget` announces, so that copies in other processes go, too. A copy that outlived its
    analysis (it may have been loaded late in the analysis's life) is no longer served.
    """

    def __init__(self, cache: RedisCache, store: MongoAnalyses) -> None:
        self._cache = cache
        self._store = store

    async def fresh(self, subject: str) -> CachedAnalysis | None:
        """Return the newest analysis of a subject where it has not expired.

        Raises:
            Retryable: Neither cache nor store could be reached.
        """

        async def load() -> bytes | None:
            analysis = await self._store.fresh(subject, datetime.now(UTC))
            return None if analysis is None else dump(analysis_view(analysis))

        document = await self._cache.get(_key(subject), _TTL_MS, load)
        if document is None:
            return None
        read = orjson.loads(document)
        if datetime.fromisoformat(read["expires_at"]) <= datetime.now(UTC):
            return None
        return CachedAnalysis(read["analysis_id"], document)

    async def forget(self, subject: str) -> None:
        """Let nobody be answered with an older one; never fails."""
        await self._cache.invalidate(_key(subject))


def _key(subject: str) -> str:
    return f"ai_analysis:{subject}"
