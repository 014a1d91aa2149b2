"""How orders, trades and accounts look in answers. Field names and types are Binance's."""

from decimal import Decimal
from typing import Any

from sandbox.exchange.core.ledger import STOP_TYPES, Account, Order, OrderList
from sandbox.exchange.core.records import OrderFilled
from sandbox.exchange.core.symbols import text


def order_base(order: Order) -> dict[str, Any]:
    """The fields that every whole order answer shares."""
    accepted = order.accepted
    return {
        "price": text(accepted.price),
        "origQty": text(accepted.quantity),
        "executedQty": text(order.executed),
        "origQuoteOrderQty": text(accepted.quote_quantity),
        "cummulativeQuoteQty": text(order.quote_executed),
        "status": order.status,
        "timeInForce": accepted.time_in_force,
        "type": accepted.type,
        "side": accepted.side,
    }


def _conditional(order: Order) -> dict[str, Any]:
    """Fields that appear only under their condition."""
    accepted = order.accepted
    found: dict[str, Any] = {}
    if accepted.strategy_id is not None:
        found["strategyId"] = accepted.strategy_id
    if accepted.strategy_type is not None:
        found["strategyType"] = accepted.strategy_type
    if order.prevented:
        found["preventedMatchId"] = 0
        found["preventedQuantity"] = text(order.prevented)
    return found


def ack(order: Order) -> dict[str, Any]:
    """The ACK answer to a new order."""
    accepted = order.accepted
    return {
        "symbol": accepted.symbol,
        "orderId": accepted.order_id,
        "orderListId": accepted.order_list_id,
        "clientOrderId": accepted.client_order_id,
        "transactTime": accepted.time,
    }


def placed(order: Order, answer_type: str) -> dict[str, Any]:
    """The answer to a new order in the form asked for."""
    answer = ack(order)
    if answer_type == "ACK":
        return answer
    answer |= order_base(order)
    if order.accepted.type in STOP_TYPES:
        answer["stopPrice"] = text(order.accepted.stop_price)
    answer["workingTime"] = order.working_ms
    if answer_type == "FULL":
        answer["fills"] = [fill(each) for each in order.fills if not each.is_maker]
    answer["selfTradePreventionMode"] = order.accepted.stp_mode
    return answer | _conditional(order)


def fill(filled: OrderFilled) -> dict[str, Any]:
    """One fill of a FULL answer."""
    return {
        "price": text(filled.price),
        "qty": text(filled.quantity),
        "commission": text(filled.commission),
        "commissionAsset": filled.commission_asset,
        "tradeId": filled.trade_id,
    }


def canceled(order: Order, request_id: str, now_ms: int) -> dict[str, Any]:
    """The answer to a cancel."""
    accepted = order.accepted
    answer = {
        "symbol": accepted.symbol,
        "origClientOrderId": accepted.client_order_id,
        "orderId": accepted.order_id,
        "orderListId": accepted.order_list_id,
        "clientOrderId": request_id,
        "transactTime": now_ms,
        **order_base(order),
    }
    if accepted.type in STOP_TYPES:
        answer["stopPrice"] = text(accepted.stop_price)
    answer["selfTradePreventionMode"] = accepted.stp_mode
    return answer | _conditional(order)


def queried(order: Order) -> dict[str, Any]:
    """An order as the query calls show it."""
    accepted = order.accepted
    base = order_base(order)
    quote = base.pop("origQuoteOrderQty")
    return {
        "symbol": accepted.symbol,
        "orderId": accepted.order_id,
        "orderListId": accepted.order_list_id,
        "clientOrderId": accepted.client_order_id,
        **base,
        "stopPrice": text(accepted.stop_price),
        "icebergQty": text(Decimal(0)),
        "time": accepted.time,
        "updateTime": order.updated_ms,
        "isWorking": order.working,
        "workingTime": order.working_ms,
        "origQuoteOrderQty": quote,
        "selfTradePreventionMode": accepted.stp_mode,
        **_conditional(order),
    }


def my_trade(filled: OrderFilled, order: Order) -> dict[str, Any]:
    """One fill as `myTrades` shows it."""
    return {
        "symbol": filled.symbol,
        "id": filled.trade_id,
        "orderId": filled.order_id,
        "orderListId": order.accepted.order_list_id,
        "price": text(filled.price),
        "qty": text(filled.quantity),
        "quoteQty": text(filled.quote_quantity),
        "commission": text(filled.commission),
        "commissionAsset": filled.commission_asset,
        "time": filled.time,
        "isBuyer": filled.side == "BUY",
        "isMaker": filled.is_maker,
        "isBestMatch": True,
    }


def account(found: Account, maker: Decimal, taker: Decimal, *, omit_zero: bool) -> dict[str, Any]:
    """An account with its balances and rates (legacy rates in basis points)."""
    return {
        "makerCommission": int(maker * 10_000),
        "takerCommission": int(taker * 10_000),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": text(maker),
            "taker": text(taker),
            "buyer": text(Decimal(0)),
            "seller": text(Decimal(0)),
        },
        "canTrade": found.can_trade,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": found.updated_ms,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": text(b.free), "locked": text(b.locked)}
            for asset, b in sorted(found.balances.items())
            if not omit_zero or b.free or b.locked
        ],
        "permissions": ["SPOT"],
        "uid": found.uid,
    }


def order_list(found: OrderList, orders: list[Order], now_ms: int | None = None) -> dict[str, Any]:
    """An OCO pair; `now_ms` is given where the answer is to an act upon it."""
    opened = found.opened
    return {
        "orderListId": opened.order_list_id,
        "contingencyType": "OCO",
        "listStatusType": "ALL_DONE" if found.done else "EXEC_STARTED",
        "listOrderStatus": "ALL_DONE" if found.done else "EXECUTING",
        "listClientOrderId": opened.client_order_id,
        "transactionTime": opened.time if now_ms is None else now_ms,
        "symbol": opened.symbol,
        "orders": [
            {
                "symbol": opened.symbol,
                "orderId": order.accepted.order_id,
                "clientOrderId": order.accepted.client_order_id,
            }
            for order in orders
        ],
    }
