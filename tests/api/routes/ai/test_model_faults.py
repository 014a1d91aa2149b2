"""Every fault of the model ends in a correct analysis, or in the interface's error, in time."""

import asyncio
from time import perf_counter
from typing import Any

import pytest

from tests.api.routes.ai.analysing import Asker, Desk, is_sound, refused

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


@pytest.mark.parametrize("kind", SPOILT)
async def test_one_bad_reply_is_repaired(asker: Asker, desk: Desk, kind: str) -> None:
    await desk.model.fault(kind, count=1)
    analysis = await asker.analyze(technical_indicators=LONG)
    assert is_sound(analysis)
    assert analysis["signal"] == "Long"
    assert await desk.calls() == 2
    stored = await desk.kept()
    assert [each["usage"]["is_repaired"] for each in stored] == [True]


@pytest.mark.parametrize("kind", SPOILT)
async def test_two_bad_replies_name_the_rule(asker: Asker, desk: Desk, kind: str) -> None:
    await desk.model.fault(kind)
    problem = refused(await asker.post(technical_indicators=LONG), 503, "AI_UNAVAILABLE")
    assert problem["rule"] in SPOILT[kind]
    assert await desk.calls() == 2
    assert await desk.kept() == []
    await desk.model.session.delete(f"{desk.model.url}/sandbox/faults")
    good = await asker.analyze(technical_indicators=LONG)
    assert good["cached"] is False
    assert is_sound(good)


@pytest.mark.parametrize(
    "passing",
    [
        # Fewer at once than open the circuit.
        [("http_error", {"status": 500}), ("drop", {}), ("drop_answer", {})],
        [
            ("http_error", {"status": 503, "retry_after_s": 1}),
            ("rate_limit", {"retry_after_s": 1}),
        ],
    ],
    ids=["the document's wait", "the wait that was asked for"],
)
async def test_faults_that_pass_are_waited_out(
    asker: Asker, desk: Desk, passing: list[tuple[str, dict[str, Any]]]
) -> None:
    async def befallen(rsi: int, kind: str, fields: dict[str, Any]) -> None:
        match = {"symbol": desk.subject.symbol, "contains": f'"rsi": {rsi}.0'}
        fault_id = await desk.model.fault(kind, count=1, match=match, **fields)
        began = perf_counter()
        analysis = await asker.analyze(technical_indicators=LONG | {"rsi": rsi})
        assert perf_counter() - began >= 1, kind
        assert (await desk.model.faults())[fault_id]["fired"] == 1, kind
        assert is_sound(analysis), kind

    await asyncio.gather(*(befallen(61 + number, *each) for number, each in enumerate(passing)))
    assert await desk.calls() == 2 * len(passing)


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
