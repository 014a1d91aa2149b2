"""What an operator sees, and nobody else."""

import re

from playwright.async_api import expect

from tests.dashboard.visitor import Visitor, sign_in_as_operator
from tests.local_stack import LocalStack


async def test_an_operator_reaches_the_workflow_of_an_order(
    stranger: Visitor, stack: LocalStack
) -> None:
    await sign_in_as_operator(stranger)
    trade = await stranger.buy()
    await stranger.open("#/history", "History")
    row = stranger.page.locator("tr", has=stranger.page.locator(f"a[href*='{trade['trade_id']}']"))
    link = row.get_by_role("link", name="Workflow")
    address = await link.get_attribute("href")
    ui = stack.environment["BOTCORE_TEMPORAL_UI_URL"]
    assert address == f"{ui}/namespaces/default/workflows/{trade['workflow_id']}"
    # Temporal's own page says what became of it.
    async with stranger.page.expect_popup() as opened:
        await link.click()
    workflow = await opened.value
    await expect(workflow.get_by_text(trade["workflow_id"]).first).to_be_visible()
    await workflow.close()


async def test_an_operator_runs_the_archive_and_follows_it(stranger: Visitor) -> None:
    page = stranger.page
    await sign_in_as_operator(stranger)
    await page.get_by_role("link", name="Archives").first.click()
    await expect(page.get_by_role("heading", level=1, name="Archives")).to_be_visible()
    await expect(page.get_by_role("heading", name="Legal holds")).to_be_visible()
    card = page.locator(".card", has=page.get_by_role("heading", name="Archive now"))
    await card.get_by_role("button").last.click()
    await page.get_by_role("dialog").get_by_role("button").last.click()
    asked = page.locator(".card", has=page.get_by_role("heading", name="Asked for now"))
    await expect(asked.get_by_role("link", name="See its progress")).to_have_attribute(
        "href", re.compile("/namespaces/default/workflows/")
    )


async def test_nobody_else_sees_archives_or_workflows(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.buy()
    await visitor.open("#/history", "History")
    await expect(page.get_by_role("link", name="BTCUSDT")).to_be_visible()
    await expect(page.get_by_role("link", name="Workflow")).to_have_count(0)
    await expect(page.get_by_role("link", name="Archives")).to_have_count(0)
    await page.evaluate("location.hash = '#/archives'")
    await expect(page.get_by_text("For operators only")).to_be_visible()
