"""What follows the venue's word: the record, the event, the push. Each is idempotent."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from domain.account import Account
from domain.errors import Retryable
from domain.events import DomainEvent, PrivateFrame
from domain.orders import Order
from domain.ports import EventBus, UserFeed
from domain.risk import Denial
from domain.trade_events import account_view, denial_event, event_of, order_frame
from domain.trade_view import position_view
from domain.trades import Trade
from domain.trading_ports import AccountStore, Clock

_log = structlog.get_logger(__name__)


class Step(StrEnum):
    """The steps that follow a trade, each retried on its own; the push waits for the record."""

    RECORD = "record"
    PUBLISH = "publish"
    PUSH = "push"


@dataclass(frozen=True, slots=True)
class Settlement:
    """Writes, publishes and pushes what became of an order."""

    accounts: AccountStore
    bus: EventBus
    feed: UserFeed
    clock: Clock

    async def settle(self, trade: Trade) -> list[Step]:
        """Do all that follows; return the steps that are still to be done.

        The event goes beside the record; the push shows the account, and so comes after it.
        """
        recorded, published = await asyncio.gather(
            self.record(trade), self.publish(trade), return_exceptions=True
        )
        pushed = recorded
        if recorded is None:
            pushed = (await asyncio.gather(self.push(trade), return_exceptions=True))[0]
        outcomes = {Step.RECORD: recorded, Step.PUBLISH: published, Step.PUSH: pushed}
        for outcome in outcomes.values():
            if isinstance(outcome, BaseException) and not isinstance(outcome, Retryable):
                raise outcome
        return [step for step, outcome in outcomes.items() if outcome is not None]

    async def record(self, trade: Trade) -> None:
        """Put the fills on the account and write the trade's record.

        Raises:
            Retryable: The store could not be reached.
        """
        await self.accounts.settle(trade)

    async def publish(self, trade: Trade) -> None:
        """Publish the trade's event, once it is at its end.

        Raises:
            Retryable: The broker did not confirm.
        """
        event = event_of(trade)
        if event is not None:
            await self.bus.publish(event)

    async def push(self, trade: Trade) -> None:
        """Tell the user's sockets of the order, its position and the account.

        Raises:
            Retryable: The feed or the store could not be reached.
        """
        account = await self.accounts.known(trade.order.user_id)
        await self.feed.push_many(trade.order.user_id, frames_of(trade, account))

    async def push_account(self, account: Account) -> None:
        """Tell the user's sockets of an account that changed without a trade.

        It is changed already: where the feed is away, its sockets learn of it with the next
        trade, or when they ask.
        """
        try:
            await self.feed.push_many(account.user_id, [_account_frame(account, self.clock())])
        except Retryable as error:
            _log.warning("account.not_pushed", user_id=account.user_id, detail=error.detail)

    async def publish_denial(self, order: Order, denial: Denial) -> None:
        """Publish that an order was not allowed to leave.

        Raises:
            Retryable: The broker did not confirm.
        """
        event: DomainEvent = denial_event(order, denial, self.clock())
        await self.bus.publish(event)


def frames_of(trade: Trade, account: Account) -> list[PrivateFrame]:
    """Return the private frames of a trade: its state, and what it left behind."""
    event_id, data = order_frame(trade)
    frames = [PrivateFrame("order_update", data, event_id, trade.updated_at)]
    if not trade.fills:
        return [*frames, _account_frame(account, trade.updated_at)]
    position = account.positions.get(trade.order.intent.symbol)
    if position is not None:
        frames.append(
            PrivateFrame(
                "position_update",
                position_view(position, trade.fills[-1].price),
                f"position:{position.position_id}:{account.version}",
                trade.updated_at,
            )
        )
    return [*frames, _account_frame(account, trade.updated_at)]


def _account_frame(account: Account, at: datetime) -> PrivateFrame:
    return PrivateFrame(
        "account_update",
        account_view(account),
        f"account:{account.user_id}:{account.version}",
        at,
    )
