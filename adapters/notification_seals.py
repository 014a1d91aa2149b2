"""Addresses and secrets of notification targets, encrypted with AES-256-GCM."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.mongo import Document

# NIST SP 800-38D, section 8.2: 96 random bits, for far fewer than 2^32 messages a key.
_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class TargetAccess:
    """What it takes to reach a target: never shown, logged or told again.

    Attributes:
        url: its address; of services, with the token in it.
        signing_secret: of a webhook; empty for others.
    """

    url: str = field(repr=False)
    signing_secret: str = field(default="", repr=False)


class UnreadableSealError(Exception):
    """It was sealed with a key that is not configured any more, or for another target."""


class TargetSeals:
    """Seals and opens.

    Args:
        key_id: The id of the key that encrypts.
        keys: Every known key by its id; old ones still decrypt.
    """

    def __init__(self, key_id: str, keys: Mapping[str, bytes]) -> None:
        self._key_id = key_id
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}

    def seal(self, user_id: str, target_id: str, access: TargetAccess) -> Document:
        """Encrypt for one target of one user."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = orjson.dumps([access.url, access.signing_secret])
        sealed = self._ciphers[self._key_id].encrypt(nonce, plain, _bound_to(user_id, target_id))
        return {"key_id": self._key_id, "nonce": nonce, "ciphertext": sealed}

    def open(self, user_id: str, target_id: str, sealed: Document) -> TargetAccess:
        """Decrypt.

        Raises:
            UnreadableSealError: It does not decrypt with the configured keys, for this target.
        """
        try:
            plain = self._ciphers[sealed["key_id"]].decrypt(
                sealed["nonce"], sealed["ciphertext"], _bound_to(user_id, target_id)
            )
        except (InvalidTag, KeyError) as error:
            raise UnreadableSealError("the target's address cannot be read") from error
        url, signing_secret = orjson.loads(plain)
        return TargetAccess(url, signing_secret)


def _bound_to(user_id: str, target_id: str) -> bytes:
    # The additional data: a seal that is copied to another user or target does not open.
    return f"notification-target:{user_id}:{target_id}".encode()
