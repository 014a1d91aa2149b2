"""Which events a person can be told of, and by which name they choose them."""

from typing import Final

from domain.event_messages import Event, SignalMessage, TradeMessage
from domain.events import (
    AI_SIGNAL_GENERATED,
    AI_SIGNAL_SCORED,
    PASSWORD_CHANGED,
    RISK_LIMIT_EXCEEDED,
    SESSION_BROKEN,
    SIGN_IN,
    TOKEN_REUSED,
    TRADE_CANCELED,
    TRADE_EXECUTED,
    TRADE_FAILED,
    TRADING_HALTED,
    VENUE_CREDENTIALS_CHANGED,
)

PAPER: Final = "paper."
# What a user sends themselves to see whether a target works.
TEST: Final = "notification.test"
# What a user finds in their list when nothing is sent to one of their targets any more.
TARGET_DISABLED: Final = "notification.target_disabled"
# What tells a user that somebody, they or not, has changed where they are told things.
TARGETS_CHANGED: Final = "notification.targets_changed"

_ABOUT_ORDERS: Final = (TRADE_EXECUTED, TRADE_FAILED, TRADE_CANCELED, RISK_LIMIT_EXCEEDED)

# Whoever has got into an account must not be able to keep these from its owner's list, and
# neither quiet hours nor a digest hold them back.
SECURITY_EVENTS: Final = (
    SIGN_IN,
    TOKEN_REUSED,
    PASSWORD_CHANGED,
    VENUE_CREDENTIALS_CHANGED,
    TRADING_HALTED,
)
DEFAULT_EVENTS: Final = (*_ABOUT_ORDERS, SESSION_BROKEN, AI_SIGNAL_GENERATED, *SECURITY_EVENTS)
# Paper sessions trade by the hundred: whoever wants to hear of each says so.
EVENTS: Final = (
    *DEFAULT_EVENTS,
    AI_SIGNAL_SCORED,
    *(f"{PAPER}{routing_key}" for routing_key in _ABOUT_ORDERS),
)


def event_name(event: Event) -> str:
    """Return the name by which users choose this event: its routing key, or `paper.…`."""
    message = event.message
    on_paper = isinstance(message, TradeMessage) and message.session_id is not None
    return f"{PAPER}{event.routing_key}" if on_paper else event.routing_key


def recipients(event: Event) -> tuple[str, ...]:
    """Return the users whom an event is about, each once: of an analysis, all who asked."""
    message = event.message
    others = message.user_ids if isinstance(message, SignalMessage) else ()
    return tuple(dict.fromkeys((message.user_id, *others)))


def is_urgent(name: str) -> bool:
    """Whether an event is told at once, whatever hour it is."""
    return name in SECURITY_EVENTS or name in {TEST, TARGETS_CHANGED}
