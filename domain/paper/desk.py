"""One step of a session in the making: fills and ends of orders, and what follows from them.

A desk is scratch: it is made from a state, changed by one command or observation, and gives the
next state, or a broken session where the books do not balance.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.account import ACCOUNT_QUOTE_ASSET, Account, TradingDay, on_day, with_balance
from domain.errors import HaltTrading
from domain.order_status import TERMINAL, OrderStatus, move
from domain.orders import Side
from domain.paper import ledger
from domain.paper.book import ZERO, Level
from domain.paper.execution import fee
from domain.paper.queueing import Resting
from domain.paper.state import (
    Changes,
    PaperTrade,
    SessionState,
    SessionStatus,
    equity_of,
    with_equity,
)
from domain.positions import Position, position_after
from domain.precision import nearest_unit
from domain.reservation import settle
from domain.trades import Failure, Fill


class Desk:
    """The state as it changes within one step.

    Attributes:
        entries: Trades with a bracket that have just ended with something bought.
    """

    def __init__(self, state: SessionState, at: datetime) -> None:
        self.before = state
        self.state = replace(state, updated_at=max(state.updated_at, at))
        self.at = at
        self.trades: dict[str, PaperTrade] = {}
        self.positions: dict[str, Position] = {}
        self.entries: list[PaperTrade] = []

    def put(self, paper: PaperTrade) -> PaperTrade:
        """Take in a trade as it stands now; one that has ended leaves the session's state."""
        quote = self.state.settings.quote_asset
        paper = replace(
            paper,
            balance_after=self.state.account.balance(quote).total,
            equity_after=equity_of(self.state),
        )
        trade_id, known = paper.trade_id, dict(self.state.open_trades)
        resting = self.state.resting
        known.pop(trade_id, None)
        if not paper.trade.is_terminal:
            known[trade_id] = paper
        elif trade_id in resting:
            resting = {key: order for key, order in resting.items() if key != trade_id}
        self.state = replace(self.state, open_trades=known, resting=resting, last_trade=paper)
        self.trades[trade_id] = paper
        return paper

    def fill(self, trade_id: str, level: Level, *, is_maker: bool) -> None:
        """Fill an order at a price: balances, position, fees, and its pair's other order."""
        paper = self.state.open_trades[trade_id]
        order, settings = paper.trade.order, self.state.settings
        side, number = order.intent.side, self.state.fill_count + 1
        fee_bps = settings.maker_fee_bps if is_maker else settings.taker_fee_bps
        fill = Fill(
            venue_trade_id=number,
            price=level.price,
            quantity=level.quantity,
            commission=fee(side, level.price, level.quantity, fee_bps),
            commission_asset=order.base_asset if side is Side.BUY else order.quote_asset,
            time=self.at,
        )
        executed = paper.trade.executed_quantity + fill.quantity
        is_whole = order.intent.quantity is not None and executed >= order.intent.quantity
        status = OrderStatus.FILLED if is_whole else OrderStatus.PARTIALLY_FILLED
        paper = self._realize(paper, fill)
        self.state = replace(
            self.state,
            fill_count=number,
            flows=ledger.flows_after(self.state.flows, order, fill),
        )
        if is_maker:
            paper = replace(paper, maker_fills=(*paper.maker_fills, number))
        self._settle(paper, status, fills=(*paper.trade.fills, fill))
        self._end_partner(trade_id)

    def end(self, trade_id: str, status: OrderStatus, failure: Failure | None = None) -> None:
        """End an order that is open; what it holds becomes free."""
        self._settle(self.state.open_trades[trade_id], status, failure=failure)

    def hold(self, trade_id: str, quantity: Decimal) -> PaperTrade:
        """Let an order of the account hold more of what it sells or spends."""
        account = self.state.account
        open_order = account.orders[trade_id]
        account = with_balance(account, open_order.reserved_asset, -quantity, quantity)
        more = replace(open_order, reserved=open_order.reserved + quantity)
        account = replace(account, orders={**account.orders, trade_id: more})
        self.state = replace(self.state, account=account)
        return self.put(self.state.open_trades[trade_id])

    def rest(self, order: Resting) -> None:
        """Keep an open order as the market is to meet it from now on."""
        self.state = replace(self.state, resting={**self.state.resting, order.trade_id: order})

    def _settle(
        self,
        paper: PaperTrade,
        status: OrderStatus,
        *,
        fills: tuple[Fill, ...] | None = None,
        failure: Failure | None = None,
    ) -> None:
        trade = replace(
            paper.trade,
            status=move(paper.trade.status, status),
            fills=paper.trade.fills if fills is None else fills,
            failure=failure,
            updated_at=self.at,
        )
        settled = settle(self.state.account, trade)
        account, paper = settled.account, replace(paper, trade=trade)
        if self.state.settings.quote_asset != ACCOUNT_QUOTE_ASSET:
            account = replace(account, day=self.state.account.day)
        self.state = replace(self.state, account=account)
        self.positions.update({p.position_id: p for p in settled.positions})
        self.put(paper)
        if status in TERMINAL and paper.bracket is not None and trade.fills:
            self.entries.append(paper)

    def _realize(self, paper: PaperTrade, fill: Fill) -> PaperTrade:
        """Count what a fill realises; the account itself only counts in its own quote asset."""
        order, account = paper.trade.order, self.state.account
        symbol = order.intent.symbol
        closes = order.intent.side is Side.SELL and account.open_position(symbol) is not None
        account = on_session_day(account, self.state.settings.quote_asset, self.at)
        self.state = replace(self.state, account=account)
        if not closes:
            return paper
        pnl = position_after(account.positions.get(symbol), order, fill)[1]
        worth = nearest_unit(pnl * self.state.markets[symbol].rate)
        if self.state.settings.quote_asset != ACCOUNT_QUOTE_ASSET:
            day = replace(account.day, realized_pnl=account.day.realized_pnl + worth)
            account = replace(account, day=day)
        self.state = replace(
            self.state, account=account, realized_pnl=self.state.realized_pnl + worth
        )
        return replace(paper, realized_pnl=(paper.realized_pnl or ZERO) + pnl)

    def _end_partner(self, trade_id: str) -> None:
        """One order of a pair that fills, if only in part, takes the other out, as at Binance."""
        for other in list(self.state.resting.values()):
            if other.partner == trade_id:
                self.end(other.trade_id, OrderStatus.EXPIRED)

    def done(self) -> tuple[SessionState, Changes, str | None]:
        """Return the next state and what changed; or the broken session, and why."""
        problem = ledger.breach(self.before, self.state, self.trades.values())
        if problem is not None:
            return broken(self.before, problem, self.at), Changes(), problem
        trades = sorted(self.trades.values(), key=lambda paper: paper.number)
        changes = Changes(tuple(trades), tuple(self.positions.values()))
        return with_equity(self.state), changes, None


