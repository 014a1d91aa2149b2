"""Errors as OpenAI answers them: an envelope, a status, and sometimes Retry-After."""

from typing import Any, Final

HTTP_BAD_REQUEST: Final = 400
HTTP_UNAUTHORIZED: Final = 401
HTTP_NOT_FOUND: Final = 404
HTTP_TOO_MANY: Final = 429
HTTP_SERVER_FAULT: Final = 500
INVALID_REQUEST: Final = "invalid_request_error"


class ApiError(Exception):
    """A refusal.

    Args:
        status: HTTP status.
        message: What people read.
        kind: OpenAI's `type`.
        code: OpenAI's `code`, or None.
        param: the field that is at fault, or None.
        retry_after_s: for the Retry-After header.
    """

    def __init__(  # noqa: PLR0913 - the members of OpenAI's envelope
        self,
        status: int,
        message: str,
        *,
        kind: str = INVALID_REQUEST,
        code: str | None = None,
        param: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, Any]:
        """Return the envelope."""
        return {
            "error": {
                "message": self.message,
                "type": self.kind,
                "param": self.param,
                "code": self.code,
            }
        }


def bad_request(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """Return the refusal of a request that makes no sense."""
    return ApiError(HTTP_BAD_REQUEST, message, param=param, code=code)


def no_key() -> ApiError:
    """Return the refusal of a request without a key."""
    return ApiError(
        HTTP_UNAUTHORIZED,
        "You didn't provide an API key. You need to provide your API key in an Authorization "
        "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    )


def wrong_key(key: str) -> ApiError:
    """Return the refusal of a key that is not known; the key is not repeated whole."""
    shown = f"{key[:3]}***{key[-2:]}"
    return ApiError(
        HTTP_UNAUTHORIZED, f"Incorrect API key provided: {shown}.", code="invalid_api_key"
    )


def no_model(name: str) -> ApiError:
    """Return the refusal of a model that is not served."""
    return ApiError(
        HTTP_NOT_FOUND,
        f"The model `{name}` does not exist or you do not have access to it.",
        code="model_not_found",
    )


def too_many(message: str, kind: str, retry_after_s: float) -> ApiError:
    """Return the refusal of one request too many; `kind` is `requests` or `tokens`."""
    return ApiError(
        HTTP_TOO_MANY, message, kind=kind, code="rate_limit_exceeded", retry_after_s=retry_after_s
    )


def server_fault(status: int) -> ApiError:
    """Return a fault of the server's own."""
    return ApiError(
        status,
        "The server had an error while processing your request. Sorry about that!",
        kind="server_error",
    )
