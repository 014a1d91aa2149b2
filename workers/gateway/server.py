"""The gateway as a server: one port for /ws, /livez, /readyz and /metrics."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeAlias

import orjson
import structlog
from picows import (
    WSListener,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest
from redis.asyncio import Redis

from adapters.redis_feed import RedisFeedReader
from adapters.redis_quotes import PUBLIC_PATTERN, channel_of, latest_frames
from adapters.redis_subscription import RedisSubscription
from adapters.stream_demand import StreamDemand
from domain.errors import Retryable
from domain.ports import TokenVerifier
from workers.client_address import client_address
from workers.gateway.connection import Connection, Services
from workers.gateway.demand import CandleDemand
from workers.gateway.frames import CloseCode
from workers.gateway.messages import MAX_MESSAGE_BYTES
from workers.gateway.private_feeds import PrivateFeeds
from workers.gateway.private_states import PrivateStates
from workers.gateway.protocol import Conversation
from workers.gateway.public_channels import PublicChannels
from workers.gateway.rules import KnowsSymbol, Parties, Patience, Rules, ceilings_of
from workers.settings import Settings

# Deadlines are of whole seconds; looking more often costs more than it tells.
SWEEP_EVERY_S = 1.0
# On shutdown: how long clients may take to answer the close frame.
DRAIN_WITHIN_S = 5.0
CATCH_UP_RETRY_S = 0.2
HANDSHAKE_WITHIN_S = 5.0
LISTEN_BACKLOG = 1_024

Answer: TypeAlias = WSUpgradeResponseWithListener | WSListener

_log = structlog.get_logger(__name__)
_unreadable = Counter(
    "botcore_gateway_unreadable_publications", "Publications on Redis that are no frames."
)
_open = Gauge("botcore_gateway_connections", "WebSocket connections that are open.")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a gateway learns what it says.

    Attributes:
        redis: For reading feeds and latest frames, and for asking for candles.
        tokens: Reads access tokens.
        states: What private channels show at first.
        knows_symbol: Whether a symbol is streamed; until that is known, any is accepted.
    """

    redis: Redis
    tokens: TokenVerifier
    states: PrivateStates
    knows_symbol: KnowsSymbol


