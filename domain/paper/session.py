"""A paper session's commands: place, cancel, expire, stop, reset.

Pure: each takes the state and gives the next one and what changed. The caller brings the time,
the books and the public trades, keeps the state, and records what changed.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.account import Account, Balance
from domain.errors import ErrorCode, Rejected
from domain.market import SymbolRules
from domain.order_status import OrderStatus
from domain.orders import (
    STOP_TYPES,
    Order,
    OrderIntent,
    fingerprint,
    trade_id_of,
    validate_intent,
)
from domain.paper import chance
from domain.paper.arriving import arrive, wait_for_stop
from domain.paper.book import ZERO
from domain.paper.brackets import check_bracket, protect_entries
from domain.paper.desk import Desk, on_session_day, step
from domain.paper.execution import Arrival, reference_price, staleness
from domain.paper.recall import print_of, remembered, replayed
from domain.paper.state import (
    Bracket,
    Changes,
    Flow,
    MarketSeen,
    PaperTrade,
    Placed,
    Recent,
    SessionState,
    SessionStatus,
)
from domain.reservation import Reserved, reserve
from domain.risk import Denial, LimitType
from domain.trades import submitting

# Binance's MAX_NUM_ORDERS and MAX_NUM_ALGO_ORDERS of a spot symbol.
MAX_OPEN_ORDERS = 200
MAX_OPEN_STOPS = 5
# What a session holds goes from one run of its workflow to the next in one message of at most
# 2 MiB: an open order takes 2 KiB, its two protecting orders as much each, a symbol 1 KiB, and
# the requests that it remembers up to 0.5 MiB.
MAX_SESSION_ORDERS = 300
MAX_SESSION_SYMBOLS = 200


def paper_order(
    user_id: str, session_id: str, key: str, intent: OrderIntent, rules: SymbolRules
) -> Order:
    """Return the order of a request, validated as a real one; its id is the session's own.

    Raises:
        Rejected: `INVALID_ORDER` or `FILTER_FAILURE`.
    """
    validate_intent(intent, rules)
    return Order(
        trade_id=trade_id_of(session_id, key),
        user_id=user_id,
        base_asset=rules.base_asset,
        quote_asset=rules.quote_asset,
        step_size=rules.step_size,
        intent=intent,
        fingerprint=fingerprint(intent),
    )


def place(
    state: SessionState, order: Order, market: Arrival, bracket: Bracket | None = None
) -> tuple[SessionState, Placed]:
    """Place an order and match it with the book that it arrives at.

    The same order again changes nothing. Denials are remembered, too, but for those that pass
    by themselves (`QUOTE_STALE`).

    Args:
        state: The session.
        order: From `paper_order`; its trade id makes it idempotent.
        market: The books at the decision and, after the session's latency, at the arrival.
        bracket: What protects the entry once it has filled.

    Raises:
        Rejected: `IDEMPOTENCY_MISMATCH`, `SESSION_CLOSED`, `INVALID_ORDER`, `FILTER_FAILURE`.
        ValueError: The arrival is sooner after the decision than the session's latency.
    """
    if bracket == Bracket():
        bracket = None
    told = replayed(state, order, bracket)
    if told is not None:
        return state, told
    check_active(state)
    validate_intent(order.intent, market.rules)
    denial = _unfit(state, order, market)
    if denial is not None:
        return state, Placed(order.trade_id, denial=denial)
    check_bracket(order.intent, bracket, _entry_price(order, market), market.rules)
    state = with_market(state, market)
    account = on_session_day(state.account, state.settings.quote_asset, market.decided_at)
    decision = reserve(
        account, order, market.pricing, market.decided_at, requested_at_ms=state.trade_count + 1
    )
    recent = Recent(print_of(order, bracket))
    if isinstance(decision, Denial):
        recent = replace(recent, denial=decision)
        after = remembered(state, order.trade_id, recent)
        return after, Placed(order.trade_id, denial=decision)
    after, changes, problem = step(
        state, market.arrived_at, lambda desk: _execute(desk, order, market, decision, bracket)
    )
    if problem is not None:
        detail = f"the session is stopped: {after.status_reason}"
        denial = Denial(ErrorCode.TRADING_HALTED, LimitType.TRADING_STATE, detail)
        return after, Placed(order.trade_id, denial=denial)
    after = remembered(after, order.trade_id, recent)
    trade = next(paper for paper in changes.trades if paper.trade_id == order.trade_id)
    return after, Placed(order.trade_id, trade=trade, changes=changes)


def check_active(state: SessionState) -> None:
    """Refuse a command to a session that has ended.

    Raises:
        Rejected: `SESSION_CLOSED`.
    """
    if state.status is not SessionStatus.ACTIVE:
        why = f": {state.status_reason}" if state.status_reason else ""
        raise Rejected(ErrorCode.SESSION_CLOSED, f"the session is {state.status}{why}")


def _entry_price(order: Order, market: Arrival) -> Decimal:
    intent = order.intent
    return intent.price or reference_price(intent.side, market.decision)


def _unfit(state: SessionState, order: Order, market: Arrival) -> Denial | None:
    """Return why an order may not meet this market now; asking again may succeed."""
    waited_ms = (market.arrived_at - market.decided_at).total_seconds() * 1000
    if waited_ms < state.settings.latency_ms:
        raise ValueError(f"the arrival book is from {waited_ms} ms after the decision")
    stale = staleness(market)
    if stale is not None:
        return Denial(ErrorCode.QUOTE_STALE, LimitType.QUOTE, stale)
    _check_room(state, order.intent)
    return None


def _check_room(state: SessionState, intent: OrderIntent) -> None:
    """Refuse what would be one open order too many, of the symbol or of the session."""
    opened = state.orders_of(intent.symbol)
    stops = sum(1 for resting in opened if resting.stop_price is not None)
    if len(opened) >= MAX_OPEN_ORDERS:
        full = "MAX_NUM_ORDERS: too many open orders of the symbol"
    elif intent.type in STOP_TYPES and stops >= MAX_OPEN_STOPS:
        full = "MAX_NUM_ALGO_ORDERS: too many open orders of the symbol"
    elif len(state.resting) >= MAX_SESSION_ORDERS:
        full = "MAX_NUM_ORDERS: too many open orders of the session"
    elif intent.symbol not in state.markets and len(state.markets) >= MAX_SESSION_SYMBOLS:
        full = "MAX_NUM_SYMBOLS: the session has traded as many symbols as it may"
    else:
        return
    raise Rejected(ErrorCode.FILTER_FAILURE, full)


def with_market(state: SessionState, market: Arrival) -> SessionState:
    """Return the state with what an arrival tells of its symbol."""
    rules, known = market.rules, state.markets.get(market.rules.symbol)
    seen = known or MarketSeen(rules, market.rate)
    seen = replace(seen, rules=rules, rate=market.rate)
    marks = {rules.quote_asset: market.rate, rules.base_asset: market.arrival.mid * market.rate}
    marks[state.settings.quote_asset] = Decimal(1)
    return replace(
        state,
        markets={**state.markets, rules.symbol: seen},
        marks={**state.marks, **marks},
    )


def _execute(
    desk: Desk, order: Order, market: Arrival, reserved: Reserved, bracket: Bracket | None
) -> None:
    state, number = desk.state, desk.state.trade_count + 1
    intent = order.intent
    desk.state = replace(state, account=reserved.account, trade_count=number)
    paper = PaperTrade(
        session_id=state.session_id,
        generation=state.generation,
        number=number,
        trade=submitting(order, market.decided_at),
        reference_price=reference_price(intent.side, market.decision),
        fills_before=state.fill_count,
        balance_after=ZERO,
        bracket=bracket,
    )
    desk.put(paper)
    if intent.type in STOP_TYPES:
        wait_for_stop(desk, order.trade_id, market.last_price or market.arrival.mid)
    else:
        arrive(desk, order.trade_id, market.arrival)
    protect_entries(desk)


def cancel(state: SessionState, trade_id: str, at: datetime) -> tuple[SessionState, Changes]:
    """Cancel an open order, and the other order of its pair.

    Raises:
        Rejected: `NOT_CANCELABLE`, no such order is open; `SESSION_CLOSED`.
    """
    check_active(state)
    if trade_id not in state.open_trades:
        raise Rejected(ErrorCode.NOT_CANCELABLE, "the order is not open any more")
    return _ended(state, _with_partner(state, trade_id), OrderStatus.CANCELED, at)


def expire(state: SessionState, trade_id: str, at: datetime) -> tuple[SessionState, Changes]:
    """Let an open order expire, and the other order of its pair; nothing if it is not open."""
    if trade_id not in state.open_trades:
        return state, Changes()
    return _ended(state, _with_partner(state, trade_id), OrderStatus.EXPIRED, at)


def _with_partner(state: SessionState, trade_id: str) -> list[str]:
    partners = [r.trade_id for r in state.resting.values() if r.partner == trade_id]
    return [trade_id, *partners]


def _ended(
    state: SessionState, trade_ids: list[str], status: OrderStatus, at: datetime
) -> tuple[SessionState, Changes]:
    def work(desk: Desk) -> None:
        for trade_id in trade_ids:
            desk.end(trade_id, status)
        if desk.state.status is SessionStatus.ACTIVE:
            protect_entries(desk)

    after, changes, _ = step(state, at, work)
    return after, changes


def stop(state: SessionState, at: datetime, reason: str = "") -> tuple[SessionState, Changes]:
    """End a session: its open orders are canceled; stopping again changes nothing."""
    if state.status is not SessionStatus.ACTIVE:
        return state, Changes()
    stopped = replace(state, status=SessionStatus.STOPPED, status_reason=reason)
    return _ended(stopped, list(state.open_trades), OrderStatus.CANCELED, at)


def reset(state: SessionState, at: datetime) -> tuple[SessionState, Changes]:
    """Start over with the initial balance and seed, whatever the session's status.

    Open orders are canceled. Trades of before are of an earlier generation; requests that were
    answered stay known.
    """
    ended, changes = state, Changes()
    if state.status is SessionStatus.ACTIVE:
        ended, changes = stop(state, at)
    settings = state.settings
    quote, balance = settings.quote_asset, settings.initial_balance
    account = Account(state.user_id, balances={quote: Balance(free=balance)})
    fresh = SessionState(
        session_id=state.session_id,
        user_id=state.user_id,
        settings=settings,
        account=replace(account, limits=settings.limits),
        created_at=state.created_at,
        updated_at=max(ended.updated_at, at),
        rng=chance.seeded(settings.seed),
        name=state.name,
        generation=state.generation + 1,
        trade_count=ended.trade_count,
        fill_count=ended.fill_count,
        peak_equity=balance,
        flows={quote: Flow(deposited=balance)},
        markets=state.markets,
        marks=state.marks,
        recent=state.recent,
        forked_from=state.forked_from,
    )
    return fresh, changes
