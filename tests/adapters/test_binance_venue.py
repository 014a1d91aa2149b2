"""Orders at the sandbox exchange, which speaks Binance's language."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from adapters.binance_venue import FILLS_PAGE, BinanceVenue, order_parameters, order_status
from adapters.sandbox_accounts import SandboxAccounts
from domain.account import Balance
from domain.errors import Ambiguous, ErrorCode, Rejected, Retryable
from domain.order_status import OrderStatus
from domain.orders import Order, OrderIntent, Side, TimeInForce
from domain.ports import VenueCredentials
from domain.timing import RECEIVE_WINDOW_MS
from tests.domain.strategies import D, intent_of, order_of

BUY, SELL = Side.BUY, Side.SELL


class Keys:
    """Keeps keys in memory; implements `domain.ports.CredentialVault`."""

    def __init__(self) -> None:
        self.known: dict[str, VenueCredentials] = {}

    async def store(self, user_id: str, credentials: VenueCredentials) -> None:
        self.known[user_id] = credentials

    async def credentials(self, user_id: str) -> VenueCredentials | None:
        return self.known.get(user_id)


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys()


@pytest.fixture(scope="session")
async def venue(exchange_url: str, keys: Keys) -> AsyncIterator[BinanceVenue]:
    venue = BinanceVenue(keys, exchange_url, testnet=False)
    await venue.start()
    yield venue
    await venue.close()


@pytest.fixture
async def user(exchange_url: str, keys: Keys) -> str:
    """Return a user with 10,000 USDT at the exchange."""
    user_id = f"user-{secrets.token_hex(4)}"
    keys.known[user_id] = await SandboxAccounts(exchange_url).open({"USDT": D(10_000)})
    return user_id


def asked(user: str, intent: OrderIntent, key: str = "k") -> Order:
    return order_of(intent, key, user)


RESTING = replace(
    intent_of("ETHUSDT", BUY, quantity="0.01", price="1500"), time_in_force=TimeInForce.GTC
)


async def test_an_order_of_more_fills_than_a_page_is_found_with_all_of_them(
    venue: BinanceVenue, user: str, exchange_url: str
) -> None:
    count, symbol = FILLS_PAGE + 5, "DOGEUSDT"
    asks = [[str(D("0.15") + D(number) / 100_000), "50"] for number in range(count)]
    market = f"{exchange_url}/sandbox/market"
    async with aiohttp.ClientSession() as http:
        for lever in ({"pause": True}, {"book": {"bids": [["0.14", "50"]], "asks": asks}}):
            answer = await http.post(market, json={"symbol": symbol, **lever})
            assert answer.ok, await answer.text()
        order = asked(user, intent_of(symbol, BUY, quantity=str(50 * count)), "many")
        placed = await venue.place(order, venue.now_ms())
        (await http.post(market, json={"symbol": symbol, "pause": False})).raise_for_status()
    found = await venue.find(order)
    assert found is not None
    assert len(found.fills) == count
    assert found.fills == placed.fills


async def test_a_market_order_answers_its_fills(venue: BinanceVenue, user: str) -> None:
    order = asked(user, intent_of("ETHUSDT", BUY, quantity="0.01"))
    placed = await venue.place(order, venue.now_ms())
    assert placed.status is OrderStatus.FILLED
    assert placed.executed_quantity == sum(fill.quantity for fill in placed.fills) == D("0.01")
    found = await venue.find(order)
    assert found is not None
    assert [(f.venue_trade_id, f.price, f.quantity, f.commission) for f in found.fills] == [
        (f.venue_trade_id, f.price, f.quantity, f.commission) for f in placed.fills
    ]
    balances = await venue.balances(user)
    assert balances["ETH"] == D("0.01") - sum(fill.commission for fill in placed.fills)
    assert balances["USDT"] == D(10_000) - sum(fill.cost for fill in placed.fills)


async def test_what_is_not_there_is_none(venue: BinanceVenue, user: str) -> None:
    assert await venue.find(asked(user, RESTING)) is None


async def test_a_resting_order_and_its_cancel(venue: BinanceVenue, user: str) -> None:
    order = asked(user, RESTING)
    assert (await venue.place(order, venue.now_ms())).status is OrderStatus.NEW
    await venue.cancel(order)
    found = await venue.find(order)
    assert found is not None
    assert found.status is OrderStatus.CANCELED
    with pytest.raises(Rejected) as refusal:
        await venue.cancel(order)
    assert refusal.value.code is ErrorCode.NOT_CANCELABLE


async def test_a_request_older_than_its_window_is_refused_and_not_executed(
    venue: BinanceVenue, user: str
) -> None:
    order = asked(user, RESTING)
    with pytest.raises(Retryable):
        await venue.place(order, venue.now_ms() - RECEIVE_WINDOW_MS - 100)
    assert await venue.find(order) is None


async def test_a_second_copy_of_an_open_order_says_look(venue: BinanceVenue, user: str) -> None:
    order = asked(user, RESTING)
    await venue.place(order, venue.now_ms())
    with pytest.raises(Ambiguous):
        await venue.place(order, venue.now_ms())


@pytest.mark.parametrize(
    ("intent", "code"),
    [
        (intent_of("ETHUSDT", SELL, quantity="1"), ErrorCode.INSUFFICIENT_BALANCE),
        (intent_of("ETHUSDT", BUY, quantity="0.00001"), ErrorCode.FILTER_FAILURE),
        (replace(RESTING, symbol="NOTHING"), ErrorCode.UNKNOWN_SYMBOL),
    ],
    ids=lambda value: str(getattr(value, "symbol", value)),
)
async def test_a_final_no(
    venue: BinanceVenue, user: str, intent: OrderIntent, code: ErrorCode
) -> None:
    order = replace(asked(user, RESTING), intent=intent)
    with pytest.raises(Rejected) as refusal:
        await venue.place(order, venue.now_ms())
    assert refusal.value.code is code


async def test_without_keys_or_with_wrong_ones_nothing_works(
    venue: BinanceVenue, user: str, keys: Keys
) -> None:
    keys.known[user] = VenueCredentials(keys.known[user].api_key, "wrong")
    for user_id in (user, "nobody"):
        with pytest.raises(Rejected) as refusal:
            await venue.place(asked(user_id, RESTING), venue.now_ms())
        assert refusal.value.code is ErrorCode.FORBIDDEN


async def test_new_keys_are_used_at_once(
    venue: BinanceVenue, user: str, keys: Keys, exchange_url: str
) -> None:
    assert await venue.balances(user) == {"USDT": 10_000}
    fresh = await SandboxAccounts(exchange_url).open({"USDT": D(5), "ETH": D(1)})
    assert await venue.balances_with(fresh) == {"USDT": Balance(D(5)), "ETH": Balance(D(1))}
    assert await venue.balances(user) == {"USDT": 10_000}
    keys.known[user] = fresh
    assert await venue.balances(user) == {"USDT": 5, "ETH": 1}


async def test_a_venue_that_is_away_is_a_passing_fault(keys: Keys, user: str) -> None:
    venue = BinanceVenue(keys, "http://127.0.0.1:1", testnet=False)
    order = asked(user, RESTING)
    try:
        for call in (venue.place(order, venue.now_ms()), venue.find(order), venue.cancel(order)):
            with pytest.raises(Retryable) as fault:
                await call
            assert fault.value.code is ErrorCode.VENUE_UNAVAILABLE
    finally:
        await venue.close()


async def test_the_clock_is_the_venues(venue: BinanceVenue) -> None:
    assert abs(await venue.server_time_ms() - venue.now_ms()) < 500


@pytest.mark.parametrize(
    ("intent", "expected"),
    [
        (
            intent_of("BTCUSDT", BUY, quantity="0.00001"),
            {"side": "BUY", "type": "MARKET", "quantity": "0.00001"},
        ),
        (
            intent_of("BTCUSDT", SELL, quote_quantity="1E+2"),
            {"side": "SELL", "type": "MARKET", "quoteOrderQty": "100"},
        ),
        (
            replace(
                intent_of("BTCUSDT", SELL, quantity="1", price="59000.10", stop_price="59100"),
                time_in_force=TimeInForce.GTC,
            ),
            {
                "side": "SELL",
                "type": "STOP_LOSS_LIMIT",
                "quantity": "1",
                "price": "59000.10",
                "stopPrice": "59100",
                "timeInForce": "GTC",
            },
        ),
    ],
    ids=["market", "quote", "stop"],
)
def test_an_order_in_binances_words(intent: OrderIntent, expected: dict[str, Any]) -> None:
    order = order_of(intent)
    ids = {"symbol": "BTCUSDT", "newClientOrderId": order.client_order_id}
    assert order_parameters(order) == ids | expected


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("NEW", OrderStatus.NEW),
        ("PENDING_NEW", OrderStatus.NEW),
        ("PENDING_CANCEL", OrderStatus.NEW),
        ("EXPIRED_IN_MATCH", OrderStatus.EXPIRED),
        ("CANCELED", OrderStatus.CANCELED),
    ],
)
def test_the_venues_words(word: str, status: OrderStatus) -> None:
    assert order_status(word) is status
