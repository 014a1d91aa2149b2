"""What the routes of paper trading work with."""

from dataclasses import dataclass

from temporalio.client import Client

from adapters.mongo_paper import MongoPaper
from adapters.redis_books import RedisBooks
from adapters.redis_quotes import RedisQuoteBoard
from domain.ports import SymbolBook
from workers.connections import Connections
from workers.paper_desk import PaperDesk
from workers.paper_prices import PaperPrices


@dataclass(frozen=True, slots=True)
class PaperEdge:
    """The parts, composed once for an application."""

    store: MongoPaper
    prices: PaperPrices
    desk: PaperDesk


def paper_edge(connections: Connections, symbols: SymbolBook, client: Client) -> PaperEdge:
    """Compose them; nothing is opened that the process has not open already."""
    store = MongoPaper(connections.database)
    books, quotes = RedisBooks(connections.redis), RedisQuoteBoard(connections.redis)
    prices = PaperPrices(books, quotes, symbols)
    return PaperEdge(store, prices, PaperDesk(client, store, prices))
