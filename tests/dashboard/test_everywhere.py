"""What holds on every page: nothing that axe finds serious, nothing that scrolls sideways."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.dashboard.visitor import Visitor, sign_in_as_operator
from tests.local_stack import REPOSITORY

AXE = REPOSITORY / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
# Colours are all that another theme changes.
RULES_OF = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
                                        "best-practice"]},
    "dark": {"type": "rule", "values": ["color-contrast"]},
}  # fmt: skip


async def places(visitor: Visitor) -> dict[str, str]:
    """Give somebody a life, and return every page with something on it."""
    await visitor.buy("BTCUSDT", 200)
    filled = await visitor.buy("ETHUSDT", 50)
    await visitor.rest_order()
    session = await visitor.ask("POST", "/api/paper-trading/start", name="A first try")
    await visitor.ask(
        "POST",
        "/api/paper-trading/execute",
        session_id=session["session_id"],
        symbol="BTCUSDT",
        side="BUY",
        type="MARKET",
        quote_quantity=500,
    )
    analysis = await visitor.ask("POST", "/api/ai/analyze", symbol="BTCUSDT", timeframe="15m")
    return {
        "market": "#/market/BTCUSDT",
        "positions": "#/positions",
        "paper": "#/paper",
        "a paper session": f"#/paper/{session['session_id']}",
        "ai": "#/ai?symbol=BTCUSDT&timeframe=15m",
        "an analysis": f"#/analyses/{analysis['analysis_id']}",
        "history": "#/history",
        "a trade": f"#/trades/{filled['trade_id']}",
        "notifications": "#/notifications",
        "notification settings": "#/notifications/settings",
        "deliveries": "#/notifications/deliveries",
        "activity": "#/activity",
        "risk": "#/risk",
        "settings": "#/settings",
    }


async def settle(visitor: Visitor) -> None:
    """Wait until nothing of a page is being loaded."""
    await expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    await expect(visitor.page.locator(".skeleton, [aria-busy=true]")).to_have_count(0)
    await visitor.page.evaluate("() => document.fonts.ready")


async def violations(visitor: Visitor, theme: str) -> list[str]:
    found: dict[str, Any] = await visitor.page.evaluate(
        "(runOnly) => axe.run(document, { runOnly, resultTypes: ['violations'] })",
        RULES_OF[theme],
    )
    # It has looked at something.
    assert found["passes"], theme
    return [
        f"{one['impact']} {one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


async def judge(visitor: Visitor, everywhere: dict[str, str]) -> dict[str, list[str]]:
    """Return what is serious, by page and theme."""
    page = visitor.page
    await page.evaluate(AXE.read_text())
    found: dict[str, list[str]] = {}
    for name, place in everywhere.items():
        await visitor.open(place)
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme=theme)
            await settle(visitor)
            found[f"{name}, {theme}"] = await violations(visitor, theme)
    return {where: what for where, what in found.items() if what}


async def too_wide(visitor: Visitor, everywhere: dict[str, str]) -> dict[str, int]:
    """Return the width of each page that is wider than the screen; a card may scroll inside."""
    await visitor.page.set_viewport_size({"width": 360, "height": 740})
    widths: dict[str, int] = {}
    for name, place in everywhere.items():
        await visitor.open(place)
        await settle(visitor)
        widths[name] = await visitor.page.evaluate("document.scrollingElement.scrollWidth")
    return {name: width for name, width in widths.items() if width > 360}


@pytest.mark.timeout(240)
async def test_every_page_is_for_everybody_and_for_small_screens(visitor: Visitor) -> None:
    everywhere = await places(visitor)
    await visitor.open()
    assert await judge(visitor, everywhere) == {}
    assert await too_wide(visitor, everywhere) == {}


async def test_so_are_the_pages_of_an_operator(stranger: Visitor) -> None:
    await sign_in_as_operator(stranger)
    # With links to workflows in them.
    everywhere = {"archives": "#/archives", "history": "#/history", "positions": "#/positions"}
    assert await judge(stranger, everywhere) == {}
    assert await too_wide(stranger, everywhere) == {}


async def test_so_is_the_way_in(stranger: Visitor) -> None:
    page = stranger.page
    await page.goto(stranger.base_url)
    await expect(stranger.button("Sign in")).to_be_visible()
    await page.evaluate(AXE.read_text())
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme)
        assert await violations(stranger, theme) == []
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate("document.scrollingElement.scrollWidth") <= 360


async def test_axe_finds_what_is_wrong(visitor: Visitor) -> None:
    """The tests above would be content with anything otherwise."""
    await visitor.open()
    await visitor.page.evaluate(AXE.read_text())
    await visitor.page.evaluate(
        "document.querySelector('h1').append(document.createElement('button'))"
    )
    assert any("button-name" in one for one in await violations(visitor, "light"))
