"""The trading account: what it holds, and the keys it trades with."""

from typing import Annotated

from fastapi import Response
from pydantic import StringConstraints

from api.dependencies import CurrentUser, ServicesOf
from api.json_codec import answer
from api.live_prices import live_prices
from api.routes.trades import settled
from api.routing import edge_router
from api.schemas import AnswerModel, Number, RequestModel
from domain.account import on_day
from domain.activity import ActivityKind
from domain.equity import equity, priced_symbols
from domain.ports import VenueCredentials
from domain.trade_events import account_view
from workers.clock import utc_now
from workers.venue_keys import replace_keys

router = edge_router("/api/account", "Trading")

# Binance's keys have 64 letters and digits; PEM and other venues' are longer. Only what can
# stand in a header is let through.
KeyText = Annotated[str, StringConstraints(pattern=r"^[!-~]+$", min_length=1, max_length=256)]


class BalanceAnswer(AnswerModel):
    """One asset: what is free and what open orders hold."""

    asset: str
    free: Number
    locked: Number
    total: Number


class AccountAnswer(AnswerModel):
    """The account; `equity_quote` is null where something held has no live price."""

    balances: list[BalanceAnswer]
    equity_quote: Number | None
    realized_pnl_today: Number
    open_positions: int
    trading_state: str


class VenueKeys(RequestModel):
    """Keys at the venue."""

    api_key: KeyText
    api_secret: KeyText


@router.get("", response_model=AccountAnswer)
async def read_account(user: CurrentUser, services: ServicesOf) -> Response:
    """Read the caller's account."""
    await settled(services, user.user_id)
    account = on_day(await services.trading.accounts.load(user.user_id), utc_now())
    prices = await live_prices(services, priced_symbols(account))
    return answer({**account_view(account), "equity_quote": equity(account, prices)})


@router.put("/venue-credentials", status_code=204)
async def put_venue_credentials(
    body: VenueKeys, user: CurrentUser, services: ServicesOf
) -> Response:
    """Trade with these keys from now on; they are asked at the venue first."""
    credentials = VenueCredentials(body.api_key, body.api_secret)
    await replace_keys(services.trading, services.vault, user.user_id, credentials)
    await services.activity.write(ActivityKind.VENUE_CREDENTIALS_CHANGED, user.user_id)
    return Response(status_code=204)
