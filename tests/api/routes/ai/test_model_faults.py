"""Every fault of the model ends in a correct analysis, or in the interface's error, in time."""

from time import perf_counter
from typing import Any

import pytest

from domain.timing import ANALYSIS_PATIENCE_S, MODEL_TIMEOUT_S
from tests.api.routes.ai.analysing import Asker, Desk, refused, until_ended
from tests.api.routes.ai.test_analyze import is_sound

# What a reply of each kind breaks; a refusal and a cut-off have no content to judge.
SPOILT = {
    "malformed_json": {"JSON"},
    "schema_breach": {"SCHEMA"},
    "bad_confidence": {"CONFIDENCE"},
    "absurd_prices": {"NEAR_LIVE_PRICE"},
    "wrong_side_stop": {"LONG_STOP_ENTRY_TARGET", "SHORT_TARGET_ENTRY_STOP"},
    "truncated": {"COMPLETE"},
    "refusal": {"ANSWERED"},
    "content_filter": {"ANSWERED"},
}
# Numbers on which the rule says Long, so that there are prices to spoil.
LONG = {"ema_9": 3, "ema_21": 2, "ema_50": 1, "macd_histogram": 1, "rsi": 60}


async def kept(desk: Desk) -> list[dict[str, Any]]:
    """Return everything that is stored about the test's subject."""
    analyses = desk.edge.services.connections.database["ai_analysis"]
    subject = {"symbol": desk.subject.symbol, "timeframe": str(desk.subject.timeframe)}
    return await analyses.find(subject).to_list(None)


@pytest.mark.parametrize("kind", SPOILT)
async def test_one_bad_reply_is_repaired(asker: Asker, desk: Desk, kind: str) -> None:
    await desk.model.fault(kind, count=1)
    analysis = await asker.analyze(technical_indicators=LONG)
    assert is_sound(analysis)
    assert analysis["signal"] == "Long"
    assert await desk.calls() == 2
    stored = await kept(desk)
    assert [each["usage"]["is_repaired"] for each in stored] == [True]


@pytest.mark.parametrize("kind", SPOILT)
async def test_two_bad_replies_name_the_rule(asker: Asker, desk: Desk, kind: str) -> None:
    await desk.model.fault(kind)
    problem = refused(await asker.post(technical_indicators=LONG), 503, "AI_UNAVAILABLE")
    assert problem["rule"] in SPOILT[kind]
    assert await desk.calls() == 2
    assert await kept(desk) == []
    await desk.model.session.delete(f"{desk.model.url}/sandbox/faults")
    good = await asker.analyze(technical_indicators=LONG)
    assert good["cached"] is False
    assert is_sound(good)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("http_error", {"status": 500}),
        ("http_error", {"status": 503, "retry_after_s": 1}),
        ("rate_limit", {"retry_after_s": 1}),
        ("drop", {}),
        ("drop_answer", {}),
    ],
)
async def test_a_fault_that_passes_is_waited_out(
    asker: Asker, desk: Desk, kind: str, fields: dict[str, Any]
) -> None:
    await desk.model.fault(kind, count=1, **fields)
    began = perf_counter()
    assert is_sound(await asker.analyze())
    assert perf_counter() - began >= 1


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("rate_limit", {"retry_after_s": 60}),
        ("no_credit", {}),
        ("http_error", {"status": 401}),
        ("http_error", {"status": 400}),
    ],
)
async def test_a_fault_that_stays_is_told_at_once(
    asker: Asker, desk: Desk, kind: str, fields: dict[str, Any]
) -> None:
    fault_id = await desk.model.fault(kind, **fields)
    began = perf_counter()
    response = await asker.post()
    refused(response, 503, "AI_UNAVAILABLE")
    assert perf_counter() - began < 2
    assert (await desk.model.faults())[fault_id]["fired"] == 1
    if "retry_after_s" in fields:
        assert response.headers["Retry-After"] == "60"


async def test_a_model_that_hangs_is_given_up_in_time(asker: Asker, desk: Desk) -> None:
    await desk.model.fault("delay", delay_ms=60_000)
    began = perf_counter()
    refused(await asker.post(), 503, "AI_UNAVAILABLE")
    assert MODEL_TIMEOUT_S < perf_counter() - began < ANALYSIS_PATIENCE_S
    for workflow_id in await desk.runs():
        await until_ended(desk, workflow_id)
    assert await kept(desk) == []
