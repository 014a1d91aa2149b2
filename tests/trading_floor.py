"""A trading worker in this process, on an exchange whose market moves only when told."""

import asyncio
import base64
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

import aiohttp
import pytest
from binance import AsyncClient
from redis.asyncio import Redis

from adapters.binance_client import VenueClient, make_client
from adapters.ending_tasks import end_tasks
from adapters.exact_json import dump, load
from adapters.mongo_accounts import MongoAccountStore
from adapters.mongo_schema import ensure_schema
from adapters.redis_feed import feed_key
from adapters.redis_quotes import RedisTickWriter, Tick, quote_document
from domain.account import Account
from domain.errors import Retryable
from domain.market import Quote
from domain.orders import Order, OrderIntent, OrderType, Side, TimeInForce, fingerprint, trade_id_of
from tests.shared_servers import unused_vhost
from workers.connections import Connections, open_connections
from workers.identity_parts import IdentityParts, open_identity
from workers.settings import Settings
from workers.stack import servers
from workers.stack.instance import Instance
from workers.stack.servers import Place, Server
from workers.trading_parts import TRADING_NEEDS, Trading, open_trading

SYMBOL = "BTCUSDT"
BID, ASK = Decimal(60_000), Decimal(60_010)
# Between the two, so that whatever trades there meets this order first.
LIMIT = Decimal(60_005)
QUOTE_RENEWAL_S = 0.3


class StartServer(Protocol):
    def __call__(self, server: Server) -> Instance: ...


@dataclass(frozen=True)
class FloorPlaces:
    """Servers that no other test uses: workers of one queue would take each other's work."""

    temporal: str
    exchange: str


@dataclass
class Person:
    """Somebody with 10,000 USDT at the exchange, and a client of their own there."""

    user_id: str
    venue: AsyncClient
    account_id: str
    updates: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)

    async def next_update(self, status: str) -> dict[str, Any]:
        """Return the next push of an order with this status."""
        while True:
            data: dict[str, Any] = await self.updates.get()
            if data["status"] == status:
                return data


class Floor:
    """One trading worker, and whoever trades through it."""

    def __init__(
        self, connections: Connections, trading: Trading, people: IdentityParts, redis: Redis
    ) -> None:
        self.settings = connections.settings
        self.trading = trading
        self.vault = people.vault
        self._people = people
        self._redis = redis
        self._http = aiohttp.ClientSession()
        self._clients: list[VenueClient] = []  # all of people who trade here
        self._listening: list[asyncio.Task[None]] = []

    async def close(self) -> None:
        await self.clear_faults()
        await self.clear_book()
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        for client in self._clients:
            await client.close_connection()
        await self._http.close()

    async def person(self) -> Person:
        stored = await self._people.identity.add_user(
            f"{secrets.token_hex(6)}@example.com", "tremendous-7", "Somebody", ()
        )
        user_id = stored.user.user_id
        await self._people.new_accounts.open_for(user_id)
        keys = await self.vault.credentials(user_id)
        assert keys is not None
        client = make_client(
            api_url=self.settings.exchange_url,
            testnet=False,
            api_key=keys.api_key,
            api_secret=keys.api_secret,
        )
        self._clients.append(client)
        person = Person(user_id, client, await self._account_id())
        subscribed = asyncio.Event()
        self._listening.append(asyncio.create_task(self._listen(person, subscribed)))
        await subscribed.wait()
        return person

    def order(self, person: Person, quantity: str = "0.01", price: Decimal = LIMIT) -> Order:
        """Return a BUY that rests between bid and ask."""
        intent = OrderIntent(
            symbol=SYMBOL,
            side=Side.BUY,
            type=OrderType.LIMIT,
            quantity=Decimal(quantity),
            price=price,
            time_in_force=TimeInForce.GTC,
        )
        return Order(
            trade_id=trade_id_of(person.user_id, secrets.token_hex(8)),
            user_id=person.user_id,
            base_asset="BTC",
            quote_asset="USDT",
            step_size=Decimal("0.00001"),
            intent=intent,
            fingerprint=fingerprint(intent),
        )

    async def rest(self, person: Person, quantity: str = "0.01") -> Order:
        """Place a resting order and return it once it is recorded."""
        order = self.order(person, quantity)
        # A choked machine may need longer than a caller's patience; the workflow goes on.
        with contextlib.suppress(Retryable):
            await self.trading.desk.execute(order)
        await self.until_recorded(order, "NEW")
        return order

    async def until_recorded(self, order: Order, status: str) -> dict[str, Any]:
        """Return the trade's record once it has this status."""
        record: dict[str, Any] = {}

        async def is_recorded() -> bool:
            nonlocal record
            record = await self.trading.trades.trade(order.trade_id) or {}
            return record.get("status") == status

        await until(is_recorded)
        return record

    async def clear_book(self) -> None:
        """Cancel whatever is left of earlier tests, which would be filled first."""
        for client in self._clients:
            for order in await client.get_open_orders():
                await client.cancel_order(symbol=order["symbol"], orderId=order["orderId"])

    async def account(self, person: Person) -> Account:
        return await self.trading.accounts.load(person.user_id)

    async def trade(self, quantity: str, price: Decimal = LIMIT) -> None:
        """Let somebody sell at the exchange down to a price."""
        trade = {"side": "SELL", "quantity": quantity, "price": f"{price}"}
        await self.control("market", symbol=SYMBOL, trade=trade)

    async def fault(self, **fault: Any) -> None:
        await self.control("faults", **fault)

    async def clear_faults(self) -> None:
        url = f"{self.settings.exchange_url}/sandbox/faults"
        async with self._http.delete(url) as answer:
            assert answer.status == 204

    async def control(self, path: str, **body: Any) -> dict[str, Any]:
        url = f"{self.settings.exchange_url}/sandbox/{path}"
        async with self._http.post(url, data=dump(body)) as answer:
            assert answer.status < 300, await answer.text()
            content: dict[str, Any] = await answer.json()
            return content

    async def ledger(self, person: Person) -> list[dict[str, Any]]:
        url = f"{self.settings.exchange_url}/sandbox/ledger?account_id={person.account_id}"
        async with self._http.get(url) as answer:
            items: list[dict[str, Any]] = (await answer.json())["items"]
            return items

    async def _account_id(self) -> str:
        """Return the account that the exchange has opened last."""
        async with self._http.get(f"{self.settings.exchange_url}/sandbox/ledger") as answer:
            items = (await answer.json())["items"]
        return str(next(item["account_id"] for item in reversed(items) if item["account_id"]))

    async def _listen(self, person: Person, subscribed: asyncio.Event) -> None:
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(feed_key(person.user_id))
            async for message in pubsub.listen():
                subscribed.set()
                if message["type"] == "message":
                    frame = load(message["data"])
                    if frame["type"] == "order_update":
                        person.updates.put_nowait(frame["data"])


