"""What Binance's errors mean to us: https://developers.binance.com/docs/binance-spot-api-docs/errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from binance.exceptions import BinanceAPIException, BinanceRequestException

from domain.errors import Ambiguous, BotCoreError, ErrorCode, Rejected, Retryable

_TOO_MANY_REQUESTS = {-1003, -1015, -1034}
# "An unknown error occurred", "internal error", "execution status unknown".
_EXECUTION_UNKNOWN = {-1000, -1001, -1006, -1007}
# Overloaded, and shutting down: refused before anything was done with it.
_BUSY = {-1008, -1016}
_OUTSIDE_RECEIVE_WINDOW = -1021
_NEW_ORDER_REJECTED = -2010
_CANCEL_REJECTED = -2011
NO_SUCH_ORDER = -2013
_KEYS_REFUSED = {-1002, -1022, -2014, -2015}
_FILTER_FAILURE = -1013
_UNKNOWN_SYMBOL = -1121
_TOO_MANY_STATUSES = {403, 418, 429}
_SERVER_FAULT = 500


@contextmanager
def venue_faults(*, sends_order: bool = False) -> Iterator[None]:
    """Turn the library's errors into ours; wrap every call in it.

    Args:
        sends_order: Whether the call can change the venue's state, so that silence and
            server faults leave its outcome unknown (Binance: "HTTP 5XX return codes … the
            execution status is UNKNOWN").

    Raises:
        Ambiguous: The call may have been executed.
        Rejected: It was not and never will be.
        Retryable: It was not; it may be later.
    """
    try:
        yield
    except BinanceAPIException as error:
        raise _meaning(error, sends_order=sends_order) from error
    except aiohttp.ClientConnectorError as error:
        raise Retryable(ErrorCode.VENUE_UNAVAILABLE, "the venue cannot be reached") from error
    except (aiohttp.ClientError, BinanceRequestException, TimeoutError, OSError) as error:
        raise _silence(sends_order=sends_order) from error


def _silence(*, sends_order: bool) -> BotCoreError:
    kind = Ambiguous if sends_order else Retryable
    return kind(ErrorCode.VENUE_UNAVAILABLE, "the venue did not answer")


def _meaning(error: BinanceAPIException, *, sends_order: bool) -> BotCoreError:
    code, status, message = error.code or 0, error.status_code, str(error.message)
    if code in _TOO_MANY_REQUESTS or status in _TOO_MANY_STATUSES:
        wait = _retry_after_s(error)
        extensions = {} if wait is None else {"retry_after_s": wait}
        return Retryable(ErrorCode.VENUE_UNAVAILABLE, "the venue limits our requests", **extensions)
    if code in _EXECUTION_UNKNOWN or status >= _SERVER_FAULT:
        return _silence(sends_order=sends_order)
    if code in _BUSY:
        return Retryable(ErrorCode.VENUE_UNAVAILABLE, "the venue is too busy")
    if code == _OUTSIDE_RECEIVE_WINDOW:
        return Retryable(ErrorCode.VENUE_UNAVAILABLE, "the request reached the venue too late")
    if code == _NEW_ORDER_REJECTED:
        return _rejected_order(message)
    return Rejected(_final_code(code), f"the venue refused: {message}")


def _rejected_order(message: str) -> BotCoreError:
    if "duplicate order" in message.lower():
        # An order of ours with this id is open already: look at it.
        return Ambiguous(ErrorCode.VENUE_UNAVAILABLE, "the venue has this order already")
    if "insufficient balance" in message.lower():
        return Rejected(ErrorCode.INSUFFICIENT_BALANCE, f"the venue refused: {message}")
    return Rejected(ErrorCode.INVALID_ORDER, f"the venue refused: {message}")


def _final_code(code: int) -> ErrorCode:
    if code in _KEYS_REFUSED:
        return ErrorCode.FORBIDDEN
    return {
        _CANCEL_REJECTED: ErrorCode.NOT_CANCELABLE,
        NO_SUCH_ORDER: ErrorCode.NOT_FOUND,
        _FILTER_FAILURE: ErrorCode.FILTER_FAILURE,
        _UNKNOWN_SYMBOL: ErrorCode.UNKNOWN_SYMBOL,
    }.get(code, ErrorCode.INVALID_ORDER)


def _retry_after_s(error: BinanceAPIException) -> float | None:
    headers = getattr(error.response, "headers", {})
    try:
        return float(headers["Retry-After"])
    except (KeyError, ValueError):
        return None
