"""What the tour does and shows, in order."""

import asyncio
from decimal import ROUND_DOWN, Decimal
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

from workers.tour.addresses import Addresses
from workers.tour.client import Client, RefusedError, Timed
from workers.tour.listeners import EventTap, PrivateFeed, open_feed, open_tap

EMAIL = "demo@example.com"
PASSWORD = "botcore-demo"  # noqa: S105 - public, and seeded on the sandbox only
SYMBOL = "BTCUSDT"
SPENT_QUOTE = Decimal(50)
# Far enough below the market to rest, near enough for the default price collar (5 %).
RESTING_DISCOUNT = Decimal("0.03")
_HTTP_TIMEOUT_S = 30.0


async def take_tour(addresses: Addresses, console: Console) -> None:
    """Walk through one bought and one canceled order.

    Raises:
        RefusedError, Silence, httpx.HTTPError, OSError: a step did not work.
    """
    async with httpx.AsyncClient(
        base_url=addresses.api, timeout=_HTTP_TIMEOUT_S, trust_env=False
    ) as http:
        client = Client(http)
        user = await client.sign_in(EMAIL, PASSWORD)
        _done(console, "signed in", f"{user['full_name']} <{user['email']}>")
        quote = await client.price(SYMBOL)
        _done(
            console, "price", f"{SYMBOL} {quote['price']} (bid {quote['bid']}, ask {quote['ask']})"
        )
        configuration = await client.configuration()
        async with (
            open_feed(configuration["ws_url"]) as feed,
            open_tap(addresses.rabbitmq, "trade.#") as tap,
        ):
            await feed.authenticate(client.token)
            _done(console, "WebSocket", "authenticated; orders, positions, account subscribed")
            trade = await _buy(client, console)
            await _show_announcements(feed, tap, trade["trade_id"], console)
            await _rest_and_cancel(client, Decimal(quote["bid"]), console)
        workflow = f"{configuration['workflows_url']}/{trade['workflow_id']}"
        _done(console, "its workflow", workflow)


async def _buy(client: Client, console: Console) -> dict[str, Any]:
    order = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quote_quantity": SPENT_QUOTE}
    placed = await _place(client, order, console)
    trade = placed.answer
    _require(trade, "FILLED")
    _done(console, "market order", f"{_order_line(trade)} {_timing_line(placed)}")
    record = await client.trade(trade["trade_id"])
    _done(console, "trade record", f"{record['trade_id']} at {record['timestamp']}")
    for fill in record["fills"]:
        fee = f"fee {fill['commission']:f} {fill['commission_asset']}"
        _note(console, f"fill {fill['quantity']} at {fill['price']}, {fee}")
    return trade


async def _show_announcements(
    feed: PrivateFeed, tap: EventTap, trade_id: str, console: Console
) -> None:
    event = await tap.wait_for(trade_id)
    _done(console, "RabbitMQ event", f"{event['routing_key']} (message_id {event['message_id']})")
    frame = await feed.wait_for("order_update", trade_id)
    _done(console, "WebSocket push", f"order_update {frame['sequence']}: {frame['data']['status']}")


async def _rest_and_cancel(client: Client, bid: Decimal, console: Console) -> None:
    rules = await client.rules(SYMBOL)
    price = _down_to(bid * (1 - RESTING_DISCOUNT), Decimal(rules["tick_size"]))
    quantity = _down_to(SPENT_QUOTE / price, Decimal(rules["step_size"]))
    order = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "quantity": quantity, "price": price}
    resting = await _place(client, order, console)
    _require(resting.answer, "NEW")
    _done(console, "limit order", f"{quantity} at {price} rests {_timing_line(resting)}")
    canceled = await client.cancel(resting.answer["trade_id"])
    _require(canceled.answer, "CANCELED")
    _done(console, "cancel", f"{canceled.answer['status']} {_timing_line(canceled)}")


async def _place(client: Client, order: dict[str, Any], console: Console) -> Timed:
    """Place an order; when asked to come again, do so once, as a client should."""
    try:
        return await client.place(order)
    except RefusedError as refusal:
        if refusal.retry_after_s is None:
            raise
        _note(console, f"not placed ({refusal}); asked to try again in {refusal.retry_after_s:g} s")
        await asyncio.sleep(refusal.retry_after_s)
        return await client.place(order)


def _require(trade: dict[str, Any], status: str) -> None:
    if trade.get("status") != status:
        raise RefusedError(f"the trade is {trade.get('status')}, not {status}: {trade}")


def _down_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the largest multiple of `step` that is not above `value`."""
    return (value / step).to_integral_value(ROUND_DOWN) * step


def _order_line(trade: dict[str, Any]) -> str:
    filled = f"{trade['executed_quantity']} at {trade['executed_price']}"
    return f"{trade['side']} {trade['symbol']} {trade['status']}, {filled}"


def _timing_line(timed: Timed) -> str:
    inside = timed.server_timing_ms
    if "total" not in inside:
        return f"in {timed.waited_ms:.1f} ms"
    venue = f", of which the venue {inside['venue']:.1f}" if "venue" in inside else ""
    return f"in {inside['total']:.1f} ms{venue}"


def _done(console: Console, what: str, shown: str) -> None:
    console.print(f"  [green]✓[/] {what:15} {escape(shown)}")


def _note(console: Console, shown: str) -> None:
    console.print(f"    {'':15} {escape(shown)}", style="dim")
