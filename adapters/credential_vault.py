"""Venue credentials, encrypted with AES-256-GCM inside the user's document."""

import base64
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.local_copies import LocalCopies
from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.redis_invalidation import Invalidations
from domain.errors import ErrorCode, HaltTrading, Rejected
from domain.ports import VenueCredentials

# NIST SP 800-38D, section 8.2: 96 random bits, for far fewer than 2^32 messages a key.
_NONCE_BYTES = 12
_KEY_BYTES = 32
# Other processes drop their copies when they hear of a replacement; this bounds the case that
# the one that replaced them cannot reach Redis, while Redis still reaches the others.
CACHE_TTL_S = 30.0
CACHED_USERS = 10_000


def credentials_key(user_id: str) -> str:
    """Name what is invalidated when a user's credentials are replaced."""
    return f"venue-credentials:{user_id}"


def decode_key(text: str) -> bytes:
    """Read a key from a setting.

    Raises:
        ValueError: It is not the base64 of 32 bytes.
    """
    key = base64.b64decode(text, validate=True)
    if len(key) != _KEY_BYTES:
        raise ValueError(f"a credentials key has {_KEY_BYTES} bytes, this one {len(key)}")
    return key


class MongoCredentialVault:
    """Implements `domain.ports.CredentialVault`.

    Args:
        database: Where the collection `users` is.
        key_id: The id of the key that encrypts.
        keys: Every known key by its id; old ones still decrypt.
        invalidations: By which replaced credentials take effect in every process at once.
            Without, every read asks the store, and no other process is told. Nothing but
            the user's id is ever handed to it.
    """

    def __init__(
        self,
        database: Database,
        key_id: str,
        keys: Mapping[str, bytes],
        invalidations: Invalidations | None = None,
    ) -> None:
        self._users = database["users"]
        self._key_id = key_id
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._invalidations = invalidations
        self._copies: LocalCopies[VenueCredentials] | None = None
        if invalidations is not None:
            self._copies = LocalCopies(invalidations, CACHED_USERS)

    async def store(self, user_id: str, credentials: VenueCredentials) -> None:
        """Encrypt and keep; replaces what was there.

        Raises:
            Rejected: `NOT_FOUND`; there is no such user.
            Retryable: The store could not be reached.
        """
        if not await self._write(user_id, credentials, {}):
            raise Rejected(ErrorCode.NOT_FOUND, "There is no such user.")
        if self._invalidations is not None:
            await self._invalidations.send(credentials_key(user_id))

    async def store_first(self, user_id: str, credentials: VenueCredentials) -> bool:
        """Keep credentials only where there are none; tell whether they were kept.

        Raises:
            Retryable: The store could not be reached.
        """
        return await self._write(user_id, credentials, {"venue_credentials": {"$exists": False}})

    async def credentials(self, user_id: str) -> VenueCredentials | None:
        """Decrypt a user's credentials, or None where there are none.

        Raises:
            Retryable: The store could not be reached.
            HaltTrading: What is stored does not decrypt with the configured keys.
        """
        if self._copies is None:
            return await self._read(user_id)
        key = credentials_key(user_id)
        copy = self._copies.get(key)
        if copy is not None:
            return copy.value
        with self._copies.reading(key) as reading:
            credentials = await self._read(user_id)
            if credentials is not None:
                reading.keep(credentials, CACHE_TTL_S)
        return credentials

    async def _read(self, user_id: str) -> VenueCredentials | None:
        with mongo_faults():
            found = await self._users.find_one({"_id": user_id}, {"venue_credentials": True})
        sealed = None if found is None else found.get("venue_credentials")
        return None if sealed is None else self._open(user_id, sealed)

    async def _write(
        self, user_id: str, credentials: VenueCredentials, condition: Document
    ) -> bool:
        sealed = self._seal(user_id, credentials)
        with mongo_faults():
            written = await self._users.update_one(
                {"_id": user_id, **condition}, {"$set": {"venue_credentials": sealed}}
            )
        return written.matched_count > 0

    def _seal(self, user_id: str, credentials: VenueCredentials) -> Document:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = orjson.dumps([credentials.api_key, credentials.api_secret])
        return {
            "key_id": self._key_id,
            "nonce": nonce,
            "ciphertext": self._ciphers[self._key_id].encrypt(nonce, plain, _bound_to(user_id)),
            "stored_at": datetime.now(UTC),
        }

    def _open(self, user_id: str, sealed: Document) -> VenueCredentials:
        cipher = self._ciphers.get(sealed["key_id"])
        if cipher is None:
            raise _undecipherable()
        try:
            plain = cipher.decrypt(sealed["nonce"], sealed["ciphertext"], _bound_to(user_id))
        except InvalidTag as error:
            raise _undecipherable() from error
        api_key, api_secret = orjson.loads(plain)
        return VenueCredentials(api_key, api_secret)


def _bound_to(user_id: str) -> bytes:
    # The additional data: a sealed document that is copied to another user does not open.
    return f"venue-credentials:{user_id}".encode()


def _undecipherable() -> HaltTrading:
    return HaltTrading(
        ErrorCode.TRADING_HALTED, "The stored venue credentials cannot be read; set them again."
    )
