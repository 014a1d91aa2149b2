"""What a notification says: short sentences, exact numbers, nothing that could be markup.

The words of others (a venue's reason, a browser's name) are stripped of every character that
HTML, Markdown, a mail header or a chat's mentions give a meaning to, so that a sentence means
the same wherever it is shown.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import singledispatch
from typing import Final

from domain.event_messages import (
    Message,
    PasswordChanged,
    RiskLimitExceeded,
    SecurityMessage,
    SessionBroken,
    SignalGenerated,
    SignalScored,
    SignedIn,
    TokenReused,
    TradeCanceled,
    TradeExecuted,
    TradeFailed,
    TradeMessage,
    TradingHalted,
    VenueCredentialsChanged,
)
from domain.orders import Side
from domain.scorecard import Outcome

_WORDS_MAX_CHARACTERS: Final = 160
# Letters, digits, space and the punctuation that no markup uses.
_PUNCTUATION: Final = frozenset(" .,:;/+-%'?=…")
_BLANKS: Final = re.compile(r"\s+")
_VERB: Final = {Side.BUY: ("Bought", "Buying"), Side.SELL: ("Sold", "Selling")}
_OUTCOME: Final = {
    Outcome.TAKE_PROFIT: "the take-profit was reached",
    Outcome.STOP: "the stop-loss was reached",
    Outcome.NEITHER: "neither stop-loss nor take-profit was reached",
    Outcome.NOT_ENTERED: "its entry was never reached",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A title, one or two sentences, and where in the dashboard there is more."""

    title: str
    body: str
    path: str


def exact(value: Decimal) -> str:
    """Write a number with every digit that counts and no others."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def words(foreign: str) -> str:
    """Make text of somebody else's harmless: one line, no markup, no links, not too long."""
    shown = "".join(
        each if each in _PUNCTUATION or unicodedata.category(each)[0] in "LN" else " "
        for each in unicodedata.normalize("NFC", foreign[: 4 * _WORDS_MAX_CHARACTERS])
    )
    unlinked = shown.replace("://", " ").replace("//", " ")
    line = _BLANKS.sub(" ", unlinked).strip()
    if len(line) <= _WORDS_MAX_CHARACTERS:
        return line
    return f"{line[: _WORDS_MAX_CHARACTERS - 1].rstrip()}…"


def text_of(message: Message) -> Text:
    """Return what a user is told."""
    text = _describe(message)
    on_paper = isinstance(message, TradeMessage) and message.session_id is not None
    return Text(f"Paper: {text.title}", text.body, text.path) if on_paper else text


def sample_text() -> Text:
    """Return what a user sends to a target of theirs to see whether it works."""
    return Text("It works", "This is the test that you have asked for.", "/notifications/settings")


def changed_text() -> Text:
    """Return what a user is told when targets, or what they are told, have been changed."""
    body = f"The targets of your notifications, or what they are told, were changed. {_not_you()}"
    return Text("Notification targets changed", body, "/notifications/settings")


def disabled_text(name: str, why: str) -> Text:
    """Return what a user is told of a target that nothing is sent to any more."""
    body = f"Nothing is sent to {words(name)} any more: {words(why)}. Enable it in the settings."
    return Text("A target was disabled", body, "/notifications/settings")


@singledispatch
def _describe(message: Message) -> Text:
    raise TypeError(f"nobody is told of {type(message).__name__}")


@_describe.register
def _(message: TradeExecuted) -> Text:
    quantity = f"{exact(message.executed_quantity)} {words(message.symbol)}"
    verb = _VERB[message.side][0]
    price = "" if message.executed_price is None else f" at {exact(message.executed_price)}"
    rest = "" if message.status == "FILLED" else " The rest of the order has expired."
    body = f"{verb} {quantity}{price}.{_fee(message)}{rest}"
    return Text(f"{verb} {quantity}", body, _trade_path(message))


@_describe.register
def _(message: TradeCanceled) -> Text:
    body = f"{_order(message)} was canceled."
    if message.executed_quantity:
        body += f" {exact(message.executed_quantity)} had been filled.{_fee(message)}"
    return Text(f"Canceled: {words(message.symbol)}", body, _trade_path(message))


