"""The market page, and the order ticket on it."""

import re

from playwright.async_api import expect

from tests.dashboard.visitor import Visitor


async def test_every_price_of_the_watch_list_is_live_and_moves(visitor: Visitor) -> None:
    await visitor.open("#/market/BTCUSDT", "BTC")
    rows = visitor.page.locator(".watch-table tbody tr")
    assert await rows.count() >= 8
    await expect(visitor.page.locator(".connection")).to_have_text("Live")
    # Known and not stale, each of them.
    await visitor.page.wait_for_function(
        """() => [...document.querySelectorAll(".watch-price")].every((cell) =>
             /[0-9]/.test(cell.innerText) && !cell.querySelector(".stale"))"""
    )
    price = visitor.page.locator(".symbol-last")
    before = await price.inner_text()
    await expect(price).not_to_have_text(before)


async def test_another_symbol_is_found_and_chosen_by_keyboard(visitor: Visitor) -> None:
    await visitor.open("#/market/BTCUSDT", "BTC")
    search = visitor.page.get_by_label("Search symbols")
    await search.fill("eth")
    await search.press("ArrowDown")
    await expect(visitor.page).to_have_url(re.compile("#/market/ETH"))
    await expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("ETH")
    await search.fill("nothing like it")
    await expect(visitor.page.get_by_text("No symbol has")).to_be_visible()


async def test_the_chart_shows_candles_of_the_chosen_timeframe(visitor: Visitor) -> None:
    await visitor.open("#/market/BTCUSDT", "BTC")
    async with visitor.page.expect_response(
        lambda answer: "/api/market/candles/BTCUSDT/15m" in answer.url
    ) as asked:
        await visitor.choice("15m").click()
    assert (await (await asked.value).json())["items"]
    await expect(visitor.page.locator(".chart-card canvas").first).to_be_visible()


async def test_a_market_order_is_placed_by_keyboard_and_filled(visitor: Visitor) -> None:
    await visitor.open("#/market/BTCUSDT", "BTC")
    ticket = visitor.page.get_by_role("form", name="Order for BTCUSDT")
    await ticket.get_by_label("Quantity", exact=True).fill("0.002")
    # The whole of the order is told before it is sent.
    await expect(ticket.locator(".ticket-summary")).to_contain_text(re.compile(r"Cost\s*[\d,.]+"))
    await ticket.get_by_label("Quantity", exact=True).press("Enter")
    await expect(ticket.get_by_role("status").filter(has_text="Bought")).to_contain_text(
        re.compile(r"Bought 0\.002 BTC at [\d,.]+")
    )
    [trade] = (await visitor.ask("GET", "/api/trades"))["items"]
    assert (trade["status"], str(trade["executed_quantity"])) == ("FILLED", "0.002")
    await ticket.get_by_role("link", name="See the trade").click()
    await expect(visitor.page).to_have_url(re.compile(f"#/trades/{trade['trade_id']}"))
    await expect(visitor.page.get_by_role("main")).to_contain_text(
        re.compile("filled", re.IGNORECASE)
    )


async def test_an_order_beyond_the_limits_is_refused_with_the_reason_of_the_api(
    visitor: Visitor,
) -> None:
    visitor.expect_complaint(r"status of 4\d\d .*/api/trades/execute")
    await visitor.open("#/market/BTCUSDT", "BTC")
    ticket = visitor.page.get_by_role("form", name="Order for BTCUSDT")
    await ticket.get_by_label("Quantity", exact=True).fill("0.01")
    await expect(ticket.get_by_role("progressbar")).to_be_visible()
    # The ticket cannot know: on another device the limit has become smaller just now.
    limits = await visitor.ask("GET", "/api/risk/limits")
    await visitor.ask("PUT", "/api/risk/limits", **limits | {"max_order_notional_quote": 60})
    await ticket.get_by_label("Quantity", exact=True).press("Enter")
    refusal = ticket.get_by_role("status").filter(has_text="Nothing was ordered.")
    await expect(refusal).to_contain_text("RISK_LIMIT_EXCEEDED")
    await expect(refusal).to_contain_text("the limit is 60")
    assert all(
        trade["status"] == "REJECTED"
        for trade in (await visitor.ask("GET", "/api/trades"))["items"]
    )


async def test_an_order_that_cannot_be_is_not_sent(visitor: Visitor) -> None:
    await visitor.open("#/market/BTCUSDT", "BTC")
    ticket = visitor.page.get_by_role("form", name="Order for BTCUSDT")
    quantity = ticket.get_by_label("Quantity", exact=True)
    for text in ("0.0000001", "1000", "-1", "some"):
        await quantity.fill(text)
        await quantity.press("Enter")
        await expect(quantity).to_have_attribute("aria-invalid", "true")
        await expect(quantity).to_be_focused()
    assert (await visitor.ask("GET", "/api/trades"))["items"] == []
