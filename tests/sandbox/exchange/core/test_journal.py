"""The journal: what is appended is what is read, in groups, and fast enough."""

import asyncio
import time
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.exchange.core import journal
from sandbox.exchange.core.journal import Journal
from sandbox.exchange.core.records import (
    AccountOpened,
    Deposited,
    OrderAccepted,
    OrderFilled,
    Record,
    decode,
    encode,
)

LINES = 5_000
# About 16 us a line were measured; a machine under load takes its time.
LONGEST_S = 1.0


def deposit(number: int) -> Deposited:
    return Deposited(time=number, account_id="a", asset="USDT", quantity=Decimal("0.10"))


async def test_lines_that_arrive_together_share_a_sync(tmp_path: Path) -> None:
    written = Journal(tmp_path)
    await asyncio.gather(*(written.append([deposit(n)]) for n in range(100)))
    await written.close()
    assert (written.lines, written.commits) == (100, 1)
    found: list[Record] = []
    assert journal.read(tmp_path, found.append) == 100
    assert found == [deposit(n) for n in range(100)]


async def test_an_act_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    whole = encode([deposit(1), deposit(2)])
    for cut in range(1, len(whole) - 1):
        path.write_bytes(whole + whole[:cut])
        found: list[Record] = []
        assert journal.read(tmp_path, found.append) == 1
        assert len(found) == 2
        assert path.read_bytes() == whole


def test_damage_in_the_middle_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b"[{\n" + encode([deposit(1)]))
    with pytest.raises(ValueError, match="line 1 is damaged"):
        journal.read(tmp_path, lambda _: None)


def test_decimals_come_back_exactly() -> None:
    opened = AccountOpened(
        time=1, account_id="a", api_key="k", api_secret="s", balances={"BTC": Decimal("1E-8")}
    )
    assert decode(encode([opened])) == [opened]


def test_a_long_journal_is_read_fast(tmp_path: Path) -> None:
    accepted = OrderAccepted(
        time=1,
        account_id="a",
        symbol="BTCUSDT",
        side="BUY",
        type="MARKET",
        time_in_force="GTC",
        order_id=1,
        client_order_id="c",
        price=Decimal(0),
        quantity=Decimal(1),
        reserved=Decimal(1),
    )
    filled = OrderFilled(
        time=1,
        account_id="a",
        symbol="BTCUSDT",
        side="BUY",
        type="MARKET",
        order_id=1,
        client_order_id="c",
        trade_id=1,
        price=Decimal(1),
        quantity=Decimal(1),
        quote_quantity=Decimal(1),
        commission=Decimal(0),
        commission_asset="BTC",
        is_maker=False,
        reserved=Decimal(0),
        status="FILLED",
    )
    (tmp_path / "journal.jsonl").write_bytes(encode([accepted, filled]) * LINES)
    began = time.process_time()
    assert journal.read(tmp_path, lambda _: None) == LINES
    assert time.process_time() - began < LONGEST_S
