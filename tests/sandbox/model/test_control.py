"""Faults do what they say, as often as they say, to nobody else; calls are counted."""

import asyncio
import json
from collections.abc import AsyncIterable, AsyncIterator
from decimal import Decimal
from typing import Any

import openai
import pytest

from sandbox.model.errors import ApiError
from sandbox.model.faults import BadFault, Call, Faults
from sandbox.model.limits import Limits
from sandbox.model.market import Market
from sandbox.model.opinion import form
from sandbox.model.settings import parse
from sandbox.model.spoiling import Said, spoil
from tests.model_control import ModelControl
from tests.sandbox.model.test_openai_sdk import NAME, Advice, about


@pytest.fixture
async def client(model_url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=f"{model_url}/v1", api_key="sk-any", max_retries=0
    ) as made:
        yield made


async def said(client: openai.AsyncOpenAI, symbol: str) -> Any:
    """Ask for advice and return the message, unchecked."""
    answer = await client.chat.completions.create(
        model=NAME,
        messages=[about(symbol)],
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": "advice",
                "schema": openai.lib._pydantic.to_strict_json_schema(Advice),
                "strict": True,
            },
        },
    )
    return answer.choices[0]


async def test_a_fault_hits_as_often_as_it_says_and_nobody_else(
    client: openai.AsyncOpenAI, model_control: ModelControl
) -> None:
    fault = await model_control.fault("http_error", status=503, count=2)
    await said(client, "ANOTHER")
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            await said(client, model_control.symbol)
    await said(client, model_control.symbol)
    assert (await model_control.faults())[fault]["fired"] == 2


async def test_deleted_faults_hit_nobody(
    client: openai.AsyncOpenAI, model_control: ModelControl
) -> None:
    fault = await model_control.fault("http_error")
    await model_control.clear(fault)
    await said(client, model_control.symbol)
    url = f"{model_control.url}/sandbox/faults/{fault}"
    async with model_control.session.delete(url) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"kind": "x"}', b'{"kind": "drop", "probability": 2}']
)
async def test_bad_faults_are_refused(model_control: ModelControl, body: bytes) -> None:
    url = f"{model_control.url}/sandbox/faults"
    async with model_control.session.post(url, data=body) as answer:
        assert answer.status == 400
        assert (await answer.json())["code"] == "INVALID_REQUEST"


async def test_the_words_that_faults_spoil(
    client: openai.AsyncOpenAI, model_control: ModelControl
) -> None:
    async def spoiled(kind: str) -> Any:
        await model_control.fault(kind, count=1)
        return await said(client, model_control.symbol)

    good = json.loads((await said(client, model_control.symbol)).message.content)
    absurd = json.loads((await spoiled("absurd_prices")).message.content)
    assert absurd["suggested_entry"] == 1000 * good["suggested_entry"]
    wrong = json.loads((await spoiled("wrong_side_stop")).message.content)
    assert wrong["suggested_stop_loss"] > wrong["suggested_entry"] == good["suggested_entry"]
    assert json.loads((await spoiled("bad_confidence")).message.content)["confidence"] == 1.7
    breach = json.loads((await spoiled("schema_breach")).message.content)
    assert "signal" not in breach
    assert breach["unexpected"] is True
    with pytest.raises(json.JSONDecodeError):
        json.loads((await spoiled("malformed_json")).message.content)
    refused = await spoiled("refusal")
    assert refused.message.content is None
    assert refused.message.refusal
    assert (await spoiled("truncated")).finish_reason == "length"
    assert (await spoiled("content_filter")).finish_reason == "content_filter"


def test_a_neutral_is_given_prices_to_be_absurd() -> None:
    neutral = form(Market("X", "1m", price=Decimal(10)))
    content = json.dumps({"signal": "Neutral", "suggested_entry": None})
    found = json.loads(spoil("absurd_prices", Said(content), neutral).content or "")
    assert found == {"signal": "Long", "suggested_entry": 10_000.0}


async def collect(stream: AsyncIterable[object], seen: list[object]) -> None:
    async for chunk in stream:
        seen.append(chunk)  # noqa: PERF401 - what came before the stream broke is kept


async def test_a_stream_is_cut_in_the_middle(
    client: openai.AsyncOpenAI, model_control: ModelControl
) -> None:
    await model_control.fault("drop_answer", count=1)
    stream = await client.chat.completions.create(
        model=NAME, messages=[about(model_control.symbol)], stream=True
    )
    seen: list[object] = []

    with pytest.raises(openai.APIConnectionError):
        await collect(stream, seen)
    assert len(seen) > 3


async def test_calls_are_counted_by_market(
    client: openai.AsyncOpenAI, model_control: ModelControl
) -> None:
    await model_control.fault("delay", delay_ms=10)
    await asyncio.gather(*(said(client, model_control.symbol) for _ in range(20)))
    counted = await model_control.calls(timeframe="5m")
    assert counted["total"] == len(counted["items"]) == 20
    assert (await model_control.calls(timeframe="1h"))["total"] == 0
    assert counted["by_model"][NAME] >= 20
    item = counted["items"][0]
    assert (item["status"], item["faults"]) == (200, ["delay"])
    assert len({one["prompt_sha256"] for one in counted["items"]}) == 1
    assert "indicators" not in json.dumps(counted), "no prompt is kept"


def test_chance_comes_from_the_seed() -> None:
    call = Call(model="m", symbol="S", prompt="the prompt")

    def drawn(seed: int) -> list[bool]:
        faults = Faults()
        faults.add({"kind": "drop", "probability": 0.5, "seed": seed})
        return [bool(faults.drawn(call)) for _ in range(64)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 16 < sum(drawn(1)) < 48


def test_a_fault_by_a_text_in_the_prompt() -> None:
    faults = Faults()
    faults.add({"kind": "drop", "match": {"contains": "prompt"}})
    assert faults.drawn(Call(model="m", symbol=None, prompt="the prompt"))
    assert not faults.drawn(Call(model="m", symbol=None, prompt="another"))
    with pytest.raises(BadFault):
        faults.add({"kind": "drop", "match": {"colour": "red"}})


def test_a_limit_says_how_long_to_wait_and_then_lets_in() -> None:
    limits = Limits(requests=2, tokens=1_000)
    for _ in range(2):
        limits.take("k", 1, now_s=0)
    with pytest.raises(ApiError) as refusal:
        limits.take("k", 1, now_s=0)
    assert (refusal.value.status, refusal.value.retry_after_s) == (429, 30)
    limits.take("another", 1, now_s=0)
    limits.take("k", 1, now_s=30)
    limits.take("k", 600, now_s=120)
    with pytest.raises(ApiError, match="tokens per min"):
        limits.take("k", 600, now_s=120)
    assert limits.headers("k", 600)["x-ratelimit-remaining-tokens"] == "1000"


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_MODEL_NAMES", "a,b")
    found = parse(["--port", "1"])
    assert (found.port, found.names, found.host) == (1, ("a", "b"), "127.0.0.1")
