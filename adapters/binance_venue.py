"""The venue of orders: Binance Spot, or the sandbox exchange that speaks like it."""

import asyncio
import time
from collections import OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import structlog
from binance.exceptions import BinanceAPIException

from adapters.binance_client import VenueClient, make_client
from adapters.binance_errors import NO_SUCH_ORDER, venue_faults
from adapters.whole_connects import WholeConnects
from domain.account import Balance
from domain.errors import ErrorCode, Rejected
from domain.order_status import OrderStatus
from domain.orders import Order
from domain.ports import CredentialVault, VenueCredentials
from domain.timing import RECEIVE_WINDOW_MS
from domain.trades import Execution, Fill

# Clients of users that trade now; each is small, its connections are shared.
MAX_CLIENTS = 2_000
# The most that Binance lists at once: https://developers.binance.com/docs/binance-spot-api-docs
# (rest-api, "Account trade list").
FILLS_PAGE = 1_000
# Clocks drift by some 10 ms an hour.
CLOCK_INTERVAL_S = 300.0
# A measurement is wrong by up to half its round trip (a stall of this process counts): one
# that may be wrong by a quarter of the receive window would have every order refused.
MAX_CLOCK_ROUND_TRIP_MS = RECEIVE_WINDOW_MS // 2

_log = structlog.get_logger(__name__)

# The venue's words that are not ours. PENDING_NEW and PENDING_CANCEL are still on the book.
_STATUSES = {
    "PENDING_NEW": OrderStatus.NEW,
    "PENDING_CANCEL": OrderStatus.NEW,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
}


class BinanceVenue:
    """Orders over REST, one client a user, one shared pool of connections.

    Args:
        vault: Where a user's keys are.
        api_url: The exchange's address, or None for Binance itself.
        testnet: Whether Binance's testnet is meant.
    """

    def __init__(self, vault: CredentialVault, api_url: str | None, *, testnet: bool) -> None:
        self._vault = vault
        self._api_url = api_url
        self._testnet = testnet
        self._connector = WholeConnects(limit=0, keepalive_timeout=60)
        self._clients: OrderedDict[str, tuple[VenueCredentials, VenueClient]] = OrderedDict()
        self._offset_ms = 0
        self._public = self._make_client(VenueCredentials("", ""))
        self._clock_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to follow the venue's clock."""
        self._clock_task = asyncio.create_task(self._follow_clock())

    async def close(self) -> None:
        """Close every connection."""
        if self._clock_task is not None:
            self._clock_task.cancel()
        for _, client in self._clients.values():
            await client.close_connection()
        await self._public.close_connection()
        await self._connector.close()

    def now_ms(self) -> int:
        """Return the venue's time by our clock and the measured difference."""
        return time.time_ns() // 1_000_000 + self._offset_ms

    async def server_time_ms(self) -> int:
        """Ask the venue for its time."""
        with venue_faults():
            answer = await self._public.get_server_time()
        return int(answer["serverTime"])

    async def place(self, order: Order, requested_at_ms: int) -> Execution:
        """Send an order, signed with this time."""
        client = await self._client(order.user_id)
        with venue_faults(sends_order=True):
            answer = await client.create_order(
                **order_parameters(order), timestamp=requested_at_ms, newOrderRespType="FULL"
            )
            fills = tuple(_fill_of_answer(fill, answer) for fill in answer.get("fills", ()))
            return _execution(answer, fills)

    async def find(self, order: Order) -> Execution | None:
        """Look an order up by its client order id, with all its fills."""
        client = await self._client(order.user_id)
        symbol = order.intent.symbol
        try:
            with venue_faults():
                answer = await client.get_order(
                    symbol=symbol, origClientOrderId=order.client_order_id
                )
                fills = await self._fills(client, symbol, answer)
                return _execution(answer, fills)
        except Rejected as error:
            cause = error.__cause__
            if isinstance(cause, BinanceAPIException) and cause.code == NO_SUCH_ORDER:
                return None
            raise

    async def cancel(self, order: Order) -> None:
        """Cancel an open order."""
        client = await self._client(order.user_id)
        with venue_faults():
            await client.cancel_order(
                symbol=order.intent.symbol,
                origClientOrderId=order.client_order_id,
                newClientOrderId=cancel_id(order.client_order_id),
            )

    async def balances(self, user_id: str) -> dict[str, Decimal]:
        """Return what the user holds at the venue by asset, locked included."""
        client = await self._client(user_id)
        with venue_faults():
            answer = await client.get_account(omitZeroBalances="true")
        return {
            balance["asset"]: Decimal(balance["free"]) + Decimal(balance["locked"])
            for balance in answer["balances"]
        }

    async def balances_with(self, credentials: VenueCredentials) -> dict[str, Balance]:
        """Return what these keys' account holds by asset; the keys need not be stored yet.

        Raises:
            Rejected: The venue refuses the keys.
            Retryable: It could not be asked.
        """
        client = self._make_client(credentials)
        client.timestamp_offset = self._offset_ms
        try:
            with venue_faults():
                answer = await client.get_account(omitZeroBalances="true")
        finally:
            await client.close_connection()
        return {
            held["asset"]: Balance(Decimal(held["free"]), Decimal(held["locked"]))
            for held in answer["balances"]
        }

    async def _fills(
        self, client: VenueClient, symbol: str, answer: dict[str, Any]
    ) -> tuple[Fill, ...]:
        if not Decimal(answer["executedQty"]):
            return ()
        trades: list[dict[str, Any]] = []
        page = None
        while page is None or len(page) == FILLS_PAGE:
            page = await client.get_my_trades(
                symbol=symbol,
                orderId=answer["orderId"],
                fromId=trades[-1]["id"] + 1 if trades else 0,
                limit=FILLS_PAGE,
            )
            trades += page
        return tuple(_fill_of_trade(trade) for trade in trades)

    async def _client(self, user_id: str) -> VenueClient:
        """Return the user's client, made anew when the keys changed."""
        credentials = await self._vault.credentials(user_id)
        if credentials is None:
            raise Rejected(ErrorCode.FORBIDDEN, "no venue credentials are stored")
        known = self._clients.get(user_id)
        if known is not None and known[0] == credentials:
            self._clients.move_to_end(user_id)
            return known[1]
        client = self._make_client(credentials)
        self._clients[user_id] = (credentials, client)
        stale = [known[1]] if known is not None else []
        if len(self._clients) > MAX_CLIENTS:
            stale.append(self._clients.popitem(last=False)[1][1])
        for old in stale:
            await old.close_connection()
        return client

    def _make_client(self, credentials: VenueCredentials) -> VenueClient:
        return make_client(
            api_url=self._api_url,
            testnet=self._testnet,
            api_key=credentials.api_key,
            api_secret=credentials.api_secret,
            connector=self._connector,
            offset_ms=self._offset_ms,
        )

    async def _follow_clock(self) -> None:
        """Measure the venue's clock against ours: once at the start, then now and then."""
        while True:
            try:
                sent = time.time_ns() // 1_000_000
                theirs = await self.server_time_ms()
                arrived = time.time_ns() // 1_000_000
                if arrived - sent > MAX_CLOCK_ROUND_TRIP_MS:
                    _log.warning("venue.clock_unmeasured", round_trip_ms=arrived - sent)
                    await asyncio.sleep(1.0)
                    continue
                self._offset_ms = theirs - (sent + arrived) // 2
                for _, client in self._clients.values():
                    client.timestamp_offset = self._offset_ms
                wait_s = CLOCK_INTERVAL_S
            except Exception:  # noqa: BLE001 - whatever it was, the clock is asked again
                wait_s = 1.0
            await asyncio.sleep(wait_s)


