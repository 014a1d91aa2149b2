"""The state of one paper session: all of it in one frozen dataclass that JSON can carry."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.account import ACCOUNT_QUOTE_ASSET, Account, Balance, RiskLimits
from domain.errors import ErrorCode, Rejected
from domain.market import SymbolRules
from domain.paper import chance
from domain.paper.book import ZERO, Level
from domain.paper.queueing import Resting
from domain.positions import Position
from domain.precision import is_countable, nearest_unit
from domain.risk import Denial
from domain.trades import Trade

LARGEST_FEE_BPS = Decimal(1_000)
LARGEST_SLIPPAGE_BPS = Decimal(1_000)
LARGEST_LATENCY_MS = 5_000
LARGEST_SEED = 2**53 - 1


class SessionStatus(StrEnum):
    """Whether a session trades, was ended, or was stopped because its books did not balance."""

    ACTIVE = "ACTIVE"
    STOPPED = "STOPPED"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class PaperSettings:
    """How a session begins and executes.

    Fees default to Binance's for regular users, 0.1 % (https://www.binance.com/en/fee/trading).
    Slippage and latency come on top of walking the live book and of the time that a request
    takes here, and default to nothing.
    """

    initial_balance: Decimal = Decimal(10_000)
    quote_asset: str = ACCOUNT_QUOTE_ASSET
    taker_fee_bps: Decimal = Decimal(10)
    maker_fee_bps: Decimal = Decimal(10)
    slippage_bps: Decimal = ZERO
    latency_ms: int = 0
    seed: int = 0
    limits: RiskLimits = field(default_factory=RiskLimits)


@dataclass(frozen=True, slots=True)
class Bracket:
    """Prices that protect an entry once it has filled, in the quote asset."""

    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PaperTrade:
    """The record of one paper order; money in the symbol's quote asset unless told otherwise.

    `number` counts the session's orders, `generation` its resets. `fills_before` is how many
    fills the session had when the order was accepted: fills are numbered through a session.
    `realized_pnl` is None while it has closed nothing. `balance_after` and `equity_after` are
    in the session's quote asset; equity is None where something held has no known price.
    """

    session_id: str
    generation: int
    number: int
    trade: Trade
    reference_price: Decimal | None
    fills_before: int
    balance_after: Decimal
    equity_after: Decimal | None = None
    realized_pnl: Decimal | None = None
    bracket: Bracket | None = None
    parent_trade_id: str | None = None
    maker_fills: tuple[int, ...] = ()

    @property
    def trade_id(self) -> str:
        """The id of the order and of its trade."""
        return self.trade.order.trade_id


@dataclass(frozen=True, slots=True)
class MarketSeen:
    """What the session knows of a symbol.

    `rate` is the value of the symbol's quote asset in the session's. `heard_at` is the time of
    the last snapshot heard. `taken` is what the
    session took from the book while its sequence was `sequence`.
    """

    rules: SymbolRules
    rate: Decimal
    last_trade_id: int = -1
    heard_at: datetime | None = None
    sequence: int = -1
    taken: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Recent:
    """A request that was answered: what it asked for, and why it was denied if it was."""

    fingerprint: str
    denial: Denial | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """What one asset did since the session began: in and out by trades, and fees out."""

    deposited: Decimal = ZERO
    received: Decimal = ZERO
    paid: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def held(self) -> Decimal:
        """What must be there."""
        return self.deposited + self.received - self.paid - self.fees


@dataclass(frozen=True, slots=True)
class SessionState:
    """Everything a session is. `marks` are values of assets in the session's quote asset.

    What is `opening_…` came with a fork.
    """

    session_id: str
    user_id: str
    settings: PaperSettings
    account: Account
    created_at: datetime
    updated_at: datetime
    rng: int
    name: str = ""
    status: SessionStatus = SessionStatus.ACTIVE
    status_reason: str = ""
    generation: int = 1
    trade_count: int = 0
    fill_count: int = 0
    realized_pnl: Decimal = ZERO
    opening_realized_pnl: Decimal = ZERO
    opening_positions: dict[str, Position] = field(default_factory=dict)
    peak_equity: Decimal = ZERO
    max_drawdown: Decimal = ZERO
    flows: dict[str, Flow] = field(default_factory=dict)
    open_trades: dict[str, PaperTrade] = field(default_factory=dict)
    resting: dict[str, Resting] = field(default_factory=dict)
    markets: dict[str, MarketSeen] = field(default_factory=dict)
    marks: dict[str, Decimal] = field(default_factory=dict)
    recent: dict[str, Recent] = field(default_factory=dict)
    last_trade: PaperTrade | None = None
    forked_from: str | None = None

    def orders_of(self, symbol: str) -> list[Resting]:
        """The open orders of a symbol."""
        return [order for order in self.resting.values() if order.symbol == symbol]

    def taken(self, symbol: str) -> tuple[Level, ...]:
        """What the session took from a symbol's book last."""
        market = self.markets.get(symbol)
        return market.taken if market else ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What came of hearing, canceling or ending: the latest state of each trade and position."""

    trades: tuple[PaperTrade, ...] = ()
    positions: tuple[Position, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to record."""
        return bool(self.trades or self.positions)


