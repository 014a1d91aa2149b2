"""People: who they are, and what their passwords and sign-ins must look like."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import ErrorCode, Rejected

OPERATOR = "operator"

# NIST SP 800-63B, section 3.1.1.2: at least 8, and long ones must be possible; the bound in
# bytes keeps a megabyte of text away from the hash.
PASSWORD_MIN_CHARACTERS = 8
PASSWORD_MAX_BYTES = 1_024
FULL_NAME_MAX_CHARACTERS = 200
REFRESH_TOKEN_TTL = timedelta(days=30)

# The head of every published list of leaked passwords, as far as they are long enough.
_WELL_KNOWN = frozenset({
    *("password", "password1", "password12", "password123", "passw0rd", "p@ssw0rd"),
    *("12345678", "123456789", "1234567890", "87654321", "11111111", "00000000"),
    *("qwertyui", "qwertyuiop", "qwerty123", "1q2w3e4r", "1qaz2wsx", "abcd1234"),
    *("iloveyou", "sunshine", "princess", "football", "baseball", "superman", "letmein1"),
    *("trustno1", "welcome1", "admin123", "changeme", "asdfghjkl", "starwars"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class User:
    """A person who can sign in; the password's hash stays with the store."""

    user_id: str
    email: str
    full_name: str
    roles: tuple[str, ...]
    created_at: datetime
    last_login: datetime | None


def canonical_email(local_part: str, ascii_domain: str) -> str:
    """Return the one spelling of an address that counts: two spellings are not two people.

    Args:
        local_part: What stands before the @.
        ascii_domain: What stands after it, in its ASCII form (IDNA).
    """
    return f"{unicodedata.normalize('NFKC', local_part).lower()}@{ascii_domain.lower()}"


def canonical_password(password: str) -> str:
    """Return the form that is hashed: the same, however a keyboard composed its characters.

    NIST SP 800-63B, section 3.1.1.2 asks for NFKC or NFKD.
    """
    return unicodedata.normalize("NFKC", password)


def check_new_password(password: str, email: str, field: str) -> None:
    """Refuse a new password that would be guessed first.

    Args:
        password: As typed.
        email: The person's address.
        field: The request's member that is to blame.

    Raises:
        Rejected: `INVALID_REQUEST`, with the reason under `errors`.
    """
    reason = _weakness(canonical_password(password), email)
    if reason is not None:
        raise invalid_field(field, reason)


def invalid_field(field: str, message: str) -> Rejected:
    """Make the refusal of one member of a request."""
    return Rejected(
        ErrorCode.INVALID_REQUEST,
        "The request is not valid; see errors.",
        errors=[{"field": field, "message": message}],
    )


def _weakness(password: str, email: str) -> str | None:
    if len(password) < PASSWORD_MIN_CHARACTERS:
        return f"A password has at least {PASSWORD_MIN_CHARACTERS} characters."
    if len(password.encode()) > PASSWORD_MAX_BYTES:
        return f"A password has at most {PASSWORD_MAX_BYTES} bytes."
    folded = password.casefold()
    if folded in _WELL_KNOWN or len(set(folded)) == 1:
        return "This password is among the first that anybody would try."
    if folded in {email.casefold(), email.partition("@")[0].casefold()}:
        return "A password must not be the e-mail address."
    return None


@dataclass(frozen=True, slots=True)
class SignIn:
    """One sign-in: the family of refresh tokens that replace each other, one at a time.

    `revoked_for_reuse` tells a sign-in that was ended because a token came twice from one
    that its owner ended.
    """

    session_id: str
    user_id: str
    token_hash: bytes
    expires_at: datetime
    revoked_at: datetime | None = None
    revoked_for_reuse: bool = False


class RefreshVerdict(StrEnum):
    """What a presented refresh token is worth."""

    CURRENT = "CURRENT"
    REUSED = "REUSED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


def judge_refresh(sign_in: SignIn, presented_hash: bytes, now: datetime) -> RefreshVerdict:
    """Judge a token whose family is known.

    Only who held a token of the family can name it, so one that is not the current one was
    used before: somebody has a copy (RFC 9700, section 4.14.2).
    """
    if sign_in.revoked_for_reuse or presented_hash != sign_in.token_hash:
        return RefreshVerdict.REUSED
    if sign_in.revoked_at is not None:
        return RefreshVerdict.REVOKED
    if sign_in.expires_at <= now:
        return RefreshVerdict.EXPIRED
    return RefreshVerdict.CURRENT
