"""Accounts at the sandbox exchange; Binance itself has no such call."""

from decimal import Decimal

import aiohttp

from adapters.exact_json import dump
from adapters.whole_connects import WholeConnects
from domain.errors import ErrorCode, Retryable
from domain.ports import VenueCredentials

TIMEOUT_S = 5.0


class SandboxAccounts:
    """Opens accounts at the exchange under `exchange_url`."""

    def __init__(self, exchange_url: str) -> None:
        self._url = f"{exchange_url.rstrip('/')}/sandbox/accounts"

    async def open(self, balances: dict[str, Decimal]) -> VenueCredentials:
        """Make an account with these balances by asset and return its keys.

        Every call makes another account: what a caller forgets stays there, unused.

        Raises:
            Retryable: `VENUE_UNAVAILABLE`.
        """
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=WholeConnects(), timeout=timeout, raise_for_status=True
                ) as session,
                session.post(
                    self._url,
                    data=dump({"balances": balances}),
                    headers={"Content-Type": "application/json"},
                ) as response,
            ):
                made = await response.json()
                return VenueCredentials(made["api_key"], made["api_secret"])
        except (TimeoutError, aiohttp.ClientError, KeyError, ValueError) as error:
            raise Retryable(
                ErrorCode.VENUE_UNAVAILABLE, "The sandbox exchange made no account."
            ) from error
