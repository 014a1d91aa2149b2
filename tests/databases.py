"""Databases with the schema in place, one after the other for many tests.

To make one takes 0.4 s of a core, to empty it a twentieth of that.
"""

import secrets
from collections import deque

from adapters.mongo import Database, database_of, open_client
from adapters.mongo_schema import SCHEMAS, ensure_schema

# What a test left running may still write: its database rests while others are used.
RESTING = 3


class Databases:
    """The databases of one server; each belongs to one test at a time."""

    def __init__(self, url: str) -> None:
        self._client = open_client(url)
        self._resting: deque[Database] = deque()

    async def take(self) -> Database:
        """Return a database that nobody uses, empty, with the schema in place."""
        while len(self._resting) > RESTING:
            database = self._resting.popleft()
            if await _is_empty(database):
                await ensure_schema(database)
                return database
            await self._client.drop_database(database)
        database = database_of(self._client, f"test_{secrets.token_hex(6)}")
        await ensure_schema(database)
        return database

    async def give_back(self, database: Database) -> None:
        """Empty a database for the next test."""
        for name in await database.list_collection_names():
            if name in SCHEMAS:
                await database[name].delete_many({})
            else:
                await database.drop_collection(name)
        self._resting.append(database)

    def close(self) -> None:
        """Close the connections; the databases go with their server."""
        self._client.close()


async def _is_empty(database: Database) -> bool:
    names = await database.list_collection_names()
    if not set(names) <= set(SCHEMAS):
        return False
    return not any([await database[name].find_one({}) for name in names])
