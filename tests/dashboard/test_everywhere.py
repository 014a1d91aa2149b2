"""What holds on every page: nothing that axe finds serious, nothing that scrolls sideways."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.dashboard.visitor import Visitor
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
    return [
        f"{one['impact']} {one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


@pytest.mark.timeout(240)
async def test_axe_finds_nothing_serious_on_any_page_in_light_and_dark(visitor: Visitor) -> None:
    everywhere = await places(visitor)
    page = visitor.page
    await visitor.open()
    await page.evaluate(AXE.read_text())
    found: dict[str, list[str]] = {}
    for name, place in everywhere.items():
        await visitor.open(place)
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme=theme)
            await settle(visitor)
            found[f"{name}, {theme}"] = await violations(visitor, theme)
    assert {where: what for where, what in found.items() if what} == {}


async def test_axe_finds_nothing_serious_where_one_signs_in(stranger: Visitor) -> None:
    page = stranger.page
    await page.goto(stranger.base_url)
    await expect(stranger.button("Sign in")).to_be_visible()
    await page.evaluate(AXE.read_text())
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme)
        assert await violations(stranger, theme) == []


@pytest.mark.timeout(240)
async def test_no_page_scrolls_sideways_on_a_small_screen(visitor: Visitor) -> None:
    everywhere = await places(visitor)
    await visitor.page.set_viewport_size({"width": 360, "height": 740})
    wider: dict[str, int] = {}
    for name, place in everywhere.items():
        await visitor.open(place)
        await settle(visitor)
        # The page itself; a table scrolls inside its card.
        width = await visitor.page.evaluate("document.scrollingElement.scrollWidth")
        if width > 360:
            wider[name] = width
    assert wider == {}