@dataclass(frozen=True, slots=True)
class Placed:
    """What came of placing an order: its trade, or the denial that kept it from leaving.

    On a repeat `is_replay` is set and nothing has changed; `trade` is then there while the
    order is open or the session's last, else it is among the records, under `trade_id`.
    """

    trade_id: str
    trade: PaperTrade | None = None
    denial: Denial | None = None
    is_replay: bool = False
    changes: Changes = field(default_factory=Changes)


def check_settings(settings: PaperSettings) -> PaperSettings:
    """Return the settings if a session can be run with them.

    Raises:
        Rejected: `INVALID_REQUEST` with every value that is out of its range.
    """
    ranges = {
        "initial_balance": (Decimal("1e-8"), Decimal(10) ** 9),
        "taker_fee_bps": (ZERO, LARGEST_FEE_BPS),
        "maker_fee_bps": (ZERO, LARGEST_FEE_BPS),
        "slippage_bps": (ZERO, LARGEST_SLIPPAGE_BPS),
        "latency_ms": (ZERO, Decimal(LARGEST_LATENCY_MS)),
        "seed": (ZERO, Decimal(LARGEST_SEED)),
    }
    errors = [
        {"field": name, "message": f"must be between {least:f} and {most:f}"}
        for name, (least, most) in ranges.items()
        if not _is_between(Decimal(getattr(settings, name)), least, most, is_money=name != "seed")
    ]
    if not settings.quote_asset.isascii() or not settings.quote_asset.isalnum():
        errors.append({"field": "quote_asset", "message": "must be an asset's name"})
    if errors:
        detail = "The settings are out of range; see errors."
        raise Rejected(ErrorCode.INVALID_REQUEST, detail, errors=errors)
    return settings


def _is_between(value: Decimal, least: Decimal, most: Decimal, *, is_money: bool) -> bool:
    return (is_countable(value) if is_money else value.is_finite()) and least <= value <= most


def opened(
    session_id: str, user_id: str, settings: PaperSettings, at: datetime, name: str = ""
) -> SessionState:
    """Return a session that begins.

    Raises:
        Rejected: `INVALID_REQUEST`, the settings are out of range.
    """
    check_settings(settings)
    quote, balance = settings.quote_asset, settings.initial_balance
    return SessionState(
        session_id=session_id,
        user_id=user_id,
        settings=settings,
        account=Account(
            user_id=user_id, balances={quote: Balance(free=balance)}, limits=settings.limits
        ),
        created_at=at,
        updated_at=at,
        rng=chance.seeded(settings.seed),
        name=name,
        peak_equity=balance,
        flows={quote: Flow(deposited=balance)},
        marks={quote: Decimal(1)},
    )


def equity_of(state: SessionState, marks: dict[str, Decimal] | None = None) -> Decimal | None:
    """Return what the session holds, in its quote asset; None where something has no price.

    Args:
        state: Free and locked balances both count.
        marks: Live values of assets in the session's quote asset, used before those that the
            session heard last.
    """
    worth, known = ZERO, {**state.marks, **(marks or {})}
    for asset, balance in state.account.balances.items():
        if not balance.total:
            continue
        mark = known.get(asset)
        if mark is None:
            return None
        worth += balance.total * mark
    return nearest_unit(worth)


def with_equity(state: SessionState) -> SessionState:
    """Return the state with its peak equity and deepest drawdown brought up to date."""
    equity = equity_of(state)
    if equity is None:
        return state
    peak = max(state.peak_equity, equity)
    fallen = nearest_unit((peak - equity) / peak) if peak else ZERO
    return replace(state, peak_equity=peak, max_drawdown=max(state.max_drawdown, fallen))
