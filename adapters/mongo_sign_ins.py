"""Sign-ins in MongoDB: one document each, in the collection `refresh_tokens`.

One document, so that a rotation is one compare-and-set and a revocation misses nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.refresh_tokens import RefreshToken, new_refresh_token
from domain.identity import REFRESH_TOKEN_TTL, SignIn


@dataclass(frozen=True, slots=True)
class Rotation:
    """What replaces a refresh token, and whose it is."""

    user_id: str
    token: RefreshToken


class MongoSignIns:
    """Opens, rotates and ends sign-ins."""

    def __init__(self, database: Database) -> None:
        self._sign_ins = database["refresh_tokens"]

    async def open(self, user_id: str, now: datetime) -> RefreshToken:
        """Begin a sign-in and return its first token.

        Raises:
            Retryable: The store could not be reached.
        """
        token = new_refresh_token()
        with mongo_faults():
            await self._sign_ins.insert_one(
                {
                    "_id": token.session_id,
                    "user_id": user_id,
                    "token_hash": token.digest,
                    "created_at": now,
                    "rotated_at": now,
                    "expires_at": now + REFRESH_TOKEN_TTL,
                    "revoked_at": None,
                    "revoked_for_reuse": False,
                }
            )
        return token

    async def rotate(self, token: RefreshToken, now: datetime) -> Rotation | None:
        """Replace the current token by the next one; of two at once exactly one succeeds.

        Returns:
            The next token, or None where this one is not current, expired or revoked.

        Raises:
            Retryable: The store could not be reached. Where the write was applied all the
                same, its answer is lost and the client has to sign in again.
        """
        successor = token.successor()
        with mongo_faults():
            # The library's types forget that there may be none.
            found: Document | None = await self._sign_ins.find_one_and_update(
                {
                    "_id": token.session_id,
                    "token_hash": token.digest,
                    "revoked_at": None,
                    "expires_at": {"$gt": now},
                },
                {
                    "$set": {
                        "token_hash": successor.digest,
                        "rotated_at": now,
                        "expires_at": now + REFRESH_TOKEN_TTL,
                    }
                },
                projection={"user_id": True},
            )
        return None if found is None else Rotation(found["user_id"], successor)

    async def find(self, token: RefreshToken) -> SignIn | None:
        """Return the sign-in that a token, current or not, belongs to.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            found = await self._sign_ins.find_one({"_id": token.session_id})
        return None if found is None else _sign_in(found)

    async def revoke(self, session_id: str, now: datetime, *, for_reuse: bool) -> None:
        """End one sign-in; whatever is rotated at the same moment is worth nothing after.

        Raises:
            Retryable: The store could not be reached.
        """
        revocation: Document = {"revoked_at": now}
        if for_reuse:
            revocation["revoked_for_reuse"] = True
        with mongo_faults():
            await self._sign_ins.update_one({"_id": session_id}, {"$set": revocation})

    async def revoke_others(self, user_id: str, session_id: str, now: datetime) -> None:
        """End every sign-in of a user but one.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            await self._sign_ins.update_many(
                {"user_id": user_id, "_id": {"$ne": session_id}, "revoked_at": None},
                {"$set": {"revoked_at": now}},
            )


def _sign_in(found: Document) -> SignIn:
    return SignIn(
        session_id=found["_id"],
        user_id=found["user_id"],
        token_hash=bytes(found["token_hash"]),
        expires_at=found["expires_at"],
        revoked_at=found["revoked_at"],
        revoked_for_reuse=found["revoked_for_reuse"],
    )
