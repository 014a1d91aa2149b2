"""People in MongoDB."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from domain.identity import User


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A user with what only the store and the sign-in may see.

    `account_opened` tells whether the trading account that a new user gets by itself is
    complete; it is None where the venue is not the sandbox.
    """

    user: User
    password_hash: str = field(repr=False)
    account_opened: bool | None


class EmailTaken(Exception):  # noqa: N818 - named by what happened
    """There is somebody with this address already."""


class MongoUsers:
    """Reads and writes the collection `users`."""

    def __init__(self, database: Database) -> None:
        self._users = database["users"]

    async def add(self, stored: StoredUser) -> None:
        """Keep a new user.

        Raises:
            EmailTaken: The address belongs to somebody.
            Retryable: The store could not be reached.
        """
        user = stored.user
        document: Document = {
            "_id": user.user_id,
            "email": user.email,
            "full_name": user.full_name,
            "roles": list(user.roles),
            "password_hash": stored.password_hash,
            "created_at": user.created_at,
            "last_login": user.last_login,
        }
        if stored.account_opened is not None:
            document["account_opened"] = stored.account_opened
        try:
            with mongo_faults():
                await self._users.insert_one(document)
        except DuplicateKeyError as error:
            raise EmailTaken from error

    async def by_email(self, email: str) -> StoredUser | None:
        """Find a user by the canonical address.

        Raises:
            Retryable: The store could not be reached.
        """
        return await self._find({"email": email})

    async def by_id(self, user_id: str) -> StoredUser | None:
        """Find a user by id.

        Raises:
            Retryable: The store could not be reached.
        """
        return await self._find({"_id": user_id})

    async def _find(self, query: Document) -> StoredUser | None:
        with mongo_faults():
            found = await self._users.find_one(query, {"venue_credentials": False})
        return None if found is None else _stored(found)

    async def record_login(self, user_id: str, now: datetime) -> None:
        """Remember when somebody last signed in.

        Raises:
            Retryable: The store could not be reached.
        """
        await self._set(user_id, {"last_login": now})

    async def replace_hash(self, user_id: str, old_hash: str, new_hash: str) -> bool:
        """Keep a new password hash, unless another request has replaced the old one.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            written = await self._users.update_one(
                {"_id": user_id, "password_hash": old_hash}, {"$set": {"password_hash": new_hash}}
            )
        return written.modified_count == 1

    async def mark_account_opened(self, user_id: str) -> None:
        """Remember that the trading account is complete.

        Raises:
            Retryable: The store could not be reached.
        """
        await self._set(user_id, {"account_opened": True})

    async def _set(self, user_id: str, fields: dict[str, Any]) -> None:
        with mongo_faults():
            await self._users.update_one({"_id": user_id}, {"$set": fields})


def _stored(found: Document) -> StoredUser:
    return StoredUser(
        user=User(
            user_id=found["_id"],
            email=found["email"],
            full_name=found["full_name"],
            roles=tuple(found["roles"]),
            created_at=found["created_at"],
            last_login=found["last_login"],
        ),
        password_hash=found["password_hash"],
        account_opened=found.get("account_opened"),
    )
