"""The adapter against the sandbox model, over the network, with every fault it can have."""

import asyncio
import json
import logging
import time
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter

from adapters.openai_model import OpenAIModel, _retry_after_s
from domain.analysis_ports import Finish, ModelReply, ModelRequest, Repair
from domain.errors import BotCoreError, ErrorCode, Rejected, Retryable
from tests.model_control import ModelControl
from workers.stack.ports import free_port

KEY = "sk-test-0123456789-never-told"
SECRET_TEXT = "the prompt's own words"
PRICE: dict[str, Any] = {"type": ["number", "null"]}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "reasoning": {"type": "string"},
        "signal": {"type": "string", "enum": ["Long", "Short", "Neutral"]},
        "confidence": {"type": "number"},
        "suggested_entry": PRICE,
        "suggested_stop_loss": PRICE,
        "suggested_take_profit": PRICE,
    },
    "required": [
        "reasoning",
        "signal",
        "confidence",
        "suggested_entry",
        "suggested_stop_loss",
        "suggested_take_profit",
    ],
    "additionalProperties": False,
}
RISING = {"ema_9": 103, "ema_21": 102, "ema_50": 101, "macd_histogram": 1, "rsi": 60, "atr": 2}


def asked_about(symbol: str) -> ModelRequest:
    market = {"symbol": symbol, "timeframe": "1h", "last_price": 104.5, "indicators": RISING}
    return ModelRequest(SECRET_TEXT, json.dumps(market), "market_analysis", SCHEMA)


@pytest.fixture
def request_(model_control: ModelControl) -> ModelRequest:
    return asked_about(model_control.symbol)


@pytest.fixture
async def model(model_url: str) -> AsyncIterator[OpenAIModel]:
    made = OpenAIModel(base_url=f"{model_url}/v1", api_key=KEY, name="sandbox-rule-1")
    yield made
    await made.close()


async def ask(model: OpenAIModel, request: ModelRequest, timeout_s: float = 10) -> ModelReply:
    return await model.ask(request, timeout_s=timeout_s)


async def failure_of(model: OpenAIModel, request: ModelRequest) -> BotCoreError:
    with pytest.raises(BotCoreError) as failure:
        await ask(model, request)
    return failure.value


async def test_a_reply_with_its_usage(
    model: OpenAIModel, request_: ModelRequest, model_control: ModelControl
) -> None:
    reply = await ask(model, request_)
    said = json.loads(reply.content)
    assert list(said) == SCHEMA["required"]
    assert (said["signal"], said["suggested_entry"]) == ("Long", 104.5)
    assert (said["suggested_stop_loss"], said["suggested_take_profit"]) == (101.5, 110.5)
    assert (reply.model, reply.finish) == ("sandbox-rule-1", Finish.COMPLETE)
    counted = await model_control.calls()
    assert counted["total"] == 1
    assert counted["prompt_tokens"] == reply.prompt_tokens > 0
    assert counted["completion_tokens"] == reply.completion_tokens > 0


async def test_a_repair_is_a_conversation(
    model: OpenAIModel, request_: ModelRequest, model_control: ModelControl
) -> None:
    await ask(model, request_)
    reply = await ask(model, replace(request_, repair=Repair("{}", "a member is missing")))
    assert json.loads(reply.content)["signal"] == "Long"
    first, second = (await model_control.calls())["items"]
    assert second["prompt_tokens"] > first["prompt_tokens"]


@pytest.mark.parametrize(
    ("fault", "kind", "wait_s"),
    [
        ({"kind": "rate_limit", "retry_after_s": 7}, Retryable, 7),
        ({"kind": "rate_limit", "retry_after_s": 0.25}, Retryable, 0.25),
        ({"kind": "no_credit"}, Rejected, None),
        ({"kind": "http_error"}, Retryable, None),
        ({"kind": "http_error", "status": 503, "retry_after_s": 3}, Retryable, 3),
        ({"kind": "http_error", "status": 408}, Retryable, None),
        ({"kind": "http_error", "status": 409}, Retryable, None),
        ({"kind": "http_error", "status": 400}, Rejected, None),
        ({"kind": "http_error", "status": 401}, Rejected, None),
        ({"kind": "http_error", "status": 403}, Rejected, None),
        ({"kind": "http_error", "status": 404}, Rejected, None),
        ({"kind": "http_error", "status": 422}, Rejected, None),
        ({"kind": "drop"}, Retryable, None),
        ({"kind": "drop_answer"}, Retryable, None),
    ],
)
async def test_errors_by_the_reaction_they_ask_for(
    model: OpenAIModel,
    request_: ModelRequest,
    model_control: ModelControl,
    *,
    fault: dict[str, Any],
    kind: type[BotCoreError],
    wait_s: float | None,
) -> None:
    await model_control.fault(**fault, count=1)
    failure = await failure_of(model, request_)
    assert type(failure) is kind
    assert failure.code is ErrorCode.AI_UNAVAILABLE
    assert failure.extensions.get("retry_after_s") == wait_s
    # Once, not again and again: whoever calls owns the retries.
    assert (await model_control.calls())["total"] == 1
    assert json.loads((await ask(model, request_)).content)["signal"] == "Long"


