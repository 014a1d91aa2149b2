"""What browsers and the CDN may keep of an answer, and how they ask whether it has changed."""

from hashlib import blake2b
from typing import Annotated

from fastapi import Header, Response

# API.md, "Cache (Redis)". A shared cache may answer with what is a second old, and with what
# is up to five more seconds old while it asks for news (RFC 5861, section 3).
PUBLIC = "public, s-maxage=1, stale-while-revalidate=5"
# Everything else, errors included: whose it is decides, not whether somebody marked it.
PRIVATE = "private, no-store"

_TAG_BYTES = 12

IfNoneMatch = Annotated[str | None, Header()]


def public_answer(body: bytes, if_none_match: str | None, *, age_s: int | None = None) -> Response:
    """Answer with JSON that is the same for everybody, or with 304 where the client has it.

    Args:
        body: The answer, serialised.
        if_none_match: The header of that name.
        age_s: How old the answer is, where it is not of now (RFC 9111, section 5.1).
    """
    tag = tag_of(body)
    headers = {"ETag": tag, "Cache-Control": PUBLIC}
    if age_s is not None:
        headers["Age"] = str(age_s)
    if if_none_match is not None and matches(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def tag_of(body: bytes) -> str:
    """Return the strong entity tag of an answer (RFC 9110, section 8.8.3)."""
    return f'"{blake2b(body, digest_size=_TAG_BYTES).hexdigest()}"'


def matches(if_none_match: str, tag: str) -> bool:
    """Compare weakly, as RFC 9110, section 13.1.2 asks for here."""
    candidates = (each.strip().removeprefix("W/") for each in if_none_match.split(","))
    return any(each in {tag, "*"} for each in candidates)