def broken(state: SessionState, problem: str, at: datetime) -> SessionState:
    """Return the session as it was before a step that did not balance, stopped for good."""
    return replace(
        state,
        status=SessionStatus.BROKEN,
        status_reason=f"the books do not balance: {problem}",
        updated_at=max(state.updated_at, at),
    )


def on_session_day(account: Account, quote_asset: str, now: datetime) -> Account:
    """Return the account on its UTC day, whose opening equity is in the session's quote asset."""
    after = on_day(account, now)
    if quote_asset == ACCOUNT_QUOTE_ASSET or after.day.date == account.day.date:
        return after
    held = sum((p.cost for p in account.open_positions if p.quote_asset == quote_asset), ZERO)
    equity: Decimal = account.balance(quote_asset).total + held
    return replace(after, day=TradingDay(date=after.day.date, opening_equity=equity))


def step(
    state: SessionState, at: datetime, work: Callable[[Desk], None]
) -> tuple[SessionState, Changes, str | None]:
    """Take one step: the next state and what changed, or the broken session and why.

    A step that contradicts the state (or cannot be counted) leaves nothing of itself behind.
    """
    desk = Desk(state, at)
    try:
        work(desk)
    except (HaltTrading, ValueError, ArithmeticError, LookupError) as error:
        return broken(state, str(error), at), Changes(), str(error)
    return desk.done()
