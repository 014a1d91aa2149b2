"""One client's connection: picows frames in, the conversation's actions out."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Any, cast

import orjson
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from workers.client_address import UNKNOWN
from workers.gateway.actions import Action, Close, Join, Leave, Send, SendPing, SendPong
from workers.gateway.frames import HISTORY_LOST, CloseCode, error_frame, server_frame
from workers.gateway.messages import MAX_MESSAGE_BYTES, is_private
from workers.gateway.private_delivery import PrivateDelivery, Request
from workers.gateway.private_feeds import PrivateFeeds
from workers.gateway.protocol import Conversation
from workers.gateway.public_channels import PublicChannels
from workers.gateway.public_channels import Send as PublicSend

# Above this, tickers wait and only their latest is sent later.
BACKLOG_SOFT_BYTES = 64 * 1024
# Above this, or behind for so long, the client is too slow for private events as well.
BACKLOG_HARD_BYTES = 256 * 1024
STALLED_AFTER_S = 10.0
# The kernel would buffer megabytes for a client that does not read, unseen by the above; the
# kernel doubles this number. It is enough for 2 MB/s over a line of 100 ms.
SEND_BUFFER_BYTES = 128 * 1024
# How long a client may take to read a close frame, and answer it, before the line is cut.
CLOSE_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Services:
    """What every connection of a gateway shares."""

    converse: Callable[[float, str], Conversation]
    public: PublicChannels
    private: PrivateFeeds
    states: Callable[[str, Collection[str]], Awaitable[dict[str, Any]]]
    open_connections: dict["Connection", None]
    clock_s: Callable[[], float]
    wall_clock: Callable[[], datetime]


class Connection(WSListener):
    """Carries out what the conversation decides; decides nothing itself.

    Args:
        services: What every connection of a gateway shares.
        address_of: The client's address, from that of the other end of the line.
        refuse: Why the conversation ends before it has begun.
    """

    # The conversation and the transport are there from the moment the line is up.
    _conversation: Conversation
    _transport: WSTransport

    def __init__(
        self,
        services: Services,
        address_of: Callable[[str], str],
        refuse: tuple[CloseCode, str] | None = None,
    ) -> None:
        self._services = services
        self._address_of = address_of
        self._refuse = refuse
        self._delivery: PrivateDelivery | None = None
        self._partial: bytearray | None = None
        self._closing = False
        self._cut: asyncio.TimerHandle | None = None
        self._behind_since_s = 0.0
        self._caught_up = asyncio.Event()
        self._caught_up.set()
        # For the public channels, which write to many connections at once.
        self.is_behind = False
        self.send: PublicSend

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Greet, or say why not."""
        self._transport = transport
        self.send = transport.send
        line = transport.underlying_transport
        line.set_write_buffer_limits(BACKLOG_SOFT_BYTES)
        line.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES)
        peer = line.get_extra_info("peername")
        now_s = self._services.clock_s()
        address = self._address_of(peer[0] if peer else UNKNOWN)
        self._conversation = self._services.converse(now_s, address)
        self._services.open_connections[self] = None
        if self._refuse is not None:
            self._perform(self._conversation.end(*self._refuse))
            return
        self._perform(self._conversation.begin(now_s))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take one frame."""
        now_s = self._services.clock_s()
        match frame.msg_type:
            case WSMsgType.TEXT | WSMsgType.CONTINUATION | WSMsgType.BINARY:
                self._perform(self._take(frame, now_s))
            case WSMsgType.PING:
                payload = frame.get_payload_as_bytes()
                self._perform(self._conversation.receive_ping(payload, now_s))
            case WSMsgType.PONG:
                self._perform(self._conversation.receive_pong(now_s))
            case WSMsgType.CLOSE:
                if not transport.is_close_frame_sent:
                    transport.send_close(WSCloseCode.OK)
                self._stop_delivering()
                self._cut_soon()
                transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Leave everything."""
        del transport
        self._services.open_connections.pop(self, None)
        self._stop_delivering()
        self._conversation.leave()
        if self._delivery is not None:
            self._services.private.close(self._delivery.feed)
        if self._cut is not None:
            self._cut.cancel()

    def pause_writing(self) -> None:
        """Learn that more than the soft limit is waiting to be read by the client."""
        self.is_behind = True
        self._behind_since_s = self._services.clock_s()
        self._caught_up.clear()
        self._services.public.hold(self._conversation.channels, self)

    def resume_writing(self) -> None:
        """Learn that the client has read nearly all; tell it the latest of what it missed."""
        self.is_behind = False
        self._caught_up.set()
        if not self._closing:
            self._services.public.release(tuple(self._conversation.channels), self)

    def pass_time(self, now_s: float) -> None:
        """Look at the deadlines."""
        if self.is_behind and now_s - self._behind_since_s > STALLED_AFTER_S:
            self.end(CloseCode.TOO_SLOW, "too slow")
        self._perform(self._conversation.pass_time(now_s))

    def end(self, code: CloseCode, reason: str) -> None:
        """End from the server's side."""
        self._perform(self._conversation.end(code, reason))

    async def wait_closed(self) -> None:
        """Return once the line is down."""
        await self._transport.wait_disconnected()

    def deliver_private(self, frame: bytes) -> None:
        """Write a private event; a client that is far behind is ended instead."""
        if self.is_behind and self._backlog_bytes() > BACKLOG_HARD_BYTES:
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

    def _take(self, frame: WSFrame, now_s: float) -> list[Action]:
        """Put fragments together, and hand on what is a whole message."""
        if frame.msg_type is WSMsgType.BINARY:
            return self._conversation.receive_unreadable("binary", now_s)
        if (frame.msg_type is WSMsgType.CONTINUATION) == (self._partial is None):
            self._partial = None
            return self._conversation.receive_unreadable("fragments", now_s)
        payload = frame.get_payload_as_bytes()
        if frame.fin and self._partial is None:
            return self._conversation.receive(payload, now_s)
        self._partial = (self._partial or bytearray()) + payload
        if len(self._partial) > MAX_MESSAGE_BYTES:
            self._partial = None
            return self._conversation.receive_unreadable("too long", now_s)
        if not frame.fin:
            return self._conversation.receive_fragment(now_s)
        whole, self._partial = bytes(self._partial), None
        return self._conversation.receive(whole, now_s)

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Send(frame=frame):
                    self._write(frame)
                case SendPing() if not self._closing:
                    self._transport.send_ping()
                case SendPong(payload=payload) if not self._closing:
                    self._transport.send_pong(payload)
                case Close(code=code, reason=reason):
                    self._close(code, reason)
                case Join():
                    self._join(action)
                case Leave(channels=channels):
                    self._leave(channels)

    def _join(self, join: Join) -> None:
        private = {channel for channel in join.channels if is_private(channel)}
        if not private:
            self._confirm(join, {})
            return
        if self._delivery is None:
            self._delivery = PrivateDelivery(self._services.private.open(join.user_id), self)

        async def read_state() -> dict[str, Any]:
            return await self._services.states(join.user_id, private)

        def confirm(sequence: int, state: dict[str, Any]) -> None:
            self._confirm(join, state, sequence)

        fresh = private & join.fresh
        self._delivery.request(Request(fresh, join.resume_from, read_state, confirm))

    def _confirm(self, join: Join, state: dict[str, Any], sequence: int | None = None) -> None:
        """Say `subscribed` with what each channel shows now, and deliver from here on.

        Those that were given up again meanwhile are no longer named.
        """
        channels = [each for each in join.channels if each in self._conversation.channels]
        snapshot: dict[str, Any] = {}
        for channel in channels:
            if is_private(channel):
                snapshot[channel] = state.get(channel)
            else:
                frame = self._services.public.latest(channel)
                snapshot[channel] = None if frame is None else orjson.Fragment(frame)
        told: dict[str, Any] = {"channels": channels, "snapshot": snapshot}
        if sequence is not None:
            told["sequence"] = sequence
        self._write(server_frame("subscribed", told, self._services.wall_clock()))
        if self._closing:
            return
        for channel in channels:
            if not is_private(channel):
                self._services.public.join(channel, self)

    def _leave(self, channels: tuple[str, ...]) -> None:
        for channel in channels:
            self._services.public.leave(channel, self)
            if self._delivery is not None:
                self._delivery.drop(channel)
        told = {"channels": channels}
        self._write(server_frame("unsubscribed", told, self._services.wall_clock()))

    def _write(self, frame: bytes) -> None:
        if not self._closing:
            self.send(WSMsgType.TEXT, frame)

    def _close(self, code: CloseCode, reason: str) -> None:
        if self._closing:
            return
        # picows' enumeration lists the codes of the RFC; any number goes on the wire.
        self._transport.send_close(cast("WSCloseCode", int(code)), reason.encode())
        self._stop_delivering()
        self._cut_soon()

    def _cut_soon(self) -> None:
        """Wait no longer than so for a client to read what was written before the end."""
        if self._cut is None:
            abort = self._transport.underlying_transport.abort
            self._cut = asyncio.get_running_loop().call_later(CLOSE_WITHIN_S, abort)

    def _stop_delivering(self) -> None:
        """Write nothing any more."""
        self._closing = True
        for channel in self._conversation.channels:
            self._services.public.leave(channel, self)
        if self._delivery is not None:
            self._delivery.stop()
        self._caught_up.set()

    def _backlog_bytes(self) -> int:
        return self._transport.underlying_transport.get_write_buffer_size()
