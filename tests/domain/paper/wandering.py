"""Whatever may happen to a session, drawn: commands, and a market that wanders."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

from domain.errors import BotCoreError
from domain.orders import OrderIntent, OrderType, Side, TimeInForce
from domain.paper.observations import MarketTrade
from domain.paper.state import Bracket
from tests.domain.paper.market import BTC, BUY, SELL, Session, book
from tests.domain.strategies import UNIT

D = Decimal
TICK = D("0.01")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens; prices are ticks away from where the market is."""

    kind: str
    side: Side
    size: int
    offset: int
    second: int
    choice: int


# Named as often as they are to happen.
_CHANCES = (
    *("market", "quote", "limit", "limit", "stop", "bracket"),
    *("cancel", "again", "trade", "trade", "trade", "show", "show"),
)
events = st.builds(
    Event,
    kind=st.sampled_from(_CHANCES),
    side=st.sampled_from(Side),
    size=st.integers(1, 300_000),
    offset=st.integers(-40, 40),
    second=st.integers(-60, 60),
    choice=st.integers(0, 10**6),
)


def _wandered(seed: int) -> list[Event]:
    """Draw a long walk of large numbers, where Hypothesis prefers short ones of small numbers."""
    rng = random.Random(seed)
    return [
        Event(
            kind=rng.choice(_CHANCES),
            side=rng.choice(list(Side)),
            size=rng.randint(1, 300_000),
            offset=rng.randint(-40, 40),
            second=rng.randint(-60, 60),
            choice=rng.randint(0, 10**6),
        )
        for _ in range(60)
    ]


walks = st.one_of(st.integers(0, 2**32).map(_wandered), st.lists(events, min_size=1, max_size=50))

_KINDS = (OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT)


class Wanderer:
    """Lets events happen to a session; the market's middle moves with them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.middle = D(100)
        self.asked: list[tuple[str, OrderIntent, Bracket | None]] = []

    def happen(self, event: Event) -> None:
        """Let one event happen; what is refused is refused."""
        self.middle = max(D(50), self.middle + event.second % 7 * TICK * (1 - event.choice % 3))
        if event.kind == "trade":
            self._trade(event)
        elif event.kind == "show":
            shown = self._book(event)
            self.session.hear(lambda at, n: book(*shown, at=at, sequence=n))
        elif event.kind == "cancel":
            self._cancel(event)
        elif event.kind == "again":
            self._again(event)
        else:
            self._place(event)

    def _book(self, event: Event) -> tuple[tuple[str, ...], tuple[str, ...]]:
        sizes = [D(1 + event.choice // (n + 1) % 50_000) / 100_000 for n in range(6)]
        best = self.middle + event.offset % 5 * TICK
        bids = tuple(f"{best - (n + 1) * TICK * (1 + n)}x{size}" for n, size in enumerate(sizes))
        asks = tuple(f"{best + (n + 1) * TICK * (1 + n)}x{size}" for n, size in enumerate(sizes))
        return bids, asks

    def _trade(self, event: Event) -> None:
        price = self.middle + event.offset * TICK
        size = D(event.size) / 100_000
        seller = event.side is SELL
        self.session.hear(lambda at, n: MarketTrade(BTC, price, size, seller, n, at))

    def _cancel(self, event: Event) -> None:
        known = list(self.session.records)
        self._try(lambda: self.session.cancel(known[event.choice % len(known)]) if known else None)

    def _again(self, event: Event) -> None:
        if not self.asked:
            return
        key, intent, bracket = self.asked[event.choice % len(self.asked)]
        before = self.session.state
        placed = self.session.place(intent, book(*self._book(event)), key=key, bracket=bracket)
        assert placed.is_replay
        assert self.session.state is before

    def _place(self, event: Event) -> None:
        intent = self._intent(event)
        bracket = None
        if event.kind == "bracket":
            bracket = Bracket(self.middle - 30 * TICK, self.middle + 30 * TICK)
        key = f"order-{len(self.asked)}"

        def ask() -> None:
            shown = book(*self._book(event))
            placed = self.session.place(intent, shown, key=key, bracket=bracket)
            assert not placed.is_replay
            self.asked.append((key, intent, bracket))

        self._try(ask)

    def _intent(self, event: Event) -> OrderIntent:
        size, price = D(event.size) / 100_000, self.middle + event.offset * TICK
        if event.kind == "quote":
            quote = D(event.choice) * 1_000 * UNIT + 5
            return OrderIntent(BTC, event.side, OrderType.MARKET, quote_quantity=quote)
        if event.kind == "market" or (event.kind == "bracket" and event.choice % 2):
            side = BUY if event.kind == "bracket" else event.side
            return OrderIntent(BTC, side, OrderType.MARKET, quantity=size)
        stop = price + event.second * TICK if event.kind == "stop" else None
        return OrderIntent(
            BTC,
            BUY if event.kind == "bracket" else event.side,
            _KINDS[event.choice % 2] if stop is not None else OrderType.LIMIT,
            quantity=size,
            price=price,
            stop_price=stop,
            time_in_force=list(TimeInForce)[event.choice % 3 if event.choice % 4 == 0 else 0],
        )

    @staticmethod
    def _try(act: Callable[[], object]) -> None:
        try:
            act()
        except BotCoreError:
            return
