"""Order lists: which orders stand and fall together. Pure."""

from collections.abc import Iterable

from sandbox.exchange.core.ledger import Ledger, Order


def partners(ledger: Ledger, order: Order) -> list[Order]:
    """The other orders of an order's list."""
    found = ledger.lists.get(order.accepted.order_list_id)
    ids = [] if found is None else found.opened.order_ids
    return [ledger.orders[i] for i in ids if i != order.accepted.order_id]


def open_partners(ledger: Ledger, order: Order) -> list[Order]:
    """Those of them that are open."""
    return [partner for partner in partners(ledger, order) if partner.is_open]


def orphaned(ledger: Ledger, stops: Iterable[Order]) -> list[Order]:
    """Waiting stops whose partner has filled (if only in part) or gone."""
    return [
        order
        for order in stops
        if any(p.executed or not p.is_open for p in partners(ledger, order))
    ]
