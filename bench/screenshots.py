"""`python -m bench.screenshots`: docs/screenshots of every page, light and dark.

On a private stack in which somebody has traded a little.
"""

import asyncio
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page

from bench.chromium import chromium
from bench.system import System, private_system
from bench.visitor import Visitor, register, sign_in
from workers.tour.steps import PASSWORD

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
OPERATOR_EMAIL = "operator@example.com"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# Buys and sells of the paper session, in its quote asset.
PAPER_TRADES = (
    ("BTCUSDT", "BUY", 2500),
    ("ETHUSDT", "BUY", 1500),
    ("ETHUSDT", "SELL", 700),
    ("SOLUSDT", "BUY", 1200),
    ("BTCUSDT", "SELL", 900),
    ("SOLUSDT", "SELL", 500),
    ("BTCUSDT", "BUY", 800),
)
# A curve has a shape once the market has moved between its trades.
PAPER_PAUSE_S = 4.0
# Prices and charts move; what is taken is a page on which all is there.
_IS_COMPLETE = """() => !document.querySelector(".skeleton, [aria-busy=true], .unknown-page")
    && document.querySelector("h1")
    && !document.querySelector(".stale, .stale-word")
    && [...document.querySelectorAll("td.watch-spark")].every((cell) => {
        if (cell.offsetParent === null) return true;
        const drawn = cell.querySelector("canvas");
        return drawn && drawn.getContext("2d")
            .getImageData(0, 0, drawn.width, drawn.height).data.some((each) => each > 0);
    })"""
_COMPLETE_WITHIN_MS = 15_000


async def trade(visitor: Visitor) -> None:
    """Leave positions, closed ones too, and an order that rests."""
    for symbol, worth in (("BTCUSDT", 900), ("ETHUSDT", 600), ("SOLUSDT", 350), ("LINKUSDT", 200)):
        await order(visitor, symbol=symbol, side="BUY", type="MARKET", quote_quantity=worth)
    for position in (await visitor.ask("GET", "/api/positions?state=open"))["items"]:
        if position["symbol"] == "LINKUSDT":
            await visitor.ask("POST", f"/api/positions/{position['position_id']}/close")
    await order(visitor, symbol="ETHUSDT", side="SELL", type="MARKET", quote_quantity=150)
    quote = await visitor.ask("GET", "/api/market/prices/BTCUSDT")
    below = round(float(quote["bid"]) * 0.997, 1)
    await order(visitor, symbol="BTCUSDT", side="BUY", type="LIMIT", quantity=0.01, price=below)


async def order(visitor: Visitor, **wanted: str | float) -> str:
    """Place one order; return its id."""
    answer = await visitor.ask("POST", "/api/trades/execute", **wanted)
    return str(answer["trade_id"])


async def trade_on_paper(visitor: Visitor) -> str:
    """Leave a session with a curve; return its id."""
    session = await visitor.ask("POST", "/api/paper-trading/start", name="Trend, tight stops")
    session_id = str(session["session_id"])
    for symbol, side, worth in PAPER_TRADES:
        await visitor.ask(
            "POST",
            "/api/paper-trading/execute",
            session_id=session_id,
            symbol=symbol,
            side=side,
            type="MARKET",
            quote_quantity=worth,
        )
        # Time itself is what this waits for.
        await asyncio.sleep(PAPER_PAUSE_S)
    return session_id


async def analyze(visitor: Visitor) -> str:
    """Ask for some analyses; return the symbol of one that suggests something."""
    telling = "BTCUSDT"
    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT"):
        answer = await visitor.ask("POST", "/api/ai/analyze", symbol=symbol, timeframe="1h")
        if answer["suggested_entry"] is not None:
            telling = symbol
    return telling


async def photograph(page: Page, place: str, name: str) -> None:
    """Take one page as it looks once everything on it is there, in both themes."""
    await page.evaluate("place => { location.hash = place }", place)
    for theme in THEMES:
        await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        await page.wait_for_function(_IS_COMPLETE, timeout=_COMPLETE_WITHIN_MS)
        await page.evaluate("() => document.fonts.ready")
        path = FOLDER / f"{name}-{theme}.png"
        await page.screenshot(path=path, animations="disabled")
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


async def opened(visitor: Visitor) -> Page:
    """Open the dashboard and wait for its first prices."""
    page = await visitor.context.new_page()
    await page.goto(f"{visitor.base_url}/#/market/BTCUSDT")
    await page.wait_for_selector(".watch-price")
    return page


async def photograph_all(browser: Browser, system: System) -> None:
    """Live a little, then take every page."""
    ada = await register(browser, system.api_url, viewport=DESK)
    await trade(ada)
    session_id, symbol = await trade_on_paper(ada), await analyze(ada)
    [newest, *_] = (await ada.ask("GET", "/api/trades?status=FILLED"))["items"]
    page = await opened(ada)
    places = {
        "market": "#/market/BTCUSDT",
        "positions": "#/positions",
        "paper": "#/paper",
        "paper-session": f"#/paper/{session_id}",
        "ai": f"#/ai?symbol={symbol}&timeframe=1h",
        "history": "#/history",
        "trade": f"#/trades/{newest['trade_id']}",
        "notifications": "#/notifications",
        "notification-settings": "#/notifications/settings",
        "activity": "#/activity",
        "risk": "#/risk",
        "settings": "#/settings",
    }
    for name, place in places.items():
        await photograph(page, place, name)
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a ViewportSize
    await photograph(page, places["market"], "market-phone")
    operator = await sign_in(browser, system.api_url, OPERATOR_EMAIL, PASSWORD, viewport=DESK)
    await photograph(await opened(operator), "#/archives", "archives")


async def main() -> None:
    """Take them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with private_system() as system:
        async with chromium() as browser:
            await photograph_all(browser, system)


if __name__ == "__main__":
    asyncio.run(main())
