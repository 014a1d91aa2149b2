"""What the page shows while its live connection is cut, and how it catches up."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from playwright.async_api import expect

from tests.dashboard.visitor import Visitor
from tests.local_stack import LocalStack

_UNREACHABLE = "WebSocket connection to .* failed"
# Whether any price of the watch list looks as if it were live.
_NOTHING_LOOKS_LIVE = """() => [...document.querySelectorAll(
    ".watch-price .figures, .symbol-last .figures")].every((price) =>
        price.classList.contains("stale"))"""
_ALL_LOOK_LIVE = """() => [...document.querySelectorAll(
    ".watch-price .figures, .symbol-last .figures")].every((price) =>
        /[0-9]/.test(price.innerText) && !price.classList.contains("stale"))"""


def gateway(stack: LocalStack) -> psutil.Process:
    [process] = [one for one in stack.family() if "workers.gateway" in one.cmdline()]
    return process


@contextmanager
def silent(process: psutil.Process) -> Iterator[None]:
    """Keep a process from doing anything; its connections stay as they are."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


async def test_a_killed_gateway_is_told_at_once_and_made_up_for(
    visitor: Visitor, stack: LocalStack
) -> None:
    visitor.expect_complaint(_UNREACHABLE)
    page = visitor.page
    await visitor.open("#/market/BTCUSDT", "BTC")
    await page.wait_for_function(_ALL_LOOK_LIVE)
    # What is shown is looked at in one turn with the word: never one without the other.
    await page.evaluate(
        f"""() => {{
            const looksLive = {_NOTHING_LOOKS_LIVE};
            window.cut = new Promise((told) => {{
                const look = () => {{
                    const word = document.querySelector(".connection").innerText;
                    if (word.includes("Not live")) told([performance.now(), looksLive()]);
                    else requestAnimationFrame(look);
                }};
                look();
            }});
        }}"""
    )
    gateway(stack).kill()
    killed_at = await page.evaluate("performance.now()")
    told_at, nothing_looks_live = await page.evaluate("window.cut")
    assert nothing_looks_live
    assert told_at - killed_at < 1_000
    trade = await visitor.buy()

    await expect(page.locator(".connection")).to_have_text("Live")
    await page.wait_for_function(_ALL_LOOK_LIVE)
    # The order that was placed meanwhile: heard of over the connection that came back.
    await expect(page.locator(".toasts")).to_contain_text("BUY BTCUSDT: filled")
    await visitor.open("#/history", "History")
    rows = page.get_by_role("region", name="Trades, newest first").locator("tbody tr")
    await expect(rows).to_have_count(1)
    await expect(rows.get_by_role("link", name="BTCUSDT")).to_have_attribute(
        "href", f"#/trades/{trade['trade_id']}"
    )


async def test_a_gateway_that_falls_silent_is_noticed_and_its_prices_are_old(
    visitor: Visitor, stack: LocalStack
) -> None:
    visitor.expect_complaint(_UNREACHABLE)
    page = visitor.page
    await visitor.open("#/market/BTCUSDT", "BTC")
    await page.wait_for_function(_ALL_LOOK_LIVE)
    with silent(gateway(stack)):
        await page.wait_for_function(_NOTHING_LOOKS_LIVE)
        await expect(page.locator(".connection")).to_have_text("Not live")
        await expect(page.get_by_text("The live connection is gone.")).to_be_visible()
        trade = await visitor.rest_order()
    await expect(page.locator(".connection")).to_have_text("Live")
    await expect(page.get_by_text("The live connection is gone.")).to_have_count(0)
    await page.wait_for_function(_ALL_LOOK_LIVE)
    await visitor.open("#/positions", "Positions")
    orders = page.get_by_role("region", name="Open orders")
    await expect(orders.locator(f"a[href='#/trades/{trade['trade_id']}']")).to_be_visible()
