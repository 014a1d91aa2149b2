"""Who asks, and whether the request is theirs and fresh."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

from sandbox.exchange.core.errors import (
    VenueError,
    ahead_of_time,
    bad_key_format,
    invalid_signature,
    mandatory,
    outside_window,
    rejected_key,
)
from sandbox.exchange.core.ledger import Account, Ledger
from sandbox.exchange.protocol.params import Params

_KEY: Final = re.compile(r"^[A-Za-z0-9]{64}$")
_DEFAULT_WINDOW_MS: Final = 5_000
_MOST_WINDOW_MS: Final = 60_000
_AHEAD_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Freshness:
    """The time span in which a request may be processed."""

    timestamp_ms: int
    window_ms: int

    def check(self, now_ms: int) -> None:
        """Refuse a request that is too old, or whose clock is too far ahead.

        Raises:
            VenueError: -1021.
        """
        if self.timestamp_ms >= now_ms + _AHEAD_MS:
            raise ahead_of_time()
        if now_ms - self.timestamp_ms > self.window_ms:
            raise outside_window()


def account_of(ledger: Ledger, api_key: str | None) -> Account:
    """The account that an API key belongs to.

    Raises:
        VenueError: -2014 when it is missing or cannot be a key, -2015 when nobody has it.
    """
    if api_key is None or not _KEY.match(api_key):
        raise bad_key_format()
    found = ledger.account_by_key.get(api_key)
    if found is None:
        raise rejected_key()
    return found


def freshness_of(params: Params) -> Freshness:
    """The freshness of a signed request.

    Raises:
        VenueError: -1102 without a timestamp, -1131 for a window beyond 60 s.
    """
    timestamp_ms = params.need_integer("timestamp")
    raw = params.get("recvWindow")
    window_ms = _DEFAULT_WINDOW_MS
    if raw is not None:
        # Binance takes up to three decimals here, for microseconds.
        if not re.match(r"^[0-9]{1,20}(\.[0-9]{1,3})?$", raw):
            raise VenueError(
                -1100,
                "Illegal characters found in parameter 'recvWindow'; "
                "legal range is '^[0-9]{1,20}(\\.[0-9]{1,3})?$'.",
            )
        window_ms = int(raw.partition(".")[0])
        if window_ms > _MOST_WINDOW_MS:
            raise VenueError(-1131, "recvWindow must be less than 60000.")
    return Freshness(timestamp_ms, window_ms)


def check_signature(account: Account, params: Params, payload: str) -> None:
    """Refuse a request that its account has not signed.

    Args:
        account: Whose key came with the request.
        params: Its parameters.
        payload: Exactly what was sent, without the signature.

    Raises:
        VenueError: -1102 without a signature, -1022 with a wrong one.
    """
    signature = params.get("signature")
    if signature is None:
        raise mandatory("signature")
    expected = hmac.new(account.api_secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.lower().encode()):
        raise invalid_signature()


def payload_of(query: str, body: str) -> str:
    """Query string and body, run together as sent, less the signature."""
    return _without_signature(query) + _without_signature(body)


def _without_signature(encoded: str) -> str:
    return "&".join(p for p in encoded.split("&") if not p.startswith("signature="))
