"""Those who trade, and what is true of their trades, asked from where the truth is kept."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import aio_pika
import httpx
import orjson
from aio_pika.abc import AbstractIncomingMessage
from binance import AsyncClient
from temporalio.client import Client as TemporalClient
from temporalio.service import RPCError, RPCStatusCode

from adapters.credential_vault import MongoCredentialVault
from adapters.mongo import Database, Document, database_of, open_client
from adapters.rabbitmq_topology import declare_topology
from domain.orders import client_order_id, trade_id_of, workflow_id
from tests.chaos.system import System
from workers.identity_parts import credential_vault
from workers.settings import Settings

EVENTS_QUEUE = "chaos"
# Longer than any death or freeze takes to get over: what is not answered by then never is.
PATIENCE_S = 240.0
ORDER: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "MARKET",
    "quote_quantity": 50,
}


@dataclass(frozen=True)
class Person:
    """A registered user with 10,000 USDT at the sandbox exchange."""

    user_id: str
    http: httpx.AsyncClient
    token: str

    async def place(self, key: str, order: dict[str, Any] | None = None) -> httpx.Response:
        """Place an order under an Idempotency-Key."""
        return await self.http.post(
            "/api/trades/execute",
            json=order or ORDER,
            headers={**self.headers, "Idempotency-Key": key},
        )

    async def place_patiently(
        self, key: str, within_s: float, order: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Place an order; who is told to come again, by a busy machine, does so.

        Raises:
            TimeoutError: With the last answer.
        """
        until = asyncio.get_running_loop().time() + within_s
        while True:
            answer = await self.place(key, order)
            if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                return answer
            if asyncio.get_running_loop().time() > until:
                raise TimeoutError(answer.text)
            await asyncio.sleep(float(answer.headers["Retry-After"]))

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def trade_id(self, key: str) -> str:
        return trade_id_of(self.user_id, key)

    def client_order_id(self, key: str) -> str:
        return client_order_id(self.trade_id(key))


@dataclass
class World:
    """A running system, and ways to look at it that pass none of its links."""

    system: System
    http: httpx.AsyncClient
    database: Database
    vault: MongoCredentialVault
    temporal: TemporalClient
    events: dict[str, list[dict[str, Any]]]

    async def register(self) -> Person:
        body = {
            "email": f"{secrets.token_hex(8)}@example.com",
            "password": "tremendous-7",
            "full_name": "Somebody",
        }
        answer = await self.http.post("/api/auth/register", json=body)
        assert answer.status_code == 201, answer.text
        signed_in = answer.json()
        return Person(signed_in["user"]["id"], self.http, signed_in["token"])

    async def people(self, count: int) -> list[Person]:
        return list(await asyncio.gather(*(self.register() for _ in range(count))))

    async def ledger(self, order_id: str) -> list[dict[str, Any]]:
        """Return what the exchange accepted and filled under a client order id."""
        answer = await self.http.get(f"{self.system.exchange_url}/sandbox/ledger")
        items: list[dict[str, Any]] = orjson.loads(answer.content)["items"]
        return [item for item in items if item.get("client_order_id") == order_id]

    async def orders_at_venue(self, order_id: str) -> int:
        return sum(item["kind"] == "ORDER" for item in await self.ledger(order_id))

    async def fault(self, **fault: Any) -> None:
        answer = await self.http.post(f"{self.system.exchange_url}/sandbox/faults", json=fault)
        assert answer.status_code == 201, answer.text

    async def clear_faults(self) -> None:
        await self.http.delete(f"{self.system.exchange_url}/sandbox/faults")

    async def account(self, person: Person) -> Document:
        account = await self.database["accounts"].find_one({"_id": person.user_id})
        assert account is not None
        return account

    async def holds(self, person: Person, trade_id: str) -> bool:
        """Tell whether the order is on the account."""
        return trade_id in (await self.account(person))["orders"]

    async def trades(self, person: Person) -> list[Document]:
        return await self.database["trades"].find({"user_id": person.user_id}).to_list(None)

    async def is_settled(self, person: Person, trade_id: str) -> bool:
        """Tell whether the trade is recorded at its end and was announced."""
        record = await self.database["trades"].find_one({"_id": trade_id})
        if record is None or await self.holds(person, trade_id):
            return False
        return bool(self.events[trade_id])

    async def has_workflow(self, trade_id: str) -> bool:
        """Tell whether the trade's intent is stored."""
        try:
            await self.temporal.get_workflow_handle(workflow_id(trade_id)).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def venue_balances(self, person: Person) -> dict[str, tuple[Decimal, Decimal]]:
        """Ask the exchange through python-binance: free and locked, by asset."""
        keys = await self.vault.credentials(person.user_id)
        assert keys is not None
        client = AsyncClient(keys.api_key, keys.api_secret)
        client.API_URL = f"{self.system.exchange_url}/api"
        try:
            answer = await client.get_account()
        finally:
            await client.close_connection()
        return {
            row["asset"]: (Decimal(row["free"]), Decimal(row["locked"]))
            for row in answer["balances"]
            if Decimal(row["free"]) or Decimal(row["locked"])
        }

    async def assert_even(self, person: Person) -> None:
        """Assert that nothing is held, and that our balances are the exchange's."""
        account = await self.account(person)
        assert account["orders"] == {}
        ours = {
            asset: (held["free"], held["locked"])
            for asset, held in account["balances"].items()
            if held["free"] or held["locked"]
        }
        assert all(locked == 0 for _, locked in ours.values())
        assert ours == await self.venue_balances(person)

    async def assert_one_trade(self, person: Person, key: str) -> None:
        """Assert one order at the exchange, one trade, one message id, nothing held."""
        trade_id, order_id = person.trade_id(key), person.client_order_id(key)
        assert await self.orders_at_venue(order_id) == 1
        trades = await self.trades(person)
        assert [trade["trade_id"] for trade in trades] == [trade_id]
        assert trades[0]["status"] == "FILLED"
        filled = [item for item in await self.ledger(order_id) if item["kind"] == "FILL"]
        assert {fill["venue_trade_id"] for fill in trades[0]["fills"]} == {
            item["trade_id"] for item in filled
        }
        events = self.events[trade_id]
        assert [event["routing_key"] for event in events] == ["trade.executed"] * len(events)
        assert len({event["message_id"] for event in events}) == 1
        await self.assert_even(person)


