"""Databases with the schema in place, one after the other for many tests.

To make one takes 0.4 s of a core, to empty it a fortieth of that.
"""

import secrets
from collections import deque

from adapters.mongo import Database, Document, database_of, open_client
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
            if await _is_as_made(database):
                return database
            await self._client.drop_database(database)
        database = database_of(self._client, f"test_{secrets.token_hex(6)}")
        await ensure_schema(database)
        return database

    async def give_back(self, database: Database) -> None:
        """Empty a database for the next test."""
        for name in await _filled(database):
            await database[name].delete_many({})
        self._resting.append(database)

    def close(self) -> None:
        """Close the connections; the databases go with their server."""
        self._client.close()


async def _is_as_made(database: Database) -> bool:
    """Tell whether every collection is there and nothing else; no test takes an index away."""
    found = {
        each["name"]: each["options"].get("validator")
        async for each in await database.list_collections()
    }
    made = {name: {"$jsonSchema": schema.validator} for name, schema in SCHEMAS.items()}
    return found == made and not await _filled(database)


async def _filled(database: Database) -> list[str]:
    """Return what has any document, with one command for all."""
    first, *others = SCHEMAS
    unions = [{"$unionWith": {"coll": name, "pipeline": _probe(name)}} for name in others]
    found = database[first].aggregate([*_probe(first), *unions])
    return [each["of"] async for each in found]


def _probe(name: str) -> list[Document]:
    return [{"$limit": 1}, {"$project": {"of": {"$literal": name}}}]
