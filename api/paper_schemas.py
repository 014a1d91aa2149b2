"""Paper sessions as the interface writes them."""

from typing import Annotated

from pydantic import Field

from api.routes.positions import PositionAnswer
from api.schemas import AnswerModel, Moment, Number, RequestModel
from api.trade_schemas import FillAnswer, OrderRequest, TradeAnswer, intent_of
from domain.account import RiskLimits
from domain.orders import OrderIntent
from domain.paper.state import Bracket, PaperSettings

MAX_NAME_CHARACTERS = 100
MAX_ASSET_CHARACTERS = 20
SessionIdText = Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]


class StartRequest(RequestModel):
    """How a session begins and executes; what is left out has the house's value."""

    name: Annotated[str, Field(max_length=MAX_NAME_CHARACTERS)] = ""
    initial_balance: Number | None = None
    quote_asset: Annotated[str, Field(max_length=MAX_ASSET_CHARACTERS)] | None = None
    taker_fee_bps: Number | None = None
    maker_fee_bps: Number | None = None
    slippage_bps: Number | None = None
    latency_ms: int | None = None
    seed: int | None = None


class PaperOrderRequest(OrderRequest):
    """An order, and the session that it is for: optional where there is one active session."""

    session_id: SessionIdText | None = None


class ForkRequest(RequestModel):
    """After which trade; None forks from the session's beginning."""

    trade_id: SessionIdText | None = None
    name: Annotated[str, Field(max_length=MAX_NAME_CHARACTERS)] | None = None


class StopRequest(RequestModel):
    """Why; operators read it."""

    reason: Annotated[str, Field(max_length=MAX_NAME_CHARACTERS)] = ""


class PaperFillAnswer(FillAnswer):
    """One execution; `venue_trade_id` counts a session's fills."""

    is_maker: bool


class PaperTradeAnswer(TradeAnswer):
    """A paper trade: what a real one has, and what only a simulation can tell."""

    fills: list[PaperFillAnswer]  # type: ignore[assignment] # narrower, in a frozen model
    session_id: str
    number: int
    generation: int
    reference_price: Number | None
    slippage_bps: Number | None
    realized_pnl: Number | None
    balance_after: Number
    equity_after: Number | None
    stop_loss: Number | None
    take_profit: Number | None
    parent_trade_id: str | None
    fills_before: int


class SessionAnswer(AnswerModel):
    """A session as lists show it."""

    session_id: str
    user_id: str
    name: str
    status: str
    status_reason: str | None
    workflow_id: str
    initial_balance: Number
    quote_asset: str
    taker_fee_bps: Number
    maker_fee_bps: Number
    slippage_bps: Number
    latency_ms: int
    seed: int
    generation: int
    forked_from: str | None
    created_at: Moment
    updated_at: Moment


class PaperBalanceAnswer(AnswerModel):
    """One asset."""

    asset: str
    free: Number
    locked: Number
    total: Number


class OpenOrderAnswer(PaperTradeAnswer):
    """An open order, and its place in the queue where it has one."""

    phase: str | None
    queue_ahead: Number | None


class PaperPositionAnswer(PositionAnswer):
    """A holding of a session."""

    session_id: str


class PortfolioAnswer(SessionAnswer):
    """A session with everything that it holds."""

    balances: list[PaperBalanceAnswer]
    equity: Number | None
    unrealized_pnl: Number | None
    realized_pnl: Number
    max_drawdown: Number
    trade_count: int
    positions: list[PaperPositionAnswer]
    open_orders: list[OpenOrderAnswer]


class EquityPointAnswer(AnswerModel):
    """A point of the curve; the drawdown is a share of the highest one before it."""

    timestamp: Moment
    equity: Number
    drawdown: Number


class EquityAnswer(AnswerModel):
    """The equity curve and the session's results; a ratio without a divisor is null."""

    session_id: str
    points: list[EquityPointAnswer]
    trades: int
    closed_trades: int
    wins: int
    losses: int
    total_return: Number
    max_drawdown: Number
    win_rate: Number | None
    profit_factor: Number | None
    sharpe: Number | None
    gross_profit: Number
    gross_loss: Number


def settings_of(body: StartRequest, limits: RiskLimits) -> PaperSettings:
    """Return a session's settings; their ranges are checked when it is opened."""
    names = set(PaperSettings.__slots__) & set(body.model_fields_set)
    given = {name: getattr(body, name) for name in names}
    chosen = {name: value for name, value in given.items() if value is not None}
    return PaperSettings(limits=limits, **chosen)


def paper_intent_of(body: PaperOrderRequest) -> tuple[OrderIntent, Bracket | None]:
    """Return the order that a body asks for, and what is to protect its position.

    Raises:
        Rejected: `INVALID_ORDER`.
    """
    prices = (body.stop_loss, body.take_profit)
    bare = body.model_copy(update={"stop_loss": None, "take_profit": None})
    bracket = Bracket(*prices) if any(price is not None for price in prices) else None
    return intent_of(bare), bracket
