"""Processes are killed in the middle of subscriptions: the gateway, the streaming worker, Redis,
and whoever pushes. Everybody receives again, and nothing is missing that was not announced.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.workers.gateway import pusher
from workers.access import access_tokens
from workers.settings import Settings
from workers.stack import servers
from workers.stack.children import Child, Launch
from workers.stack.instance import Instance
from workers.stack.ports import free_port
from workers.stack.servers import Server

TICKER = "BTCUSDT@ticker"
EVENTS = 800
USERS = ("ann", "bob")


@dataclass
class Follower:
    """A client as it ought to be: it reconnects, resumes, and checks every sequence."""

    url: str
    token: str
    last: int = 0
    ticker: int = 0
    tickers: int = 0
    connections: int = 0
    lost: int = 0
    faults: list[str] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            with contextlib.suppress(ConnectionClosed, OSError, websockets.InvalidHandshake):
                async with websockets.connect(self.url, compression=None, proxy=None) as socket:
                    await self._follow(socket)
            await asyncio.sleep(0.05)

    async def _follow(self, socket: ClientConnection) -> None:
        auth = {"type": "auth", "token": self.token}
        subscribe = {
            "type": "subscribe", "channels": ["orders", TICKER], "resume_from": self.last,
        }  # fmt: skip
        for message in (auth, subscribe):
            await socket.send(orjson.dumps(message).decode())
        async for text in socket:
            self._take(orjson.loads(text))

    def _take(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "subscribed":
                self.connections += 1
                latest = frame["data"]["snapshot"][TICKER]
                self.ticker = 0 if latest is None else latest["sequence"]
            case "order_update":
                if frame["sequence"] != self.last + 1:
                    self.faults.append(f"order {frame['sequence']} after {self.last}")
                self.last = frame["sequence"]
            case "gap":
                self.ticker = frame["data"]["next"] - 1
            case "price_update":
                if self.ticker and frame["sequence"] != self.ticker + 1:
                    self.faults.append(f"price {frame['sequence']} after {self.ticker}")
                self.ticker = frame["sequence"]
                self.tickers += 1
            case "error":
                self.lost += 1


@dataclass
class Scene:
    """Everything that can be killed, and two clients."""

    environment: dict[str, str]
    directory: Path
    redis: Instance
    children: dict[str, Child] = field(default_factory=dict)
    followers: list[Follower] = field(default_factory=list)

    async def start(self, name: str) -> None:
        command = (sys.executable, "-m", f"workers.{name}")
        child = Child(name, Launch(command, self.environment), self.directory / f"{name}.log")
        self.children[name] = child
        await asyncio.to_thread(child.wait_ready, lambda: child.announced, 60)

    async def push(self, user_id: str) -> None:
        path = str(Path(pusher.__file__))
        command = (sys.executable, path, self.redis.url, user_id, str(EVENTS))
        environment = {"PYTHONPATH": str(Path.cwd())}
        log = self.directory / f"{user_id}.log"
        self.children[user_id] = Child(user_id, Launch(command, environment), log)

    async def kill(self, name: str) -> None:
        child = self.children.pop(name)
        child.signal(signal.SIGKILL)
        await asyncio.to_thread(child.stop)

    async def until(self, condition: Callable[[Follower], bool]) -> None:
        async with asyncio.timeout(60):
            # The followers' progress is other processes', which announce nothing here.
            while not all(condition(each) for each in self.followers):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def receive_more(self) -> None:
        before = {each.token: each.tickers for each in self.followers}
        await self.until(lambda each: each.tickers >= before[each.token] + 3)

    async def receive_more_events(self) -> None:
        before = {each.token: each.last for each in self.followers}
        await self.until(lambda each: each.last > min(before[each.token] + 20, EVENTS - 1))


@pytest.fixture
async def scene(
    tmp_path: Path,
    start_server: Callable[[Server], Instance],
    mongodb_url: str,
    exchange_url: str,
) -> AsyncIterator[Scene]:
    redis = start_server(servers.REDIS)
    environment = {
        "BOTCORE_JWT_SECRET": "a secret of the tests, long enough",
        "BOTCORE_CREDENTIALS_KEY": "unused",
        "BOTCORE_MONGODB_URL": mongodb_url,
        "BOTCORE_MONGODB_DATABASE": "test_deaths",
        "BOTCORE_REDIS_URL": redis.url,
        "BOTCORE_EXCHANGE_URL": exchange_url,
        "BOTCORE_GATEWAY_PORT": str(free_port()),
        "BOTCORE_SYMBOLS": '["BTCUSDT"]',
        "BOTCORE_TIMEFRAMES": '["1m"]',
    }
    settings = Settings.model_validate(
        {name.removeprefix("BOTCORE_").lower(): value for name, value in environment.items()}
        | {"symbols": ["BTCUSDT"], "timeframes": ["1m"]}
    )
    scene = Scene(environment, tmp_path, redis)
    tasks: list[asyncio.Task[None]] = []
    try:
        await scene.start("streaming")
        await scene.start("gateway")
        tokens = access_tokens(settings)
        for user_id in USERS:
            follower = Follower(settings.websocket_url, tokens.issue(user_id, (), "session"))
            scene.followers.append(follower)
            tasks.append(asyncio.create_task(follower.run()))
        await scene.receive_more()
        yield scene
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for child in list(scene.children.values()):
            await asyncio.to_thread(child.stop)


async def _all_received(scene: Scene) -> None:
    await scene.until(lambda each: each.last >= EVENTS)
    await scene.receive_more()
    for follower in scene.followers:
        assert (follower.faults, follower.last, follower.lost) == ([], EVENTS, 0)


async def test_processes_of_ours_die(scene: Scene) -> None:
    for user_id in USERS:
        await scene.push(user_id)
    for _ in range(2):
        await scene.receive_more_events()
        await scene.kill("gateway")
        await scene.start("gateway")
    await scene.receive_more()
    assert all(each.connections == 3 for each in scene.followers)
    await scene.kill("streaming")
    await scene.start("streaming")
    await scene.receive_more()
    # Whoever pushed dies and does it again; what was pushed before is not told twice.
    for user_id in USERS:
        await scene.kill(user_id)
        await scene.push(user_id)
    await _all_received(scene)
    assert all(each.connections == 3 for each in scene.followers)


async def test_redis_dies(scene: Scene) -> None:
    for user_id in USERS:
        await scene.push(user_id)
    await scene.receive_more_events()
    await asyncio.to_thread(scene.redis.kill)
    await asyncio.to_thread(scene.redis.start)
    await _all_received(scene)
    assert all(each.connections == 1 for each in scene.followers)
