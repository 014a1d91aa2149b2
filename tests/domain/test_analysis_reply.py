"""Whatever a model says, what passes the checks keeps the rules."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.analysis import MarketPicture, Rule, Signal
from domain.analysis_ports import Finish, ModelReply
from domain.analysis_prompt import complaint_of, market_text
from domain.analysis_reply import REPLY_SCHEMA, judge
from domain.candles import Timeframe

D = Decimal
NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
PICTURE = MarketPicture(
    symbol="BTCUSDT",
    timeframe=Timeframe.H1,
    tick_size=D("0.01"),
    price=D("45190"),
    priced_at=NOW,
    candle_open_time=NOW,
    candles=(),
    indicators={"rsi": 65.5, "macd": None},
)
LONG: dict[str, Any] = {
    "reasoning": "Momentum.",
    "signal": "Long",
    "confidence": 0.85,
    "suggested_entry": 45190.0,
    "suggested_stop_loss": 44900.0,
    "suggested_take_profit": 45600.0,
}
SHORT = LONG | {"signal": "Short", "suggested_stop_loss": 45600, "suggested_take_profit": 44900}
NEUTRAL = LONG | {"signal": "Neutral"} | {name: None for name in LONG if "suggested" in name}


def reply(content: Any, finish: Finish = Finish.COMPLETE) -> ModelReply:
    text = content if isinstance(content, str) else json.dumps(content)
    return ModelReply(text, "a model", 100, 50, finish)


def broken(content: Any) -> Rule:
    verdict = judge(reply(content), PICTURE)
    assert verdict.opinion is None
    assert verdict.breach is not None
    assert str(verdict.breach.rule) in complaint_of(verdict.breach)
    return verdict.breach.rule


def test_the_documents_example() -> None:
    opinion = judge(reply(LONG), PICTURE).opinion
    assert opinion is not None
    assert opinion.risk_reward_ratio == D("1.41")  # 410 / 290; the document's 1.37 is not its own
    assert (opinion.signal, opinion.confidence) == (Signal.LONG, D("0.85"))
    short = judge(reply(SHORT), PICTURE).opinion
    assert short is not None
    assert short.risk_reward_ratio == D("0.71")


def test_neutral_suggests_nothing() -> None:
    opinion = judge(reply(NEUTRAL), PICTURE).opinion
    assert opinion is not None
    assert (opinion.entry, opinion.risk_reward_ratio) == (None, None)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("", Rule.JSON),
        ("```json\n{}\n```", Rule.JSON),
        ("[" * 100_000, Rule.JSON),
        (json.dumps(LONG)[:-9], Rule.JSON),
        (json.dumps(LONG) * 2, Rule.JSON),
        (json.dumps(LONG)[:-1] + ',"signal":"Short"}', Rule.JSON),
        (json.dumps(LONG).replace("0.85", "NaN"), Rule.JSON),
        (json.dumps(LONG).replace("0.85", "9" * 5_000), Rule.CONFIDENCE),
        (json.dumps(LONG | {"reasoning": "x" * 30_000}), Rule.JSON),
        ([LONG], Rule.SCHEMA),
        (LONG | {"risk_reward_ratio": 9}, Rule.SCHEMA),
        ({"signal": "Long"}, Rule.SCHEMA),
        (LONG | {"signal": "LONG"}, Rule.SCHEMA),
        (LONG | {"signal": ["Long"]}, Rule.SCHEMA),
        (LONG | {"confidence": "0.85"}, Rule.SCHEMA),
        (LONG | {"confidence": True}, Rule.SCHEMA),
        (LONG | {"confidence": 1.0001}, Rule.CONFIDENCE),
        (LONG | {"confidence": -0.1}, Rule.CONFIDENCE),
        (LONG | {"reasoning": " \n\u200b\ud800"}, Rule.REASONING),
        (LONG | {"reasoning": None}, Rule.SCHEMA),
        (LONG | {"suggested_entry": None}, Rule.PRICES_PRESENT),
        (LONG | {"suggested_entry": "45190"}, Rule.SCHEMA),
        (LONG | {"suggested_take_profit": 45_190_000}, Rule.NEAR_LIVE_PRICE),
        (LONG | {"suggested_stop_loss": -44_900}, Rule.NEAR_LIVE_PRICE),
        (json.dumps(LONG).replace("44900.0", "1e999999"), Rule.NEAR_LIVE_PRICE),
        (LONG | {"suggested_stop_loss": 45_200}, Rule.LONG_STOP_ENTRY_TARGET),
        (LONG | {"suggested_stop_loss": 45_189.996}, Rule.LONG_STOP_ENTRY_TARGET),
        (LONG | {"suggested_take_profit": 45_000}, Rule.LONG_STOP_ENTRY_TARGET),
        (LONG | {"signal": "Short"}, Rule.SHORT_TARGET_ENTRY_STOP),
        (NEUTRAL | {"suggested_entry": 45_190}, Rule.NEUTRAL_HAS_NO_PRICES),
    ],
)
def test_what_breaks_a_rule_names_it(content: Any, rule: Rule) -> None:
    assert broken(content) is rule


def test_refusals_and_cut_offs_are_not_read() -> None:
    for finish, rule in ((Finish.REFUSED, Rule.ANSWERED), (Finish.TRUNCATED, Rule.COMPLETE)):
        breach = judge(reply(LONG, finish), PICTURE).breach
        assert breach is not None
        assert breach.rule is rule


_numbers = st.one_of(
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(0.9, 1.1).map(lambda part: 45_190 * part),
    st.integers(),
    st.sampled_from([True, "45190", 45190, [], {}]),
)


@given(
    st.fixed_dictionaries({
        "reasoning": st.one_of(st.text(), st.none(), st.integers()),
        "signal": st.one_of(st.sampled_from(["Long", "Short", "Neutral", "long"]), st.text()),
        "confidence": st.one_of(_numbers, st.floats(0, 1)),
        "suggested_entry": _numbers,
        "suggested_stop_loss": _numbers,
        "suggested_take_profit": _numbers,
    })
)  # fmt: skip
def test_whatever_passes_keeps_the_rules(content: dict[str, Any]) -> None:
    verdict = judge(reply(content), PICTURE)
    assert (verdict.opinion is None) != (verdict.breach is None)
    opinion = verdict.opinion
    if opinion is None:
        return
    opinion.reasoning.encode()
    assert opinion.reasoning.strip()
    assert 0 <= opinion.confidence <= 1
    prices = [opinion.entry, opinion.stop_loss, opinion.take_profit]
    if opinion.signal is Signal.NEUTRAL:
        assert prices == [None, None, None]
        return
    entry, stop, target = (price or D(0) for price in prices)
    lowest, highest = sorted((stop, target))
    assert lowest < entry < highest
    assert (stop < target) == (opinion.signal is Signal.LONG)
    assert PICTURE.lowest_price <= lowest
    assert highest <= PICTURE.highest_price
    assert all(price % PICTURE.tick_size == 0 for price in (entry, stop, target))
    assert opinion.risk_reward_ratio == (abs(target - entry) / abs(entry - stop)).quantize(
        D("0.01")
    )


@given(st.text())
def test_any_text_has_a_verdict(content: str) -> None:
    judge(reply(content), PICTURE)


def test_a_market_without_ticks_has_prices_that_can_be_stored() -> None:
    exact = json.dumps(LONG).replace("45190.0", "45190." + "1" * 60)
    opinion = judge(reply(exact), replace(PICTURE, tick_size=D(0))).opinion
    assert opinion is not None
    assert opinion.entry == D("45190.11111111")


def test_rounding_takes_no_price_out_of_bounds() -> None:
    near_the_edge = LONG | {"suggested_take_profit": 49_690}  # of at most 49,698
    picture = replace(PICTURE, price=D(45_180))
    assert judge(reply(near_the_edge), picture).opinion is not None
    breach = judge(reply(near_the_edge), replace(picture, tick_size=D(100))).breach
    assert breach is not None
    assert breach.rule is Rule.NEAR_LIVE_PRICE


def test_the_schema_is_strict() -> None:
    assert REPLY_SCHEMA["additionalProperties"] is False
    assert REPLY_SCHEMA["required"] == list(REPLY_SCHEMA["properties"])
    assert "risk_reward_ratio" not in REPLY_SCHEMA["properties"]


def test_the_market_is_one_object_of_numbers() -> None:
    told = json.loads(market_text(PICTURE))
    assert told["last_price"] == 45190
    assert told["indicators"] == {"rsi": 65.5, "macd": None}
    assert (told["lowest_price"], told["highest_price"]) == (40671, 49709)
