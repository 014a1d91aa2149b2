"""Risk limits and the trading state: what the user's orders may do at all."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Response
from pydantic import StringConstraints

from api.dependencies import CurrentUser, ServicesOf
from api.json_codec import answer
from api.routing import edge_router
from api.schemas import AnswerModel, Number, RequestModel
from domain.account import Account, RiskLimits, TradingState
from domain.activity import ActivityKind
from domain.limits import RANGES, changed_limits

router = edge_router("/api/risk", "Trading")

MAX_REASON_CHARACTERS = 200
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_REASON_CHARACTERS)]


class Limits(AnswerModel):
    """What an account may not exceed; notionals in the account's quote asset."""

    max_open_positions: int
    max_position_notional_quote: Number
    max_order_notional_quote: Number
    max_daily_loss_pct: Number
    max_orders_per_minute: int
    price_collar_bps: int


class LimitChanges(RequestModel):
    """The limits to change; what is left out, or null, stays as it is."""

    max_open_positions: int | None = None
    max_position_notional_quote: Number | None = None
    max_order_notional_quote: Number | None = None
    max_daily_loss_pct: Number | None = None
    max_orders_per_minute: int | None = None
    price_collar_bps: int | None = None


class TradingStateChange(RequestModel):
    """ACTIVE trades, REDUCING only sells what is held, HALTED only cancels."""

    state: Literal["ACTIVE", "REDUCING", "HALTED"]
    reason: Reason = ""


class TradingStateAnswer(AnswerModel):
    """The state and why."""

    state: str
    reason: str


@router.get("/limits", response_model=Limits)
async def read_limits(user: CurrentUser, services: ServicesOf) -> Response:
    """Read the caller's limits."""
    account = await services.trading.accounts.load(user.user_id)
    return answer(_limits_view(account.limits))


@router.put("/limits", response_model=Limits)
async def put_limits(body: LimitChanges, user: CurrentUser, services: ServicesOf) -> Response:
    """Change limits; every order from now on is judged by them."""
    changes = body.model_dump(exclude_none=True)

    def decide(account: Account) -> Account:
        return replace(account, limits=changed_limits(account.limits, changes))

    account = await services.trading.accounts.change(user.user_id, decide)
    services.activity.note(ActivityKind.RISK_LIMITS_CHANGED, user.user_id, **changes)
    return answer(_limits_view(account.limits))


@router.get("/trading-state", response_model=TradingStateAnswer)
async def read_trading_state(user: CurrentUser, services: ServicesOf) -> Response:
    """Read what the caller's account may do."""
    return answer(_state_view(await services.trading.accounts.load(user.user_id)))


@router.put("/trading-state", response_model=TradingStateAnswer)
async def put_trading_state(
    body: TradingStateChange, user: CurrentUser, services: ServicesOf
) -> Response:
    """Let the account trade, only reduce, or stop; open orders stay and can be canceled."""
    state = TradingState(body.state)

    def decide(account: Account) -> Account:
        return replace(account, trading_state=state, trading_state_reason=body.reason)

    account = await services.trading.accounts.change(user.user_id, decide)
    await services.trading.settlement.push_account(account)
    if state is TradingState.HALTED:
        await services.activity.write(ActivityKind.TRADING_HALTED, user.user_id, reason=body.reason)
    else:
        services.activity.note(
            ActivityKind.TRADING_STATE_CHANGED, user.user_id, state=body.state, reason=body.reason
        )
    return answer(_state_view(account))


def _limits_view(limits: RiskLimits) -> dict[str, object]:
    return {name: getattr(limits, name) for name in RANGES}


def _state_view(account: Account) -> dict[str, str]:
    return {"state": str(account.trading_state), "reason": account.trading_state_reason}
