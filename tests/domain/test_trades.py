from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorCode, HaltTrading
from domain.order_status import TERMINAL, OrderStatus
from domain.trades import (
    Execution,
    ExecutionReport,
    Failure,
    Fill,
    Trade,
    advance,
    fail,
    hear,
    lose_sight,
    submitting,
)
from tests.domain.strategies import NOW, RULES, fill_of, intent_of, numbers, order_of, prices_near

D = Decimal
S = OrderStatus
STEP = RULES["BTCUSDT"].step_size
VENUE_ORDER_ID = 77
FAILURE = Failure(ErrorCode.VENUE_UNAVAILABLE, "nothing there")


def word(
    status: OrderStatus,
    *fills: Fill,
    executed: Decimal | None = None,
    venue_order_id: int = VENUE_ORDER_ID,
) -> Execution:
    at = NOW + timedelta(seconds=len(fills))
    return Execution(venue_order_id, status, fills, at, executed)


def limit_trade(quantity: Decimal | str = "1") -> Trade:
    return submitting(order_of(intent_of(quantity=quantity, price="60000")), NOW)


def total_of(fills: tuple[Fill, ...]) -> Decimal:
    return sum((fill.quantity for fill in fills), D(0))


@dataclass(frozen=True)
class History:
    """What truly happened to an order at the venue."""

    trade: Trade
    fills: tuple[Fill, ...]
    end: OrderStatus

    def status(self, known: int) -> OrderStatus:
        if known == len(self.fills) and self.end is S.FILLED:
            return S.FILLED
        return S.PARTIALLY_FILLED if known else S.NEW

    @property
    def last_word(self) -> Execution:
        return word(self.end, *self.fills, executed=total_of(self.fills))

    @property
    def words(self) -> list[Execution]:
        """Everything the venue may say of it: answers with all fills, messages with one."""
        said = []
        for known in range(len(self.fills) + 1):
            executed, status = total_of(self.fills[:known]), self.status(known)
            # The list of fills lags behind the count of what was executed.
            said += [word(status, *self.fills[:n], executed=executed) for n in range(known + 1)]
            said += [word(status, fill, executed=executed) for fill in self.fills[:known][-1:]]
        return [*said, self.last_word, word(self.end, executed=total_of(self.fills))]

    @property
    def reports(self) -> list[ExecutionReport]:
        """The messages of the stream, in order."""
        told = [ExecutionReport(VENUE_ORDER_ID, S.NEW, None, D(0), NOW)]
        for number, fill in enumerate(self.fills, 1):
            executed = total_of(self.fills[:number])
            told.append(ExecutionReport(VENUE_ORDER_ID, self.status(number), fill, executed, NOW))
        if self.end is not S.FILLED:
            told.append(ExecutionReport(VENUE_ORDER_ID, self.end, None, total_of(self.fills), NOW))
        return told


@st.composite
def histories(draw: st.DrawFn, least_fills: int = 0) -> History:
    quantities = draw(st.lists(numbers(STEP), min_size=max(least_fills, 1), max_size=4))
    fills = tuple(
        fill_of(1_000 + 7 * number, draw(prices_near("BTCUSDT")), quantity)
        for number, quantity in enumerate(quantities)
    )
    end = draw(st.sampled_from([S.FILLED, S.CANCELED, S.EXPIRED]))
    if end is not S.FILLED:
        fills = fills[: draw(st.integers(least_fills, len(fills)))]
    unfilled = D(0) if end is S.FILLED else draw(numbers(STEP))
    return History(limit_trade(total_of(fills) + unfilled), fills, end)


# --- words in any order


@given(histories(), st.data())
def test_true_words_in_any_order_and_number_lead_to_the_same_trade(
    history: History, data: st.DataObject
) -> None:
    trade = history.trade
    said = data.draw(st.lists(st.sampled_from(history.words), max_size=12))
    for execution in said:
        before, trade = trade, advance(trade, execution)
        assert set(before.fills) <= set(trade.fills)
        assert not before.is_terminal or trade.status is before.status
        assert not trade.is_terminal or trade.fills == history.fills
        assert trade.updated_at >= before.updated_at
        assert advance(trade, execution) is trade
    ended = advance(trade, history.last_word)
    assert (ended.status, ended.fills) == (history.end, history.fills)
    assert ended.venue_order_id == VENUE_ORDER_ID
    for execution in history.words:
        assert advance(ended, execution) is ended


@given(histories())
def test_the_unbroken_stream_alone_leads_to_the_end(history: History) -> None:
    trade: Trade | None = history.trade
    for report in history.reports:
        assert trade is not None
        trade = hear(trade, report)
    assert trade is not None
    assert (trade.status, trade.fills) == (history.end, history.fills)


@given(histories(least_fills=1), st.data())
def test_a_missing_message_is_noticed_and_a_look_up_mends_it(
    history: History, data: st.DataObject
) -> None:
    lost = data.draw(st.integers(1, len(history.fills)))
    trade = history.trade
    is_noticed = lost == len(history.reports) - 1  # nothing comes after the last message
    for number, report in enumerate(history.reports):
        if number == lost:
            continue
        after = hear(trade, report)
        if after is None:
            assert number > lost
            is_noticed = True
        else:
            assert not after.is_terminal
            trade = after
    assert is_noticed
    assert advance(trade, history.last_word).fills == history.fills


