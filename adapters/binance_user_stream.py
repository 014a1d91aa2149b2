"""Binance's user-data streams: many accounts, one WebSocket.

Sources: https://developers.binance.com/docs/binance-spot-api-docs/websocket-api/user-data-stream-requests
(`userDataStream.subscribe.signature`) and /docs/binance-spot-api-docs/user-data-stream
(`executionReport`).

python-binance has a client for it, which does not serve here: it opens a connection for each
user, and after a break it connects again by itself without subscribing again, so that the
stream falls silent and nobody is told.
"""

import asyncio
import hmac
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp
import orjson
import structlog
from binance.exceptions import BinanceAPIException

from adapters.binance_client import VenueClient
from adapters.binance_errors import venue_faults
from adapters.binance_reports import read_report
from adapters.whole_connects import WholeConnects
from domain.errors import BotCoreError, ErrorCode, Retryable
from domain.ports import VenueCredentials
from domain.trades import ExecutionReport

OPEN_WITHIN_S = 5.0
ANSWER_WITHIN_S = 5.0
# Answered with a pong by a venue that lives; half as long after that the stream is broken.
HEARTBEAT_S = 10.0
SUBSCRIBE = "userDataStream.subscribe.signature"
UNSUBSCRIBE = "userDataStream.unsubscribe"

_OK = 200

_log = structlog.get_logger(__name__)


class AccountListener(Protocol):
    """Takes what one account's stream says; must neither block nor raise."""

    def report(self, client_order_id: str, report: ExecutionReport) -> None:
        """Something has happened to an order after its placement."""

    def doubt(self) -> None:
        """A message could not be read."""

    def end(self) -> None:
        """The venue has ended the subscription; the connection goes on."""


def stream_address(exchange_ws_url: str | None, *, testnet: bool) -> str:
    """Return the WebSocket API's address.

    Args:
        exchange_ws_url: The address that takes the place of Binance's, or None for Binance.
        testnet: Whether Binance's testnet is meant.
    """
    if exchange_ws_url is not None:
        return f"{exchange_ws_url}/ws-api/v3"
    live = VenueClient.WS_API_URL.format("com")
    return str(VenueClient.WS_API_TESTNET_URL if testnet else live)


class BinanceUserStream:
    """One open connection; `open_user_stream` makes it.

    Args:
        socket: The connection.
        now_ms: The venue's clock.
        on_break: Called once, when nothing more will come.
    """

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        now_ms: Callable[[], int],
        on_break: Callable[[], None],
    ) -> None:
        self._socket = socket
        self._now_ms = now_ms
        self._on_break = on_break
        self._ids = itertools.count(1)
        self._asked: dict[int, tuple[asyncio.Future[int | None], AccountListener | None]] = {}
        self._listeners: dict[int, AccountListener] = {}
        self.is_broken = False

    async def subscribe(self, credentials: VenueCredentials, listener: AccountListener) -> int:
        """Listen to an account from now on; return the subscription's number.

        Raises:
            Rejected: The venue does not accept the keys.
            Retryable: It did not answer, or not now.
        """
        parameters = {"apiKey": credentials.api_key, "timestamp": self._now_ms()}
        payload = urlencode(sorted(parameters.items()))
        secret = credentials.api_secret.encode()
        signature = hmac.digest(secret, payload.encode(), "sha256").hex()
        subscription = await self._ask(SUBSCRIBE, {**parameters, "signature": signature}, listener)
        if subscription is None:
            raise _broken("it gave the subscription no number")
        return subscription

    async def unsubscribe(self, subscription: int) -> None:
        """Stop listening to an account.

        Raises:
            Retryable: The venue did not answer.
        """
        self._listeners.pop(subscription, None)
        await self._ask(UNSUBSCRIBE, {"subscriptionId": subscription}, None)

    async def read(self) -> None:
        """Hand out what comes, until the connection breaks."""
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data)
        except (aiohttp.ClientError, OSError) as error:
            _log.warning("user_stream.broke", error=repr(error))
        finally:
            self.is_broken = True
            for future, _ in self._asked.values():
                if not future.done():
                    future.set_exception(_broken("the connection is gone"))
            self._on_break()

    async def _ask(
        self, method: str, parameters: dict[str, Any], listener: AccountListener | None
    ) -> int | None:
        if self.is_broken:
            raise _broken("the connection is gone")
        number = next(self._ids)
        future: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._asked[number] = (future, listener)
        request = {"id": number, "method": method, "params": parameters}
        try:
            with venue_faults():
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await self._socket.send_str(orjson.dumps(request).decode())
                    return await future
        finally:
            del self._asked[number]

    def _take(self, text: str) -> None:
        try:
            message = orjson.loads(text)
            if "event" in message:
                self._take_event(message.get("subscriptionId"), message["event"])
            else:
                self._take_answer(message)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # Whose it was cannot be said, so that everybody's orders are in doubt.
            _log.warning("user_stream.message_unread", error=repr(error))
            for listener in self._listeners.values():
                listener.doubt()

    def _take_answer(self, message: dict[str, Any]) -> None:
        future, listener = self._asked.get(message.get("id") or 0, (None, None))
        if future is None or future.done():
            return
        if message["status"] != _OK:
            future.set_exception(_refusal(message))
            return
        subscription = message["result"].get("subscriptionId")
        if listener is not None and subscription is not None:
            # Here and not by whoever waits: the next message may be this account's already.
            self._listeners[subscription] = listener
        future.set_result(subscription)

    def _take_event(self, subscription: int | None, event: dict[str, Any]) -> None:
        listener = self._listeners.get(-1 if subscription is None else subscription)
        if listener is None:
            return
        kind = event.get("e")
        if kind == "eventStreamTerminated":
            del self._listeners[-1 if subscription is None else subscription]
            listener.end()
        elif kind == "executionReport":
            try:
                found = read_report(event)
            except (ValueError, KeyError, TypeError, ArithmeticError) as error:
                _log.warning("user_stream.report_unread", error=repr(error))
                listener.doubt()
            else:
                if found is not None:
                    listener.report(*found)


@asynccontextmanager
async def open_user_stream(
    address: str, now_ms: Callable[[], int], on_break: Callable[[], None]
) -> AsyncIterator[BinanceUserStream]:
    """Connect and read while the context lasts.

    Raises:
        Retryable: The venue could not be reached.
    """
    async with aiohttp.ClientSession(connector=WholeConnects()) as session:
        with venue_faults():
            async with asyncio.timeout(OPEN_WITHIN_S):
                socket = await session.ws_connect(address, heartbeat=HEARTBEAT_S)
        stream = BinanceUserStream(socket, now_ms, on_break)
        reading = asyncio.create_task(stream.read())
        try:
            yield stream
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await socket.close()


def _refusal(message: dict[str, Any]) -> BotCoreError:
    """Return what an error answer means: the same codes as over REST."""
    answer = json.dumps(message.get("error") or {})
    try:
        with venue_faults():
            raise BinanceAPIException(None, message["status"], answer)
    except BotCoreError as error:
        return error


def _broken(cause: str) -> Retryable:
    return Retryable(ErrorCode.VENUE_UNAVAILABLE, f"The user-data stream broke: {cause}.")
