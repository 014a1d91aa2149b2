"""The yardstick: freqtrade's dry run, by the rules that its documentation gives.

https://www.freqtrade.io/en/stable/configuration/, "Considerations for dry-run": market orders
fill by the order book's volume at the moment that they are placed, with at most 5 % slippage;
limit orders fill whole once the price reaches them. No latency, no queue, no partial fills.
"""

from decimal import Decimal

from domain.orders import Side
from domain.paper.book import BookSnapshot

MAX_SLIPPAGE = Decimal("0.05")


def market_price(book: BookSnapshot, side: Side, quantity: Decimal) -> Decimal:
    """Return the average price of a market order: it fills whole, however thin the book."""
    levels, left, cost = book.opposite(side), quantity, Decimal(0)
    worst = 1 + MAX_SLIPPAGE if side is Side.BUY else 1 - MAX_SLIPPAGE
    price = limit = levels[0].price * worst
    for level in levels:
        is_beyond = level.price > limit if side is Side.BUY else level.price < limit
        if is_beyond or not left:
            break
        price, taken = level.price, min(left, level.quantity)
        cost, left = cost + taken * price, left - taken
    return (cost + left * price) / quantity


def is_reached(book: BookSnapshot, side: Side, limit: Decimal) -> bool:
    """Whether the price has come to a limit order: then all of it fills, at its limit."""
    best = book.opposite(side)[0].price
    return best <= limit if side is Side.BUY else best >= limit
