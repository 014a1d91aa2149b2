"""Connections without a network: lines that remember, and check, what was written to them."""

import asyncio
from collections.abc import Collection
from typing import Any, cast

import orjson
from picows import WSMsgType, WSTransport
from picows.picows import _make_test_ws_frame

from adapters.redis_feed import FeedEntry, RedisFeedReader, feed_key
from domain.events import CHANNEL_OF_FRAME
from tests.workers.gateway.saying import NOW, rules
from workers.gateway.connection import Connection, Services
from workers.gateway.private_feeds import PrivateFeeds
from workers.gateway.protocol import Conversation
from workers.gateway.public_channels import PublicChannels

PUBLIC_FRAMES = {"price_update", "kline_update"}


class Line:
    """One client's line, and what may be written to it: only what it has been told of."""

    def __init__(self) -> None:
        self.underlying_transport = self
        self.is_close_frame_sent = False
        self.user: str | None = None
        # By channel, the sequence that was delivered last, None where none is known yet.
        self.told: dict[str, int | None] = {}
        self.begins: dict[str, int] = {}
        self.received: dict[str, list[int]] = {}
        self.ended = False
        self.is_behind = False
        self.violations: list[Exception] = []

    def send(self, msg_type: WSMsgType, frame: bytes) -> None:
        try:
            self._check(msg_type, frame)
        except Exception as violation:
            # Whoever wrote may be a task that nobody looks after.
            self.violations.append(violation)
            raise

    def _check(self, msg_type: WSMsgType, frame: bytes) -> None:
        assert msg_type is WSMsgType.TEXT
        assert not self.ended, "written after the end"
        told = orjson.loads(frame)
        kind, content = told["type"], told["data"]
        if kind == "authenticated":
            assert self.user in {None, content["user_id"]}
            self.user = content["user_id"]
        elif kind == "subscribed":
            self._subscribed(content)
        elif kind == "unsubscribed":
            for channel in content["channels"]:
                self.told.pop(channel, None)
        elif kind == "gap":
            assert self.told[told["channel"]] == content["after"]
            self.told[told["channel"]] = content["next"] - 1
        elif kind in PUBLIC_FRAMES:
            before = self.told[told["channel"]]
            assert before is None or told["sequence"] == before + 1, "a silent hole"
            self.told[told["channel"]] = told["sequence"]
        elif kind in CHANNEL_OF_FRAME:
            self._private(told)
        else:
            assert kind in {"connected", "heartbeat", "pong", "error"}

    def _subscribed(self, content: dict[str, Any]) -> None:
        assert self.user is not None, "subscribed without signing in"
        assert set(content["snapshot"]) == set(content["channels"])
        for channel in content["channels"]:
            if channel in CHANNEL_OF_FRAME.values():
                self.told.setdefault(channel, 0)
                self.begins[channel] = content["sequence"]
                self.received[channel] = []
            else:
                latest = content["snapshot"][channel]
                # One who is behind is told of it later, after the snapshot all the same.
                self.told[channel] = None if latest is None else latest["sequence"]

    def _private(self, told: dict[str, Any]) -> None:
        channel, sequence = told["channel"], told["sequence"]
        assert told["data"]["owner"] == self.user, "somebody else's event"
        assert channel in self.told, "an event of a channel that was not asked for"
        received = self.received[channel]
        assert not received or sequence > received[-1], "doubled or out of order"
        received.append(sequence)

    def send_ping(self) -> None:
        assert not self.ended

    def send_pong(self, payload: bytes) -> None:
        assert not self.ended
        assert len(payload) < 126

    def send_close(self, code: int, reason: bytes = b"") -> None:
        assert not self.ended
        assert len(reason) < 100
        assert int(code) in {1000, 1012, *range(4400, 4430)}
        self.is_close_frame_sent = self.ended = True

    def disconnect(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.ended = True

    def set_write_buffer_limits(self, high: int) -> None:
        assert high > 0

    def get_write_buffer_size(self) -> int:
        return 70_000 if self.is_behind else 0

    def get_extra_info(self, name: str) -> Any:
        return ("203.0.113.7", 1) if name == "peername" else self

    def setsockopt(self, *_: int) -> None:
        pass


class Feeds:
    """The streams of private events, in memory; a reader and a subscription in one."""

    def __init__(self) -> None:
        self.entries: dict[str, list[FeedEntry]] = {}
        self.private = PrivateFeeds(cast("RedisFeedReader", self), self)

    def push(self, user_id: str, frame_type: str) -> bytes:
        entries = self.entries.setdefault(user_id, [])
        sequence = len(entries) + 1
        frame = orjson.dumps({
            "type": frame_type, "channel": CHANNEL_OF_FRAME[frame_type],
            "data": {"owner": user_id}, "timestamp": "2025-10-10T12:00:00.000Z",
            "sequence": sequence,
        })  # fmt: skip
        entries.append(FeedEntry(sequence, frame))
        return frame

    async def last_sequence(self, user_id: str) -> int:
        await asyncio.sleep(0)
        return len(self.entries.get(user_id, []))

    async def after(self, user_id: str, sequence: int, limit: int) -> list[FeedEntry]:
        await asyncio.sleep(0)
        return self.entries.get(user_id, [])[max(sequence, 0) :][:limit]

    async def add(self, channel: str) -> None:
        await asyncio.sleep(0)
        self.private.subscribed(channel)

    async def remove(self, channel: str) -> None:
        pass


class House:
    """A gateway's inside with any number of lines."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.rules = rules()
        self.feeds = Feeds()
        self.readable = asyncio.Event()
        self.readable.set()
        self.public = PublicChannels()
        self.lines: dict[Connection, Line] = {}
        self.services = Services(
            converse=lambda now_s, address: Conversation(now_s, address, self.rules),
            public=self.public,
            private=self.feeds.private,
            states=self._states,
            open_connections={},
            clock_s=lambda: self.now_s,
            wall_clock=lambda: NOW,
        )

    async def _states(self, user_id: str, channels: Collection[str]) -> dict[str, Any]:
        del user_id
        await self.readable.wait()
        return dict.fromkeys(channels)

    def connect(self) -> Connection:
        connection, line = Connection(self.services, lambda peer: peer), Line()
        self.lines[connection] = line
        connection.on_ws_connected(cast("WSTransport", line))
        return connection

    def hear(
        self, connection: Connection, kind: WSMsgType, payload: bytes, *, fin: bool = True
    ) -> None:
        """Take a frame from the client, as picows hands it on while the line is up."""
        transport = cast("WSTransport", self.lines[connection])
        connection.on_ws_frame(transport, _make_test_ws_frame(kind, payload, fin, False))  # noqa: FBT003 - picows takes it by position only

    def hang_up(self, connection: Connection) -> None:
        line = self.lines.pop(connection)
        connection.on_ws_disconnected(cast("WSTransport", line))
        line.ended = True

    def push(self, user_id: str, frame_type: str, *, announced: bool) -> None:
        frame = self.feeds.push(user_id, frame_type)
        if announced:
            self.feeds.private.announced(feed_key(user_id), frame)

    def check_complete(self) -> None:
        """Hold what each line received against what its user's feed has."""
        for line in self.lines.values():
            if line.ended or line.user is None:
                continue
            frames = [orjson.loads(e.frame) for e in self.feeds.entries.get(line.user, [])]
            for channel in set(line.told) & set(CHANNEL_OF_FRAME.values()):
                begins = line.begins[channel]
                due = [f["sequence"] for f in frames if f["channel"] == channel]
                received = [s for s in line.received[channel] if s > begins]
                assert received == [s for s in due if s > begins], "an event is missing"