def order_parameters(order: Order) -> dict[str, str]:
    """Return an order in Binance's names: POST /api/v3/order."""
    intent = order.intent
    values: dict[str, Decimal | str | None] = {
        "symbol": intent.symbol,
        "side": str(intent.side),
        "type": str(intent.type),
        "quantity": intent.quantity,
        "quoteOrderQty": intent.quote_quantity,
        "price": intent.price,
        "stopPrice": intent.stop_price,
        "timeInForce": str(intent.time_in_force) if intent.time_in_force else None,
        "newClientOrderId": order.client_order_id,
    }
    return {
        name: format(value, "f") if isinstance(value, Decimal) else value
        for name, value in values.items()
        if value is not None
    }


def cancel_id(client_order_id: str) -> str:
    """Return the id of our request to cancel an order, by which its report is known as ours.

    Binance allows 36 characters; a client order id of ours has 35.
    """
    return f"x{client_order_id}"


def order_status(word: str) -> OrderStatus:
    """Return our status for the venue's."""
    return _STATUSES.get(word) or OrderStatus(word)


def moment(milliseconds: int) -> datetime:
    """Return the venue's milliseconds as a time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _execution(answer: dict[str, Any], fills: tuple[Fill, ...]) -> Execution:
    # An ordinary answer calls it transactTime, a look-up updateTime.
    at = answer.get("transactTime") or answer["updateTime"]
    return Execution(
        venue_order_id=int(answer["orderId"]),
        status=order_status(answer["status"]),
        fills=fills,
        updated_at=moment(at),
        executed_quantity=Decimal(answer["executedQty"]),
    )


def _fill_of_answer(fill: dict[str, Any], answer: dict[str, Any]) -> Fill:
    return Fill(
        venue_trade_id=int(fill["tradeId"]),
        price=Decimal(fill["price"]),
        quantity=Decimal(fill["qty"]),
        commission=Decimal(fill["commission"]),
        commission_asset=fill["commissionAsset"],
        time=moment(answer["transactTime"]),
    )


def _fill_of_trade(trade: dict[str, Any]) -> Fill:
    return Fill(
        venue_trade_id=int(trade["id"]),
        price=Decimal(trade["price"]),
        quantity=Decimal(trade["qty"]),
        commission=Decimal(trade["commission"]),
        commission_asset=trade["commissionAsset"],
        time=moment(trade["time"]),
    )
