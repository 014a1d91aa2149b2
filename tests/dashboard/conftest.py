"""One stack and one browser for all of these tests; a window and a person for each."""

import time
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser

from bench.chromium import chromium
from tests.dashboard.visitor import Visitor, enter, visiting
from tests.local_stack import LocalStack

# What the first page asks for; a new stack under load refuses it while it still reads candles.
CANDLES_WITHIN_S = 60.0


def have_candles(stack: LocalStack) -> None:
    """Wait until the candles behind every line of the watch list are there."""
    deadline = time.monotonic() + CANDLES_WITHIN_S
    address = f"http://127.0.0.1:{stack.api_port}/api/market"
    with httpx.Client(timeout=30, trust_env=False) as http:
        listed = http.get(f"{address}/symbols").raise_for_status().json()["items"]
        for symbol in [each["symbol"] for each in listed]:
            while http.get(f"{address}/candles/{symbol}/1h?limit=24").is_error:
                assert time.monotonic() < deadline, symbol
                time.sleep(0.1)


@pytest.fixture(scope="package")
def stack(local_stack: LocalStack) -> LocalStack:
    have_candles(local_stack)
    return local_stack


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with chromium(is_shell=True) as browser:
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
