"""The venue's refusals, with Binance's codes, messages and HTTP statuses.

Source of codes and messages: Binance Spot API documentation, `errors.md`.
"""

from typing import Any, Final

HTTP_BAD_REQUEST: Final = 400
HTTP_UNAUTHORIZED: Final = 401
HTTP_CONFLICT: Final = 409
HTTP_GONE: Final = 410
HTTP_BANNED: Final = 418
HTTP_TOO_MANY: Final = 429


class VenueError(Exception):
    """A refusal as the venue words it.

    Attributes:
        code: Binance's negative error code.
        msg: Binance's message, exactly as it is sent.
        status: HTTP status (also the `status` of a WebSocket API answer).
        data: The extra object some errors carry (cancel-replace, rate limits).
        retry_after_s: Seconds for the `Retry-After` header, where there is one.
    """

    def __init__(
        self,
        code: int,
        msg: str,
        *,
        status: int = HTTP_BAD_REQUEST,
        data: Any = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(f"{code} {msg}")
        self.code = code
        self.msg = msg
        self.status = status
        self.data = data
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, Any]:
        """The JSON object that carries this refusal."""
        answer: dict[str, Any] = {"code": self.code, "msg": self.msg}
        if self.data is not None:
            answer["data"] = self.data
        return answer


def rejected(msg: str) -> VenueError:
    """The matching engine refused a new order (-2010)."""
    return VenueError(-2010, msg)


def filter_failure(name: str) -> VenueError:
    """A symbol filter refused the order (-1013)."""
    return VenueError(-1013, f"Filter failure: {name}")


def insufficient_balance() -> VenueError:
    """Not enough free funds for the order (-2010)."""
    return rejected("Account has insufficient balance for requested action.")


def unknown_order() -> VenueError:
    """A cancel named no open order (-2011)."""
    return VenueError(-2011, "Unknown order sent.")


def no_such_order() -> VenueError:
    """A query named no order at all (-2013)."""
    return VenueError(-2013, "Order does not exist.")


def mandatory(name: str) -> VenueError:
    """A mandatory parameter is missing or malformed (-1102)."""
    return VenueError(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def either_of(first: str, second: str) -> VenueError:
    """One of two parameters must be sent (-1102)."""
    return VenueError(
        -1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!"
    )


def not_required(name: str) -> VenueError:
    """A parameter that this order type does not take (-1106)."""
    return VenueError(-1106, f"Parameter '{name}' sent when not required.")


def not_valid(name: str) -> VenueError:
    """A value outside the parameter's range (-1130)."""
    return VenueError(-1130, f"Data sent for parameter '{name}' is not valid.")


def illegal_chars(name: str, legal: str) -> VenueError:
    """Characters outside the parameter's legal range (-1100)."""
    return VenueError(
        -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    )


def invalid_symbol() -> VenueError:
    """No such symbol (-1121)."""
    return VenueError(-1121, "Invalid symbol.")


def bad_key_format() -> VenueError:
    """The API key is missing or cannot be one (-2014)."""
    return VenueError(-2014, "API-key format invalid.", status=HTTP_UNAUTHORIZED)


def rejected_key() -> VenueError:
    """The API key is unknown or may not do this (-2015)."""
    return VenueError(
        -2015, "Invalid API-key, IP, or permissions for action.", status=HTTP_UNAUTHORIZED
    )


def outside_window() -> VenueError:
    """The request is older than its `recvWindow` (-1021)."""
    return VenueError(-1021, "Timestamp for this request is outside of the recvWindow.")


def ahead_of_time() -> VenueError:
    """The request's clock is more than a second ahead (-1021)."""
    return VenueError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")


def invalid_signature() -> VenueError:
    """The signature does not match what was sent (-1022)."""
    return VenueError(-1022, "Signature for this request is not valid.")
