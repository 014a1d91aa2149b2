"""What follows a trade while a store is away."""

from decimal import Decimal

import redis.asyncio as redis

from activities.settlement import Settlement, Step
from adapters.mongo import Database
from adapters.mongo_accounts import MongoAccountStore
from adapters.redis_feed import RedisFeedReader, RedisUserFeed
from domain.errors import ErrorCode, Retryable
from domain.events import DomainEvent
from domain.order_status import OrderStatus
from domain.reservation import Settled
from domain.trades import Trade
from tests.activities.test_placement import clock
from tests.domain.desk import LIMIT, held, trade_of
from tests.domain.strategies import USER, fill_of


class AwayAtFirst(MongoAccountStore):
    """A store whose first settlement fails, while what this process knows is at hand."""

    is_away = True

    async def settle(self, trade: Trade) -> Settled:
        if self.is_away:
            self.is_away = False
            raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "away")
        return await super().settle(trade)


class Heard:
    """An event bus that keeps what was published."""

    def __init__(self) -> None:
        self.events: list[DomainEvent] = []

    async def publish(self, event: DomainEvent) -> None:
        self.events.append(event)


async def test_nothing_is_pushed_of_an_account_that_has_not_the_fills_yet(
    database: Database, redis_client: redis.Redis
) -> None:
    store, bus = AwayAtFirst(database), Heard()
    settlement = Settlement(store, bus, RedisUserFeed(redis_client), clock)
    feed = RedisFeedReader(redis_client)
    await store.open_account(USER, {"USDT": Decimal(10_000)})
    await store.change(USER, lambda account: held(account, LIMIT))
    trade = trade_of(LIMIT, fill_of(1, "60000", "0.1"), end=OrderStatus.FILLED)
    assert await settlement.settle(trade) == [Step.RECORD, Step.PUSH]
    assert await feed.last_sequence(USER) == 0
    assert [event.routing_key for event in bus.events] == ["trade.executed"]
    assert await settlement.settle(trade) == []
    frames = [entry.frame for entry in await feed.after(USER, 0, 10)]
    assert [frame.split(b'"')[3] for frame in frames] == [
        b"order_update",
        b"position_update",
        b"account_update",
    ]
    assert b'"BTC"' in frames[2]


async def test_a_feed_that_is_away_takes_no_change_of_an_account_back(database: Database) -> None:
    store = MongoAccountStore(database)
    await store.open_account(USER, {"USDT": Decimal(10_000)})
    nobody = redis.Redis(host="127.0.0.1", port=1)
    await Settlement(store, Heard(), RedisUserFeed(nobody), clock).push_account(
        await store.load(USER)
    )
    await nobody.aclose()
