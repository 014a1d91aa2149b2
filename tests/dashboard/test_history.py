"""History: what was ordered, narrowed down, and taken away as a file."""

import csv
import re
from decimal import Decimal

from playwright.async_api import expect

from tests.dashboard.visitor import Visitor


async def test_filters_narrow_the_list_and_stand_in_the_address(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.buy("BTCUSDT")
    await visitor.buy("ETHUSDT")
    await visitor.rest_order("BTCUSDT")
    await visitor.open("#/history", "History")
    rows = page.get_by_role("region", name="Trades, newest first").locator("tbody tr")
    await expect(rows).to_have_count(3)
    await page.get_by_label("Symbol").select_option("BTCUSDT")
    await expect(rows).to_have_count(2)
    await page.get_by_label("Status").select_option("FILLED")
    await expect(rows).to_have_count(1)
    await expect(page).to_have_url(re.compile("symbol=BTCUSDT"))
    await page.reload()
    await expect(rows).to_have_count(1)
    await page.get_by_label("Symbol").select_option("SOLUSDT")
    await expect(page.get_by_text("No trade matches")).to_be_visible()
    await visitor.button("Clear").click()
    await expect(rows).to_have_count(3)


async def test_the_file_has_every_trade_with_every_digit(visitor: Visitor) -> None:
    page = visitor.page
    trades = [await visitor.buy("BTCUSDT"), await visitor.buy("ETHUSDT")]
    await visitor.open("#/history", "History")
    await visitor.button("Export CSV").click()
    async with page.expect_download() as started:
        await page.get_by_role("dialog").get_by_role("button", name="Download").click()
    download = await started.value
    assert download.suggested_filename.endswith(".csv")
    path = await download.path()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    by_id = {row["trade_id"]: row for row in rows}
    assert set(by_id) == {trade["trade_id"] for trade in trades}
    for trade in trades:
        row = by_id[trade["trade_id"]]
        assert row["symbol"] == trade["symbol"]
        assert Decimal(row["executed_quantity"]) == trade["executed_quantity"]
        assert Decimal(row["executed_price"]) == trade["executed_price"]


async def test_a_trade_that_fills_meanwhile_appears_by_itself(visitor: Visitor) -> None:
    await visitor.open("#/history", "History")
    await expect(visitor.page.get_by_text("No trades yet")).to_be_visible()
    await visitor.buy("BTCUSDT")
    rows = visitor.page.get_by_role("region", name="Trades, newest first").locator("tbody tr")
    await expect(rows).to_have_count(1)
