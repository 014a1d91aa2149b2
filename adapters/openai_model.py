"""The language model behind any address that speaks OpenAI's chat completions.

https://platform.openai.com/docs/api-reference/chat/create,
https://platform.openai.com/docs/guides/structured-outputs,
https://platform.openai.com/docs/guides/error-codes.
"""

import asyncio
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import openai
from openai.types.chat import ChatCompletionMessageParam
from openai.types.shared_params import ResponseFormatJSONSchema
from pydantic import BaseModel, ConfigDict, ValidationError

from domain.analysis_ports import Finish, ModelReply, ModelRequest
from domain.errors import BotCoreError, ErrorCode, Rejected, Retryable

CONNECT_TIMEOUT_S: Final = 3.0
# Where a server tells no usage, so that no budget is passed by in silence.
_BYTES_PER_TOKEN: Final = 4
_SERVER_FAULT: Final = 500
_TIMED_OUT: Final = 408
# Nobody waits longer, and a number out of all proportion is none.
_LONGEST_RETRY_AFTER_S: Final = 24 * 3_600.0
_PASSING: Final = frozenset({_TIMED_OUT, 409, 425, 429})
# Comes with 429 and is final until somebody pays.
_NO_CREDIT: Final = "insufficient_quota"
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_FINISHES: Final = {"length": Finish.TRUNCATED, "content_filter": Finish.REFUSED}


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Message(_Part):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Part):
    message: _Message
    finish_reason: str | None = None


class _Usage(_Part):
    prompt_tokens: int
    completion_tokens: int


class _Answer(_Part):
    model: str
    choices: list[_Choice]
    usage: _Usage | None = None


class OpenAIModel:
    """One model at one address; fulfils `AnalysisModel`. Close it when done.

    Args:
        base_url: the address, with its version: `https://api.openai.com/v1`.
        api_key: the key; empty for a server that asks for none.
        name: the model that is asked.
    """

    def __init__(self, *, base_url: str, api_key: str, name: str) -> None:
        self.name = name
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            max_retries=0,
            # A proxy that the environment names is one to the internet.
            http_client=openai.DefaultAsyncHttpxClient(trust_env=base_url.startswith("https:")),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def ask(self, request: ModelRequest, *, timeout_s: float) -> ModelReply:
        """Make one call; see `AnalysisModel`."""
        # The library's time-out is for each read; a server that trickles must end, too.
        with _faults():
            async with asyncio.timeout(timeout_s):
                answer = await self._client.chat.completions.with_raw_response.create(
                    model=self.name,
                    messages=_messages(request),
                    response_format=_response_format(request),
                    max_completion_tokens=request.max_completion_tokens,
                    timeout=openai.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
                )
            return _reply(request, answer.content)


def _messages(request: ModelRequest) -> list[ChatCompletionMessageParam]:
    messages: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": request.system},
        {"role": "user", "content": request.user},
    ]
    if request.repair is not None:
        messages.append({"role": "assistant", "content": request.repair.reply})
        messages.append({"role": "user", "content": request.repair.complaint})
    return messages


def _response_format(request: ModelRequest) -> ResponseFormatJSONSchema:
    return {
        "type": "json_schema",
        "json_schema": {
            "name": request.schema_name,
            "schema": request.schema,
            "strict": True,
        },
    }


def _reply(request: ModelRequest, body: bytes) -> ModelReply:
    answer = _Answer.model_validate_json(body)
    if not answer.choices:
        raise Retryable(ErrorCode.AI_UNAVAILABLE, "the model's answer is empty")
    choice, usage = answer.choices[0], answer.usage
    message = choice.message
    finish = _FINISHES.get(choice.finish_reason or "", Finish.COMPLETE)
    if message.refusal:
        finish = Finish.REFUSED
    content = message.refusal or message.content or ""
    if usage is None:
        asked = sum(len(str(part["content"]).encode()) for part in _messages(request))
        usage = _Usage(
            prompt_tokens=math.ceil(asked / _BYTES_PER_TOKEN),
            completion_tokens=math.ceil(len(content.encode()) / _BYTES_PER_TOKEN),
        )
    return ModelReply(content, answer.model, usage.prompt_tokens, usage.completion_tokens, finish)


@contextmanager
def _faults() -> Iterator[None]:
    """Turn the library's errors into ours.

    None is kept as a cause: causes reach Temporal's history, and a server's texts may repeat
    a part of the key or of the prompt.
    """
    try:
        yield
    except openai.APIStatusError as error:
        raise _meaning(error) from None
    except (openai.APITimeoutError, TimeoutError):
        raise _unavailable("the model did not answer in time") from None
    except openai.APIConnectionError:
        raise _unavailable("the model cannot be reached") from None
    except (openai.OpenAIError, ValidationError):
        raise _unavailable("the model's answer cannot be read") from None


def _unavailable(detail: str) -> Retryable:
    return Retryable(ErrorCode.AI_UNAVAILABLE, detail)


def _meaning(error: openai.APIStatusError) -> BotCoreError:
    status, code = error.status_code, error.code or error.type or ""
    shown = f"{status} {code}" if _CODE.fullmatch(code) else str(status)
    if _NO_CREDIT in {error.code, error.type}:
        return Rejected(ErrorCode.AI_UNAVAILABLE, f"the model's account has no credit ({shown})")
    if status in _PASSING or status >= _SERVER_FAULT:
        wait_s = _retry_after_s(error.response.headers)
        extensions = {} if wait_s is None else {"retry_after_s": wait_s}
        return Retryable(
            ErrorCode.AI_UNAVAILABLE, f"the model is busy or faulty ({shown})", **extensions
        )
    return Rejected(ErrorCode.AI_UNAVAILABLE, f"the model refused the request ({shown})")


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return what the server asks to wait: in milliseconds, seconds, or until a time."""
    exact, plain = headers.get("retry-after-ms"), headers.get("retry-after", "")
    try:
        wait_s = float(plain) if exact is None else float(exact) / 1_000
    except ValueError:
        try:
            until = parsedate_to_datetime(plain)
        except (ValueError, OverflowError):
            return None
        wait_s = (until.astimezone(UTC) - datetime.now(UTC)).total_seconds()
    return min(max(0.0, wait_s), _LONGEST_RETRY_AFTER_S) if math.isfinite(wait_s) else None
