"""Errors as HTTP: the only module that knows which status a code has."""

import math
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from adapters.exact_json import dump
from api.schemas import Problem
from domain.errors import BotCoreError, ErrorCode, Retryable

log = structlog.get_logger(__name__)

STATUS_OF_CODE: dict[ErrorCode, int] = {
    ErrorCode.INVALID_REQUEST: 422,
    ErrorCode.INVALID_ORDER: 422,
    ErrorCode.FILTER_FAILURE: 422,
    ErrorCode.RISK_LIMIT_EXCEEDED: 422,
    ErrorCode.INSUFFICIENT_BALANCE: 422,
    ErrorCode.TRADING_HALTED: 422,
    ErrorCode.IDEMPOTENCY_MISMATCH: 422,
    ErrorCode.INVALID_CREDENTIALS: 401,
    ErrorCode.TOKEN_INVALID: 401,
    ErrorCode.TOKEN_EXPIRED: 401,
    ErrorCode.TOKEN_REUSED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.UNKNOWN_SYMBOL: 404,
    ErrorCode.NOT_CANCELABLE: 409,
    ErrorCode.SESSION_CLOSED: 409,
    ErrorCode.SESSION_AMBIGUOUS: 409,
    ErrorCode.BODY_TOO_LARGE: 413,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.VENUE_UNAVAILABLE: 503,
    ErrorCode.QUOTE_STALE: 503,
    ErrorCode.AI_UNAVAILABLE: 503,
    ErrorCode.SERVICE_UNAVAILABLE: 503,
}

# Answers that the framework gives by itself, by status.
_CODE_OF_STATUS = {
    401: ErrorCode.TOKEN_INVALID,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    413: ErrorCode.BODY_TOO_LARGE,
    429: ErrorCode.RATE_LIMITED,
}

MEDIA_TYPE = "application/problem+json"
# A passing fault is worth another try after this, unless it says something else.
DEFAULT_RETRY_AFTER_S = 1
MAX_FIELD_ERRORS = 20
MAX_FIELD_CHARACTERS = 100


def problem(
    status: int,
    code: ErrorCode,
    detail: str,
    extensions: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Make a problem document (RFC 9457, section 3)."""
    members = extensions or {}
    document = {
        **members,
        "type": f"urn:bot-core:problem:{code.lower().replace('_', '-')}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    all_headers = dict(headers or {})
    if "retry_after_s" in members:
        # RFC 9110, section 10.2.3: whole seconds.
        all_headers["Retry-After"] = str(max(1, math.ceil(members["retry_after_s"])))
    if status == HTTPStatus.UNAUTHORIZED:
        # RFC 9110, section 15.5.2 wants the challenge; RFC 6750 names the scheme.
        all_headers["WWW-Authenticate"] = "Bearer"
    return Response(dump(document), status, all_headers, MEDIA_TYPE)


def unexpected() -> Response:
    """Answer for a mistake of ours: says nothing of what happened."""
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        ErrorCode.SERVICE_UNAVAILABLE,
        "Something went wrong on our side; the request id finds it in our logs.",
    )


def problem_of(error: BotCoreError) -> Response:
    """Answer for one of our own errors."""
    extensions = dict(error.extensions)
    if isinstance(error, Retryable):
        extensions.setdefault("retry_after_s", DEFAULT_RETRY_AFTER_S)
    return problem(STATUS_OF_CODE[error.code], error.code, error.detail, extensions)


async def _on_bot_core_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, BotCoreError)  # noqa: S101 - the handler's registration says so
    if STATUS_OF_CODE[error.code] == HTTPStatus.SERVICE_UNAVAILABLE:
        cause = repr(error.__cause__)
        log.warning("passing_fault", code=error.code, detail=error.detail, cause=cause)
    return problem_of(error)


async def _on_validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    errors = [
        # Never the input itself: it may be a password.
        {"field": _path(found["loc"]), "message": found["msg"]}
        for found in error.errors()[:MAX_FIELD_ERRORS]
    ]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ErrorCode.INVALID_REQUEST,
        "The request is not valid; see errors.",
        {"errors": errors},
    )


def _path(location: tuple[int | str, ...]) -> str:
    # The first part says where it was sent: body, query, path or header.
    parts = location[1:] or location
    return ".".join(str(part) for part in parts)[:MAX_FIELD_CHARACTERS]


async def _on_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    code = _CODE_OF_STATUS.get(error.status_code, ErrorCode.INVALID_REQUEST)
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, code, error.detail, headers=headers)


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of this application a problem document.

    What none of these handlers knows is answered by the edge middleware with `unexpected`.
    """
    app.add_exception_handler(BotCoreError, _on_bot_core_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)


def documented_problems() -> dict[int | str, dict[str, Any]]:
    """Return the `responses` entry that documents problems for every route."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    schema["properties"]["errors"] = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            "required": ["field", "message"],
        },
    }
    content = {MEDIA_TYPE: {"schema": schema}}
    return {
        422: {"description": "The request was refused.", "content": content},
        "4XX": {"description": "The request was refused.", "content": content},
        "5XX": {"description": "A passing fault, or a mistake of ours.", "content": content},
    }
