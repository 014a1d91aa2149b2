"""What each event says: one class for every routing key and version.

Consumers read an event's `data` as one of these; publishers write it. A member that a class
does not know is let pass, so that a publisher may add one without a new version; a member
that is taken away or means something else needs the next version, and a class of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from domain.analysis import Signal
from domain.events import (
    AI_SIGNAL_GENERATED,
    AI_SIGNAL_SCORED,
    EVENT_VERSION,
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
from domain.orders import Side
from domain.scorecard import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMessage:
    """What every event has: whom it is about.

    Raises:
        ValueError: It is about nobody.
    """

    user_id: str

    def __post_init__(self) -> None:
        """Refuse an event about nobody."""
        if not self.user_id:
            raise ValueError("user_id is empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeMessage(UserMessage):
    """What the three ends of a trade have in common; `session_id` where it was on paper."""

    trade_id: str
    symbol: str
    side: Side
    quantity: Decimal | None
    price: Decimal | None
    session_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeEnded(TradeMessage):
    """A trade that was at the venue, at its end; `price` is what was paid where it filled."""

    type: str
    status: str
    executed_quantity: Decimal
    executed_price: Decimal | None
    commission: Decimal
    commission_asset: str | None
    venue_order_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeExecuted(TradeEnded):
    """`trade.executed`: it filled, wholly or as far as it got before it expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeCanceled(TradeEnded):
    """`trade.canceled`: it was canceled; what had filled before is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeFailed(TradeMessage):
    """`trade.failed`: nothing was bought or sold.

    `limit_type` and the two values are there where a check before the venue said no.
    """

    code: str
    reason: str
    limit_type: str | None = None
    current_value: Decimal | None = None
    limit_value: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimitExceeded(TradeMessage):
    """`risk.limit.exceeded`: an order was not allowed to leave."""

    limit_type: str
    current_value: Decimal
    limit_value: Decimal
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBroken(UserMessage):
    """`risk.session.broken`: a paper session's books did not balance; it is closed."""

    session_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalMessage(UserMessage):
    """What an analysis says; `user_id` is who asked first, `user_ids` all who asked."""

    analysis_id: str
    user_ids: tuple[str, ...]
    brought_own: bool
    symbol: str
    timeframe: str
    signal: Signal
    confidence: Decimal
    model: str
    prompt_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalGenerated(SignalMessage):
    """`ai.signal.generated`: a new analysis, made at the envelope's `timestamp`."""

    suggested_entry: Decimal | None
    suggested_stop_loss: Decimal | None
    suggested_take_profit: Decimal | None
    risk_reward_ratio: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalScored(SignalMessage):
    """`ai.signal.scored`: what became of an analysis that was made at `created_at`."""

    created_at: datetime
    outcome: Outcome
    entered_at: datetime | None
    ended_at: datetime | None
    exit_price: Decimal | None
    r_multiple: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityMessage(UserMessage):
    """What a user should know in case it was not they; `activity_id` is of `user_activity`."""

    activity_id: str
    address: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(SecurityMessage):
    """`security.sign_in`: somebody signed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReused(SecurityMessage):
    """`security.token_reused`: a refresh token came a second time; its sign-in was ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(SecurityMessage):
    """`security.password_changed`: other sign-ins were ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueCredentialsChanged(SecurityMessage):
    """`security.venue_credentials_changed`: orders go to another account from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingHalted(SecurityMessage):
    """`security.trading_halted`: no order leaves until trading is set going again."""

    reason: str | None = None


Message: TypeAlias = (
    TradeExecuted
    | TradeCanceled
    | TradeFailed
    | RiskLimitExceeded
    | SessionBroken
    | SignalGenerated
    | SignalScored
    | SignedIn
    | TokenReused
    | PasswordChanged
    | VenueCredentialsChanged
    | TradingHalted
)

# Routing key and version → what it says.
MESSAGES: Final[Mapping[tuple[str, int], type[Message]]] = {
    (TRADE_EXECUTED, EVENT_VERSION): TradeExecuted,
    (TRADE_CANCELED, EVENT_VERSION): TradeCanceled,
    (TRADE_FAILED, EVENT_VERSION): TradeFailed,
    (RISK_LIMIT_EXCEEDED, EVENT_VERSION): RiskLimitExceeded,
    (SESSION_BROKEN, EVENT_VERSION): SessionBroken,
    (AI_SIGNAL_GENERATED, EVENT_VERSION): SignalGenerated,
    (AI_SIGNAL_SCORED, EVENT_VERSION): SignalScored,
    (SIGN_IN, EVENT_VERSION): SignedIn,
    (TOKEN_REUSED, EVENT_VERSION): TokenReused,
    (PASSWORD_CHANGED, EVENT_VERSION): PasswordChanged,
    (VENUE_CREDENTIALS_CHANGED, EVENT_VERSION): VenueCredentialsChanged,
    (TRADING_HALTED, EVENT_VERSION): TradingHalted,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a consumer reads it.

    `message` is what it says in the words of this version; `data` is all that came with it,
    for keeping.
    """

    routing_key: str
    message_id: str
    version: int
    timestamp: datetime
    message: Message
    data: Mapping[str, Any]

    @property
    def event(self) -> str:
        """The event's name, as the document writes it."""
        return self.routing_key.replace(".", "_")
