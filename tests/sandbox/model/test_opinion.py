"""The rule: what it says of any market, and that it says the same again."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.model.market import read_market
from sandbox.model.opinion import RULE, Opinion, form

RISING = {"ema_9": 103, "ema_21": 102, "ema_50": 101, "macd_histogram": 0.5, "rsi": 60, "atr": 2}
FALLING = {"ema_9": 99, "ema_21": 100, "ema_50": 101, "macd_histogram": -1, "rsi": 40, "atr": 2}


def opinion_on(indicators: dict[str, Any], **more: Any) -> Opinion:
    market = {"symbol": "BTCUSDT", "last_price": 104.5, "indicators": indicators, **more}
    return form(read_market([f"Judge this: {json.dumps(market)} Thank you."]))


@pytest.mark.parametrize(
    ("indicators", "signal", "confidence"),
    [
        (RISING, "Long", "0.8"),
        (RISING | {"adx": 25}, "Long", "0.9"),
        (RISING | {"adx": 24.9}, "Long", "0.8"),
        (RISING | {"rsi": 70}, "Long", "0.6"),
        (RISING | {"rsi": 40}, "Neutral", "0.4"),
        (RISING | {"ema_50": None}, "Long", "0.6"),
        (RISING | {"ema_50": None, "rsi": None}, "Neutral", "0.4"),
        (FALLING, "Short", "0.8"),
        (FALLING | {"rsi": 30}, "Short", "0.6"),
        (FALLING | {"macd_histogram": 0}, "Short", "0.6"),
        (FALLING | {"macd_histogram": 1}, "Neutral", "0.4"),
        ({}, "Neutral", "0.4"),
    ],
)
def test_the_votes(indicators: dict[str, Any], signal: str, confidence: str) -> None:
    found = opinion_on(indicators)
    assert (found.signal, found.confidence) == (signal, Decimal(confidence))


def test_prices_in_multiples_of_atr() -> None:
    long, short = opinion_on(RISING), opinion_on(FALLING)
    assert (long.entry, long.stop_loss, long.take_profit) == (
        Decimal("104.5"),
        Decimal("101.5"),
        Decimal("110.5"),
    )
    assert (short.entry, short.stop_loss, short.take_profit) == (
        Decimal("104.5"),
        Decimal("107.5"),
        Decimal("98.5"),
    )


def test_prices_keep_to_what_was_sent() -> None:
    found = opinion_on(RISING, price_step=0.25, lowest_price=103.9, highest_price=106.1)
    assert (found.stop_loss, found.take_profit) == (Decimal(104), Decimal(106))


def test_it_says_what_it_is_and_what_it_saw() -> None:
    said = opinion_on(RISING | {"rsi": 61.25, "macd_histogram": None}).reasoning
    assert said.startswith(RULE)
    assert "no language model" in said
    assert "RSI 61.25, +1." in said
    assert "MACD histogram: not sent, no vote." in said


@pytest.mark.parametrize(
    "text",
    ["", "hello", "{", "{}", '{"a": 1}', "[1, 2]", '{"indicators": {}}', '{"candles": []}',
     '{"indicators": {}, "last_price": -3}', '{"indicators": {}, "last_price": 1e999}',
     '{"indicators": {}, "last_price": "12"}'],
)  # fmt: skip
def test_no_market_no_opinion(text: str) -> None:
    found = form(read_market([text]))
    assert (found.signal, found.confidence) == ("Neutral", Decimal(0))
    assert "no market" in found.reasoning


def test_the_last_close_stands_in_for_the_last_price() -> None:
    market = read_market([json.dumps({"candles": [{"close": 7}, {"close": 8.5}]})])
    assert market is not None
    assert market.price == Decimal("8.5")


def test_the_market_of_the_first_message_that_has_one() -> None:
    market = read_market(["{not json}", '{"x": 1} {"symbol": "A", "indicators": {}}', '{"candles"'])
    assert market is not None
    assert market.symbol == "A"


numbers = st.none() | st.floats(-1e12, 1e12, allow_nan=False)
markets = st.fixed_dictionaries(
    {"last_price": st.floats(1e-6, 1e9)},
    optional={"price_step": st.sampled_from([1e-8, 0.01, 0.25, 1])},
)
indicator_names = ("ema_9", "ema_21", "ema_50", "macd_histogram", "rsi", "atr", "adx", "other")


@given(markets, st.dictionaries(st.sampled_from(indicator_names), numbers))
def test_whatever_was_sent_the_prices_are_in_order(
    market: dict[str, Any], indicators: dict[str, Any]
) -> None:
    found = opinion_on(indicators, **market)
    assert found == opinion_on(indicators, **market)
    assert 0 <= found.confidence <= 1
    if found.signal == "Short":
        # Where a step is no less than the price, no target below it is left.
        assert 0 < found.take_profit <= found.entry < found.stop_loss or found.entry <= 1
    else:
        assert 0 < found.stop_loss <= found.entry < found.take_profit or found.entry <= 1
