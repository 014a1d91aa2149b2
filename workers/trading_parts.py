"""The parts of trading, in the trading worker and in every API process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.orphans import OrphanActivities
from activities.placement import OrderPlacement, TradingPorts
from activities.settlement import Settlement
from activities.trading import TradingActivities
from adapters.binance_venue import BinanceVenue
from adapters.mongo_accounts import MongoAccountStore
from adapters.mongo_open_orders import MongoOpenOrders
from adapters.mongo_trades import MongoTrades
from adapters.redis_feed import RedisUserFeed
from adapters.redis_quotes import RedisQuoteBoard
from domain.ports import CredentialVault
from workers.clock import utc_now
from workers.connections import Connections, Need
from workers.settings import Settings
from workers.temporal import TRADING_QUEUE, connect_temporal
from workers.trade_desk import TradeDesk
from workflows.orphan_sweep import OrphanSweep
from workflows.trade_execution import TradeExecution

# Resting orders whose workflow stays in memory; others are replayed from their history.
MAX_CACHED_WORKFLOWS = 2_000
# An order holds a workflow task from its start until it is settled. Where none is free its
# start is not eager, and another process has to find out what this one is doing.
MAX_WORKFLOW_TASKS = 1_000
# More steps at once than two cores can make only makes all of them late.
MAX_CONCURRENT_STEPS = 200


# What a process that trades is connected to.
TRADING_NEEDS = frozenset({Need.MONGODB, Need.REDIS, Need.CACHE, Need.EVENTS})


@dataclass(frozen=True, slots=True)
class Trading:
    """The parts of trading in one process."""

    client: Client
    accounts: MongoAccountStore
    trades: MongoTrades
    open_orders: MongoOpenOrders
    venue: BinanceVenue
    quotes: RedisQuoteBoard
    placement: OrderPlacement
    settlement: Settlement
    desk: TradeDesk


@asynccontextmanager
async def open_trading(
    settings: Settings,
    connections: Connections,
    accounts: MongoAccountStore,
    vault: CredentialVault,
) -> AsyncIterator[Trading]:
    """Compose the trading parts of this process, and run its worker while they are open."""
    async with AsyncExitStack() as stack:
        venue = BinanceVenue(vault, settings.venue_url, testnet=settings.is_testnet)
        stack.push_async_callback(venue.close)
        await venue.start()
        trades = MongoTrades(connections.database)
        quotes = RedisQuoteBoard(connections.redis)
        placement = OrderPlacement(TradingPorts(accounts, trades, venue, quotes, utc_now))
        feed = RedisUserFeed(connections.redis)
        client = await connect_temporal(settings)
        trading = Trading(
            client=client,
            accounts=accounts,
            trades=trades,
            open_orders=MongoOpenOrders(connections.database),
            venue=venue,
            quotes=quotes,
            placement=placement,
            settlement=Settlement(accounts, connections.events, feed, utc_now),
            desk=TradeDesk(client, placement, trades),
        )
        await stack.enter_async_context(_worker(trading))
        yield trading


def _worker(trading: Trading) -> Worker:
    """Make the worker of the queue `trading`.

    Workflows run outside the SDK's sandbox, which would re-import every module for every
    order; import-linter and the replay tests hold their determinism instead (ADR 3).
    """
    activities = TradingActivities(trading.placement, trading.settlement, trading.venue)
    orphans = OrphanActivities(trading.open_orders, trading.placement, trading.desk, utc_now)
    return Worker(
        trading.client,
        task_queue=TRADING_QUEUE,
        workflows=[TradeExecution, OrphanSweep],
        activities=[*activities.all, orphans.sweep],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=MAX_CACHED_WORKFLOWS,
        max_concurrent_workflow_tasks=MAX_WORKFLOW_TASKS,
        max_concurrent_activities=MAX_CONCURRENT_STEPS,
        max_concurrent_local_activities=MAX_CONCURRENT_STEPS,
    )
