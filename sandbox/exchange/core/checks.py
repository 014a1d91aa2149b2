"""What the venue refuses before an order reaches the book. Pure.

Order of checks: price filters, quantity filters, notional, counts, position, duplicates, prices
against the market, funds. Source: Binance Spot `filters.md` and the messages of `errors.md`.
"""

from decimal import Decimal

from sandbox.exchange.core.errors import filter_failure, insufficient_balance, rejected
from sandbox.exchange.core.ledger import STOP_TYPES, Account, Ledger, Order
from sandbox.exchange.core.matching import Market, Taker
from sandbox.exchange.core.new_order import NewOrder
from sandbox.exchange.core.records import ZERO, OrderAccepted
from sandbox.exchange.core.symbols import (
    ASK_DOWN,
    ASK_UP,
    BID_DOWN,
    BID_UP,
    MAX_NOTIONAL,
    MAX_OPEN_ORDERS,
    MAX_OPEN_STOPS,
    quote_needed,
)


def waits_above(side: str, order_type: str) -> bool:
    """Whether a stop order triggers when the price rises to its stop price."""
    return (side == "BUY") == order_type.startswith("STOP_LOSS")


def check_filters(ledger: Ledger, account: Account, market: Market, new: NewOrder) -> None:
    """Refuse what a symbol filter refuses.

    Raises:
        VenueError: -1013 with the filter's name.
    """
    _check_price(market, new)
    _check_quantity(market, new)
    _check_notional(market, new)
    open_orders = list(ledger.open_orders(account.account_id, new.symbol))
    if len(open_orders) >= MAX_OPEN_ORDERS:
        raise filter_failure("MAX_NUM_ORDERS")
    stops = sum(1 for o in open_orders if o.accepted.type in STOP_TYPES)
    if new.type in STOP_TYPES and stops >= MAX_OPEN_STOPS:
        raise filter_failure("MAX_NUM_ALGO_ORDERS")
    limit = market.rules.max_position
    if limit is not None and new.side == "BUY":
        balance = account.balance(market.rules.base)
        buying = sum((o.remaining for o in open_orders if o.accepted.side == "BUY"), ZERO)
        if balance.free + balance.locked + buying + new.quantity > limit:
            raise filter_failure("MAX_POSITION")


def _check_price(market: Market, new: NewOrder) -> None:
    rules = market.rules
    for price in (new.price, new.stop_price):
        if price and (
            price < rules.tick_size or price > rules.max_price or price % rules.tick_size
        ):
            raise filter_failure("PRICE_FILTER")
    if new.price:
        average = market.average_price()
        up, down = (BID_UP, BID_DOWN) if new.side == "BUY" else (ASK_UP, ASK_DOWN)
        if not average * down <= new.price <= average * up:
            raise filter_failure("PERCENT_PRICE_BY_SIDE")


def _check_quantity(market: Market, new: NewOrder) -> None:
    if not new.quantity:
        return
    rules = market.rules
    quantity = new.quantity
    if quantity < rules.step_size or quantity > rules.max_quantity or quantity % rules.step_size:
        raise filter_failure("LOT_SIZE")
    if new.type == "MARKET" and quantity > rules.market_max_quantity:
        raise filter_failure("MARKET_LOT_SIZE")


def _check_notional(market: Market, new: NewOrder) -> None:
    price = new.price or new.stop_price or market.average_price()
    notional = new.quote_quantity or price * new.quantity
    if notional < market.rules.min_notional:
        raise filter_failure("NOTIONAL")
    if new.price and notional > MAX_NOTIONAL:
        raise filter_failure("NOTIONAL")


def check_prices(market: Market, new: NewOrder) -> None:
    """Refuse a maker that would take and a stop that would go at once.

    Raises:
        VenueError: -2010.
    """
    if new.type == "LIMIT_MAKER":
        best = market.book.opposite(new.side).best()
        if best is not None and Taker(new.side, new.quantity, new.price).crosses(best.price):
            raise rejected("Order would immediately match and take.")
    if new.type in STOP_TYPES:
        above = waits_above(new.side, new.type)
        last = market.last_price
        if (new.stop_price <= last) if above else (new.stop_price >= last):
            raise rejected("Order would trigger immediately.")


def needs(account: Account, market: Market, new: NewOrder) -> tuple[Decimal, Decimal]:
    """What an order must lock, and its base quantity.

    Raises:
        VenueError: -2010, a quote-quantity order found too little on the book.
    """
    if new.type != "MARKET":
        if new.side == "SELL":
            return new.quantity, new.quantity
        return quote_needed(new.price or new.stop_price, new.quantity), new.quantity
    taker = Taker(new.side, new.quantity or market.rules.max_quantity)
    if new.quote_quantity:
        taker.budget = new.quote_quantity
        # Funds come before liquidity: an empty account hears about its balance.
        free = account.balance(market.rules.quote).free
        if new.side == "BUY" and free < new.quote_quantity:
            raise insufficient_balance()
    base, quote = market.available(taker, account.account_id)
    if new.quote_quantity and base < market.rules.step_size:
        raise rejected("Order book liquidity is less than LOT_SIZE filter minimum quantity.")
    if new.quote_quantity:
        return (quote, base) if new.side == "BUY" else (base, base)
    if new.side == "SELL":
        return new.quantity, new.quantity
    return quote, new.quantity


def reached(accepted: OrderAccepted, last_price: Decimal) -> bool:
    """Whether the last trade reached a stop order's price."""
    if waits_above(accepted.side, accepted.type):
        return last_price >= accepted.stop_price
    return last_price <= accepted.stop_price


def trigger_need(ledger: Ledger, market: Market, order: Order) -> Decimal:
    """What a stop order must lock once it works.

    A market purchase takes what the book costs now, as far as the account's funds reach: the
    price may have run away from the stop price, and an account never goes below zero.
    """
    accepted = order.accepted
    if accepted.side == "SELL":
        return order.remaining
    if accepted.price:
        return quote_needed(accepted.price, order.remaining)
    account = ledger.accounts[accepted.account_id]
    funds = order.reserved + account.balance(market.rules.quote).free
    taker = Taker("BUY", order.remaining)
    cost = market.available(taker, accepted.account_id)[1]
    return min(cost, funds)
