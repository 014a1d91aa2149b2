"""Trades and book changes of a symbol, sent to whoever listens, as soon as they happen."""

from sandbox.exchange.core.matching import PublicTrade
from sandbox.exchange.core.symbols import text
from sandbox.exchange.market.listing import AggregateTrade, Listing, aggregate_view
from sandbox.exchange.market.ticker import best
from sandbox.exchange.protocol.hub import Hub


def broadcast(hub: Hub, listing: Listing) -> None:
    """Send what has happened to a symbol since the last call."""
    if listing.market.trades:
        _trades(hub, listing)
    book = listing.market.book
    if book.bids.changed or book.asks.changed:
        _book(hub, listing)


def _trades(hub: Hub, listing: Listing) -> None:
    market = listing.market
    trades, market.trades = market.trades, []
    symbol = market.rules.symbol
    stream = symbol.lower() + "@trade"
    listens = hub.listens(stream)
    for trade in trades:
        listing.candles.add(trade)
        listing.tape.append(trade)
        if listens:
            hub.publish(
                stream,
                {
                    "e": "trade",
                    "E": trade.time_ms,
                    "s": symbol,
                    "t": trade.trade_id,
                    "p": text(trade.price),
                    "q": text(trade.quantity),
                    "T": trade.time_ms,
                    "m": trade.is_buyer_maker,
                    "M": True,
                },
            )
    _aggregates(hub, listing, trades)


def _aggregates(hub: Hub, listing: Listing, trades: list[PublicTrade]) -> None:
    symbol = listing.market.rules.symbol
    fresh: list[AggregateTrade] = []
    for trade in trades:
        if fresh and fresh[-1].group == trade.group and fresh[-1].price == trade.price:
            fresh[-1].quantity += trade.quantity
            fresh[-1].last_id = trade.trade_id
            continue
        fresh.append(
            AggregateTrade(
                listing.next_aggregate,
                trade.group,
                trade.price,
                trade.quantity,
                trade.trade_id,
                trade.trade_id,
                trade.time_ms,
                trade.is_buyer_maker,
            )
        )
        listing.next_aggregate += 1
    listing.aggregates.extend(fresh)
    stream = symbol.lower() + "@aggTrade"
    if hub.listens(stream):
        for each in fresh:
            head = {"e": "aggTrade", "E": each.time_ms, "s": symbol}
            hub.publish(stream, head | aggregate_view(each))


def _book(hub: Hub, listing: Listing) -> None:
    market = listing.market
    bids, asks = market.book.take_changes()
    symbol = market.rules.symbol
    lower = symbol.lower()
    for name, gathered in listing.depth.items():
        if hub.listens(f"{lower}@{name}"):
            gathered.bids.update(bids)
            gathered.asks.update(asks)
    found = best(market)
    if found != listing.best:
        listing.best = found
        stream = lower + "@bookTicker"
        if hub.listens(stream):
            names = zip("bBaA", found, strict=True)
            event = {"u": market.book.update_id, "s": symbol}
            hub.publish(stream, event | {name: text(v) for name, v in names})