class Gateway:
    """Everything that one gateway process serves.

    Args:
        settings: Where to listen, which origins may connect, and what clients may do.
        sources: Where it learns what it says.
        patience: For how long clients may be silent.
    """

    def __init__(
        self, settings: Settings, sources: Sources, patience: Patience | None = None
    ) -> None:
        self._settings = settings
        self._redis = sources.redis
        self._draining = False
        self._catching_up: asyncio.Task[None] | None = None
        self._subscription = RedisSubscription(
            settings.redis_url,
            patterns=(PUBLIC_PATTERN,),
            on_message=self._published,
            on_subscribed=self._subscribed,
        )
        self._demand = CandleDemand(StreamDemand(sources.redis), sources.knows_symbol)
        ceilings = ceilings_of(settings)
        self._parties = Parties(ceilings)
        rules = Rules(
            verify=sources.tokens.verify,
            wall_clock=_wall_clock,
            knows_symbol=sources.knows_symbol,
            patience=patience or Patience(),
            ceilings=ceilings,
            parties=self._parties,
        )
        self._services = Services(
            converse=lambda now_s, address: Conversation(now_s, address, rules),
            public=PublicChannels(self._demand.want),
            private=PrivateFeeds(RedisFeedReader(sources.redis), self._subscription),
            states=sources.states.read,
            open_connections={},
            clock_s=time.monotonic,
            wall_clock=_wall_clock,
        )
        _open.set_function(lambda: len(self._services.open_connections))

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[int]:
        """Listen; yields the port. On leaving, tells every client 1012 and drains."""
        async with AsyncExitStack() as stack:
            works = self._subscription.run(), self._sweep(), self._demand.run(self._services.public)
            for work in works:
                task = asyncio.create_task(work)
                stack.push_async_callback(_cancelled, task)
            stack.push_async_callback(self._stop_catching_up)
            server = await ws_create_server(
                self._accept,
                self._settings.gateway_host,
                self._settings.gateway_port,
                websocket_handshake_timeout=HANDSHAKE_WITHIN_S,
                max_frame_size=MAX_MESSAGE_BYTES,
                # Pings count against the limits, so the conversation answers them.
                enable_auto_pong=False,
                backlog=LISTEN_BACKLOG,
                logger_name="gateway",
            )
            try:
                yield server.sockets[0].getsockname()[1]
            finally:
                self._draining = True
                await asyncio.sleep(self._settings.shutdown_drain_s)
                server.close()
                await self._drain()

    def _accept(self, request: WSUpgradeRequest) -> Answer | None:
        """Route one HTTP request; None is answered with 404."""
        match request.path.partition(b"?")[0]:
            case b"/ws":
                return self._accept_websocket(request)
            case b"/livez":
                return _ok(b'{"state":"alive"}')
            case b"/readyz":
                return self._readiness()
            case b"/metrics":
                return _ok(generate_latest(), CONTENT_TYPE_LATEST)
            case _:
                return None

    def _accept_websocket(self, request: WSUpgradeRequest) -> Answer:
        if self._draining:
            return _unavailable(b'{"state":"draining"}')
        forwarded_for = request.headers.getall("X-Forwarded-For", [])

        def address_of(peer: str) -> str:
            return client_address(peer, forwarded_for, self._settings.trusted_proxies)

        if not self._allows(request.headers.get("Origin")):
            # Told as a close code, because a browser shows no other answer to its page.
            refusal = (CloseCode.ORIGIN, "origin not allowed")
            return Connection(self._services, address_of, refusal)
        return Connection(self._services, address_of)

    def _allows(self, origin: str | None) -> bool:
        """Judge an origin; programs that are no browser send none, and carry no cookies."""
        if origin is None:
            return True
        allowed = self._settings.allowed_origins or self._settings.dashboard_origins
        return origin in allowed or "*" in allowed

    def _readiness(self) -> WSUpgradeResponseWithListener:
        connected = self._subscription.connected
        ready = connected and not self._draining
        redis = {"state": "up" if connected else "down"}
        state = "ready" if ready else "draining" if self._draining else "degraded"
        told = orjson.dumps({"state": state, "dependencies": {"redis": redis}})
        return _ok(told) if ready else _unavailable(told)

    def _published(self, key: str, frame: bytes) -> None:
        channel = channel_of(key)
        try:
            if channel is None:
                self._services.private.announced(key, frame)
            else:
                self._services.public.broadcast(channel, frame)
        except ValueError as error:
            # Whoever wrote it, the others' frames must go on.
            _unreadable.inc()
            _log.warning("gateway.unreadable_publication", key=key, error=repr(error))

    def _subscribed(self, key: str) -> None:
        if key != PUBLIC_PATTERN:
            self._services.private.subscribed(key)
            return
        for channel in self._services.public.wanted():
            self._demand.want(channel)
        # One that began before this subscription may have read too early.
        if self._catching_up is not None:
            self._catching_up.cancel()
        self._catching_up = asyncio.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        """Bring every ticker up to date after a gap."""
        while True:
            try:
                self._services.public.catch_up(await latest_frames(self._redis))
            except Retryable:
                # Redis may listen already and not answer yet: it loads what it kept.
                _log.warning("gateway.latest_frames_unread")
                await asyncio.sleep(CATCH_UP_RETRY_S)
            else:
                return

    async def _stop_catching_up(self) -> None:
        if self._catching_up is not None:
            await _cancelled(self._catching_up)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            now_s = self._services.clock_s()
            self._parties.forget(now_s)
            for connection in list(self._services.open_connections):
                connection.pass_time(now_s)

    async def _drain(self) -> None:
        leaving = list(self._services.open_connections)
        for connection in leaving:
            connection.end(CloseCode.SERVICE_RESTART, "the server restarts")
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_WITHIN_S):
                await asyncio.gather(*(connection.wait_closed() for connection in leaving))


def _ok(body: bytes, content_type: str = "application/json") -> WSUpgradeResponseWithListener:
    headers = {"Content-Type": content_type}
    return WSUpgradeResponseWithListener(WSUpgradeResponse.create_ok_response(body, headers), None)


def _unavailable(body: bytes) -> WSUpgradeResponseWithListener:
    response = WSUpgradeResponse.create_error_response(
        HTTPStatus.SERVICE_UNAVAILABLE, body, {"Content-Type": "application/json"}
    )
    return WSUpgradeResponseWithListener(response, None)


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _wall_clock() -> datetime:
    return datetime.now(UTC)
