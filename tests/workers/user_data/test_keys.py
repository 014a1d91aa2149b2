"""Accounts whose keys change, or are refused, while their streams are followed."""

import asyncio
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from adapters import credential_vault
from adapters.sandbox_accounts import SandboxAccounts
from domain.ports import VenueCredentials
from tests.trading_floor import Floor, until
from tests.workers.user_data.test_streams import signals, until_followed
from workers.user_data import line
from workers.user_data.__main__ import follow_accounts

REFUSED = VenueCredentials("k" * 64, "s" * 64)


async def test_new_keys_are_followed_without_a_restart(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "REVIEW_S", 0.1)
    monkeypatch.setattr(credential_vault, "CACHE_TTL_S", 0.0)
    following = asyncio.create_task(follow_accounts(floor.settings, lambda: None))
    try:
        person = await floor.person()
        first = await floor.rest(person)
        await until_followed(floor, first)
        await floor.trading.desk.cancel(first.trade_id)
        opened = await SandboxAccounts(floor.settings.exchange_url).open({"USDT": Decimal(10_000)})
        await floor.vault.store(person.user_id, opened)
        second = await floor.rest(person)
        await floor.trade("0.004")
        await floor.until_recorded(second, "PARTIALLY_FILLED")
        await floor.trade("0.006")
        await floor.until_recorded(second, "FILLED")
        assert await signals(floor, second) != []
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_refused_keys_hold_up_nobody_and_are_not_logged(floor: Floor) -> None:
    refused, accepted = await floor.person(), await floor.person()
    kept = await floor.vault.credentials(refused.user_id)
    assert kept is not None
    await floor.rest(refused)
    order = await floor.rest(accepted)
    await floor.vault.store(refused.user_id, REFUSED)
    with capture_logs() as logs:
        following = asyncio.create_task(follow_accounts(floor.settings, lambda: None))
        try:
            await until_followed(floor, order)

            async def is_told() -> bool:
                return any(each.get("user_id") == refused.user_id for each in logs)

            await until(is_told)
            await floor.trade("0.014")  # the refused one's order stands before it
            await floor.until_recorded(order, "PARTIALLY_FILLED")
            await floor.trade("0.006")
            await floor.until_recorded(order, "FILLED")
            assert "execution_report" in await signals(floor, order)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await floor.vault.store(refused.user_id, kept)
    written = repr(logs)
    for secret in (REFUSED.api_key, REFUSED.api_secret, kept.api_key, kept.api_secret):
        assert secret not in written
