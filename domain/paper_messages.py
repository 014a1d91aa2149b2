"""What a paper session's desk, workflow, record and watcher tell each other."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from domain.market import SymbolRules
from domain.orders import Order
from domain.paper.book import BookSnapshot
from domain.paper.execution import Arrival
from domain.paper.state import Bracket, Changes, PaperTrade, Placed, SessionState
from domain.positions import Position
from domain.risk import Denial


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """An order with the market that it meets: all that the session needs to execute it.

    It stays in the session's history, so that the session replays to the last digit. `arrival`
    is None where the order arrives at the book of its decision.
    """

    order: Order
    rules: SymbolRules
    decision: BookSnapshot
    decided_at: datetime
    arrived_at: datetime
    arrival: BookSnapshot | None = None
    rate: Decimal = Decimal(1)
    last_price: Decimal | None = None
    bracket: Bracket | None = None

    @property
    def market(self) -> Arrival:
        """The market as the execution model takes it."""
        return Arrival(
            rules=self.rules,
            decision=self.decision,
            decided_at=self.decided_at,
            arrival=self.arrival or self.decision,
            arrived_at=self.arrived_at,
            rate=self.rate,
            last_price=self.last_price,
        )


@dataclass(frozen=True, slots=True)
class PaperOutcome:
    """What the caller of an order is told.

    `trade` is None after a denial, and where a repeat's trade is among the records only.
    """

    trade_id: str
    trade: PaperTrade | None = None
    denial: Denial | None = None
    is_replay: bool = False


def outcome_of(placed: Placed) -> PaperOutcome:
    """Return what is told of a placement."""
    return PaperOutcome(placed.trade_id, placed.trade, placed.denial, placed.is_replay)


@dataclass(frozen=True, slots=True)
class DeniedOrder:
    """An order that was not allowed to leave."""

    order: Order
    denial: Denial
    at: datetime


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """What has changed since the last record: the latest state of each trade and position."""

    trades: dict[str, PaperTrade] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    denials: tuple[DeniedOrder, ...] = ()
    is_new: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to record."""
        return bool(self.is_new or self.trades or self.positions or self.denials)

    def after(self, changes: Changes) -> "Unrecorded":
        """Return this with newer changes."""
        return Unrecorded(
            trades=self.trades | {paper.trade_id: paper for paper in changes.trades},
            positions=self.positions | {held.position_id: held for held in changes.positions},
            denials=self.denials,
            is_new=True,
        )

    def denied(self, order: DeniedOrder) -> "Unrecorded":
        """Return this with one more denial."""
        return Unrecorded(self.trades, self.positions, (*self.denials, order), is_new=True)


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """What is written, published and pushed together.

    `revision` rises with every record of a session: an older one never replaces a newer. The
    session comes without the requests that it knows.
    """

    revision: int
    session: SessionState
    trades: tuple[PaperTrade, ...] = ()
    positions: tuple[Position, ...] = ()
    denials: tuple[DeniedOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class PaperRun:
    """What one run of a session's workflow hands to the next: everything."""

    state: SessionState
    revision: int = 0
    unrecorded: Unrecorded = field(default_factory=lambda: Unrecorded(is_new=True))


class PaperStep(StrEnum):
    """What follows a change of a session, each retried on its own."""

    RECORD = "record"
    WATCH = "watch"
    PUBLISH = "publish"
    PUSH = "push"


class PaperStore(Protocol):
    """The records of sessions and their trades."""

    async def record(self, record: PaperRecord) -> None:
        """Write what has changed; again, or after something newer, it changes nothing.

        Raises:
            Retryable: The store could not be reached.
        """

    async def session(self, session_id: str) -> SessionState | None:
        """Return a session as it was recorded last, without the requests that it knows.

        Raises:
            Retryable: The store could not be reached.
        """

    async def trade(self, trade_id: str) -> PaperTrade | None:
        """Return the record of one trade.

        Raises:
            Retryable: The store could not be reached.
        """


class RestingOrders(Protocol):
    """Where the watcher of the market finds which orders rest, and how far it has told."""

    async def show(self, session: SessionState, revision: int) -> None:
        """Make a session's open orders known; a newer revision replaces an older one.

        Raises:
            Retryable: They could not be written.
        """
