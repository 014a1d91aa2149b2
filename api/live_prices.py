"""Live prices for views: where there is none, a view shows null instead of a wrong number."""

from collections.abc import Sequence
from decimal import Decimal

from adapters.redis_quotes import parse_quote
from api.services import Services
from domain.errors import Retryable


async def live_prices(services: Services, symbols: Sequence[str]) -> dict[str, Decimal]:
    """Return the latest price of each symbol that has a live one, in one round trip.

    A cache that is away has none: positions and balances can be read without it.
    """
    try:
        documents = await services.trading.quotes.documents(symbols)
    except Retryable:
        return {}
    quotes = [parse_quote(document) for document in documents if document is not None]
    return {quote.symbol: quote.price for quote in quotes}
