"""How near a place comes to the exchange: prices, fill ratios, and how long orders waited."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.paper.places import Outcome
from bench.report import Report
from domain.orders import Side

# Of the normal distribution, for a confidence interval of 95 %.
Z_95 = 1.96
GOAL_BPS = 1.0
WORSE_THAN = 2.0
AT_MARKET = ("MARKET", "SLICED")
LIMITS = ("IOC", "GTC")
PLACES = {"paper": "paper", "dry": "yardstick: dry run"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One order at the exchange, in the session, and in the dry run."""

    kind: str
    side: Side
    venue: Outcome
    paper: Outcome
    dry: Outcome

    def price_bps(self, place: str) -> float | None:
        """Return how much worse than at the exchange it was executed elsewhere."""
        other = self.at(place).price
        if self.venue.price is None or other is None:
            return None
        sign = 1 if self.side is Side.BUY else -1
        return float((other / self.venue.price - 1) * 10_000) * sign

    def ratio(self, place: str) -> float:
        """Return how much more of it was filled than at the exchange."""
        return self.at(place).ratio - self.venue.ratio

    def waited_s(self, place: str) -> float:
        """Return how much longer its quantity waited than at the exchange."""
        return self.at(place).waited_s - self.venue.waited_s

    def at(self, place: str) -> Outcome:
        """Return what became of it at a place."""
        return self.paper if place == "paper" else self.dry


@dataclass(frozen=True, slots=True)
class Distribution:
    """Differences from the exchange: their mean with its 95 % interval, and their size."""

    n: int
    mean: float
    half: float
    mean_abs: float
    median_abs: float
    p95_abs: float

    @classmethod
    def of(cls, found: Sequence[float]) -> "Distribution":
        """Describe differences; there must be two at least."""
        sizes = sorted(map(abs, found))
        return cls(
            n=len(found),
            mean=statistics.fmean(found),
            half=Z_95 * statistics.stdev(found) / math.sqrt(len(found)),
            mean_abs=statistics.fmean(sizes),
            median_abs=statistics.median(sizes),
            p95_abs=sizes[min(len(sizes) - 1, int(len(sizes) * 0.95))],
        )

    def add_row(self, report: Report, name: str, unit: str) -> None:
        """Report it."""
        report.rows.append(
            {
                "name": f"{name} off by {self.mean:+.3f} ± {self.half:.3f} {unit}; distance: mean "
                f"{self.mean_abs:.3f}, median {self.median_abs:.3f}, p95 {self.p95_abs:.3f}",
                "n": self.n,
                f"mean_{unit}": round(self.mean, 4),
                f"ci95_{unit}": round(self.half, 4),
                f"mean_abs_{unit}": round(self.mean_abs, 4),
                f"median_abs_{unit}": round(self.median_abs, 4),
                f"p95_abs_{unit}": round(self.p95_abs, 4),
            }
        )


def report_all(report: Report, compared: Sequence[Comparison]) -> None:
    """Report how both places differ from the exchange, and the goals."""
    _report_market_orders(report, compared)
    _report_limits(report, compared)


def _report_market_orders(report: Report, compared: Sequence[Comparison]) -> None:
    for kind in AT_MARKET:
        _prices(report, compared, f"{kind.lower()} orders", (kind,))
    paper, _ = _prices(report, compared, "all of them", AT_MARKET)
    name = "orders at the market: median price distance"
    report.goal(name, f"< {GOAL_BPS:g} bp", paper.median_abs, met=abs(paper.median_abs) < GOAL_BPS)
    name = "orders at the market: bias, within its 95 % interval"
    is_unbiased = abs(paper.mean) <= paper.half
    report.goal(name, f"<= {paper.half:.3f} bp", abs(paper.mean), met=is_unbiased)


def _report_limits(report: Report, compared: Sequence[Comparison]) -> None:
    paper, dry = _prices(report, compared, "limits", LIMITS)
    _worse(report, "price", paper, dry)
    limits = [each for each in compared if each.kind in LIMITS]
    for kind in (*((kind,) for kind in LIMITS), LIMITS):
        chosen = [each for each in limits if each.kind in kind]
        found = {name: Distribution.of([c.ratio(name) for c in chosen]) for name in PLACES}
        for name, place in PLACES.items():
            what = " and ".join(kind)
            found[name].add_row(report, f"{place}, {what}, fill ratio", "ratio")
    _worse(report, "fill ratio", found["paper"], found["dry"])
    resting = [each for each in limits if each.kind == "GTC"]
    found = {name: Distribution.of([c.waited_s(name) for c in resting]) for name in PLACES}
    for name, place in PLACES.items():
        found[name].add_row(report, f"{place}, GTC, time to fill", "s")
    _worse(report, "time to fill", found["paper"], found["dry"])


def _prices(
    report: Report, compared: Sequence[Comparison], what: str, kinds: Sequence[str]
) -> tuple[Distribution, Distribution]:
    found = []
    for name, place in PLACES.items():
        bps = [each.price_bps(name) for each in compared if each.kind in kinds]
        distribution = Distribution.of([each for each in bps if each is not None])
        distribution.add_row(report, f"{place}, {what}, price", "bp")
        found.append(distribution)
    return found[0], found[1]


def _worse(report: Report, what: str, paper: Distribution, dry: Distribution) -> None:
    """Report how many times further from the exchange's the dry run's limits are."""
    times = dry.mean_abs / paper.mean_abs if paper.mean_abs else math.inf
    name = f"limits, {what}: times further off the dry run is"
    report.goal(name, f">= {WORSE_THAN:g}", min(times, 1e6), met=times >= WORSE_THAN)
