"""Whatever is interleaved, nobody is told what was loaded before an update they made.

An origin counts its updates. Three nodes (of several processes' kind, on one Redis) read,
update and invalidate in any order; loads are held up and let go, readers leave, Redis
forgets or refuses for a while, nodes die. A read that begins on a node after that node's
invalidation has completed must answer with that update or a later one, and once all is
quiet every node answers with the last.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from adapters.ending_tasks import end_tasks
from tests.adapters.caching import Node, open_node, until

KEY = "things:1"
NODES = 3
NODE = st.integers(0, NODES - 1)
ACTIONS = st.one_of(
    st.tuples(st.just("read"), NODE),
    st.tuples(st.just("read"), NODE),
    st.tuples(st.just("update"), NODE),
    st.tuples(st.just("update_by_hand"), NODE),
    st.tuples(st.just("hold"), NODE),
    st.tuples(st.just("let_go"), NODE),
    st.tuples(st.just("leave"), NODE),
    st.tuples(st.just("die"), NODE),
    st.tuples(st.just("lose_redis"), NODE),
    st.tuples(st.just("find_redis"), NODE),
    st.tuples(st.just("break_subscription"), NODE),
    st.tuples(st.just("forget"), NODE),
    st.tuples(st.just("pause"), st.integers(0, 8)),
)


class World:
    """The nodes, their origin, and what each of them may no longer be told."""

    def __init__(self, url: str, operator: Redis) -> None:
        self.url = url
        self.operator = operator
        self.version = 0
        self.completed = [0] * NODES
        self.open = [asyncio.Event() for _ in range(NODES)]
        self.nodes: list[Node] = []
        self.closers: list[AsyncExitStack] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.wrong: list[str] = []

    async def start(self) -> None:
        for number in range(NODES):
            self.open[number].set()
            await self._open(number)

    async def _open(self, number: int) -> None:
        stack = AsyncExitStack()
        node = await stack.enter_async_context(open_node(self.url))
        self.nodes[number:number + 1] = [node]  # fmt: skip
        self.closers[number:number + 1] = [stack]  # fmt: skip

    async def act(self, name: str, number: int) -> None:
        if name == "pause":
            await asyncio.sleep(number / 1_000)
        else:
            await getattr(self, name)(number)

    async def read(self, number: int) -> None:
        reading = self._read(number, self.nodes[number], self.completed[number])
        self.tasks.add(asyncio.create_task(reading, name="read"))
        await asyncio.sleep(0)

    async def _read(self, number: int, node: Node, at_least: int) -> None:
        async def load() -> bytes:
            version = self.version
            await self.open[number].wait()
            return str(version).encode()

        with contextlib.suppress(asyncio.CancelledError):
            got = await node.cache.get(KEY, 60_000, load)
            if got is None or int(got) < at_least:
                self.wrong.append(f"node {number} was told {got!r} after {at_least}")

    async def update(self, number: int) -> None:
        self.version += 1
        mine = self.version
        node = self.nodes[number]

        async def invalidate() -> None:
            await node.cache.invalidate(KEY)
            if self.nodes[number] is node:
                self.completed[number] = max(self.completed[number], mine)

        self.tasks.add(asyncio.create_task(invalidate(), name=f"update {number}"))

    async def update_by_hand(self, _: int) -> None:
        self.version += 1
        await self.operator.publish(f"invalidate:{KEY}", b"")
        await self.operator.delete(KEY)

    async def hold(self, number: int) -> None:
        self.open[number].clear()

    async def let_go(self, number: int) -> None:
        self.open[number].set()

    async def leave(self, _: int) -> None:
        for task in [each for each in self.tasks if each.get_name() == "read"][:1]:
            task.cancel()

    async def die(self, number: int) -> None:
        """End without a word: its lease stays, its loads are lost.

        So may be an invalidation that it has not sent: only the time to live bounds that, and
        whoever repeats the update ends it, as the operator does here.
        """
        await end_tasks(task for task in self.tasks if task.get_name() == f"update {number}")
        await self.closers[number].aclose()
        self.completed[number] = 0
        await self.update_by_hand(number)
        await self._open(number)

    async def lose_redis(self, number: int) -> None:
        """Let this node's commands fail, as on a network of its own; it goes on listening."""
        self._reroute(number, 1)
        await self.nodes[number].redis.connection_pool.disconnect(inuse_connections=False)

    async def find_redis(self, number: int) -> None:
        self._reroute(number, self.operator.connection_pool.connection_kwargs["port"])

    def _reroute(self, number: int, port: int) -> None:
        pool = self.nodes[number].redis.connection_pool
        pool.connection_kwargs["port"] = port
        for connection in (*pool._available_connections, *pool._in_use_connections):
            vars(connection)["port"] = port

    async def break_subscription(self, _: int) -> None:
        await self.operator.client_kill_filter(_type="pubsub", skipme=True)

    async def forget(self, _: int) -> None:
        await self.operator.delete(KEY)

    async def settle(self) -> None:
        for number in range(NODES):
            await self.let_go(number)
            await self.find_redis(number)
        if self.tasks:
            await asyncio.wait(self.tasks)
        for task in self.tasks:
            assert task.cancelled() or task.exception() is None
        heard = [node.invalidations for node in self.nodes]
        await until(lambda: not any(each.unsent(KEY) for each in heard))
        await until(lambda: all(each.in_touch for each in heard))
        for node in self.nodes:
            await self._reads_the_last(node)
        assert self.wrong == []

    async def _get(self, node: Node) -> int:
        async def load() -> bytes:
            return str(self.version).encode()

        return int(await node.cache.get(KEY, 60_000, load) or 0)

    async def _reads_the_last(self, node: Node) -> None:
        async with asyncio.timeout(5):
            # A reader asks; nothing tells it.
            while await self._get(node) != self.version:  # noqa: ASYNC110
                await asyncio.sleep(0.005)


@asynccontextmanager
async def world(url: str, operator: Redis) -> AsyncIterator[World]:
    opened = World(url, operator)
    await opened.start()
    try:
        yield opened
    finally:
        for task in opened.tasks:
            task.cancel()
        await asyncio.gather(*opened.tasks, return_exceptions=True)
        for stack in opened.closers:
            await stack.aclose()


@pytest.fixture
async def operator(redis_client: Redis) -> Redis:
    return redis_client


@given(actions=st.lists(ACTIONS, min_size=5, max_size=40))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_nobody_is_told_less_than_they_did(
    operator: Redis, redis_url: str, actions: list[tuple[str, int]]
) -> None:
    await operator.flushall()
    async with world(redis_url, operator) as opened:
        for name, number in actions:
            await opened.act(name, number)
        await opened.settle()
