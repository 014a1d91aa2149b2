"""Accounts at the sandbox exchange."""

from decimal import Decimal

import pytest

from adapters.sandbox_accounts import SandboxAccounts
from domain.errors import ErrorCode, Retryable


async def test_an_account_has_keys_that_work(exchange_url: str) -> None:
    accounts = SandboxAccounts(exchange_url)
    first = await accounts.open({"USDT": Decimal(10_000), "BTC": Decimal("0.00000001")})
    second = await accounts.open({"USDT": Decimal(1)})
    assert first != second
    assert first.api_key
    assert first.api_secret


async def test_an_exchange_that_is_away_is_a_passing_fault(unused_tcp_port: int) -> None:
    with pytest.raises(Retryable) as raised:
        await SandboxAccounts(f"http://127.0.0.1:{unused_tcp_port}").open({})
    assert raised.value.code is ErrorCode.VENUE_UNAVAILABLE


@pytest.mark.parametrize("path", ["/api/v3/ping", "/nowhere"])
async def test_an_exchange_that_answers_nonsense_is_a_passing_fault(
    exchange_url: str, path: str
) -> None:
    accounts = SandboxAccounts(exchange_url)
    accounts._url = f"{exchange_url}{path}"
    with pytest.raises(Retryable):
        await accounts.open({})
