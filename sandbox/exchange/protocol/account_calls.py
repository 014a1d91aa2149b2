"""Signed calls about the account itself: balances, fees, fills, usage."""

from typing import Any, Final

from sandbox.exchange.core.errors import VenueError
from sandbox.exchange.core.symbols import text
from sandbox.exchange.protocol import views
from sandbox.exchange.protocol.calls import Call, Security, Table
from sandbox.exchange.protocol.params import Params
from sandbox.exchange.venue import now_ms

ACCOUNT: Final = Table()
_SIGNED: Final = Security.SIGNED
_ROWS: Final = 500
_MOST_ROWS: Final = 1_000


@ACCOUNT.add("GET account", "account.status", security=_SIGNED, weight=20, names="omitZeroBalances")
async def account(call: Call) -> Any:
    """Balances and rates."""
    settings = call.venue.settings
    return views.account(
        call.account,
        settings.maker_rate,
        settings.taker_rate,
        omit_zero=call.params.flag("omitZeroBalances"),
    )


@ACCOUNT.add(
    "GET account/commission", "account.commission", security=_SIGNED, weight=20, names="symbol"
)
async def commission(call: Call) -> Any:
    """Fee rates on a symbol."""
    maker, taker = call.venue.settings.maker_rate, call.venue.settings.taker_rate
    zero = text(maker * 0)
    nothing = {"maker": zero, "taker": zero, "buyer": zero, "seller": zero}
    return {
        "symbol": call.market().rules.symbol,
        "standardCommission": nothing | {"maker": text(maker), "taker": text(taker)},
        "specialCommission": nothing,
        "taxCommission": nothing,
        "discount": {
            "enabledForAccount": False,
            "enabledForSymbol": False,
            "discountAsset": "BNB",
            "discount": "0.25000000",
        },
    }


def _trades_weight(params: Params) -> int:
    return 5 if "orderId" in params else 20


@ACCOUNT.add(
    "GET myTrades",
    "myTrades",
    security=_SIGNED,
    weight=_trades_weight,
    names="symbol orderId startTime endTime fromId limit",
)
async def my_trades(call: Call) -> Any:
    """Fills of a symbol."""
    params, ledger = call.params, call.venue.ledger
    symbol = call.market().rules.symbol
    order_id, first = params.integer("orderId"), params.integer("fromId")
    start, end = params.integer("startTime"), params.integer("endTime")
    limit = params.limit(_ROWS, _MOST_ROWS)
    if first is not None and (start is not None or end is not None):
        raise VenueError(-1128, "Combination of optional parameters invalid.")
    found = [
        filled
        for filled in ledger.fills_of(call.account.account_id, symbol)
        if (order_id is None or filled.order_id == order_id)
        and (first is None or filled.trade_id >= first)
        and (start is None or filled.time >= start)
        and (end is None or filled.time <= end)
    ]
    chosen = found[-limit:] if first is None and start is None else found[:limit]
    return [views.my_trade(each, ledger.orders[each.order_id]) for each in chosen]


@ACCOUNT.add("GET rateLimit/order", "account.rateLimits.orders", security=_SIGNED, weight=40)
async def order_usage(call: Call) -> Any:
    """Orders counted against the limits."""
    return call.venue.limits.order_usage(call.account.account_id, now_ms())


@ACCOUNT.add(
    "GET myPreventedMatches",
    "myPreventedMatches",
    security=_SIGNED,
    weight=2,
    names="symbol preventedMatchId orderId fromPreventedMatchId limit",
)
async def prevented(call: Call) -> Any:
    """Self-trade preventions are in the ledger; none are listed here."""
    call.market()
    return []


@ACCOUNT.add(
    "GET myAllocations",
    "myAllocations",
    security=_SIGNED,
    weight=20,
    names="symbol startTime endTime fromAllocationId limit orderId",
)
async def allocations(call: Call) -> Any:
    """There is no smart order routing here, so there are no allocations."""
    call.market()
    return []
