"""Somebody who is signed in to the dashboard, and what they do beside it."""

import secrets
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, BrowserContext

# That somebody is signed in is remembered beside the cookie, which no script sees.
REMEMBER_SIGNED_IN = "localStorage.setItem('botcore.signed-in', 'yes')"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser's context in which somebody is signed in, with their access token."""

    context: BrowserContext
    base_url: str
    token: str

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        """Call the API as this person.

        Raises:
            RuntimeError: It refuses.
        """
        answer = await self.context.request.fetch(
            f"{self.base_url}{path}",
            method=method,
            data=body or None,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status} {await answer.text()}")
        return await answer.json()


async def register(browser: Browser, base_url: str, **options: Any) -> Visitor:
    """Make a person, in a context of their own whose cookie says so.

    Raises:
        RuntimeError: The API refuses.
    """
    return await _enter(
        browser,
        f"{base_url}/api/auth/register",
        {
            "email": f"{secrets.token_hex(6)}@example.com",
            "password": secrets.token_urlsafe(12),
            "full_name": "Ada Lovelace",
        },
        **options,
    )


async def sign_in(
    browser: Browser, base_url: str, email: str, password: str, **options: Any
) -> Visitor:
    """Sign somebody in, in a context of their own.

    Raises:
        RuntimeError: The API refuses.
    """
    who = {"email": email, "password": password}
    return await _enter(browser, f"{base_url}/api/auth/login", who, **options)


async def _enter(browser: Browser, url: str, who: dict[str, str], **options: Any) -> Visitor:
    context = await browser.new_context(**options)
    answer = await context.request.post(url, data={**who, "refresh_in": "cookie"})
    if not answer.ok:
        raise RuntimeError(f"{url}: {answer.status} {await answer.text()}")
    await context.add_init_script(REMEMBER_SIGNED_IN)
    base_url = url.partition("/api/")[0]
    return Visitor(context, base_url, (await answer.json())["token"])