async def until(condition: Callable[[], Awaitable[bool]], patience_s: float = 20.0) -> None:
    """Await a condition that announces nothing."""
    async with asyncio.timeout(patience_s):
        while not await condition():  # noqa: ASYNC110 - the stores are asked again
            await asyncio.sleep(0.02)


async def _write_quote(redis: Redis) -> None:
    quote = Quote(SYMBOL, BID, BID, ASK, Decimal(1), Decimal(0), datetime.now(UTC))
    await RedisTickWriter(redis).write([Tick(SYMBOL, quote_document(quote), "", None)])


async def _renew_quote(redis: Redis) -> None:
    while True:
        await asyncio.sleep(QUOTE_RENEWAL_S)
        await _write_quote(redis)


@asynccontextmanager
async def open_floor(settings: Settings) -> AsyncIterator[Floor]:
    async with (
        open_connections(settings, TRADING_NEEDS) as connections,
        Redis.from_url(settings.redis_url) as redis,
    ):
        await ensure_schema(connections.database)
        accounts = MongoAccountStore(connections.database)
        await _write_quote(redis)
        renewing = asyncio.create_task(_renew_quote(redis))
        try:
            with open_identity(settings, connections, accounts) as people:
                async with open_trading(settings, connections, accounts, people.vault) as trading:
                    floor = Floor(connections, trading, people, redis)
                    try:
                        yield floor
                    finally:
                        await floor.close()
        finally:
            await end_tasks([renewing])
            await asyncio.gather(renewing, return_exceptions=True)
            client = connections.mongo_client
            assert client is not None
            await client.drop_database(settings.mongodb_database)


@pytest.fixture(scope="session")
async def floor_places(session_servers: StartServer) -> FloorPlaces:
    temporal = session_servers(servers.TEMPORAL).url
    exchange = session_servers(servers.EXCHANGE).url
    book = {"bids": [[BID, 5]], "asks": [[ASK, 5]]}
    async with aiohttp.ClientSession() as http:
        for body in ({"pause": True, "price": BID}, {"book": book}):
            url = f"{exchange}/sandbox/market"
            async with http.post(url, data=dump({"symbol": SYMBOL, **body})) as answer:
                assert answer.status == 200, await answer.text()
    return FloorPlaces(temporal, exchange)


@pytest.fixture(scope="module")
def floor_settings(
    floor_places: FloorPlaces,
    mongodb_url: str,
    redis_url: str,
    rabbitmq_url: str,
    broker_place: Place,
) -> Settings:
    return Settings(
        jwt_secret=secrets.token_hex(32),
        credentials_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        mongodb_url=mongodb_url,
        mongodb_database=f"test_{secrets.token_hex(6)}",
        redis_url=redis_url,
        rabbitmq_url=rabbitmq_url + unused_vhost(broker_place),
        temporal_address=floor_places.temporal,
        exchange_url=floor_places.exchange,
    )


@pytest.fixture(scope="module")
async def floor(floor_settings: Settings) -> AsyncIterator[Floor]:
    """One floor for all tests of a file; its people are never shared."""
    async with open_floor(floor_settings) as opened:
        yield opened
