"""OpenAI's own client against the sandbox model, with nothing changed but the address."""

import json
from collections.abc import AsyncIterator
from typing import Any, Literal

import aiohttp
import openai
import pytest
from openai.types.chat import ChatCompletionUserMessageParam
from pydantic import BaseModel, Field

from tests.model_control import ModelControl

NAME = "sandbox-rule-1"
RISING = {"ema_9": 103, "ema_21": 102, "ema_50": 101, "macd_histogram": 0.5, "rsi": 60, "atr": 2}


class Advice(BaseModel):
    """What a caller might ask for."""

    signal: Literal["Long", "Short", "Neutral"]
    confidence: float = Field(description="0 to 1")
    reasoning: str
    suggested_entry: float | None
    suggested_stop_loss: float | None
    suggested_take_profit: float | None
    votes: list[int]


@pytest.fixture
async def client(model_url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=f"{model_url}/v1", api_key="sk-any", max_retries=0
    ) as made:
        yield made


def about(symbol: str) -> ChatCompletionUserMessageParam:
    market = {"symbol": symbol, "timeframe": "5m", "last_price": 104.5, "indicators": RISING}
    return {"role": "user", "content": json.dumps(market)}


@pytest.fixture
def question(model_control: ModelControl) -> ChatCompletionUserMessageParam:
    return about(model_control.symbol)


async def test_parse(client: openai.AsyncOpenAI, question: ChatCompletionUserMessageParam) -> None:
    answer = await client.chat.completions.parse(
        model=NAME, messages=[question], response_format=Advice
    )
    [choice] = answer.choices
    assert choice.finish_reason == "stop"
    advice = choice.message.parsed
    assert advice is not None
    assert (advice.signal, advice.suggested_entry, advice.votes) == ("Long", 104.5, [])
    assert answer.usage is not None
    assert answer.usage.total_tokens == (
        answer.usage.prompt_tokens + answer.usage.completion_tokens
    )
    again = await client.chat.completions.parse(
        model=NAME, messages=[question], response_format=Advice
    )
    assert again.choices[0].message.parsed == advice


async def test_streaming_says_the_same(
    client: openai.AsyncOpenAI, question: ChatCompletionUserMessageParam
) -> None:
    whole = await client.chat.completions.parse(
        model=NAME, messages=[question], response_format=Advice
    )
    pieces = 0
    async with client.chat.completions.stream(
        model=NAME,
        messages=[question],
        response_format=Advice,
        stream_options={"include_usage": True},
    ) as stream:
        async for event in stream:
            pieces += event.type == "content.delta"
        streamed = await stream.get_final_completion()
    assert pieces > 3
    assert streamed.choices[0].message.parsed == whole.choices[0].message.parsed
    assert streamed.usage == whole.usage


async def test_usage_only_where_it_is_asked_for(
    client: openai.AsyncOpenAI, question: ChatCompletionUserMessageParam
) -> None:
    stream = await client.chat.completions.create(model=NAME, messages=[question], stream=True)
    chunks = [chunk async for chunk in stream]
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_plain_text_and_plain_json(
    client: openai.AsyncOpenAI, question: ChatCompletionUserMessageParam
) -> None:
    plain = await client.chat.completions.create(model=NAME, messages=[question])
    assert (plain.choices[0].message.content or "").startswith("Sandbox model")
    told = await client.chat.completions.create(
        model=NAME,
        messages=[{"role": "system", "content": "Answer in JSON."}, question],
        response_format={"type": "json_object"},
    )
    assert json.loads(told.choices[0].message.content or "")["signal"] == "Long"


async def test_models(client: openai.AsyncOpenAI) -> None:
    names = [model.id async for model in client.models.list()]
    assert NAME in names
    assert (await client.models.retrieve(NAME)).id == NAME
    with pytest.raises(openai.NotFoundError) as refusal:
        await client.models.retrieve("gpt-none")
    assert refusal.value.code == "model_not_found"


BAD_REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({"n": 2}, "n"),
    ({"top_logprobs": 2}, "top_logprobs"),
    ({"max_completion_tokens": 0}, "max_completion_tokens"),
    ({"extra_body": {"colour": "red"}}, "colour"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "user", "content": 7}]}, "messages.[0].content"),
    ({"response_format": {"type": "yaml"}}, "response_format.type"),
    ({"response_format": {"type": "json_object"}}, "messages"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
]


@pytest.mark.parametrize(("change", "param"), BAD_REQUESTS)
async def test_bad_requests(client: openai.AsyncOpenAI, change: dict[str, Any], param: str) -> None:
    asked: dict[str, Any] = {"model": NAME, "messages": [{"role": "user", "content": "x"}]}
    with pytest.raises(openai.BadRequestError) as refusal:
        await client.chat.completions.create(**(asked | change))
    assert refusal.value.param == param
    assert refusal.value.type == "invalid_request_error"
    assert (refusal.value.request_id or "").startswith("req_")


async def test_a_schema_that_strict_mode_refuses(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="additionalProperties"):
        await client.chat.completions.create(
            model=NAME,
            messages=[{"role": "user", "content": "x"}],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "s", "schema": {"type": "object"}, "strict": True},
            },
        )


async def test_an_unknown_model(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refusal:
        await client.chat.completions.create(
            model="gpt-none", messages=[{"role": "user", "content": "x"}]
        )
    assert refusal.value.code == "model_not_found"


async def test_an_unknown_call(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match=r"Invalid URL \(POST /v1/embeddings\)"):
        await client.embeddings.create(model=NAME, input="x")


async def test_no_key(model_url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{model_url}/v1/models") as answer:
        assert answer.status == 401
        body = await answer.json()
    assert body["error"]["type"] == "invalid_request_error"


async def test_no_json(model_url: str) -> None:
    headers = {"Authorization": "Bearer k"}
    for body in (b"{", b"[]", b"7", b""):
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{model_url}/v1/chat/completions", data=body) as answer,
        ):
            assert answer.status == 400
            assert "could not parse the JSON body" in (await answer.json())["error"]["message"]


async def test_what_is_left_is_told(
    client: openai.AsyncOpenAI, question: ChatCompletionUserMessageParam
) -> None:
    raw = await client.chat.completions.with_raw_response.create(model=NAME, messages=[question])
    left = int(raw.headers["x-ratelimit-remaining-requests"])
    assert 0 < left <= int(raw.headers["x-ratelimit-limit-requests"])
    assert raw.headers["x-ratelimit-reset-tokens"].endswith("s")
    assert raw.request_id == raw.headers["x-request-id"]
