"""What an order is weighed with: live quotes, or no order."""

from decimal import Decimal

from domain.account import ACCOUNT_QUOTE_ASSET
from domain.errors import ErrorCode, Retryable
from domain.market import Pricing
from domain.orders import Order
from domain.ports import QuoteBoard


async def pricing_of(quotes: QuoteBoard, order: Order) -> Pricing:
    """Return the live quote of an order's symbol, and what its quote asset is worth.

    Raises:
        Retryable: `QUOTE_STALE`; one of them is not live. Or they could not be asked for.
    """
    quote = await quotes.quote(order.intent.symbol)
    if quote is None:
        raise Retryable(ErrorCode.QUOTE_STALE, f"no live quote of {order.intent.symbol}")
    if order.quote_asset == ACCOUNT_QUOTE_ASSET:
        return Pricing(quote)
    cross = await quotes.quote(order.quote_asset + ACCOUNT_QUOTE_ASSET)
    if cross is None:
        raise Retryable(ErrorCode.QUOTE_STALE, f"no live quote of {order.quote_asset}")
    return Pricing(quote, rate=Decimal(cross.bid))
