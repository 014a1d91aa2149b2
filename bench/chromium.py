"""A Chromium without a window, as tests, benches and screenshots drive it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

# Debian's name, Ubuntu's, and Google's.
_NAMES = ("chromium", "chromium-browser", "google-chrome")
# The same without any window: it takes half of the time for a page.
_SHELL = "chromium-headless-shell"
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


def chromium_path(*preferred: str) -> str:
    """Return the browser's program.

    Raises:
        RuntimeError: There is none on PATH.
    """
    for name in (*preferred, *_NAMES):
        found = shutil.which(name)
        if found is not None:
            return found
    raise RuntimeError(f"none of {', '.join(_NAMES)} is on PATH; `make browser` installs one")


@asynccontextmanager
async def chromium(*flags: str, is_shell: bool = False) -> AsyncIterator[Browser]:
    """Start the Chromium that people have, or its shell where there is one; and end it."""
    path = chromium_path(_SHELL) if is_shell else chromium_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*_FLAGS, *flags])
        try:
            yield browser
        finally:
            await browser.close()
