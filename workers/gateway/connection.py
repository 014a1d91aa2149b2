"""One client's connection: picows frames in, the conversation's actions out."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import orjson
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from workers.gateway.frames import HISTORY_LOST, CloseCode, error_frame, server_frame
from workers.gateway.messages import MAX_MESSAGE_BYTES, is_private
from workers.gateway.private_delivery import PrivateDelivery, Request
from workers.gateway.private_feeds import PrivateFeeds
from workers.gateway.protocol import Action, Close, Conversation, Join, Leave, Send, SendPing
from workers.gateway.public_channels import PublicChannels

# Above this, tickers wait and only their latest is sent later.
BACKLOG_SOFT_BYTES = 64 * 1024
# Above this, or behind for so long, the client is too slow for private events as well.
BACKLOG_HARD_BYTES = 256 * 1024
STALLED_AFTER_S = 10.0
# How long a client may take to answer a close frame before the line is cut.
CLOSE_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Services:
    """What every connection of a gateway shares."""

    converse: Callable[[float], Conversation]
    public: PublicChannels
    private: PrivateFeeds
    open_connections: dict["Connection", None]
    clock_s: Callable[[], float]
    wall_clock: Callable[[], datetime]


class Connection(WSListener):
    """Carries out what the conversation decides; decides nothing itself."""

    def __init__(self, services: Services, refuse: tuple[CloseCode, str] | None = None) -> None:
        self._services = services
        self._refuse = refuse
        self._conversation = services.converse(services.clock_s())
        self._transport: WSTransport | None = None
        self._delivery: PrivateDelivery | None = None
        self._partial: bytearray | None = None
        self._closing = False
        self._cut: asyncio.TimerHandle | None = None
        # Being behind: since when, and which tickers have a newer frame than was sent.
        self._behind_since_s: float | None = None
        self._skipped: dict[str, None] = {}
        self._caught_up = asyncio.Event()
        self._caught_up.set()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Greet, or say why not."""
        self._transport = transport
        transport.underlying_transport.set_write_buffer_limits(BACKLOG_SOFT_BYTES)
        self._services.open_connections[self] = None
        if self._refuse is not None:
            self._perform(self._conversation.end(*self._refuse))
            return
        self._perform(self._conversation.begin())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take one frame."""
        match frame.msg_type:
            case WSMsgType.TEXT | WSMsgType.CONTINUATION | WSMsgType.BINARY:
                self._take(frame)
            case WSMsgType.PONG:
                self._conversation.receive_pong(self._services.clock_s())
            case WSMsgType.CLOSE:
                if not transport.is_close_frame_sent:
                    transport.send_close(WSCloseCode.OK)
                self._closing = True
                transport.disconnect()
            case _:
                pass

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Leave everything."""
        del transport
        self._closing = True
        self._services.open_connections.pop(self, None)
        for channel in self._conversation.channels:
            self._services.public.leave(channel, self)
        if self._delivery is not None:
            self._delivery.stop()
            self._services.private.close(self._delivery.feed)
        if self._cut is not None:
            self._cut.cancel()
        self._caught_up.set()

    def pause_writing(self) -> None:
        """Learn that more than the soft limit is waiting to be read by the client."""
        self._behind_since_s = self._services.clock_s()
        self._caught_up.clear()

    def resume_writing(self) -> None:
        """Learn that the client has read nearly all; tell it the latest of what it missed."""
        self._behind_since_s = None
        self._caught_up.set()
        skipped, self._skipped = self._skipped, {}
        for channel in skipped:
            frame = self._services.public.latest(channel)
            if frame is not None and channel in self._conversation.channels:
                self.deliver_public(channel, frame)

    def pass_time(self, now_s: float) -> None:
        """Look at the deadlines."""
        behind_since_s = self._behind_since_s
        if behind_since_s is not None and now_s - behind_since_s > STALLED_AFTER_S:
            self.end(CloseCode.TOO_SLOW, "too slow")
        self._perform(self._conversation.pass_time(now_s))

    def end(self, code: CloseCode, reason: str) -> None:
        """End from the server's side."""
        self._perform(self._conversation.end(code, reason))

    async def wait_closed(self) -> None:
        """Return once the line is down."""
        if self._transport is not None:
            await self._transport.wait_disconnected()

    def deliver_public(self, channel: str, frame: bytes) -> None:
        """Write a ticker, or, to a client that is behind, only its latest and later."""
        if self._behind_since_s is None:
            self._write(frame)
        else:
            self._skipped[channel] = None

    def deliver_private(self, frame: bytes) -> None:
        """Write a private event; a client that is far behind is ended instead."""
        if self._behind_since_s is not None and self._backlog_bytes() > BACKLOG_HARD_BYTES:
            self.end(CloseCode.TOO_SLOW, "too slow")
            return
        self._write(frame)

    def declare_history_lost(self) -> None:
        """Tell the client that events are gone."""
        detail = "Events after that sequence are gone; read over REST again."
        self._write(error_frame(HISTORY_LOST, detail, self._services.wall_clock()))

    def writable(self) -> Awaitable[object]:
        """Wait until the client is no longer behind."""
        return self._caught_up.wait()

    def _take(self, frame: WSFrame) -> None:
        now_s = self._services.clock_s()
        if frame.msg_type is WSMsgType.BINARY:
            self._perform(self._conversation.receive_unreadable("binary", now_s))
            return
        if (frame.msg_type is WSMsgType.CONTINUATION) == (self._partial is None):
            self._partial = None
            self._perform(self._conversation.receive_unreadable("fragments", now_s))
            return
        payload = frame.get_payload_as_bytes()
        if frame.fin and self._partial is None:
            self._perform(self._conversation.receive(payload, now_s))
            return
        self._partial = (self._partial or bytearray()) + payload
        if len(self._partial) > MAX_MESSAGE_BYTES:
            self._partial = None
            self._perform(self._conversation.receive_unreadable("too long", now_s))
        elif frame.fin:
            whole, self._partial = bytes(self._partial), None
            self._perform(self._conversation.receive(whole, now_s))

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Send(frame=frame):
                    self._write(frame)
                case SendPing():
                    if self._transport is not None and not self._closing:
                        self._transport.send_ping()
                case Close(code=code, reason=reason):
                    self._close(code, reason)
                case Join():
                    self._join(action)
                case Leave(channels=channels):
                    self._leave(channels)

    def _join(self, join: Join) -> None:
        private = {channel for channel in join.channels if is_private(channel)}
        if not private:
            self._confirm(join, None)
            return
        if self._delivery is None:
            self._delivery = PrivateDelivery(self._services.private.open(join.user_id), self)

        def confirm(latest: int) -> None:
            self._confirm(join, latest)

        self._delivery.request(Request(private & join.fresh, join.resume_from, confirm))

    def _confirm(self, join: Join, latest: int | None) -> None:
        """Say `subscribed` with the latest of each public channel, and deliver from here on."""
        public = [c for c in join.channels if not is_private(c)]
        snapshot: dict[str, Any] = {}
        for channel in public:
            frame = self._services.public.latest(channel)
            snapshot[channel] = None if frame is None else orjson.Fragment(frame)
        told: dict[str, Any] = {"channels": join.channels, "snapshot": snapshot}
        if latest is not None:
            told["sequence"] = latest
        self._write(server_frame("subscribed", told, self._services.wall_clock()))
        for channel in public:
            if channel in self._conversation.channels and not self._closing:
                self._services.public.join(channel, self)

    def _leave(self, channels: tuple[str, ...]) -> None:
        for channel in channels:
            self._services.public.leave(channel, self)
            self._skipped.pop(channel, None)
            if self._delivery is not None:
                self._delivery.drop(channel)
        told = {"channels": channels}
        self._write(server_frame("unsubscribed", told, self._services.wall_clock()))

    def _write(self, frame: bytes) -> None:
        if self._transport is not None and not self._closing:
            self._transport.send(WSMsgType.TEXT, frame)

    def _close(self, code: CloseCode, reason: str) -> None:
        transport = self._transport
        if transport is None or self._closing:
            return
        self._closing = True
        # picows' enumeration lists the codes of the RFC; any number goes on the wire.
        transport.send_close(cast("WSCloseCode", int(code)), reason.encode())
        self._cut = asyncio.get_running_loop().call_later(
            CLOSE_WITHIN_S, transport.underlying_transport.abort
        )

    def _backlog_bytes(self) -> int:
        if self._transport is None:
            return 0
        return self._transport.underlying_transport.get_write_buffer_size()
