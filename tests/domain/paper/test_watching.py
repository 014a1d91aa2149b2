from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import given

from domain.paper.book import BookSnapshot
from domain.paper.hearing import hear
from domain.paper.observations import MarketTrade, Observation, QueueSeen
from domain.paper.session import stop
from domain.paper.state import Changes, Placed
from domain.paper.watching import Watch, observe, renewed, watches_of
from tests.domain.paper.market import BTC, BUY, SETTINGS, Session, limit
from tests.domain.paper.wandering import Event, Wanderer, walks

D = Decimal


@dataclass
class Watched(Session):
    """A session that only hears what its watch tells."""

    watch: Watch | None = None
    told: int = 0

    def renew(self) -> None:
        fresh = watches_of(self.state).get(BTC)
        watch = self.watch
        self.watch = renewed(watch, fresh) if watch is not None and fresh is not None else fresh

    def place(self, *args: Any, **more: Any) -> Placed:
        placed = super().place(*args, **more)
        self.renew()
        return placed

    def cancel(self, trade_id: str) -> Changes:
        changes = super().cancel(trade_id)
        self.renew()
        return changes

    def hear(self, make: Callable[[datetime, int], Observation]) -> Changes:
        self.steps += 1
        observation = make(self.now, self.steps)
        assert not isinstance(observation, QueueSeen)
        if self.watch is None:
            return Changes()
        self.watch, told = observe(self.watch, observation)
        for each in told:
            self.state, changes = hear(self.state, each)
            self.keep(changes)
        self.told += len(told)
        if told:
            self.renew()
        return Changes()


def outcomes(session: Session) -> dict[str, tuple[object, ...]]:
    return {
        paper.trade_id: (paper.trade.status, paper.trade.fills, paper.realized_pnl)
        for paper in session.records.values()
    }


@given(walks)
def test_a_session_that_is_told_what_counts_fills_as_one_that_hears_everything(
    events: list[Event],
) -> None:
    settings = replace(SETTINGS, initial_balance=D(314))
    whole, watched = Session(settings), Watched(settings)
    wanderers = (Wanderer(whole), Wanderer(watched))
    for event in events:
        for wanderer in wanderers:
            wanderer.happen(event)
        assert outcomes(watched) == outcomes(whole)
    assert watched.state.account.balances == whole.state.account.balances


def test_a_queue_that_only_moves_wakes_nobody() -> None:
    session = Watched()
    session.place(limit(BUY, "1", "99"))
    for _ in range(9):
        session.trade("99", "0.1", seller=True)
        session.trade("101", "5", seller=False)
    assert session.told == 0
    session.trade("99", "0.2", seller=True)
    assert session.told == 2
    (paper,) = session.records.values()
    assert paper.trade.executed_quantity == D("0.1")


def test_a_watcher_that_lost_its_place_fills_later_not_sooner() -> None:
    session = Watched()
    session.place(limit(BUY, "1", "99"))
    session.trade("99", "0.9", seller=True)
    session.watch = watches_of(session.state)[BTC]
    session.trade("99", "0.5", seller=True)
    assert session.told == 0
    session.trade("99", "0.7", seller=True)
    assert session.told > 0


def test_nothing_is_watched_without_open_orders_or_after_the_end() -> None:
    session = Session()
    assert watches_of(session.state) == {}
    session.place(limit(BUY, "1", "99"))
    assert watches_of(session.state).keys() == {BTC}
    session.state, _ = stop(session.state, session.now)
    assert watches_of(session.state) == {}


def test_old_and_foreign_observations_do_not_concern_a_watch() -> None:
    session = Session()
    session.place(limit(BUY, "1", "99"))
    session.trade("100", "1", seller=True)
    watch = watches_of(session.state)[BTC]
    old = MarketTrade(BTC, D(1), D(9), is_buyer_maker=True, trade_id=2, at=session.now)
    assert observe(watch, old) == (watch, ())
    assert observe(watch, replace(old, symbol="ETHUSDT", trade_id=9)) == (watch, ())
    empty = BookSnapshot(BTC, (), (), session.now, 99)
    assert observe(watch, empty) == (watch, ())
