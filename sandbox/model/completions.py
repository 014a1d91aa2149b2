"""`/v1/chat/completions`: from a request to what the model says."""

import asyncio
import math
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import orjson

from sandbox.model.calls import CallRecord, Calls, digest
from sandbox.model.errors import ApiError, no_model, server_fault
from sandbox.model.faults import ANSWERS, Call, Fault, Faults
from sandbox.model.filling import CannotFill, fill, told
from sandbox.model.limits import Limits
from sandbox.model.market import Market, read_market
from sandbox.model.opinion import Opinion, form
from sandbox.model.request import Request
from sandbox.model.spoiling import Said, spoil

_BYTES_PER_TOKEN: Final = 4
_TOKENS_PER_MESSAGE: Final = 4
_CHUNK: Final = 16
_PLAIN_FIELDS: Final = (
    "signal", "confidence", "reasoning",
    "suggested_entry", "suggested_stop_loss", "suggested_take_profit",
)  # fmt: skip
_HTTP_OK: Final = 200


class ConnectionCut(Exception):  # noqa: N818 - what happened, and no answer to it
    """The connection is to be cut instead of answered."""


class Model:
    """All that lives as long as the process.

    Args:
        names: the models that are served.
        limits: what each key may use.
    """

    def __init__(self, names: tuple[str, ...], limits: Limits) -> None:
        self.names = names
        self.limits = limits
        self.faults = Faults()
        self.calls = Calls()
        self.since_s = int(time.time())

    async def complete(self, request: Request, key: str, request_id: str) -> "Completion":
        """Form the answer to a request.

        Raises:
            ApiError: It is refused, or a fault says so.
            ConnectionCut: A fault says so.
        """
        if request.model not in self.names:
            raise no_model(request.model)
        market = read_market(text for role, text in request.texts if role == "user")
        record = _record(request, market, request_id)
        self.calls.add(record)
        try:
            return await self._answered(request, key, market, record)
        except ApiError as error:
            record.status = error.status
            raise

    async def _answered(
        self, request: Request, key: str, market: Market | None, record: CallRecord
    ) -> "Completion":
        self.limits.take(key, record.prompt_tokens, time.monotonic())
        call = Call(model=request.model, symbol=record.symbol, prompt=request.prompt)
        faults = self.faults.drawn(call)
        record.faults = [fault.kind for fault in faults]
        await _befall(faults)
        said = _said(request, form(market), faults)
        record.completion_tokens = _tokens(said.text)
        record.finish_reason = said.finish_reason
        cut = "drop_answer" in record.faults
        record.status = 0 if cut else _HTTP_OK
        return Completion(request, said, record, cut=cut)


class Completion:
    """One answer, whole or in pieces.

    `cut` says that the connection is to be cut while it is sent.
    """

    def __init__(self, request: Request, said: Said, record: CallRecord, *, cut: bool) -> None:
        self.cut = cut
        self._request = request
        self._said = said
        self._record = record
        self._head = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": request.model,
            "service_tier": "default",
            "system_fingerprint": "fp_sandbox",
        }

    def whole(self) -> dict[str, Any]:
        """Return it as one object."""
        message: dict[str, Any] = {
            "role": "assistant",
            "content": self._said.content,
            "refusal": self._said.refusal,
            "annotations": [],
        }
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": self._said.finish_reason,
        }
        return self._head | {
            "object": "chat.completion",
            "choices": [choice],
            "usage": self._usage(),
        }

    async def events(self) -> AsyncIterator[bytes]:
        """Yield it as server-sent events.

        Raises:
            ConnectionCut: Half of it is sent, and a fault says so.
        """
        field = "refusal" if self._said.refusal else "content"
        text = self._said.text
        yield self._event({"role": "assistant", "content": "", "refusal": None})
        for start in range(0, len(text), _CHUNK):
            if self.cut and start * 2 >= len(text):
                raise ConnectionCut
            yield self._event({field: text[start : start + _CHUNK]})
        yield self._event({}, self._said.finish_reason)
        if self._request.include_usage:
            yield self._line({"choices": [], "usage": self._usage()})
        yield b"data: [DONE]\n\n"

    def _event(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        usage = {"usage": None} if self._request.include_usage else {}
        return self._line({"choices": [choice], **usage})

    def _line(self, members: dict[str, Any]) -> bytes:
        chunk = self._head | {"object": "chat.completion.chunk"} | members
        return b"data: " + orjson.dumps(chunk) + b"\n\n"

    def _usage(self) -> dict[str, Any]:
        asked, said = self._record.prompt_tokens, self._record.completion_tokens
        return {
            "prompt_tokens": asked,
            "completion_tokens": said,
            "total_tokens": asked + said,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }


def _record(request: Request, market: Market | None, request_id: str) -> CallRecord:
    return CallRecord(
        request_id=request_id,
        time_ms=time.time_ns() // 1_000_000,
        model=request.model,
        symbol=market.symbol if market else None,
        timeframe=market.timeframe if market else None,
        prompt_sha256=digest(request.prompt),
        stream=request.stream,
        prompt_tokens=sum(_tokens(text) + _TOKENS_PER_MESSAGE for _, text in request.texts),
    )


async def _befall(faults: list[Fault]) -> None:
    """Let happen what happens before the model answers."""
    await asyncio.sleep(sum(fault.delay_ms for fault in faults if fault.kind == "delay") / 1_000)
    if any(fault.kind == "drop" for fault in faults):
        raise ConnectionCut
    for fault in faults:
        error = fault.error()
        if error is not None:
            raise error


def _said(request: Request, opinion: Opinion, faults: list[Fault]) -> Said:
    said = Said(_content(request, opinion))
    for fault in faults:
        if fault.kind in ANSWERS:
            said = spoil(fault.kind, said, opinion)
    most = request.most_tokens
    if most is not None and _tokens(said.text) > most and said.content:
        beginning = said.content.encode()[: most * _BYTES_PER_TOKEN].decode(errors="ignore")
        said = Said(beginning, finish_reason="length")
    return said


def _content(request: Request, opinion: Opinion) -> str:
    if request.shape == "text":
        return opinion.reasoning
    if request.schema is None:
        return orjson.dumps({name: told(opinion, name)[0] for name in _PLAIN_FIELDS}).decode()
    try:
        return orjson.dumps(fill(opinion, request.schema)).decode()
    except CannotFill as error:
        if request.strict:
            raise server_fault(500) from error
        return opinion.reasoning


def _tokens(text: str) -> int:
    """Count tokens: four bytes each, which is near enough for budgets."""
    return math.ceil(len(text.encode()) / _BYTES_PER_TOKEN)
