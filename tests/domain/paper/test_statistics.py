from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import mean, stdev

import pytest

from domain.paper.state import PaperTrade
from domain.paper.statistics import EquityPoint, curve, equity_points, sharpe, statistics
from tests.domain.paper.market import BUY, SELL, Session, book, market

D = Decimal
START = datetime(2026, 3, 14, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def points(*equities: str, every: timedelta = DAY) -> list[EquityPoint]:
    return [EquityPoint(START + n * every, D(equity)) for n, equity in enumerate(equities)]


def test_nothing_happened() -> None:
    found = statistics([], [])
    assert (found.trades, found.closed_trades, found.total_return, found.max_drawdown) == (
        *(0, 0),
        *(D(0), D(0)),
    )
    assert (found.win_rate, found.profit_factor, found.sharpe) == (None, None, None)
    assert curve([]) == []


@pytest.mark.parametrize("equities", [("100",), ("100", "100", "100")])
def test_a_flat_session_has_no_sharpe(equities: tuple[str, ...]) -> None:
    found = statistics(points(*equities), [])
    assert (found.sharpe, found.total_return, found.max_drawdown) == (None, D(0), D(0))


def test_drawdown_is_measured_from_the_highest_point_before() -> None:
    shares = [point.drawdown for point in curve(points("100", "120", "90", "130", "117"))]
    assert shares == [0, 0, D("0.25"), 0, D("0.1")]
    found = statistics(points("100", "120", "90", "130", "117"), [])
    assert (found.max_drawdown, found.total_return) == (D("0.25"), D("0.17"))


def test_a_session_that_lost_everything_is_still_defined() -> None:
    found = statistics(points("100", "0", "0"), [])
    assert (found.max_drawdown, found.total_return) == (D(1), D(-1))
    assert found.sharpe is not None
    assert statistics(points("0", "0", "0"), []).sharpe is None


def test_sharpe_is_the_mean_over_the_deviation_of_daily_returns_for_a_year() -> None:
    returns = [0.0, 0.1, -0.05, 0.02]
    found = sharpe(points("100", "110", "104.5", "106.59"))
    assert found is not None
    assert float(found) == pytest.approx(mean(returns) / stdev(returns) * 365**0.5)


def test_a_day_counts_by_its_last_point_and_a_silent_one_returned_nothing() -> None:
    hours = points("100", "300", "110", every=timedelta(hours=1))
    later = EquityPoint(START + 3 * DAY, D("121"))
    found = sharpe([*hours, later])
    returns = [0.1, 0.0, 0.0, 0.1]
    assert found is not None
    assert float(found) == pytest.approx(mean(returns) / stdev(returns) * 365**0.5)
    assert sharpe(hours) is None


def closed() -> tuple[Session, list[PaperTrade]]:
    session = Session()
    session.traded(market(BUY, "3"), book(asks=("100x9",)))
    session.traded(market(SELL, "1"), book(("110x9",), ("111x9",)))
    session.traded(market(SELL, "1"), book(("95x9",), ("96x9",)))
    return session, list(session.records.values())


def test_one_trade_that_won_has_no_profit_factor() -> None:
    _, (_, won, lost) = closed()
    found = statistics([], [won])
    assert (found.win_rate, found.profit_factor, found.closed_trades) == (D(1), None, 1)
    found = statistics([], [lost])
    assert (found.win_rate, found.profit_factor) == (D(0), D(0))


def test_results_are_of_the_trades_that_closed_something() -> None:
    _, trades = closed()
    found = statistics([], trades)
    assert (found.trades, found.closed_trades, found.wins, found.losses) == (3, 2, 1, 1)
    assert found.win_rate == D("0.5")
    assert found.gross_profit == trades[1].realized_pnl
    assert found.gross_loss == -(trades[2].realized_pnl or 0)
    assert found.profit_factor == (found.gross_profit / found.gross_loss).quantize(D("1e-8"))


def test_the_curve_has_the_start_the_trades_and_what_was_seen() -> None:
    session, trades = closed()
    start = EquityPoint(START - DAY, D(10_000))
    seen = EquityPoint(session.now + DAY, D(9_000))
    found = equity_points(start, reversed(trades), [seen])
    assert found[0] == start
    assert [point.equity for point in found[1:-1]] == [paper.equity_after for paper in trades]
    assert found[-1] == seen
