"""What one is told, and what was done in one's name."""

import re

from playwright.async_api import expect

from tests.dashboard.visitor import Visitor
from tests.receivers import HttpReceiver, eventually


async def test_a_filled_order_is_listed_and_marked_as_read(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.buy("BTCUSDT")
    await visitor.open("#/notifications", "Notifications")
    # The event's way leads over RabbitMQ; the list says that there is something newer.
    entry = page.locator(".log-unread", has_text="BTCUSDT")
    await expect(entry.or_(visitor.button("Show what is new")).first).to_be_visible()
    if not await entry.count():
        await visitor.button("Show what is new").click()
    await expect(entry).to_contain_text("New")
    await entry.get_by_role("button", name="Mark as read").click()
    await expect(entry).to_have_count(0)
    listed = (await visitor.ask("GET", "/api/notifications"))["items"]
    assert [one["read_at"] is None for one in listed if one["event"] == "trade.executed"] == [False]


async def test_what_one_is_told_of_is_chosen(visitor: Visitor) -> None:
    page = visitor.page
    before = (await visitor.ask("GET", "/api/notifications/settings"))["events"]
    assert "trade.failed" in before
    await visitor.open("#/notifications/settings", "Notifications")
    await page.get_by_label("An order failed").uncheck()
    told = page.locator("form", has=page.get_by_label("An order failed"))
    await told.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved what you are told of")).to_be_visible()
    after = (await visitor.ask("GET", "/api/notifications/settings"))["events"]
    assert set(before) - set(after) == {"trade.failed"}
    await page.reload()
    await expect(page.get_by_label("An order failed")).not_to_be_checked()


async def test_a_webhook_is_added_and_takes_a_test(
    visitor: Visitor, http_receiver: HttpReceiver
) -> None:
    page = visitor.page
    await visitor.open("#/notifications/settings", "Notifications")
    await visitor.button("Add a target").click()
    dialog = page.get_by_role("dialog", name="Add a target")
    await dialog.get_by_label("Kind").select_option("webhook")
    await dialog.get_by_label("Name").fill("mine")
    await dialog.get_by_label("Address").fill(http_receiver.url)
    await dialog.get_by_role("button").last.click()
    # Its secret is shown once.
    shown = page.get_by_role("dialog")
    await expect(shown.get_by_label("Signing secret")).to_have_value(re.compile("^whsec_"))
    await page.keyboard.press("Escape")
    await visitor.button("Send a test to mine").click()
    await expect(page.get_by_text("mine has taken the test")).to_be_visible()
    await eventually(lambda: len(http_receiver.received) == 1)


async def test_activity_lists_what_was_done_and_from_where(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.ask("PUT", "/api/risk/trading-state", state="HALTED", reason="Lunch")
    await visitor.open("#/activity", "Activity")
    log = page.locator(".log-words")
    await expect(log.filter(has_text="Account created")).to_be_visible()
    await expect(log.filter(has_text="Trading halted")).to_be_visible()
    await expect(page.locator(".log-origin").first).to_contain_text("127.0.0.1")
    await page.get_by_label("Kind").select_option("trading_halted")
    await expect(log).to_have_count(1)
