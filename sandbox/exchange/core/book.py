"""One symbol's order book: price levels, and in each a queue in order of arrival.

Quantities of the model stand in the same queues as the orders of accounts, so that an account's
order waits behind what was there first, and goes before what came later: an order that grows
loses its place at Binance, too ("Order amend keep priority" only ever makes one smaller).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Final

from sortedcontainers import SortedDict

from sandbox.exchange.core.ledger import Order
from sandbox.exchange.core.records import ZERO

# The model's nodes have this id and below; accounts' have their order's.
MODEL_NODE: Final = 0


@dataclass(slots=True)
class Resting:
    """Quantity in a queue; `order` is None where it is the model's."""

    remaining: Decimal
    order: Order | None = None


@dataclass(slots=True)
class Level:
    """One price: its queue (by order id, in order of arrival) and its whole quantity."""

    price: Decimal
    total: Decimal = ZERO
    queue: dict[int, Resting] = field(default_factory=dict)


class Side:
    """The bids or the asks of a book."""

    def __init__(self, side: str) -> None:
        self.side = side
        self._levels: SortedDict[Decimal, Level] = SortedDict()
        self._best_index = -1 if side == "BUY" else 0
        self.changed: set[Decimal] = set()

    def __len__(self) -> int:
        return len(self._levels)

    def best(self) -> Level | None:
        """The level that trades first."""
        if not self._levels:
            return None
        level: Level = self._levels.peekitem(self._best_index)[1]
        return level

    def levels(self) -> Iterator[Level]:
        """Levels from the best outwards. The book must not change while iterating."""
        found = self._levels.values()
        yield from (reversed(found) if self.side == "BUY" else found)

    def prices(self) -> list[Decimal]:
        """Every price, ascending."""
        return list(self._levels)

    def total_at(self, price: Decimal) -> Decimal:
        """Whole quantity at a price."""
        level = self._levels.get(price)
        return ZERO if level is None else level.total

    def add(self, order: Order) -> None:
        """Put an account's order at the end of its price's queue."""
        price = order.accepted.price
        level = self._levels.get(price)
        if level is None:
            level = self._levels[price] = Level(price)
        level.queue[order.accepted.order_id] = Resting(order.remaining, order)
        level.total += order.remaining
        self.changed.add(price)

    def remove(self, order: Order) -> None:
        """Take an account's order out."""
        price = order.accepted.price
        level = self._levels.get(price)
        if level is None:
            return
        node = level.queue.pop(order.accepted.order_id, None)
        if node is not None:
            self._shrink(level, node.remaining)

    def set_model(self, price: Decimal, quantity: Decimal) -> None:
        """Make the model's quantity at a price this much; zero takes it away.

        What is more than before comes last; what is less leaves every part of it alike.
        """
        level = self._levels.get(price)
        if level is None:
            if not quantity:
                return
            level = self._levels[price] = Level(price)
        nodes = _model_nodes(level)
        had = sum((node.remaining for node in nodes.values()), ZERO)
        if quantity > had:
            _join(level, quantity - had)
        elif nodes and quantity < had:
            _leave(level, nodes, had, quantity)
        self._shrink(level, had - quantity)

    def model_at(self, price: Decimal) -> Decimal:
        """The model's quantity at a price."""
        level = self._levels.get(price)
        nodes = {} if level is None else _model_nodes(level)
        return sum((node.remaining for node in nodes.values()), ZERO)

    def clear_model(self) -> None:
        """Take every quantity of the model away."""
        for price in self.prices():
            self.set_model(price, ZERO)

    def consume(self, level: Level, node_id: int, quantity: Decimal) -> None:
        """Take filled quantity off a node, and the node out when it is empty."""
        node = level.queue[node_id]
        node.remaining -= quantity
        if not node.remaining:
            del level.queue[node_id]
        self._shrink(level, quantity)

    def _shrink(self, level: Level, quantity: Decimal) -> None:
        level.total -= quantity
        if not level.queue:
            del self._levels[level.price]
        self.changed.add(level.price)


def _model_nodes(level: Level) -> dict[int, Resting]:
    return {node_id: node for node_id, node in level.queue.items() if node_id <= MODEL_NODE}


def _join(level: Level, quantity: Decimal) -> None:
    """Put a quantity of the model at the end of a queue."""
    last = next(reversed(level.queue), None)
    if last is not None and last <= MODEL_NODE:
        level.queue[last].remaining += quantity
        return
    level.queue[min([MODEL_NODE + 1, *level.queue]) - 1] = Resting(quantity)


def _leave(level: Level, nodes: dict[int, Resting], had: Decimal, quantity: Decimal) -> None:
    """Leave so much of the model's quantity, from each of its nodes in proportion."""
    left = quantity
    for node_id, node in reversed(nodes.items()):
        share = min((node.remaining * quantity / had).quantize(quantity, ROUND_DOWN), left)
        node.remaining, left = share, left - share
        if not share:
            del level.queue[node_id]
    if left:  # what rounding has taken
        first = next(iter(_model_nodes(level)), None)
        if first is None:
            _join(level, left)
        else:
            level.queue[first].remaining += left


class Book:
    """Both sides of one symbol."""

    def __init__(self) -> None:
        self.bids = Side("BUY")
        self.asks = Side("SELL")
        self.update_id = 1

    def side(self, side: str) -> Side:
        """The side on which an order of `side` rests."""
        return self.bids if side == "BUY" else self.asks

    def opposite(self, side: str) -> Side:
        """The side against which an order of `side` trades."""
        return self.asks if side == "BUY" else self.bids

    def take_changes(self) -> tuple[set[Decimal], set[Decimal]]:
        """Prices of bids and asks that changed since the last call."""
        bids, asks = self.bids.changed, self.asks.changed
        self.bids.changed, self.asks.changed = set(), set()
        if bids or asks:
            self.update_id += 1
        return bids, asks
