"""The AI page: a question, its answer, and what was answered before."""

import re

from playwright.async_api import expect

from tests.dashboard.visitor import Visitor


async def test_an_analysis_is_asked_for_and_its_card_and_reasons_are_shown(
    visitor: Visitor,
) -> None:
    page = visitor.page
    await visitor.open("#/ai?symbol=BTCUSDT&timeframe=1h", "AI")
    await visitor.button("Analyze").click()
    card = (
        page.locator("section, article, div")
        .filter(has=page.get_by_role("heading", name="Signal", exact=True))
        .last
    )
    await expect(page.get_by_role("heading", name="Reasoning")).to_be_visible()
    [analysis] = (await visitor.ask("GET", "/api/ai/analyses"))["items"]
    await expect(page.locator(".signal-word-large")).to_have_text(analysis["signal"])
    await expect(page.locator(".reasoning")).to_have_text(analysis["reasoning"])
    await expect(card).to_be_visible()
    levels = page.locator(".signal-prices tbody tr")
    assert await levels.count() == (0 if analysis["suggested_entry"] is None else 3)

    earlier = page.get_by_role("region", name="Earlier analyses, newest first")
    await earlier.get_by_role("link", name=re.compile("BTCUSDT")).click()
    await expect(page).to_have_url(re.compile(f"#/analyses/{analysis['analysis_id']}"))
    await expect(page.locator(".reasoning")).to_have_text(analysis["reasoning"])


async def test_a_suggestion_fills_the_ticket_in_and_sends_nothing(visitor: Visitor) -> None:
    page = visitor.page
    # One of these has an entry, whichever way the markets went.
    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "ADAUSDT"):
        analysis = await visitor.ask("POST", "/api/ai/analyze", symbol=symbol, timeframe="1h")
        if analysis["suggested_entry"] is not None:
            break
    assert analysis["suggested_entry"] is not None
    await visitor.open(f"#/ai?symbol={symbol}&timeframe=1h", "AI")
    await page.get_by_role("link", name="Use in ticket").click()
    ticket = page.get_by_role("form", name=f"Order for {symbol}")
    await expect(ticket).to_contain_text("Filled in from an analysis")
    price = await ticket.get_by_label("Price", exact=True).input_value()
    assert float(price.replace(",", "")) == float(analysis["suggested_entry"])
    assert (await visitor.ask("GET", "/api/trades"))["items"] == []
