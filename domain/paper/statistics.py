"""How a session has done, from its equity curve and its closed trades.

Every number has a value on an empty, a flat and a one-trade session: zero where nothing was won
or lost, None where there is nothing to divide by.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain.paper.book import ZERO
from domain.paper.state import PaperTrade

# Spot crypto trades every day of the year.
DAYS_A_YEAR = 365
_RATIO_PRECISION = Decimal("1e-8")
# Fewer daily returns have no spread worth the name.
LEAST_RETURNS = 2


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """The session's worth at a moment, in its quote asset."""

    at: datetime
    equity: Decimal


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of the curve with how far it lies below the highest one before it, as a share."""

    at: datetime
    equity: Decimal
    drawdown: Decimal


@dataclass(frozen=True, slots=True)
class Statistics:
    """A session's results. PnL is in the quote asset, everything else is a share or a ratio.

    `win_rate` is None before the first closed trade; `profit_factor` while nothing was lost;
    `sharpe` while daily returns do not differ or there are fewer than two.
    """

    trades: int
    closed_trades: int
    wins: int
    losses: int
    total_return: Decimal
    max_drawdown: Decimal
    win_rate: Decimal | None
    profit_factor: Decimal | None
    sharpe: Decimal | None
    gross_profit: Decimal
    gross_loss: Decimal


def equity_points(
    start: EquityPoint, trades: Iterable[PaperTrade], seen: Iterable[EquityPoint] = ()
) -> list[EquityPoint]:
    """Return the points of the curve by time: the start, each trade's last, and what was seen.

    Args:
        start: What the session began with.
        trades: The latest record of each trade; one without a known equity adds no point.
        seen: What was observed between trades.
    """
    stamped = [
        EquityPoint(paper.trade.updated_at, paper.equity_after)
        for paper in sorted(trades, key=lambda paper: paper.number)
        if paper.equity_after is not None
    ]
    return [start, *sorted([*stamped, *seen], key=lambda point: point.at)]


def curve(points: Iterable[EquityPoint]) -> list[CurvePoint]:
    """Return the points with their drawdowns; none without points."""
    found, peak = [], ZERO
    for point in points:
        peak = max(peak, point.equity)
        drawdown = _ratio(peak - point.equity, peak) if peak else ZERO
        found.append(CurvePoint(point.at, point.equity, drawdown))
    return found


def statistics(points: Sequence[EquityPoint], trades: Sequence[PaperTrade]) -> Statistics:
    """Return a session's results.

    A trade is closed where it sold from a position: its result is what it realised after fees.
    The profit factor is what the winners made over what the losers lost.

    Args:
        points: The equity curve by time, the start first.
        trades: The latest record of each trade.
    """
    results = [paper.realized_pnl for paper in trades if paper.realized_pnl is not None]
    wins = [pnl for pnl in results if pnl > 0]
    losses = [pnl for pnl in results if pnl < 0]
    profit, loss = sum(wins, ZERO), -sum(losses, ZERO)
    start = points[0].equity if points else ZERO
    return Statistics(
        trades=sum(1 for paper in trades if paper.trade.fills),
        closed_trades=len(results),
        wins=len(wins),
        losses=len(losses),
        total_return=_ratio(points[-1].equity - start, start) if start else ZERO,
        max_drawdown=max((point.drawdown for point in curve(points)), default=ZERO),
        win_rate=_ratio(Decimal(len(wins)), Decimal(len(results))) if results else None,
        profit_factor=_ratio(profit, loss) if loss else None,
        sharpe=sharpe(points),
        gross_profit=profit,
        gross_loss=loss,
    )


def sharpe(points: Sequence[EquityPoint]) -> Decimal | None:
    """Return the Sharpe ratio: mean over standard deviation of daily returns, for a year.

    W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management, Fall 1994 (the ex-post
    ratio), with a risk-free return of nothing. A day is a UTC day, from one day's last equity
    to the next one's; a day without a point returned nothing. The deviation is the sample's
    (n - 1), and the year has 365 days: the ratio is multiplied by the root of 365.
    """
    returns = _daily_returns(points)
    if len(returns) < LEAST_RETURNS:
        return None
    mean = sum(returns, ZERO) / len(returns)
    variance = sum(((r - mean) ** 2 for r in returns), ZERO) / (len(returns) - 1)
    if not variance:
        return None
    return (mean / variance.sqrt() * Decimal(DAYS_A_YEAR).sqrt()).quantize(_RATIO_PRECISION)


def _daily_returns(points: Sequence[EquityPoint]) -> list[Decimal]:
    """Return one return for each UTC day, the first one from the session's start."""
    if not points:
        return []
    closes: dict[date, Decimal] = {}
    for point in points:
        closes[point.at.astimezone(UTC).date()] = point.equity
    day, last = min(closes), max(closes)
    returns, before = [], points[0].equity
    while day <= last:
        close = closes.get(day, before)
        returns.append(close / before - 1 if before else ZERO)
        day, before = day + timedelta(days=1), close
    return returns


def _ratio(part: Decimal, whole: Decimal) -> Decimal:
    return (part / whole).quantize(_RATIO_PRECISION)