@pytest.mark.parametrize(
    ("kind", "finish"),
    [
        ("truncated", Finish.TRUNCATED),
        ("refusal", Finish.REFUSED),
        ("content_filter", Finish.REFUSED),
        ("malformed_json", Finish.COMPLETE),
        ("schema_breach", Finish.COMPLETE),
    ],
)
async def test_bad_replies_are_returned_since_they_are_paid(
    model: OpenAIModel,
    request_: ModelRequest,
    model_control: ModelControl,
    kind: str,
    finish: Finish,
) -> None:
    await model_control.fault(kind, count=1)
    reply = await ask(model, request_)
    assert reply.finish is finish
    assert reply.prompt_tokens > 0
    assert reply.completion_tokens == (await model_control.calls())["completion_tokens"]


async def test_the_token_limit_truncates(model: OpenAIModel, request_: ModelRequest) -> None:
    reply = await ask(model, replace(request_, max_completion_tokens=5))
    assert (reply.finish, reply.completion_tokens) == (Finish.TRUNCATED, 5)


async def test_silence_ends_in_time(
    model: OpenAIModel, request_: ModelRequest, model_control: ModelControl
) -> None:
    await model_control.fault("delay", delay_ms=5_000, count=1)
    began = time.monotonic()
    with pytest.raises(Retryable, match="in time"):
        await ask(model, request_, timeout_s=0.2)
    assert time.monotonic() - began < 1


async def test_a_server_that_trickles_ends_in_time() -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        while True:
            await answer.write(b" ")
            await asyncio.sleep(0.02)

    async with serving(trickle) as model:
        with pytest.raises(Retryable, match="in time"):
            await ask(model, asked_about("X"), timeout_s=0.3)


async def test_nobody_there() -> None:
    model = OpenAIModel(base_url=f"http://127.0.0.1:{free_port()}/v1", api_key="", name="any")
    failure = await failure_of(model, asked_about("X"))
    await model.close()
    assert type(failure) is Retryable
    assert "cannot be reached" in failure.detail


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", "<html>Welcome to the hotel's network</html>"),
        ("application/json", "{"),
        ("application/json", "[]"),
        ("application/json", '{"model": "m", "choices": []}'),
        ("application/json", '{"model": "m", "choices": [{"message": {"content": 7}}]}'),
    ],
)
async def test_answers_of_something_else(content_type: str, body: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type=content_type)

    async with serving(answer) as model:
        assert type(await failure_of(model, asked_about("X"))) is Retryable


async def test_usage_that_is_not_told_is_estimated_and_never_nothing() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"model": "m", "choices": [{"message": {"content": "x" * 40}}]})

    async with serving(answer) as model:
        reply = await ask(model, asked_about("X"))
    assert reply.completion_tokens == 10
    assert reply.prompt_tokens > 20


async def test_neither_key_nor_prompt_is_logged_or_told(
    model_url: str,
    model_control: ModelControl,
    request_: ModelRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    model = OpenAIModel(base_url=f"{model_url}/v1", api_key=KEY, name="sandbox-rule-1")
    await model_control.fault("http_error", status=401, count=1)
    failure = await failure_of(model, request_)
    await ask(model, request_)
    await model.close()
    kept = Failure()
    DataConverter.default.failure_converter.to_failure(
        failure, DataConverter.default.payload_converter, kept
    )
    told = [
        caplog.text,
        str(kept),
        "".join(traceback.format_exception(failure)),
        repr(failure.extensions),
    ]
    for text in told:
        assert KEY not in text
        assert SECRET_TEXT not in text
        assert "Sorry about that" not in text, "a server's own words go no further"


def test_retry_after_in_every_form() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(seconds=30), usegmt=True)
    assert _retry_after_s({"retry-after": "2.5"}) == 2.5
    assert _retry_after_s({"retry-after-ms": "1500", "retry-after": "2"}) == 1.5
    assert 25 < (_retry_after_s({"retry-after": soon}) or 0) <= 30
    assert _retry_after_s({"retry-after": past}) == 0
    assert _retry_after_s({"retry-after": "1e300"}) == 24 * 3_600
    for nonsense in ("", "soon", "nan", "inf"):
        assert _retry_after_s({"retry-after": nonsense}) is None


class serving:  # noqa: N801 - reads as a statement
    """Serve one handler in the model's place, and return an adapter that asks it."""

    def __init__(self, handler: Any) -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", handler)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def __aenter__(self) -> OpenAIModel:
        await self._runner.setup()
        port = free_port()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._model = OpenAIModel(base_url=f"http://127.0.0.1:{port}/v1", api_key="", name="any")
        return self._model

    async def __aexit__(self, *_: object) -> None:
        await self._model.close()
        await self._runner.cleanup()