Condition = Callable[[], Awaitable[bool]]


async def until(condition: Condition, timeout_s: float, what: str = "") -> None:
    """Await a condition of other processes.

    Raises:
        TimeoutError: It did not come about.
    """
    try:
        async with asyncio.timeout(timeout_s):
            while not await condition():  # noqa: ASYNC110 - other processes set no event of ours
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise TimeoutError(f"{what or 'a condition'} within {timeout_s:g} s") from error


@asynccontextmanager
async def world_of(system: System) -> AsyncIterator[World]:
    """Look at a running system; an event queue of our own hears everything from now on."""
    settings = Settings(**_fields(system.environment))
    mongo = open_client(settings.mongodb_url)
    database = database_of(mongo, settings.mongodb_database)
    events: dict[str, list[dict[str, Any]]] = defaultdict(list)

    async def hear(message: AbstractIncomingMessage) -> None:
        async with message.process():
            event = _event_of(message.body)
            if "trade_id" in event["data"]:
                events[event["data"]["trade_id"]].append(event)

    broker = await aio_pika.connect_robust(settings.rabbitmq_url, reconnect_interval=0.2)
    channel = await broker.channel()
    exchange = await declare_topology(channel)
    queue = await channel.declare_queue(EVENTS_QUEUE, durable=True)
    await queue.bind(exchange, "#")
    await queue.consume(hear)
    temporal = await TemporalClient.connect(settings.temporal_address)
    try:
        async with httpx.AsyncClient(
            base_url=system.api_url, timeout=PATIENCE_S, trust_env=False
        ) as http:
            vault = credential_vault(settings, database)
            yield World(system, http, database, vault, temporal, events)
    finally:
        await broker.close()
        mongo.close()


def _event_of(body: bytes) -> dict[str, Any]:
    """Return an event; one without data where a test has published what is none."""
    try:
        event: dict[str, Any] = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {"data": {}}
    return event


def _fields(environment: dict[str, str]) -> dict[str, Any]:
    return {name.removeprefix("BOTCORE_").lower(): value for name, value in environment.items()}
