"""Histories of real analyses replay; asked to, they are kept for later code."""

import base64
import json
import os

from tests.api.routes.ai.analysing import Asker, Desk, refused, until_ended
from tests.replay.replaying import keep, replayer
from workflows.ai_analysis import AIAnalysis


async def test_histories_of_every_kind_replay(asker: Asker, desk: Desk) -> None:
    async def ended(name: str, **own: float) -> None:
        await asker.post(technical_indicators=own)
        known = set(ids.values())
        (workflow_id,) = [found for found in await desk.runs() if found not in known]
        ids[name] = workflow_id

    ids: dict[str, str] = {}
    long = {"ema_9": 3, "ema_21": 2, "ema_50": 1, "macd_histogram": 1}
    await ended("answered", rsi=60, **long)
    await desk.model.fault("wrong_side_stop", count=1)
    await ended("repaired", rsi=61, **long)
    await desk.model.fault("rate_limit", count=1, retry_after_s=1)
    await ended("retried", rsi=62, **long)
    await desk.model.fault("absurd_prices", count=2)
    await ended("broken", rsi=63, **long)
    await desk.model.fault("no_credit", count=1)
    await ended("unavailable", rsi=64, **long)
    for name, workflow_id in ids.items():
        await until_ended(desk, workflow_id)
        history = await desk.workflow(workflow_id).fetch_history()
        await replayer(AIAnalysis).replay_workflow(history)
        if os.environ.get("RECORD_HISTORIES"):
            keep(f"analysis/{name}", history)


async def test_the_history_shows_an_operator_everything(asker: Asker, desk: Desk) -> None:
    long = {"ema_9": 3, "ema_21": 2, "ema_50": 1, "macd_histogram": 1, "rsi": 60}
    await desk.model.fault("absurd_prices", count=2)
    problem = refused(await asker.post(technical_indicators=long), 503, "AI_UNAVAILABLE")
    (workflow_id,) = await desk.runs()
    text = (await desk.workflow(workflow_id).fetch_history()).to_json()
    told = _payloads(text)
    assert problem["rule"] in told
    for word in ("macd_histogram", "market_analysis_v1", "suggested_entry", "NEAR_LIVE_PRICE"):
        assert word in told, word


def _payloads(history: str) -> str:
    """Return everything that a history's payloads say."""
    found: list[str] = []

    def walk(part: object) -> None:
        if isinstance(part, dict):
            data = part.get("data")
            if isinstance(data, str):
                found.append(base64.b64decode(data).decode("utf-8", "replace"))
            for each in part.values():
                walk(each)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    walk(json.loads(history))
    return "\n".join(found)
