"""The books: what came in equals what went out plus what is held, for every asset, always.

Counted in whole numbers of 1e-8 units and from prices and quantities alone, so that an error in
the Decimal arithmetic of reservations and balances cannot hide behind itself. `breach` looks at
what one call touched: by induction the rest still balances. `audit` counts everything anew from
the records of the trades.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from domain.orders import Order, Side
from domain.paper.book import ZERO
from domain.paper.state import Flow, PaperTrade, SessionState
from domain.trades import Fill

_UNITS = 10**8


def units(value: Decimal) -> int:
    """Return a value in units of 1e-8.

    Raises:
        ValueError: It is not a whole number of them.
    """
    numerator, denominator = value.as_integer_ratio()
    scaled, rest = divmod(numerator * _UNITS, denominator)
    if rest:
        raise ValueError(f"{value} is not a whole number of units")
    return scaled


def moves(order: Order, fill: Fill) -> dict[str, tuple[int, int, int]]:
    """Return what a fill moves of each asset, in units: received, paid, fees.

    Raises:
        ValueError: Its numbers are not whole numbers of units.
    """
    base = units(fill.quantity)
    quote = units(fill.price) * base // _UNITS
    buys = order.intent.side is Side.BUY
    moved = {
        order.base_asset: (base, 0, 0) if buys else (0, base, 0),
        order.quote_asset: (0, quote, 0) if buys else (quote, 0, 0),
    }
    received, paid, fees = moved.get(fill.commission_asset, (0, 0, 0))
    moved[fill.commission_asset] = (received, paid, fees + units(fill.commission))
    return moved


def flows_after(flows: Mapping[str, Flow], order: Order, fill: Fill) -> dict[str, Flow]:
    """Return the session's flows with one more fill.

    Raises:
        ValueError: Its numbers are not whole numbers of units.
    """
    after = dict(flows)
    for asset, (received, paid, fees) in moves(order, fill).items():
        old = after.get(asset, Flow())
        after[asset] = replace(
            old,
            received=old.received + _decimal(received),
            paid=old.paid + _decimal(paid),
            fees=old.fees + _decimal(fees),
        )
    return after


def _decimal(count: int) -> Decimal:
    return Decimal(count).scaleb(-8)


def breach(before: SessionState, after: SessionState, touched: Iterable[PaperTrade]) -> str | None:
    """Return what does not balance after a step; None where everything does.

    Takes time by the orders that were touched, not by the session's length.

    Args:
        before: The session before the step; it balanced.
        after: The session after it.
        touched: All trades that the step opened, filled or ended.
    """
    holds: defaultdict[str, Decimal] = defaultdict(Decimal)
    assets = {after.settings.quote_asset}
    for paper in touched:
        assets |= {paper.trade.order.base_asset, paper.trade.order.quote_asset}
        for sign, account in ((-1, before.account), (1, after.account)):
            open_order = account.orders.get(paper.trade_id)
            if open_order is not None:
                holds[open_order.reserved_asset] += sign * open_order.reserved
    for asset in sorted(assets):
        held, flow = after.account.balance(asset), after.flows.get(asset, Flow())
        if held.total != flow.held:
            return f"{asset}: {held.total:f} is held, {flow.held:f} came of its trades"
        if held.free < 0 or held.locked < 0:
            return f"{asset}: {held.free:f} free and {held.locked:f} locked"
        locked = held.locked - before.account.balance(asset).locked
        if locked != holds[asset]:
            return f"{asset}: locks changed by {locked:f}, holds of orders by {holds[asset]:f}"
    return None


def recomputed(deposits: Mapping[str, Decimal], trades: Iterable[PaperTrade]) -> dict[str, Decimal]:
    """Return what must be held of each asset, from the deposits and the records alone."""
    held: defaultdict[str, int] = defaultdict(int)
    for asset, deposit in deposits.items():
        held[asset] += units(deposit)
    for paper in trades:
        for fill in paper.trade.fills:
            for asset, (received, paid, fees) in moves(paper.trade.order, fill).items():
                held[asset] += received - paid - fees
    return {asset: _decimal(count) for asset, count in held.items()}


def audit(state: SessionState, trades: Iterable[PaperTrade]) -> tuple[str, ...]:
    """Count the whole session anew; return everything that does not balance.

    Args:
        state: The session as it stands.
        trades: The latest record of each of its trades. Those of before a reset do not count.
    """
    ours = [
        paper
        for paper in trades
        if (paper.session_id, paper.generation) == (state.session_id, state.generation)
    ]
    account = state.account
    deposits = {asset: flow.deposited for asset, flow in state.flows.items()}
    due = recomputed(deposits, ours)
    problems = []
    for asset in sorted(due.keys() | account.balances.keys()):
        held = account.balance(asset)
        if held.total != due.get(asset, ZERO):
            problems.append(f"{asset}: {held.total:f} is held, {due.get(asset, ZERO):f} is due")
        holds = sum(
            (o.reserved for o in account.orders.values() if o.reserved_asset == asset), ZERO
        )
        if held.locked != holds:
            problems.append(f"{asset}: {held.locked:f} is locked, orders hold {holds:f}")
        if held.free < 0 or held.locked < 0:
            problems.append(f"{asset}: {held.free:f} free and {held.locked:f} locked")
    if account.orders.keys() != state.open_trades.keys() or state.resting.keys() - account.orders:
        problems.append("the open orders of the account and of the session differ")
    return tuple(problems)
