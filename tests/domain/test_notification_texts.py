from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.analysis import Signal
from domain.event_messages import (
    MESSAGES,
    Message,
    PasswordChanged,
    RiskLimitExceeded,
    SessionBroken,
    SignalGenerated,
    SignalScored,
    SignedIn,
    TokenReused,
    TradeCanceled,
    TradeExecuted,
    TradeFailed,
    TradingHalted,
    VenueCredentialsChanged,
)
from domain.notification_texts import Text, exact, sample_text, text_of, words
from domain.orders import Side
from domain.scorecard import Outcome

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
D = Decimal
EXECUTED = TradeExecuted(
    user_id="ann",
    trade_id="t1",
    symbol="BTCUSDT",
    side=Side.BUY,
    quantity=D("0.00092000"),
    price=D("54187.09"),
    type="MARKET",
    status="FILLED",
    executed_quantity=D("0.00092000"),
    executed_price=D("54187.09"),
    commission=D("9.2E-7"),
    commission_asset="BTC",
    venue_order_id=7,
)
ASKED: dict[str, Any] = {
    "user_id": "ann",
    "analysis_id": "a1",
    "user_ids": ("ann", "bob"),
    "brought_own": False,
    "symbol": "BTCUSDT",
    "timeframe": "1h",
    "signal": Signal.LONG,
    "confidence": D("0.85"),
    "model": "m",
    "prompt_version": "1",
}
REFUSED: dict[str, Any] = {
    "user_id": "ann",
    "trade_id": "t1",
    "symbol": "BTCUSDT",
    "side": Side.SELL,
    "quantity": D(2),
    "price": None,
}
FROM: dict[str, str] = {
    "user_id": "ann",
    "activity_id": "x",
    "address": "192.0.2.7",
    "user_agent": "Firefox",
}
CANCELED = TradeCanceled(
    **{name: getattr(EXECUTED, name) for name in TradeExecuted.__dataclass_fields__}
    | {"executed_quantity": D(0), "commission": D(0), "quantity": D("0.01"), "price": D(52560)}
)
EXAMPLES: list[tuple[Message, str, str]] = [
    (
        EXECUTED,
        "Bought 0.00092 BTCUSDT",
        "Bought 0.00092 BTCUSDT at 54187.09. The fee was 0.00000092 BTC.",
    ),
    (
        replace(EXECUTED, status="EXPIRED", side=Side.SELL, session_id="s"),
        "Paper: Sold 0.00092 BTCUSDT",
        (
            "Sold 0.00092 BTCUSDT at 54187.09. The fee was 0.00000092 BTC."
            " The rest of the order has expired."
        ),
    ),
    (CANCELED, "Canceled: BTCUSDT", "Buying 0.01 BTCUSDT at 52560 was canceled."),
    (
        replace(CANCELED, executed_quantity=D("0.005"), commission=D(1)),
        "Canceled: BTCUSDT",
        "Buying 0.01 BTCUSDT at 52560 was canceled. 0.005 had been filled. The fee was 1 BTC.",
    ),
    (
        TradeFailed(**REFUSED, code="X", reason="no <b>money</b>"),
        "Failed: BTCUSDT",
        "Selling 2 BTCUSDT failed: no b money /b.",
    ),
    (
        RiskLimitExceeded(
            **REFUSED,
            limit_type="daily_loss",
            current_value=D("-5.50"),
            limit_value=D("-5.0"),
            code="X",
            reason="",
        ),
        "Risk limit: daily loss",
        "Selling 2 BTCUSDT was refused: daily loss is -5.5 against a limit of -5.",
    ),
    (
        SessionBroken(user_id="ann", session_id="s1", reason="1 BTC too many"),
        "Paper session closed",
        "A paper session was closed because its books do not balance: 1 BTC too many.",
    ),
    (
        SignalGenerated(
            **ASKED,
            suggested_entry=D("45190.00"),
            suggested_stop_loss=D(44900),
            suggested_take_profit=None,
            risk_reward_ratio=None,
        ),
        "Long: BTCUSDT 1h",
        "Long for BTCUSDT 1h, 85 % confidence. Suggested: entry 45190, stop-loss 44900.",
    ),
    (
        SignalScored(
            **ASKED,
            created_at=AT,
            outcome=Outcome.STOP,
            entered_at=None,
            ended_at=None,
            exit_price=None,
            r_multiple=D("-1.0000"),
        ),
        "Ended: Long BTCUSDT 1h",
        "Long for BTCUSDT 1h has ended: the stop-loss was reached (-1 R).",
    ),
    (
        SignedIn(**FROM),
        "New sign-in",
        (
            "Somebody signed in to your account from 192.0.2.7 with Firefox."
            " If it was not you, change your password now."
        ),
    ),
    (
        TokenReused(user_id="ann", activity_id="x"),
        "A sign-in was ended",
        (
            "A sign-in was ended because its token was used twice."
            " If it was not you, change your password now."
        ),
    ),
    (
        PasswordChanged(**FROM),
        "Password changed",
        (
            "Your password was changed from 192.0.2.7 with Firefox; other sign-ins were ended."
            " If it was not you, change your password now."
        ),
    ),
    (
        VenueCredentialsChanged(user_id="ann", activity_id="x"),
        "Exchange keys changed",
        (
            "The exchange keys of your account were replaced."
            " If it was not you, change your password now."
        ),
    ),
    (
        TradingHalted(user_id="ann", activity_id="x", reason="holidays"),
        "Trading halted",
        "Trading was halted; no order leaves until it is resumed. The reason: holidays.",
    ),
]


@pytest.mark.parametrize(("message", "title", "body"), EXAMPLES)
def test_what_people_read(message: Message, title: str, body: str) -> None:
    text = text_of(message)
    assert (text.title, text.body) == (title, body)
    assert text.path.startswith("/")


def test_every_event_has_its_words() -> None:
    assert {type(message) for message, _, _ in EXAMPLES} == set(MESSAGES.values())
    assert isinstance(sample_text(), Text)


@given(st.text())
def test_words_of_others_are_one_harmless_line(foreign: str) -> None:
    shown = words(foreign)
    assert not set(shown) & set('<>&*_`~|[](){}#@\\"!$\r\n\t\x00\u200b\u202e')
    assert "//" not in shown
    assert len(shown) <= 160
    assert words(shown) == shown


def test_words_stay_readable() -> None:
    hostile = "Click [here](https://evil.example/x) @everyone\r\nBcc: me@x.io \u202e<script>"
    assert words(hostile) == "Click here https evil.example/x everyone Bcc: me x.io script"
    assert words("Balance is 10.5, wanted: 12 %") == "Balance is 10.5, wanted: 12 %"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, max_value=10**12))
def test_numbers_are_exact(number: Decimal) -> None:
    assert D(exact(number)) == number
    assert "E" not in exact(number)