@_describe.register
def _(message: TradeFailed) -> Text:
    body = f"{_order(message)} failed: {words(message.reason)}."
    return Text(f"Failed: {words(message.symbol)}", body, _trade_path(message))


@_describe.register
def _(message: RiskLimitExceeded) -> Text:
    limit = words(message.limit_type.replace("_", " "))
    values = f"{exact(message.current_value)} against a limit of {exact(message.limit_value)}"
    body = f"{_order(message)} was refused: {limit} is {values}."
    return Text(f"Risk limit: {limit}", body, "/risk")


@_describe.register
def _(message: SessionBroken) -> Text:
    body = f"A paper session was closed because its books do not balance: {words(message.reason)}."
    return Text("Paper session closed", body, f"/paper/{words(message.session_id)}")


@_describe.register
def _(message: SignalGenerated) -> Text:
    subject = f"{words(message.symbol)} {words(message.timeframe)}"
    confidence = f"{exact(message.confidence * 100)} % confidence"
    levels = [
        f"{name} {exact(value)}"
        for name, value in (
            ("entry", message.suggested_entry),
            ("stop-loss", message.suggested_stop_loss),
            ("take-profit", message.suggested_take_profit),
        )
        if value is not None
    ]
    suggested = f" Suggested: {', '.join(levels)}." if levels else ""
    body = f"{message.signal} for {subject}, {confidence}.{suggested}"
    return Text(f"{message.signal}: {subject}", body, _analysis_path(message.analysis_id))


@_describe.register
def _(message: SignalScored) -> Text:
    subject = f"{words(message.symbol)} {words(message.timeframe)}"
    multiple = "" if message.r_multiple is None else f" ({exact(message.r_multiple)} R)"
    body = f"{message.signal} for {subject} has ended: {_OUTCOME[message.outcome]}{multiple}."
    return Text(f"Ended: {message.signal} {subject}", body, _analysis_path(message.analysis_id))


@_describe.register
def _(message: SignedIn) -> Text:
    body = f"Somebody signed in to your account{_origin(message)}. {_not_you()}"
    return Text("New sign-in", body, "/activity")


@_describe.register
def _(message: TokenReused) -> Text:
    body = f"A sign-in was ended because its token was used twice{_origin(message)}. {_not_you()}"
    return Text("A sign-in was ended", body, "/activity")


@_describe.register
def _(message: PasswordChanged) -> Text:
    body = f"Your password was changed{_origin(message)}; other sign-ins were ended. {_not_you()}"
    return Text("Password changed", body, "/settings")


@_describe.register
def _(message: VenueCredentialsChanged) -> Text:
    body = f"The exchange keys of your account were replaced{_origin(message)}. {_not_you()}"
    return Text("Exchange keys changed", body, "/settings")


@_describe.register
def _(message: TradingHalted) -> Text:
    reason = f" The reason: {words(message.reason)}." if message.reason else ""
    body = f"Trading was halted{_origin(message)}; no order leaves until it is resumed.{reason}"
    return Text("Trading halted", body, "/risk")


def _order(message: TradeMessage) -> str:
    quantity = "" if message.quantity is None else f"{exact(message.quantity)} "
    price = "" if message.price is None else f" at {exact(message.price)}"
    return f"{_VERB[message.side][1]} {quantity}{words(message.symbol)}{price}"


def _fee(message: TradeExecuted | TradeCanceled) -> str:
    if not message.commission or message.commission_asset is None:
        return ""
    return f" The fee was {exact(message.commission)} {words(message.commission_asset)}."


def _origin(message: SecurityMessage) -> str:
    address = f" from {words(message.address)}" if message.address else ""
    return f"{address} with {words(message.user_agent)}" if message.user_agent else address


def _not_you() -> str:
    return "If it was not you, change your password now."


def _trade_path(message: TradeMessage) -> str:
    return f"/trades/{words(message.trade_id)}"


def _analysis_path(analysis_id: str) -> str:
    return f"/analyses/{words(analysis_id)}"
