"""From the address to a watch list with live prices, with nothing in the browser's cache."""

from playwright.async_api import Browser

from bench.chromium import chromium
from bench.report import Report, percentile
from bench.system import System, private_system
from bench.visitor import Visitor, register

VISITS = 20
GOAL_MS = 1_500
_WITHIN_MS = 30_000

# Looked at once a frame: when the browser has painted, and when every price is known and live.
_WATCH = """
window.seen = new Promise((told) => {
    const look = () => {
        const prices = [...document.querySelectorAll(".watch-price")];
        const isThere = prices.length > 0 && prices.every((cell) =>
            /[0-9]/.test(cell.textContent) && !cell.querySelector(".stale"));
        if (!isThere) return requestAnimationFrame(look);
        // It is on the screen once the next frame begins.
        requestAnimationFrame(() => told(performance.now()));
    };
    look();
});
"""
_FIRST_PAINT = """() => new Promise((told) => {
    const name = "first-contentful-paint";
    new PerformanceObserver((list, observer) => {
        const [entry] = list.getEntriesByName(name);
        if (!entry) return;
        observer.disconnect();
        told(entry.startTime);
    }).observe({ type: "paint", buffered: true });
})"""


async def measure_first_paint(report: Report) -> None:
    """Visit again and again, each time as if for the first time."""
    with private_system() as system:
        async with chromium() as browser:
            await _visit(browser, system)  # a browser's own first page is slower
            paints_ms, prices_ms = zip(
                *[await _visit(browser, system) for _ in range(VISITS)], strict=True
            )
            empty_ms = [await _empty(browser, system) for _ in range(VISITS)]
    report.row("address to live prices of the watch list, cold cache", prices_ms)
    report.row("of which until the first paint with contents", paints_ms)
    report.row("yardstick: the first paint of GET /livez", empty_ms)
    for percent in (50, 95):
        value = percentile(prices_ms, percent)
        name = f"first paint with data p{percent}"
        report.goal(name, f"< {GOAL_MS} ms", value, met=value < GOAL_MS)


async def _visit(browser: Browser, system: System) -> tuple[float, float]:
    visitor = await _newcomer(browser, system)
    async with visitor.context:
        page = await visitor.context.new_page()
        page.set_default_timeout(_WITHIN_MS)
        await page.add_init_script(_WATCH)
        await page.goto(f"{system.api_url}/", wait_until="commit")
        prices_ms: float = await page.evaluate("() => window.seen")
        paint_ms: float = await page.evaluate(_FIRST_PAINT)
        return paint_ms, prices_ms


async def _newcomer(browser: Browser, system: System) -> Visitor:
    """Return somebody signed in, in a context whose cache is empty."""
    return await register(browser, system.api_url, viewport={"width": 1440, "height": 900})


async def _empty(browser: Browser, system: System) -> float:
    async with await browser.new_context() as context:
        page = await context.new_page()
        await page.goto(f"{system.api_url}/livez", wait_until="commit")
        paint_ms: float = await page.evaluate(_FIRST_PAINT)
        return paint_ms
