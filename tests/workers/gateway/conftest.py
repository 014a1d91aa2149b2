"""A gateway in this process, real Redis, and people who talk to it over real WebSockets."""

import asyncio
import contextlib
import dataclasses
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import websockets
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from adapters.redis_feed import RedisUserFeed
from adapters.redis_quotes import RedisTickWriter, Tick
from domain.errors import ErrorCode, Rejected
from domain.events import ORDER_UPDATE
from domain.ports import AccessClaims
from workers.gateway.rules import Patience
from workers.gateway.server import Gateway, Sources
from workers.settings import Settings

# Every symbol that is streamed.
SYMBOLS = {"BTCUSDT", "ETHUSDT", *(f"S{number}USDT" for number in range(200))}
NOON = datetime(2025, 10, 10, 12, tzinfo=UTC)


class Tokens:
    """Tokens as `user:seconds to live`; what a real token is belongs to other tests."""

    def verify(self, token: str) -> AccessClaims:
        user_id, _, lives_s = token.partition(":")
        if not lives_s:
            raise Rejected(ErrorCode.TOKEN_INVALID, "The token is not valid.")
        expires_at = datetime.fromtimestamp(datetime.now(UTC).timestamp() + float(lives_s), UTC)
        return AccessClaims(user_id, (), expires_at, "token", "session")


class Symbols:
    """Every symbol that is streamed; None while nobody knows."""

    def __init__(self) -> None:
        self.known: set[str] | None = SYMBOLS

    def knows(self, symbol: str) -> bool | None:
        return None if self.known is None else symbol in self.known


class States:
    """What private channels show at first; where a state is missing, it cannot be read."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        self.readable = asyncio.Event()
        self.readable.set()
        self.reading = asyncio.Event()

    async def read(self, user_id: str, channels: Collection[str]) -> dict[str, Any]:
        self.reading.set()
        await self.readable.wait()
        known = self.known.get(user_id, {})
        return {channel: known[channel] for channel in channels if channel in known}


@dataclasses.dataclass
class Client:
    """One client; `receive` skips heartbeats."""

    socket: ClientConnection

    async def say(self, **message: Any) -> None:
        await self.socket.send(orjson.dumps(message).decode())

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while True:
                text = await self.socket.recv()
                assert isinstance(text, str)
                frame: dict[str, Any] = orjson.loads(text)
                if frame["type"] != "heartbeat":
                    return frame

    async def expect(self, frame_type: str) -> dict[str, Any]:
        frame = await self.receive()
        assert frame["type"] == frame_type, frame
        return frame

    async def sign_in(self, user_id: str, lives_s: float = 600) -> None:
        await self.expect("connected")
        await self.say(type="auth", token=f"{user_id}:{lives_s}")
        await self.expect("authenticated")

    async def subscribe(self, *channels: str, **more: Any) -> dict[str, Any]:
        await self.say(type="subscribe", channels=channels, **more)
        told: dict[str, Any] = (await self.expect("subscribed"))["data"]
        return told

    async def silence(self) -> None:
        """Show that nothing is on its way: the answer to a ping is the next frame."""
        mark = secrets.token_hex(4)
        await self.say(type="ping", id=mark)
        assert (await self.expect("pong"))["data"] == {"id": mark}

    async def close_code(self) -> int | None:
        """Read to the end and return how it ended."""
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()
        return self.socket.close_code


@dataclasses.dataclass
class Stage:
    """A gateway that runs, and what happens behind it."""

    port: int
    redis: Redis
    gateway: Gateway
    states: States
    symbols: Symbols
    stack: AsyncExitStack

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def connect(self, path: str = "/ws", **more: Any) -> Client:
        connecting = websockets.connect(
            f"{self.url}{path}", **{"compression": None, "proxy": None, **more}
        )
        return Client(await self.stack.enter_async_context(connecting))

    async def connect_as(self, user_id: str, lives_s: float = 600, **more: Any) -> Client:
        client = await self.connect(**more)
        await client.sign_in(user_id, lives_s)
        return client

    async def order(self, user_id: str, event: int, frame_type: str = ORDER_UPDATE) -> int:
        data = {"order_id": f"order-{event}"}
        event_id = f"{frame_type}-{event}"
        return await RedisUserFeed(self.redis).push(
            user_id, frame_type, data, event_id=event_id, at=NOON
        )

    async def tick(self, sequence: int, symbol: str = "BTCUSDT", padding: str = "") -> None:
        channel = f"{symbol}@ticker"
        frame = orjson.dumps({
            "type": "price_update", "channel": channel,
            "data": {"symbol": symbol, "padding": padding},
            "timestamp": "2025-10-10T12:00:00.000Z", "sequence": sequence,
        })  # fmt: skip
        await RedisTickWriter(self.redis).write([Tick(symbol, b"{}", channel, frame)])


MakeStage = Callable[..., Awaitable[Stage]]


def settings_for(redis_url: str, **more: Any) -> Settings:
    fixed: dict[str, Any] = {
        "jwt_secret": "x" * 32, "credentials_key": "x", "gateway_port": 0,
        "redis_url": redis_url, "shutdown_drain_s": 0,
    }  # fmt: skip
    return Settings(**{**fixed, **more})


@asynccontextmanager
async def staged(
    redis_url: str, patience: Patience | None = None, **more: Any
) -> AsyncIterator[Stage]:
    states, symbols = States(), Symbols()
    async with (
        Redis.from_url(redis_url) as redis,
        AsyncExitStack() as outer,
    ):
        sources = Sources(redis, Tokens(), states, symbols.knows)
        gateway = Gateway(settings_for(redis_url, **more), sources, patience)
        port = await outer.enter_async_context(gateway.serve())
        await until(lambda: gateway._subscription.connected)
        async with AsyncExitStack() as clients:
            yield Stage(port, redis, gateway, states, symbols, clients)


async def until(condition: Callable[[], bool]) -> None:
    """Await a condition of this process; fails after twenty seconds."""
    async with asyncio.timeout(20):
        # The condition is somebody else's state, which announces nothing.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@pytest.fixture
async def make_stage(redis_client: Redis, redis_url: str) -> AsyncIterator[MakeStage]:
    """Start a gateway with the patience and settings of the test's choice."""
    del redis_client  # it has emptied Redis
    async with AsyncExitStack() as stack:

        async def make(patience: Patience | None = None, **more: Any) -> Stage:
            return await stack.enter_async_context(staged(redis_url, patience, **more))

        yield make


@pytest.fixture
async def stage(make_stage: MakeStage) -> Stage:
    return await make_stage()
