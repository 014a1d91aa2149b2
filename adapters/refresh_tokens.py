"""Refresh tokens: what a client keeps, and the little of it that is stored.

A token is a family (128 random bits, the same for one sign-in) and a part of its own (256
random bits), in base64url. Neither is stored: the sign-in is found by the family's digest
and the current token known by its own.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass

_FAMILY_BYTES = 16
_SECRET_BYTES = 32
_TOKEN_CHARACTERS = (_FAMILY_BYTES + _SECRET_BYTES) * 4 // 3
_SESSION_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One token, taken apart."""

    family: bytes
    secret: bytes

    def __repr__(self) -> str:
        """Tell nothing."""
        return "RefreshToken(***)"

    @property
    def text(self) -> str:
        """What the client gets."""
        return base64.urlsafe_b64encode(self.family + self.secret).decode()

    @property
    def session_id(self) -> str:
        """The public name of the sign-in; the family cannot be found from it."""
        return hashlib.sha256(self.family).digest()[:_SESSION_ID_BYTES].hex()

    @property
    def digest(self) -> bytes:
        """What is stored of the token."""
        return hashlib.sha256(self.family + self.secret).digest()

    def successor(self) -> "RefreshToken":
        """Make the next token of the same sign-in."""
        return RefreshToken(self.family, secrets.token_bytes(_SECRET_BYTES))


def new_refresh_token() -> RefreshToken:
    """Make the first token of a sign-in."""
    return RefreshToken(secrets.token_bytes(_FAMILY_BYTES), secrets.token_bytes(_SECRET_BYTES))


def parse_refresh_token(text: str) -> RefreshToken | None:
    """Take a token apart; None where it cannot be one of ours."""
    if len(text) != _TOKEN_CHARACTERS:
        return None
    try:
        parts = base64.b64decode(text, b"-_", validate=True)
    except ValueError:
        return None
    token = RefreshToken(parts[:_FAMILY_BYTES], parts[_FAMILY_BYTES:])
    # The decoder takes the other alphabet's characters, too; a token has one spelling.
    return token if token.text == text else None