def test_an_end_waits_for_the_fills_before_it() -> None:
    fills = fill_of(1, "60000", "0.4"), fill_of(2, "60000", "0.6")
    trade = advance(limit_trade(), word(S.FILLED, fills[1]))
    assert trade.status is S.PARTIALLY_FILLED
    assert advance(limit_trade(), word(S.FILLED)).status is S.NEW
    assert advance(limit_trade(), word(S.CANCELED, executed=D("0.4"))).status is S.NEW
    # The last fill makes it complete, whatever the message that brings it says.
    assert advance(trade, word(S.PARTIALLY_FILLED, fills[0])).status is S.FILLED


def test_a_word_that_mixes_two_moments_does_not_halt() -> None:
    # The state was read first, the fills a moment later.
    fill = fill_of(1, "60000", "0.4")
    trade = advance(limit_trade(), word(S.PARTIALLY_FILLED, fill))
    assert advance(trade, word(S.NEW, fill)).status is S.PARTIALLY_FILLED
    assert advance(limit_trade(), word(S.NEW, fill)).status is S.PARTIALLY_FILLED
    unlisted = advance(limit_trade(), word(S.PARTIALLY_FILLED))
    assert advance(unlisted, word(S.NEW)).status is S.PARTIALLY_FILLED


def test_a_fill_that_is_listed_twice_counts_once() -> None:
    fill = fill_of(1, "60000", "0.4")
    trade = advance(limit_trade(), word(S.PARTIALLY_FILLED, fill, fill))
    assert trade.executed_quantity == D("0.4")


def test_a_market_order_by_quote_quantity_is_filled_when_the_venue_says_so() -> None:
    trade = submitting(order_of(intent_of(quote_quantity="100")), NOW)
    fill = fill_of(1, "60000", "0.00166")
    assert advance(trade, word(S.FILLED, fill, executed=D("0.00166"))).status is S.FILLED
    assert advance(trade, word(S.FILLED, fill)).status is S.FILLED
    late = advance(trade, word(S.FILLED, fill, executed=D("0.00167")))
    assert late.status is S.PARTIALLY_FILLED


# --- contradictions


def ended() -> Trade:
    return advance(limit_trade(), word(S.CANCELED, fill_of(1, "60000", "0.4"), executed=D("0.4")))


@pytest.mark.parametrize(
    "execution",
    [
        word(S.CANCELED, fill_of(1, "60000", "0.4"), venue_order_id=VENUE_ORDER_ID + 1),
        word(S.CANCELED, fill_of(1, "60000.01", "0.4")),
        word(S.CANCELED, fill_of(1, "60000", "0.5")),
        word(S.CANCELED, fill_of(2, "60000", "0.4")),
        word(S.PARTIALLY_FILLED, fill_of(2, "60000", "0.4")),
        word(S.EXPIRED),
        word(S.FILLED, fill_of(1, "60000", "0.4")),
    ],
)
def test_a_contradiction_after_the_end_halts(execution: Execution) -> None:
    with pytest.raises(HaltTrading):
        advance(ended(), execution)


@pytest.mark.parametrize("status", [S.NEW, S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.EXPIRED])
def test_an_order_that_was_proven_absent_and_appears_halts(status: OrderStatus) -> None:
    absent = fail(limit_trade(), FAILURE, NOW)
    with pytest.raises(HaltTrading):
        advance(absent, word(status))
    assert advance(absent, word(S.REJECTED)).failure == FAILURE


@pytest.mark.parametrize("status", [S.NEW, S.PARTIALLY_FILLED, *sorted(TERMINAL - {S.REJECTED})])
def test_an_order_that_the_venue_has_confirmed_cannot_be_absent(status: OrderStatus) -> None:
    fills = () if status in {S.NEW, S.CANCELED, S.EXPIRED} else (fill_of(1, "60000", "1"),)
    confirmed = advance(limit_trade("1"), word(status, *fills))
    assert confirmed.status is (S.FILLED if fills else status)
    with pytest.raises(HaltTrading):
        fail(confirmed, FAILURE, NOW)
    with pytest.raises(HaltTrading):
        lose_sight(confirmed, NOW)


def test_what_is_not_known_yet_may_fail_or_be_lost_from_sight() -> None:
    later = NOW + timedelta(seconds=9)
    lost = lose_sight(limit_trade(), later)
    assert (lost.status, lost.updated_at, lost.is_terminal) == (S.UNKNOWN, later, False)
    failed = fail(lost, FAILURE, later)
    assert (failed.status, failed.failure, failed.is_terminal) == (S.REJECTED, FAILURE, True)
    assert fail(limit_trade(), FAILURE, later).status is S.REJECTED
    assert advance(lost, word(S.NEW)).status is S.NEW


# --- sums


@given(histories())
def test_sums_over_fills(history: History) -> None:
    fills = tuple(
        replace(fill, commission=D(number), commission_asset="BNB" if number % 2 else "BTC")
        for number, fill in enumerate(history.fills)
    )
    trade = replace(history.trade, fills=fills)
    quantity = sum((Fraction(fill.quantity) for fill in fills), Fraction(0))
    assert Fraction(trade.executed_quantity) == quantity
    if not fills:
        assert trade.executed_price is None
        assert trade.commission_asset is None
        assert trade.commission == 0
        return
    cost = sum(Fraction(fill.quantity) * Fraction(fill.price) for fill in fills)
    assert trade.executed_price is not None
    assert abs(Fraction(trade.executed_price) - cost / quantity) <= Fraction(1, 10**12)
    assert trade.commission_asset == "BTC"
    assert trade.commission == sum(D(n) for n in range(len(fills)) if n % 2 == 0)


def test_a_fill_moves_what_the_venue_moves() -> None:
    assert fill_of(1, "0.05001", "0.0003").cost == D("0.00001500")
    assert fill_of(1, "60000.01", "0.00001").cost == D("0.6000001")
