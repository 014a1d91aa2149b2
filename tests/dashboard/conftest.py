"""One stack and one browser for all of these tests; a window and a person for each."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from bench.chromium import chromium
from tests.dashboard.visitor import Visitor, enter, visiting
from tests.local_stack import LocalStack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    stack = LocalStack(tmp_path_factory.mktemp("dashboard") / "run")
    try:
        stack.start()
        yield stack
    finally:
        stack.end()


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def stranger(browser: Browser, stack: LocalStack) -> AsyncIterator[Visitor]:
    """Return a window in which nobody is signed in."""
    async with visiting(browser, stack) as visitor:
        yield visitor


@pytest.fixture
async def visitor(stranger: Visitor) -> Visitor:
    """Return a window of a new person who is signed in once the page is opened."""
    await enter(stranger)
    return stranger
