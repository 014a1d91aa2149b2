"""Which limits may be chosen, and what an account is worth."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.account import Account, Balance, RiskLimits
from domain.equity import equity, priced_symbols
from domain.errors import ErrorCode, Rejected
from domain.limits import RANGES, changed_limits
from tests.domain.strategies import D, account_of, wild_numbers


@given(st.dictionaries(st.sampled_from(sorted(RANGES)), wild_numbers))
def test_what_is_accepted_is_in_its_range_and_nothing_else_changes(changes: dict[str, D]) -> None:
    before = RiskLimits()
    after = _accepted(before, changes)
    if after is None:
        return
    for name, allowed in RANGES.items():
        if name in changes:
            assert allowed.least <= getattr(after, name) <= allowed.most
        else:
            assert getattr(after, name) == getattr(before, name)


def _accepted(limits: RiskLimits, changes: dict[str, D]) -> RiskLimits | None:
    try:
        return changed_limits(limits, changes)
    except Rejected:
        return None


@pytest.mark.parametrize("name", sorted(RANGES))
def test_both_ends_are_in_and_what_lies_beyond_is_out(name: str) -> None:
    allowed = RANGES[name]
    for value in (allowed.least, allowed.most):
        assert getattr(changed_limits(RiskLimits(), {name: value}), name) == value
    for value in (allowed.least - D("1e-8"), allowed.most + D("1e-8")):
        with pytest.raises(Rejected) as refusal:
            changed_limits(RiskLimits(), {name: value})
        assert refusal.value.code is ErrorCode.INVALID_REQUEST
        assert [error["field"] for error in refusal.value.extensions["errors"]] == [name]


def test_the_defaults_are_in_their_ranges() -> None:
    limits = RiskLimits()
    assert changed_limits(limits, {name: getattr(limits, name) for name in RANGES}) == limits


def test_every_limit_has_a_range() -> None:
    assert set(RANGES) == set(RiskLimits.__slots__)


def test_equity_counts_free_and_locked_of_everything() -> None:
    account = replace(
        account_of(),
        balances={
            "USDT": Balance(D(100), D(50)),
            "BTC": Balance(D("0.1"), D("0.2")),
            "ETH": Balance(),
        },
    )
    assert priced_symbols(account) == ["BTCUSDT"]
    assert equity(account, {"BTCUSDT": D(60_000)}) == 18_150


def test_without_a_price_there_is_no_equity() -> None:
    account = account_of(USDT=100, BTC=1, ETH=1)
    assert equity(account, {"BTCUSDT": D(60_000)}) is None
    assert equity(Account(user_id="u"), {}) == 0
