"""Webhooks, signed as the Standard Webhooks specification wants it."""

import asyncio
import base64
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from standardwebhooks.webhooks import Webhook

from adapters.outbound_network import ForbiddenAddressError, OutboundNetwork
from domain.notifications import Attempt, Reaction
from domain.timing import WEBHOOK_TIMEOUT_S

_CONNECT_TIMEOUT_S: Final = 4.0
# An answer is read as far as this, so that its connection can be used again, and no further.
_ANSWER_MAX_BYTES: Final = 16_384
# More than any sender has under way. There is no limit for a host: users of the same service would
# wait for each other's connections, and that would count as attempts of theirs.
_CONNECTIONS: Final = 100
_SECRET_BYTES: Final = 32
_USER_AGENT: Final = "Bot-Core-Webhooks/1"
_SUCCESS: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)
# Everything else below 500 means that the same request would be refused again.
_PASSING: Final = frozenset({
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
})  # fmt: skip


def new_signing_secret() -> str:
    """Make the secret of a webhook, as its receivers' libraries expect it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """One request: where to, signed with what, and what it says."""

    url: str = field(repr=False)
    signing_secret: str = field(repr=False)
    message_id: str
    body: bytes


class WebhookClient:
    """Posts signed bodies; use `open_webhook_client`."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    async def post(self, request: SignedRequest) -> Attempt:
        """Make one attempt; whatever happens to it is told by its result."""
        try:
            return await self._post(request)
        except ForbiddenAddressError as error:
            return Attempt(Reaction.REFUSED, str(error))
        except TimeoutError:
            return Attempt(Reaction.PASSING, f"no answer within {WEBHOOK_TIMEOUT_S:g} s")
        except (ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            if _is_forbidden(error):
                return Attempt(Reaction.REFUSED, "the address is not public")
            # Its own words may hold the address.
            return Attempt(Reaction.PASSING, f"no connection: {type(error).__name__}")

    async def _post(self, request: SignedRequest) -> Attempt:
        now = datetime.now(UTC)
        signature = Webhook(request.signing_secret).sign(
            request.message_id, now, request.body.decode()
        )
        headers = {
            "Content-Type": "application/json",
            "User-Agent": _USER_AGENT,
            "webhook-id": request.message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        async with self._session.post(
            request.url, data=request.body, headers=headers, allow_redirects=False
        ) as response:
            attempt = _attempt_of(response)
            await _read_out(response)
            return attempt


@asynccontextmanager
async def open_webhook_client(network: OutboundNetwork) -> AsyncIterator[WebhookClient]:
    """Open the client for a process.

    It follows no redirects, keeps no cookies, knows no proxies, and looks every name up anew:
    what one user's server answers is nobody else's.
    """
    connector = TCPConnector(
        limit=_CONNECTIONS,
        use_dns_cache=False,
        socket_factory=network.open_socket,
    )
    async with ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=WEBHOOK_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S),
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield WebhookClient(session)


def _attempt_of(response: ClientResponse) -> Attempt:
    status = response.status
    said = f"it answered {status}"
    if status in _SUCCESS:
        return Attempt(Reaction.ACCEPTED, said)
    if status == HTTPStatus.GONE:
        return Attempt(Reaction.GONE, said)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
        return Attempt(Reaction.PASSING, said, _retry_after_s(response))
    if status in _REDIRECTS:
        said += "; redirects are not followed"
    return Attempt(Reaction.REFUSED, said)


def _retry_after_s(response: ClientResponse) -> float:
    """Return what RFC 9110, section 10.2.3 asks for: seconds or a date; 0 without."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    with contextlib.suppress(ValueError, TypeError):
        at = parsedate_to_datetime(asked)
        zoned = at if at.tzinfo else at.replace(tzinfo=UTC)
        return max(0.0, (zoned - datetime.now(UTC)).total_seconds())
    return 0.0


async def _read_out(response: ClientResponse) -> None:
    read = 0
    # The status has been told; what follows it, or breaks off, changes nothing.
    with contextlib.suppress(ClientError, OSError):
        async for piece in response.content.iter_any():
            read += len(piece)
            if read > _ANSWER_MAX_BYTES:
                response.close()
                return


def _is_forbidden(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ForbiddenAddressError):
            return True
        cause = getattr(cause, "os_error", None) or cause.__cause__ or cause.__context__
    return False
