"""Positions and orders: what is held, what waits, and the way out of both."""

import re

from playwright.async_api import expect

from tests.dashboard.visitor import Visitor


async def test_a_limit_order_rests_and_is_canceled_after_one_question(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.open("#/market/BTCUSDT", "BTC")
    ticket = page.get_by_role("form", name="Order for BTCUSDT")
    quote = await visitor.ask("GET", "/api/market/prices/BTCUSDT")
    await ticket.locator("label.segment", has_text=re.compile("^Limit$")).click()
    await ticket.get_by_label("Price", exact=True).fill(f"{float(quote['bid']) * 0.97:.1f}")
    await ticket.get_by_label("Quantity", exact=True).fill("0.001")
    await ticket.get_by_role("button", name="Buy BTC").click()
    await expect(ticket).to_contain_text("The order is on the exchange and waits")

    await visitor.open("#/positions", "Positions")
    orders = page.get_by_role("region", name="Open orders")
    await orders.get_by_role("button", name="Cancel BUY BTCUSDT").click()
    dialog = page.get_by_role("dialog", name="Cancel this order?")
    await expect(dialog).to_contain_text("0.001 BTCUSDT")
    await dialog.get_by_role("button", name="Back").click()
    [trade] = (await visitor.ask("GET", "/api/trades"))["items"]
    assert trade["status"] == "NEW"

    await orders.get_by_role("button", name="Cancel BUY BTCUSDT").click()
    await dialog.get_by_role("button", name="Cancel the order").click()
    await expect(page.get_by_text("No order is open.")).to_be_visible()
    [trade] = (await visitor.ask("GET", "/api/trades"))["items"]
    assert trade["status"] == "CANCELED"


async def test_a_position_appears_by_itself_and_is_closed_at_the_market(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.open("#/positions", "Positions")
    await expect(page.get_by_text("Nothing is held.")).to_be_visible()
    await visitor.buy("ETHUSDT", 100)
    held = page.get_by_role("region", name="Open positions")
    row = held.locator("tbody tr", has_text="ETHUSDT")
    [position] = (await visitor.ask("GET", "/api/positions?state=open"))["items"]
    await expect(row).to_contain_text(str(position["quantity"]))
    titles = await held.get_by_role("columnheader").all_inner_texts()
    mark = row.locator("td").nth(titles.index("Mark"))
    await expect(mark.locator(".stale")).to_have_count(0)
    before = await mark.inner_text()
    await expect(mark).not_to_have_text(before)

    await held.get_by_role("button", name="Close ETHUSDT at market").click()
    dialog = page.get_by_role("dialog", name="Close ETHUSDT at market?")
    await dialog.get_by_role("button", name="Close at market").click()
    await expect(dialog).to_contain_text("Sold")
    await dialog.get_by_role("button", name="Done").click()
    await expect(page.get_by_text("Nothing is held.")).to_be_visible()
    closed = page.get_by_role("region", name="Closed positions").locator("tbody tr")
    await expect(closed.filter(has_text="ETHUSDT")).to_have_count(1)
    assert (await visitor.ask("GET", "/api/positions?state=open"))["items"] == []
