"""The refresh token of a page: in a cookie that no script can read.

Programs keep getting theirs in JSON. The cookie goes to `/api/auth` only, to nobody but this
site (SameSite=Strict), and is believed only where the browser says that our own page asks
(Sec-Fetch-Site, Fetch Metadata, section 2.3): another port of the same host is the same site.
"""

from typing import Annotated

from fastapi import Cookie, Depends, Header, Response

from domain.errors import ErrorCode, Rejected
from domain.identity import REFRESH_TOKEN_TTL
from workers.settings import Settings

NAME = "botcore_refresh"
_PATH = "/api/auth"


async def _cookie_token(
    botcore_refresh: Annotated[str | None, Cookie(include_in_schema=False)] = None,
    sec_fetch_site: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> str | None:
    return botcore_refresh if sec_fetch_site in {None, "same-origin"} else None


# The token that came in our cookie, None without one.
CookieToken = Annotated[str | None, Depends(_cookie_token)]


def presented(in_body: str | None, in_cookie: str | None) -> str:
    """Return the token that was sent, the body's first.

    Raises:
        Rejected: `INVALID_REQUEST`; there is none.
    """
    token = in_body or in_cookie
    if token is None:
        missing = {"field": "refresh_token", "message": "is missing, in the body and as a cookie"}
        raise Rejected(ErrorCode.INVALID_REQUEST, "The request is not valid.", errors=[missing])
    return token


def give(response: Response, settings: Settings, token: str) -> None:
    """Put a token into the cookie."""
    response.set_cookie(
        NAME,
        token,
        max_age=int(REFRESH_TOKEN_TTL.total_seconds()),
        path=_PATH,
        secure=settings.is_public_encrypted,
        httponly=True,
        samesite="strict",
    )


def take_back(response: Response, settings: Settings) -> None:
    """Delete the cookie."""
    response.delete_cookie(
        NAME, path=_PATH, secure=settings.is_public_encrypted, httponly=True, samesite="strict"
    )
