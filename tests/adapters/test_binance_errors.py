"""What each of Binance's errors asks for."""

import asyncio
import json
from dataclasses import dataclass, field

import aiohttp
import pytest
from binance.exceptions import BinanceAPIException, BinanceRequestException

from adapters.binance_errors import venue_faults
from domain.errors import Ambiguous, BotCoreError, ErrorCode, Rejected, Retryable


@dataclass
class Answered:
    """The part of an HTTP answer that is looked at."""

    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""


def refusal(
    code: int, status: int = 400, message: str = "No.", **headers: str
) -> BinanceAPIException:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return BinanceAPIException(Answered(named), status, json.dumps({"code": code, "msg": message}))


def meaning(fault: Exception, *, sends_order: bool = True) -> BotCoreError:
    with pytest.raises(BotCoreError) as caught, venue_faults(sends_order=sends_order):
        raise fault
    return caught.value


@pytest.mark.parametrize(
    "fault",
    [
        refusal(-1000),
        refusal(-1001, 500),
        refusal(-1006, 500),
        refusal(-1007, 408),
        refusal(-1007, 400),
        refusal(0, 502),
        BinanceAPIException(Answered(), 503, "<html>"),
        refusal(-2010, message="Duplicate order sent."),
        BinanceRequestException("Invalid Response: <html>"),
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError(),
        aiohttp.ServerTimeoutError(),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=repr,
)
def test_an_order_that_may_have_been_executed_is_ambiguous(fault: Exception) -> None:
    assert isinstance(meaning(fault), Ambiguous)
    # A look-up changes nothing, so it can be repeated.
    if getattr(fault, "code", None) != -2010:
        assert isinstance(meaning(fault, sends_order=False), Retryable)


@pytest.mark.parametrize(
    "fault",
    [
        refusal(-1003, 429),
        refusal(-1003, 418),
        refusal(-1015, 429),
        refusal(-1015, 400),
        refusal(0, 403),
        refusal(-1008, 400),
        refusal(-1016, 400),
        refusal(-1021),
        aiohttp.ClientConnectorError(None, OSError(111, "refused")),  # type: ignore[arg-type]  # it prints the key only
    ],
    ids=lambda fault: f"{type(fault).__name__}{getattr(fault, 'code', '')}",
)
def test_what_provably_was_not_executed_can_be_sent_again(fault: Exception) -> None:
    error = meaning(fault)
    assert isinstance(error, Retryable)
    assert error.code is ErrorCode.VENUE_UNAVAILABLE


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (refusal(-1013, message="Filter failure: LOT_SIZE"), ErrorCode.FILTER_FAILURE),
        (refusal(-1121), ErrorCode.UNKNOWN_SYMBOL),
        (refusal(-1102), ErrorCode.INVALID_ORDER),
        (
            refusal(-2010, message="Account has insufficient balance for requested action."),
            ErrorCode.INSUFFICIENT_BALANCE,
        ),
        (refusal(-2010, message="Order would trigger immediately."), ErrorCode.INVALID_ORDER),
        (refusal(-2011, message="Unknown order sent."), ErrorCode.NOT_CANCELABLE),
        (refusal(-2013), ErrorCode.NOT_FOUND),
        (refusal(-1002, 401), ErrorCode.FORBIDDEN),
        (refusal(-1022), ErrorCode.FORBIDDEN),
        (refusal(-2014, 401), ErrorCode.FORBIDDEN),
        (refusal(-2015, 401), ErrorCode.FORBIDDEN),
    ],
    ids=str,
)
def test_a_final_no(fault: Exception, code: ErrorCode) -> None:
    error = meaning(fault)
    assert isinstance(error, Rejected)
    assert error.code is code


@pytest.mark.parametrize(
    ("headers", "expected"),
    [({"Retry_After": "7"}, {"retry_after_s": 7.0}), ({"Retry_After": "soon"}, {}), ({}, {})],
)
def test_retry_after_is_kept(headers: dict[str, str], expected: dict[str, float]) -> None:
    assert meaning(refusal(-1003, 429, **headers)).extensions == expected


async def test_a_cancellation_is_nobodys_fault() -> None:
    with pytest.raises(asyncio.CancelledError), venue_faults(sends_order=True):
        raise asyncio.CancelledError
