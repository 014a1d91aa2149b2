"""A user's trading account: balances, positions, open orders and limits as one state.

One state, because a decision about money must see all of it at once: it is kept as one
document, changed by compare-and-set, so that two simultaneous orders cannot both pass.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from domain.orders import Order
from domain.positions import Position

# The asset that limits and equity are counted in.
ACCOUNT_QUOTE_ASSET = "USDT"
ZERO = Decimal(0)


class TradingState(StrEnum):
    """What the account may do: anything, only reduce, or nothing but cancel."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


@dataclass(frozen=True, slots=True)
class Balance:
    """One asset: what is free and what open orders hold."""

    free: Decimal = ZERO
    locked: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Both together."""
        return self.free + self.locked


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """What an account may not exceed; amounts in the account's quote asset.

    `max_orders_per_minute` stops a loop that ran away, well above what a strategy needs.
    """

    max_open_positions: int = 20
    max_position_notional_quote: Decimal = Decimal(50_000)
    max_order_notional_quote: Decimal = Decimal(10_000)
    max_daily_loss_pct: Decimal = Decimal(5)
    max_orders_per_minute: int = 6_000
    price_collar_bps: int = 500


@dataclass(frozen=True, slots=True)
class TradingDay:
    """One UTC day: what was realised, and the equity (at book value) that it began with."""

    date: str = ""
    realized_pnl: Decimal = ZERO
    opening_equity: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class OrderRate:
    """Orders in this minute and the last one: a sliding window in three numbers."""

    minute: int = 0
    count: int = 0
    previous_count: int = 0


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that is not terminal, and what it holds.

    `requested_at_ms` is the venue's time with which every copy of the request is signed:
    no copy of it can be accepted later than this plus the receive window.
    """

    order: Order
    requested_at_ms: int
    created_at: datetime
    reserved_asset: str
    reserved: Decimal
    notional_quote: Decimal
    is_confirmed: bool = False
    applied_fills: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that a decision about one user's money needs."""

    user_id: str
    version: int = 0
    balances: dict[str, Balance] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    orders: dict[str, OpenOrder] = field(default_factory=dict)
    limits: RiskLimits = field(default_factory=RiskLimits)
    trading_state: TradingState = TradingState.ACTIVE
    trading_state_reason: str = ""
    day: TradingDay = field(default_factory=TradingDay)
    rate: OrderRate = field(default_factory=OrderRate)

    def balance(self, asset: str) -> Balance:
        """Return the balance of an asset, zero where none is held."""
        return self.balances.get(asset, Balance())

    def open_position(self, symbol: str) -> Position | None:
        """Return the open position of a symbol."""
        position = self.positions.get(symbol)
        return position if position is not None and position.is_open else None

    @property
    def open_positions(self) -> list[Position]:
        """Every open position."""
        return [position for position in self.positions.values() if position.is_open]


def with_balance(account: Account, asset: str, free: Decimal, locked: Decimal) -> Account:
    """Return the account with an asset's free and locked balance changed by these."""
    old = account.balance(asset)
    new = Balance(free=old.free + free, locked=old.locked + locked)
    return replace(account, balances={**account.balances, asset: new})


def on_day(account: Account, now: datetime) -> Account:
    """Return the account with a new trading day where the UTC date has changed."""
    date = now.astimezone(UTC).date().isoformat()
    if date <= account.day.date:
        return account
    held = sum(
        (p.cost for p in account.open_positions if p.quote_asset == ACCOUNT_QUOTE_ASSET), ZERO
    )
    equity = account.balance(ACCOUNT_QUOTE_ASSET).total + held
    return replace(account, day=TradingDay(date=date, opening_equity=equity))


def daily_loss_pct(account: Account) -> Decimal:
    """Return today's realised result in percent of the day's opening equity (a loss < 0).

    Without an opening equity to measure by, any loss counts as the loss of everything.
    """
    day = account.day
    if day.opening_equity <= 0:
        return Decimal(-100) if day.realized_pnl < 0 else ZERO
    return day.realized_pnl / day.opening_equity * 100
