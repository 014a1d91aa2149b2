"""Somebody who is registered and looks at the dashboard in a browser of their own."""

import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, expect

from adapters.exact_json import load
from bench.visitor import REMEMBER_SIGNED_IN
from tests.local_stack import LocalStack

PASSWORD = "tremendous-7"
OPERATOR = ("operator@example.com", "botcore-demo")
# Processes share two cores here; what is awaited comes much sooner elsewhere.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Visitor:
    """A person, their page, and what the page complained of."""

    base_url: str
    page: Page
    email: str
    token: str
    http: httpx.AsyncClient
    complaints: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)

    def expect_complaint(self, pattern: str) -> None:
        """Expect something on the console, as where the API refuses what a test does."""
        self._expected.append(pattern)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def unexpected(self) -> list[str]:
        return [
            said
            for said in self.complaints
            if not any(re.search(one, said) for one in self._expected)
        ]

    async def open(self, place: str = "#/market/BTCUSDT", heading: str | None = None) -> None:
        """Go to a place of the dashboard and wait until its page is there."""
        if self.page.url.startswith(self.base_url):
            await self.page.evaluate("place => { location.hash = place }", place)
        else:
            await self.page.goto(f"{self.base_url}/{place}")
        level_one = self.page.get_by_role("heading", level=1)
        await expect(level_one.filter(has_text=heading) if heading else level_one).to_be_visible()

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str))

    def choice(self, name: str) -> Locator:
        """Return the visible part of a choice, whose radio button itself is hidden."""
        return self.page.locator("label.segment", has_text=re.compile(rf"^{re.escape(name)}$"))

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        """Call the API as this person, beside the page."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await self.http.request(method, path, json=body or None, headers=headers)
        assert answer.is_success, answer.text
        return load(answer.content) if answer.content else None

    async def buy(self, symbol: str = "BTCUSDT", worth: int = 50) -> dict[str, Any]:
        """Buy at the market beside the page."""
        trade: dict[str, Any] = await self.ask(
            "POST",
            "/api/trades/execute",
            symbol=symbol,
            side="BUY",
            type="MARKET",
            quote_quantity=worth,
        )
        assert trade["status"] == "FILLED", trade
        return trade

    async def rest_order(self, symbol: str = "BTCUSDT") -> dict[str, Any]:
        """Place a limit order that waits some percent below the market."""
        quote = await self.ask("GET", f"/api/market/prices/{symbol}")
        trade: dict[str, Any] = await self.ask(
            "POST",
            "/api/trades/execute",
            symbol=symbol,
            side="BUY",
            type="LIMIT",
            quantity=0.001,
            price=round(float(quote["bid"]) * 0.97, 1),
        )
        assert trade["status"] == "NEW", trade
        return trade


@asynccontextmanager
async def visiting(
    browser: Browser, stack: LocalStack, **context_options: Any
) -> AsyncIterator[Visitor]:
    """Open a browser window of a new person; what its page complains of fails the test."""
    base_url = f"http://127.0.0.1:{stack.api_port}"
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, accept_downloads=True, **context_options
    )
    async with context, httpx.AsyncClient(base_url=base_url, timeout=30, trust_env=False) as http:
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        visitor = Visitor(base_url, page, f"{secrets.token_hex(6)}@example.com", "", http)
        page.on("console", visitor.hear)
        page.on("pageerror", lambda error: visitor.complaints.append(f"page error: {error}"))
        yield visitor
        unexpected = visitor.unexpected()
        assert not unexpected, unexpected


async def enter(visitor: Visitor) -> None:
    """Register, with the refresh token in the browser's cookie: the page finds it there."""
    answer = await visitor.page.context.request.post(
        f"{visitor.base_url}/api/auth/register",
        data={
            "email": visitor.email,
            "password": PASSWORD,
            "full_name": "Ada Visitor",
            "refresh_in": "cookie",
        },
    )
    assert answer.status == 201, await answer.text()
    visitor.token = (await answer.json())["token"]
    await visitor.page.context.add_init_script(REMEMBER_SIGNED_IN)


async def sign_in_as_operator(visitor: Visitor) -> None:
    """Sign in as people do, as the operator whom the sandbox knows."""
    visitor.email, password = OPERATOR
    answer = await visitor.http.post(
        "/api/auth/login", json={"email": visitor.email, "password": password}
    )
    visitor.token = answer.json()["token"]
    page = visitor.page
    await page.goto(visitor.base_url)
    await page.get_by_label("E-mail address").fill(visitor.email)
    await page.get_by_label("Password").fill(password)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("#/market/"))
