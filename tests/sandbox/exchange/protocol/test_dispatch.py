"""A query never tells of what is not on disk."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.exchange.core.ledger import Account
from sandbox.exchange.protocol.dispatch import Arrival, Outcome, answer
from sandbox.exchange.protocol.params import pairs_of
from sandbox.exchange.protocol.table import REST
from sandbox.exchange.settings import parse
from sandbox.exchange.venue import Venue
from tests.sandbox.exchange.harness import Trader


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[Venue]:
    found = Venue(parse(["--directory", str(tmp_path)]))
    yield found
    await found.close()


async def ask(venue: Venue, account: Account, method: str, path: str, **params: Any) -> Outcome:
    payload = urlencode({"timestamp": int(time.time() * 1000)} | params)
    signature = Trader.signature(account.api_secret, payload)
    return await answer(
        venue,
        Arrival(
            REST[method, path],
            pairs_of(f"{payload}&signature={signature}"),
            payload,
            account.api_key,
            "here",
            (method, path),
        ),
    )


async def test_a_query_waits_for_what_it_has_seen(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await venue.open_account({"USDT": Decimal(1000)})
    disk, real = threading.Event(), venue.journal._commit

    def slow(lines: list[bytes]) -> None:
        disk.wait(10)
        real(lines)

    monkeypatch.setattr(venue.journal, "_commit", slow)
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    price = {"quantity": "0.001", "price": "20000", "newClientOrderId": "mine"}
    placing = asyncio.create_task(ask(venue, account, "POST", "order", **order, **price))
    reading = asyncio.create_task(
        ask(venue, account, "GET", "order", symbol="BTCUSDT", origClientOrderId="mine")
    )
    done, _ = await asyncio.wait([placing, reading], timeout=0.2)
    assert not done
    disk.set()
    assert (await reading).answer["status"] == "NEW"
    assert (await placing).answer["status"] == "NEW"
