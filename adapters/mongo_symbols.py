"""The venue's symbols as they were last read: for reading while the venue is away."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple

from adapters.mongo import Database
from adapters.mongo_errors import mongo_faults
from domain.market import SymbolRules


class StoredSymbols(NamedTuple):
    """A symbol list, and when the venue told it."""

    rules: list[SymbolRules]
    read_at: datetime


class MongoSymbols:
    """One document a venue in `venue_symbols`. Never to be traded by: rules change."""

    def __init__(self, database: Database, venue: str) -> None:
        self._symbols = database["venue_symbols"]
        self._venue = venue

    async def keep(self, rules: Sequence[SymbolRules], read_at: datetime) -> None:
        """Keep a list in the place of the one before.

        Raises:
            Retryable: The store could not be reached.
        """
        document = {"read_at": read_at, "rules": [asdict(each) for each in rules]}
        with mongo_faults():
            await self._symbols.replace_one({"_id": self._venue}, document, upsert=True)

    async def last(self) -> StoredSymbols | None:
        """Return the last list, or None where there never was one.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            found = await self._symbols.find_one({"_id": self._venue})
        if found is None:
            return None
        return StoredSymbols([SymbolRules(**each) for each in found["rules"]], found["read_at"])
