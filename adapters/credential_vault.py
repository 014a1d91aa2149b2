"""Venue credentials, encrypted with AES-256-GCM inside the user's document."""

import base64
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from domain.errors import ErrorCode, HaltTrading, Rejected
from domain.ports import VenueCredentials

# NIST SP 800-38D, section 8.2: 96 random bits, for far fewer than 2^32 messages a key.
_NONCE_BYTES = 12
_KEY_BYTES = 32
# How long another process may go on with credentials that were replaced here.
CACHE_TTL_S = 30.0
CACHED_USERS = 10_000


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
    """

    def __init__(self, database: Database, key_id: str, keys: Mapping[str, bytes]) -> None:
        self._users = database["users"]
        self._key_id = key_id
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._cache: dict[str, tuple[VenueCredentials, float]] = {}

    async def store(self, user_id: str, credentials: VenueCredentials) -> None:
        """Encrypt and keep; replaces what was there.

        Raises:
            Rejected: `NOT_FOUND`; there is no such user.
            Retryable: The store could not be reached.
        """
        if not await self._write(user_id, credentials, {}):
            raise Rejected(ErrorCode.NOT_FOUND, "There is no such user.")

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
        cached = self._cache.get(user_id)
        if cached is not None and cached[1] > time.monotonic():
            return cached[0]
        with mongo_faults():
            found = await self._users.find_one({"_id": user_id}, {"venue_credentials": True})
        sealed = None if found is None else found.get("venue_credentials")
        if sealed is None:
            return None
        credentials = self._open(user_id, sealed)
        if self._cache.get(user_id) is cached:
            # Otherwise newer ones were stored while this read was on its way.
            self._remember(user_id, credentials)
        return credentials

    async def _write(
        self, user_id: str, credentials: VenueCredentials, condition: Document
    ) -> bool:
        sealed = self._seal(user_id, credentials)
        with mongo_faults():
            written = await self._users.update_one(
                {"_id": user_id, **condition}, {"$set": {"venue_credentials": sealed}}
            )
        if written.matched_count == 0:
            return False
        self._remember(user_id, credentials)
        return True

    def _remember(self, user_id: str, credentials: VenueCredentials) -> None:
        self._cache.pop(user_id, None)
        if len(self._cache) >= CACHED_USERS:
            del self._cache[next(iter(self._cache))]
        self._cache[user_id] = (credentials, time.monotonic() + CACHE_TTL_S)

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
