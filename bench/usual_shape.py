"""The usual shape of a trade: the same work as ours, in five ordinary activities.

Reserve, send, record, publish and push, one after the other, through the same stores, the
same venue client and the same broker. What differs is the shape alone.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain, cycle, repeat
from time import perf_counter
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.settlement import Settlement
from adapters.binance_venue import BinanceVenue
from adapters.mongo_accounts import MongoAccountStore
from adapters.redis_feed import RedisUserFeed
from adapters.redis_quotes import RedisQuoteBoard
from domain.account import Account
from domain.market import Pricing
from domain.orders import Order, OrderIntent, OrderType, Side, fingerprint, trade_id_of
from domain.placement import Placement
from domain.reservation import Reserved, reserve
from domain.risk import Denial
from domain.trades import Trade, advance, submitting
from workers.clock import utc_now
from workers.connections import open_connections
from workers.identity_parts import credential_vault
from workers.settings import Settings
from workers.temporal import connect_temporal
from workers.trading_parts import TRADING_NEEDS

QUEUE = "bench-usual-shape"
# Purchases before the first sale: one order may overtake another.
AHEAD = 5
_TIMEOUT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class UsualSteps:
    """The five steps, each a regular activity."""

    accounts: MongoAccountStore
    venue: BinanceVenue
    quotes: RedisQuoteBoard
    settlement: Settlement

    @activity.defn
    async def reserve_order(self, order: Order) -> int:
        """Check the risk and reserve; return the time to sign with."""
        quote = await self.quotes.quote(order.intent.symbol)
        if quote is None:
            raise RuntimeError("no live quote")
        decisions: list[Reserved | Denial] = []

        def decide(account: Account) -> Account | None:
            stamp = self.venue.now_ms()
            decisions.append(reserve(account, order, Pricing(quote), utc_now(), stamp))
            decision = decisions[-1]
            return decision.account if isinstance(decision, Reserved) else None

        await self.accounts.change(order.user_id, decide)
        decision = decisions[-1]
        if isinstance(decision, Denial):
            raise RuntimeError(decision.detail)  # noqa: TRY004 - a refusal, not a wrong type
        return decision.open_order.requested_at_ms

    @activity.defn
    async def send_order(self, order: Order, requested_at_ms: int) -> Placement:
        """Send the order."""
        sent = perf_counter()
        execution = await self.venue.place(order, requested_at_ms)
        venue_ms = (perf_counter() - sent) * 1000
        return Placement(
            advance(submitting(order, utc_now()), execution), laps_ms={"venue": venue_ms}
        )

    @activity.defn
    async def record(self, trade: Trade) -> None:
        """Record it."""
        await self.settlement.record(trade)

    @activity.defn
    async def publish(self, trade: Trade) -> None:
        """Publish its event."""
        await self.settlement.publish(trade)

    @activity.defn
    async def push(self, trade: Trade) -> None:
        """Push it."""
        await self.settlement.push(trade)


@workflow.defn
class UsualTrade:
    """Five activities, one after the other."""

    @workflow.run
    async def run(self, order: Order) -> Placement:
        """Make them."""
        stamp: int = await self._step(UsualSteps.reserve_order, order)
        placement: Placement = await self._step(UsualSteps.send_order, order, stamp)
        for step in (UsualSteps.record, UsualSteps.publish, UsualSteps.push):
            await self._step(step, placement.trade)
        return placement

    @staticmethod
    async def _step(step: Any, *arguments: Any) -> Any:
        return await workflow.execute_activity(
            step, args=arguments, start_to_close_timeout=_TIMEOUT
        )


@dataclass(slots=True)
class UsualTrader:
    """One user who trades in the usual shape, buying and selling in turn."""

    client: Client
    order: Order
    sides: Any

    async def once(self) -> float:
        """Return the milliseconds of one trade, less those at the venue."""
        intent = replace(self.order.intent, side=next(self.sides))
        order = replace(
            self.order,
            trade_id=trade_id_of(self.order.user_id, str(uuid.uuid4())),
            intent=intent,
            fingerprint=fingerprint(intent),
        )
        began = perf_counter()
        placement = await self.client.execute_workflow(
            UsualTrade.run, order, id=f"usual-{order.trade_id}", task_queue=QUEUE
        )
        return (perf_counter() - began) * 1000 - placement.laps_ms["venue"]


@asynccontextmanager
async def usual_trader(settings: Settings, user_id: str) -> AsyncIterator[UsualTrader]:
    """Run a worker of the usual shape, and give its trader."""
    async with open_connections(settings, TRADING_NEEDS) as connections:
        vault = credential_vault(settings, connections.database, connections.invalidations)
        venue = BinanceVenue(vault, settings.exchange_url, testnet=False)
        await venue.start()
        accounts = MongoAccountStore(connections.database)
        feed = RedisUserFeed(connections.redis)
        quotes = RedisQuoteBoard(connections.redis)
        settlement = Settlement(accounts, connections.events, feed, lambda: datetime.now(UTC))
        steps = UsualSteps(accounts, venue, quotes, settlement)
        client = await connect_temporal(settings)
        intent = OrderIntent("BTCUSDT", Side.BUY, OrderType.MARKET, Decimal("0.001"))
        order = Order("", user_id, "BTC", "USDT", Decimal("0.00001"), intent, "")
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=[UsualTrade],
            activities=[
                steps.reserve_order,
                steps.send_order,
                steps.record,
                steps.publish,
                steps.push,
            ],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            bought_ahead = repeat(Side.BUY, AHEAD)
            sides = chain(bought_ahead, cycle([Side.BUY, Side.SELL]))
            yield UsualTrader(client, order, sides)
        await venue.close()
