"""Problems."""

from decimal import Decimal

import orjson
import pytest

from api.errors import STATUS_OF_CODE, problem, problem_of, unexpected
from domain.errors import BotCoreError, ErrorCode, Rejected, Retryable


def test_every_code_has_a_status() -> None:
    assert set(STATUS_OF_CODE) == set(ErrorCode)


@pytest.mark.parametrize("code", list(ErrorCode))
def test_a_problem_has_its_members(code: ErrorCode) -> None:
    response = problem_of(Rejected(code, "No."))
    document = orjson.loads(response.body)
    assert response.media_type == "application/problem+json"
    assert set(document) == {"type", "title", "status", "code", "detail"}
    assert document["status"] == response.status_code == STATUS_OF_CODE[code]
    assert document["code"] == code
    assert document["detail"] == "No."
    assert (response.status_code == 401) == ("www-authenticate" in response.headers)


def test_a_limit_is_told_with_exact_numbers() -> None:
    error = Rejected(
        ErrorCode.RISK_LIMIT_EXCEEDED,
        "Too much was lost today.",
        limit_type="daily_loss",
        current_value=Decimal("-5.50"),
        limit_value=Decimal(-5),
    )
    assert b'"current_value":-5.5,' in problem_of(error).body


@pytest.mark.parametrize(("wait_s", "header"), [(None, "1"), (0.2, "1"), (2.1, "3"), (60, "60")])
def test_a_passing_fault_says_when_to_come_back(wait_s: float | None, header: str) -> None:
    extensions = {} if wait_s is None else {"retry_after_s": wait_s}
    response = problem_of(Retryable(ErrorCode.VENUE_UNAVAILABLE, "Away.", **extensions))
    assert response.status_code == 503
    assert response.headers["retry-after"] == header


def test_extensions_cannot_replace_what_every_problem_has() -> None:
    error = BotCoreError(ErrorCode.NOT_FOUND, "No.", status=200, type="about:blank")
    document = orjson.loads(problem_of(error).body)
    assert document["status"] == 404
    assert document["type"] == "urn:bot-core:problem:not-found"


def test_a_mistake_of_ours_tells_nothing() -> None:
    response = unexpected()
    assert response.status_code == 500
    assert orjson.loads(response.body)["code"] == "SERVICE_UNAVAILABLE"


def test_headers_of_the_framework_are_kept() -> None:
    response = problem(405, ErrorCode.INVALID_REQUEST, "No.", headers={"Allow": "GET"})
    assert response.headers["allow"] == "GET"
