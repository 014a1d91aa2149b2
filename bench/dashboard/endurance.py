"""Sixty symbols at ten updates a second each: frames a second, and memory over minutes."""

import asyncio
import json
from collections.abc import Sequence

import numpy as np
from playwright.async_api import CDPSession, Page

from bench.chromium import chromium
from bench.market import venue_messages
from bench.market.stage import Stage, private_stage
from bench.report import Report
from bench.visitor import register
from workers.stack import servers
from workers.stack.probes import http_answers

SYMBOLS = 60
UPDATES_PER_S = 10
# A symbol is told at most ten times a second: more of the venue's messages fill every one.
MESSAGES_PER_S = 2 * UPDATES_PER_S
COUNTED_S = 20
LEAST_FRAMES_PER_S = 55
# Of the heap after a collection, as the last third of the minutes goes, over ten of them.
MOST_GROWTH_MB = 1.0
_GROWTH_OVER_MINUTES = 10
_WARM_UP_S = 5
_BYTES_PER_MB = 1_000_000

# Counts frames of the screen for so long.
_COUNT_FRAMES = """(seconds) => new Promise((told) => {
    let frames = 0;
    let began = 0;
    const look = (now) => {
        began ||= now;
        if (now - began >= seconds * 1000) return told(frames * 1000 / (now - began));
        frames += 1;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""
# Counts what the gateway delivers, beside the page.
_COUNT_UPDATES = """
window.updates = 0;
window.WebSocket = class extends WebSocket {
    constructor(...given) {
        super(...given);
        this.addEventListener("message", ({ data }) => {
            if (data.startsWith('{"type":"price_update"')) window.updates += 1;
        });
    }
};
"""


async def measure_endurance(report: Report, minutes: int) -> None:
    """Look at a market that is busy on every line of the watch list."""
    async with private_stage(servers.TEMPORAL, servers.RABBITMQ) as stage:
        address = _start(stage)
        async with chromium() as browser:
            blank = await browser.new_page()
            blank_per_s = float(await blank.evaluate(_COUNT_FRAMES, COUNTED_S))
            await blank.close()
            visitor = await register(browser, address, viewport={"width": 1440, "height": 900})
            page = await visitor.context.new_page()
            await page.add_init_script(_COUNT_UPDATES)
            await page.goto(f"{address}/#/market/S000USDT")
            # Longer than is watched: a market that stops would make it look too good.
            seconds = _WARM_UP_S + 2 * COUNTED_S + (minutes + 1) * 60
            await stage.venue.ask(
                "pace", symbols=SYMBOLS, per_s=SYMBOLS * MESSAGES_PER_S, seconds=seconds
            )
            await page.wait_for_function(
                f"() => document.querySelectorAll('.watch-price .figures:not(.stale)').length"
                f" >= {SYMBOLS}"
            )
            await asyncio.sleep(_WARM_UP_S)
            frames_per_s, updates_per_s = await _count(page)
            heap_mb = await _watch_memory(page, minutes)
    _tell_frames(report, frames_per_s, updates_per_s, blank_per_s)
    _tell_memory(report, heap_mb)


def _start(stage: Stage) -> str:
    """Start what the page speaks to; return its address."""
    names = venue_messages.symbols(SYMBOLS)
    stage.start(
        "workers.streaming",
        is_ready=lambda child: child.announced,
        BOTCORE_SYMBOLS=json.dumps(names),
    )
    only = {"BOTCORE_SYMBOLS": json.dumps(names)}
    gateway = f"http://127.0.0.1:{stage.settings.gateway_port}"
    stage.start(
        "workers.gateway", is_ready=lambda _child: http_answers(f"{gateway}/readyz"), **only
    )
    address = f"http://127.0.0.1:{stage.settings.api_port}"
    stage.start("api", is_ready=lambda _child: http_answers(f"{address}/livez"), **only)
    return address


async def _count(page: Page) -> tuple[float, float]:
    before = int(await page.evaluate("() => window.updates"))
    frames_per_s = float(await page.evaluate(_COUNT_FRAMES, COUNTED_S))
    after = int(await page.evaluate("() => window.updates"))
    return frames_per_s, (after - before) / COUNTED_S


async def _watch_memory(page: Page, minutes: int) -> list[float]:
    """Return the megabytes that live on the heap, at the end of every minute."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable")
    heap_mb = []
    for _ in range(minutes):
        await asyncio.sleep(60)
        heap_mb.append(await _living_mb(devtools))
    return heap_mb


async def _living_mb(devtools: CDPSession) -> float:
    await devtools.send("HeapProfiler.collectGarbage")
    metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
    [used] = [metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize"]
    return float(used) / _BYTES_PER_MB


def _tell_frames(report: Report, frames: float, updates: float, blank: float) -> None:
    wanted = SYMBOLS * UPDATES_PER_S
    report.rows.append(
        {
            "name": f"frames/s while {SYMBOLS} symbols have {updates:.0f} updates/s"
            f" of {wanted} asked for",
            "n": round(frames * COUNTED_S),
            "per_s": round(frames, 1),
            "updates_per_s": round(updates, 1),
        }
    )
    report.rows.append(
        {
            "name": "yardstick: frames/s of a blank page",
            "n": round(blank * COUNTED_S),
            "per_s": round(blank, 1),
        }
    )
    # Some of the last interval's may come after the count.
    report.goal(
        f"updates/s of {SYMBOLS} symbols that reached the page",
        f">= {0.99 * wanted:g}",
        updates,
        met=updates >= 0.99 * wanted,
    )
    name = f"frames/s at {SYMBOLS} symbols"
    met = frames >= LEAST_FRAMES_PER_S
    report.goal(name, f">= {LEAST_FRAMES_PER_S}", frames, met=met)


def _tell_memory(report: Report, heap_mb: Sequence[float]) -> None:
    shown = ", ".join(f"{value:.1f}" for value in heap_mb)
    report.rows.append(
        {
            "name": f"living MB on the heap after each of {len(heap_mb)} minutes: {shown}",
            "n": len(heap_mb),
            "heap_mb": [round(value, 2) for value in heap_mb],
        }
    )
    last = heap_mb[-max(2, -(-len(heap_mb) // 3)) :]
    slope = float(np.polyfit(np.arange(len(last)), last, 1)[0]) if len(last) > 1 else 0.0
    growth = slope * _GROWTH_OVER_MINUTES
    report.goal(
        f"heap growth in {_GROWTH_OVER_MINUTES} minutes, as the last third goes",
        f"< {MOST_GROWTH_MB:g} MB",
        growth,
        met=len(last) > 1 and growth < MOST_GROWTH_MB,
    )
