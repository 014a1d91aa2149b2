"""Paper sessions: started, traded in, forked."""

import re

from playwright.async_api import expect

from tests.dashboard.visitor import Visitor


async def test_a_session_is_started_traded_and_forked(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.open("#/paper", "Paper")
    await visitor.button("Start a session").click()
    dialog = page.get_by_role("dialog", name="Start a paper session")
    await dialog.get_by_label("Name").fill("Trend, tight stops")
    await dialog.get_by_label("Initial balance").fill("5000")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Trend, tight stops")).to_be_visible()

    order = page.locator("form", has=page.get_by_role("button", name=re.compile("paper money")))
    await order.locator("label.segment", has_text="USDT").click()
    await order.get_by_label("Amount", exact=True).fill("100")
    await page.keyboard.press("Enter")
    await expect(order.get_by_role("status").filter(has_text="FILLED")).to_be_visible()

    trades = page.get_by_role("region", name=re.compile("^Trades of this paper session"))
    await expect(trades.get_by_role("row").filter(has_text="BTCUSDT")).to_be_visible()
    [session] = (await visitor.ask("GET", "/api/paper-trading/sessions"))["items"]
    assert str(session["initial_balance"]) == "5000"
    portfolio = await visitor.ask("GET", f"/api/paper-trading/sessions/{session['session_id']}")
    assert [each["symbol"] for each in portfolio["positions"]] == ["BTCUSDT"]
    # Paper money only: the account at the venue knows nothing of it.
    assert (await visitor.ask("GET", "/api/trades"))["items"] == []

    await page.get_by_role("button", name=re.compile("^Fork from here")).click()
    fork = page.get_by_role("dialog")
    await fork.get_by_role("button", name=re.compile("^Fork")).last.click()
    await expect(page).not_to_have_url(re.compile(session["session_id"]))
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert len((await visitor.ask("GET", "/api/paper-trading/sessions"))["items"]) == 2


async def test_a_stopped_session_takes_no_orders(visitor: Visitor) -> None:
    session = await visitor.ask("POST", "/api/paper-trading/start", name="Short-lived")
    page = visitor.page
    await visitor.open(f"#/paper/{session['session_id']}", "Short-lived")
    await visitor.button("Stop").click()
    await page.get_by_role("dialog").get_by_role("button", name="Stop session").click()
    await expect(page.get_by_text("This session has ended and is read-only.")).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile("paper money"))).to_have_count(0)
