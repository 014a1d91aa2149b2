"""A Chromium without a window, as tests, benches and screenshots drive it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

# Debian's name, Ubuntu's, and Google's.
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",  # containers run as root, and the pages are our own
    "--disable-gpu",
    # Nothing leaves this machine.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_path() -> str:
    """Return the browser's program.

    Raises:
        RuntimeError: There is none on PATH.
    """
    for name in _NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    raise RuntimeError(f"none of {', '.join(_NAMES)} is on PATH; `make test` installs one")


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """Start a Chromium, and end it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=[*_FLAGS, *flags]
        )
        try:
            yield browser
        finally:
            await browser.close()
