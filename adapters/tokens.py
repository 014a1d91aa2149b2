"""Access tokens: JWT (RFC 7519), HS256 and nothing else, a key per key id."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from domain.errors import ErrorCode, Rejected
from domain.ports import AccessClaims, TokenVerifier

ACCESS_TOKEN_TTL_S = 15 * 60
ISSUER = "bot-core"
AUDIENCE = "bot-core-api"
# Clocks of two hosts may differ by this much.
LEEWAY_S = 2
# A token of ours has about 450 characters; longer ones are not worth parsing.
MAX_TOKEN_CHARACTERS = 2_048
CACHED_TOKENS = 10_000

_ALGORITHM = "HS256"
_REQUIRED = ["aud", "exp", "iat", "iss", "jti", "nbf", "roles", "sid", "sub"]


class AccessTokens:
    """Issues and verifies access tokens; implements `domain.ports.TokenVerifier`.

    Args:
        key_id: The id of the key that signs new tokens.
        keys: Every accepted key by its id. A key is rotated by adding a new one, making it
            the signing one, and dropping the old one after `ACCESS_TOKEN_TTL_S`.
    """

    def __init__(self, key_id: str, keys: Mapping[str, str]) -> None:
        self._key_id = key_id
        self._keys = dict(keys)

    def issue(self, user_id: str, roles: tuple[str, ...], session_id: str) -> str:
        """Make a token that lives for `ACCESS_TOKEN_TTL_S`."""
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user_id,
            "roles": roles,
            "sid": session_id,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "nbf": now,
            "exp": now + timedelta(seconds=ACCESS_TOKEN_TTL_S),
        }
        return jwt.encode(
            claims, self._keys[self._key_id], algorithm=_ALGORITHM, headers={"kid": self._key_id}
        )

    def verify(self, token: str) -> AccessClaims:
        """Return the claims of a valid token.

        Raises:
            Rejected: `TOKEN_EXPIRED` or `TOKEN_INVALID`.
        """
        try:
            return _claims_of(self._decode(token))
        except jwt.ExpiredSignatureError as error:
            raise _expired() from error
        # PyJWT lets some faults of a hostile token through as what they are.
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise _invalid() from error

    def _decode(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise _invalid()
        key_id = jwt.get_unverified_header(token).get("kid")
        key = self._keys.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise _invalid()
        return jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_S,
            options={"require": _REQUIRED},
        )


class CachedTokens:
    """Verifies a token once while it lives; implements `domain.ports.TokenVerifier`.

    Verification costs more than the rest of a small request. Bounded: the token that was
    seen first leaves first. Tokens are kept as digests only.
    """

    def __init__(self, verifier: TokenVerifier, capacity: int = CACHED_TOKENS) -> None:
        self._verifier = verifier
        self._capacity = capacity
        self._claims: dict[bytes, AccessClaims] = {}

    def verify(self, token: str) -> AccessClaims:
        """Return the claims of a valid token.

        Raises:
            Rejected: `TOKEN_EXPIRED` or `TOKEN_INVALID`.
        """
        digest = hashlib.sha256(token.encode()).digest()
        claims = self._claims.get(digest)
        if claims is None:
            claims = self._verifier.verify(token)
            if len(self._claims) >= self._capacity:
                del self._claims[next(iter(self._claims))]
            self._claims[digest] = claims
        elif claims.expires_at + timedelta(seconds=LEEWAY_S) <= datetime.now(UTC):
            del self._claims[digest]
            raise _expired()
        return claims


def _claims_of(claims: dict[str, Any]) -> AccessClaims:
    return AccessClaims(
        user_id=claims["sub"],
        roles=tuple(claims["roles"]),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        token_id=claims["jti"],
        session_id=claims["sid"],
    )


def _invalid() -> Rejected:
    return Rejected(ErrorCode.TOKEN_INVALID, "The token is not valid.")


def _expired() -> Rejected:
    return Rejected(ErrorCode.TOKEN_EXPIRED, "The token has expired.")
