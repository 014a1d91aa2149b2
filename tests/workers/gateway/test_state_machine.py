"""Random clients, random news: nobody gets what they did not ask for, or misses what they did.

The whole inside of the gateway runs, from the bytes of a message to the frames that are
written; only Redis and the network are left out (other tests have them).
"""

import asyncio
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from picows import WSMsgType

from domain.events import CHANNEL_OF_FRAME, ORDER_UPDATE
from tests.workers.gateway.lines import House
from tests.workers.gateway.saying import texts
from workers.gateway.connection import Connection
from workers.gateway.frames import CloseCode

MARKET = ("BTCUSDT@ticker", "ETHUSDT@kline_1m")
numbers = st.integers(0, 3)
users = st.sampled_from(["ann", "bob"])
# Messages that mean something, so that much happens between those that do not.
wanted = st.sets(st.sampled_from([*CHANNEL_OF_FRAME.values(), *MARKET]), min_size=1, max_size=3)


class Clients(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.house = self.runner.run(self._house())
        self.sequences = dict.fromkeys(MARKET, 0)

    async def _house(self) -> House:
        return House()

    def do(self, act: Any, *arguments: Any, **more: Any) -> None:
        async def acting() -> None:
            act(*arguments, **more)

        self.runner.run(acting())

    def client(self, number: int) -> Connection | None:
        """Return one of the clients; there may be none."""
        connections = [c for c, line in self.house.lines.items() if not line.ended]
        return connections[number % len(connections)] if connections else None

    def say(self, number: int, payload: bytes) -> None:
        client = self.client(number)
        if client is not None:
            self.do(self.house.hear, client, WSMsgType.TEXT, payload)

    @rule(signed_in=st.sampled_from(["ann2", "bob", None]))
    def connect(self, signed_in: str | None) -> None:
        self.do(self.house.connect)
        if signed_in is not None:
            message = {"type": "auth", "token": signed_in}
            newest = len([1 for line in self.house.lines.values() if not line.ended]) - 1
            self.say(newest, orjson.dumps(message))

    @rule(number=numbers, channels=wanted, resume_from=st.none() | st.integers(0, 12))
    def subscribe(self, number: int, channels: set[str], resume_from: int | None) -> None:
        message: dict[str, Any] = {"type": "subscribe", "channels": sorted(channels)}
        if resume_from is not None:
            message["resume_from"] = resume_from
        self.say(number, orjson.dumps(message))

    @rule(number=numbers, channels=wanted)
    def unsubscribe(self, number: int, channels: set[str]) -> None:
        self.say(number, orjson.dumps({"type": "unsubscribe", "channels": sorted(channels)}))

    @rule(number=numbers, text=texts)
    def say_anything(self, number: int, text: bytes) -> None:
        self.say(number, text)

    @rule(
        number=numbers,
        kind=st.sampled_from(list(WSMsgType)),
        payload=st.binary(max_size=125),
        fin=st.booleans(),
    )
    def send_any_frame(self, number: int, kind: WSMsgType, payload: bytes, *, fin: bool) -> None:
        client = self.client(number)
        if client is not None:
            self.do(self.house.hear, client, kind, payload, fin=fin)

    @rule(number=numbers)
    def hang_up(self, number: int) -> None:
        client = self.client(number)
        if client is not None:
            self.do(self.house.hang_up, client)

    @rule(channel=st.sampled_from(MARKET), step=st.sampled_from([1, 1, 1, 3, 0, -1]))
    def publish(self, channel: str, step: int) -> None:
        sequence = max(1, self.sequences[channel] + step)
        self.sequences[channel] = max(sequence, self.sequences[channel])
        kind = "kline_update" if "kline" in channel else "price_update"
        frame = {
            "type": kind, "channel": channel, "data": {},
            "timestamp": f"2025-10-10T12:00:00.{sequence:03}Z", "sequence": sequence,
        }  # fmt: skip
        self.do(self.house.public.broadcast, channel, orjson.dumps(frame))

    @rule(user=users, frame_type=st.sampled_from(list(CHANNEL_OF_FRAME)), announced=st.booleans())
    def push(self, user: str, frame_type: str, *, announced: bool) -> None:
        self.do(self.house.push, user, frame_type, announced=announced)

    @rule(user=users)
    def listen_again(self, user: str) -> None:
        self.do(self.house.feeds.private.subscribed, f"feed:{user}")

    @rule(number=numbers)
    def stall(self, number: int) -> None:
        client = self.client(number)
        if client is not None and not client.is_behind:
            self.house.lines[client].is_behind = True
            self.do(client.pause_writing)

    @rule(number=numbers)
    def read_on(self, number: int) -> None:
        client = self.client(number)
        if client is not None and client.is_behind:
            self.house.lines[client].is_behind = False
            self.do(client.resume_writing)

    @rule()
    def turn_the_states(self) -> None:
        readable = self.house.readable
        self.do(readable.clear if readable.is_set() else readable.set)

    @rule()
    def let_go_on(self) -> None:
        """Let what waits for others take some turns."""

        async def turns() -> None:
            for _ in range(5):
                await asyncio.sleep(0)

        self.runner.run(turns())

    @rule(seconds=st.integers(0, 6))
    def pass_time(self, seconds: int) -> None:
        self.house.now_s += seconds

        def look() -> None:
            self.house.rules.parties.forget(self.house.now_s)
            for connection in list(self.house.services.open_connections):
                connection.pass_time(self.house.now_s)

        self.do(look)

    @invariant()
    def nothing_was_written_that_must_not_be(self) -> None:
        assert not [fault for line in self.house.lines.values() for fault in line.violations]

    @invariant()
    def nobody_listens_who_has_gone(self) -> None:
        gone = [client for client, line in self.house.lines.items() if line.ended]
        for known in self.house.public._channels.values():
            assert not any(client in known.listening or client in known.behind for client in gone)

    def teardown(self) -> None:
        """Bring all to an end, and see that nothing is missing and nothing is left."""
        try:
            self.runner.run(self._end())
        finally:
            self.runner.close()

    async def _end(self) -> None:
        self.house.readable.set()
        for connection, line in self.house.lines.items():
            if connection.is_behind and not line.ended:
                connection.resume_writing()
        for user in ("ann", "bob"):
            self.house.feeds.private.subscribed(f"feed:{user}")
        for _ in range(500):
            await asyncio.sleep(0)
        self.nothing_was_written_that_must_not_be()
        self.house.check_complete()
        for connection in list(self.house.services.open_connections):
            connection.end(CloseCode.SERVICE_RESTART, "the server restarts")
            self.house.hang_up(connection)
        await asyncio.sleep(0)
        assert not self.house.feeds.private._feeds
        assert not self.house.public.wanted()
        self.house.rules.parties.forget(self.house.now_s + 60)
        assert not len(self.house.rules.parties.users) + len(self.house.rules.parties.addresses)


def test_nobody_gets_what_is_not_theirs_or_misses_what_is() -> None:
    run_state_machine_as_test(
        Clients, settings=settings(max_examples=120, stateful_step_count=40, deadline=None)
    )


async def test_what_was_read_ahead_of_its_announcement_is_told_once() -> None:
    house = House()
    client = house.connect()

    async def say(**message: Any) -> None:
        house.hear(client, WSMsgType.TEXT, orjson.dumps(message))
        for _ in range(20):
            await asyncio.sleep(0)

    await say(type="auth", token="ann2")
    await say(type="subscribe", channels=["account"])
    house.push("ann", ORDER_UPDATE, announced=True)
    house.push("ann", ORDER_UPDATE, announced=False)
    await say(type="subscribe", channels=["orders"], resume_from=0)
    line = house.lines[client]
    assert line.received["orders"] == [1, 2]
    await say(type="subscribe", channels=["positions"])
    house.feeds.private.subscribed("feed:ann")
    await say(type="ping")
    assert (line.received["orders"], line.violations) == ([1, 2], [])
    house.hang_up(client)
