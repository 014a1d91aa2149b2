"""The risk page: limits, and the switch that stops everything."""

import re

from playwright.async_api import expect

from tests.dashboard.visitor import Visitor


async def test_a_limit_is_changed_and_says_what_it_becomes(visitor: Visitor) -> None:
    await visitor.open("#/risk", "Risk")
    field = visitor.page.get_by_label("Worth of one order")
    await field.fill("1234.5")
    await expect(visitor.page.get_by_text("Will change")).to_be_visible()
    await visitor.button("Save limits").click()
    await expect(visitor.page.get_by_role("status").filter(has_text="Saved")).to_contain_text(
        "1,234.5"
    )
    limits = await visitor.ask("GET", "/api/risk/limits")
    assert str(limits["max_order_notional_quote"]) == "1234.5"
    await visitor.page.reload()
    await expect(field).to_have_value("1234.5")


async def test_a_limit_that_is_none_is_not_sent(visitor: Visitor) -> None:
    await visitor.open("#/risk", "Risk")
    field = visitor.page.get_by_label("Worth of one order")
    await field.fill("plenty")
    await expect(field).to_have_attribute("aria-invalid", "true")
    before = await visitor.ask("GET", "/api/risk/limits")
    await visitor.button("Save limits").click()
    await expect(field).to_be_focused()
    assert await visitor.ask("GET", "/api/risk/limits") == before


async def test_the_kill_switch_asks_once_and_then_nothing_can_be_sent(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.open("#/risk", "Risk")
    await visitor.button("Halt trading").first.click()
    dialog = page.get_by_role("dialog", name="Halt trading?")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    assert (await visitor.ask("GET", "/api/risk/trading-state"))["state"] == "ACTIVE"

    await visitor.button("Halt trading").first.click()
    await dialog.get_by_label("Reason (optional)").fill("Lunch")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Trading is halted.")).to_be_visible()
    state = await visitor.ask("GET", "/api/risk/trading-state")
    assert (state["state"], state["reason"]) == ("HALTED", "Lunch")

    await visitor.open("#/market/BTCUSDT", "BTC")
    ticket = page.get_by_role("form", name="Order for BTCUSDT")
    await ticket.get_by_label("Quantity", exact=True).fill("0.001")
    await expect(ticket.get_by_role("button", name="Buy BTC")).to_be_disabled()
    await expect(ticket).to_contain_text("Trading is halted")
    await ticket.get_by_label("Quantity", exact=True).press("Enter")

    await visitor.open("#/risk", "Risk")
    await visitor.button("Resume trading").click()
    await page.get_by_role("dialog").get_by_role("button", name="Resume trading").click()
    await expect(page.get_by_text("Trading is halted.")).to_have_count(0)
    assert (await visitor.ask("GET", "/api/trades"))["items"] == []


async def test_an_account_that_another_device_halted_is_shown_so(visitor: Visitor) -> None:
    await visitor.ask("PUT", "/api/risk/trading-state", state="HALTED", reason="")
    await visitor.open("#/market/BTCUSDT", "BTC")
    await expect(visitor.page.get_by_text("Trading is halted.", exact=True)).to_be_visible()
    await expect(visitor.page.get_by_role("button", name=re.compile("^Buy"))).to_be_disabled()
