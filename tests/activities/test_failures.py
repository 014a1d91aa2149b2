"""Our errors survive the way through a history."""

import pytest
from temporalio.exceptions import ActivityError, ApplicationError

from activities.failures import as_error, as_failures
from domain.errors import Ambiguous, BotCoreError, ErrorCode, HaltTrading, Rejected, Retryable
from domain.timing import SECOND_RETRY_S

KINDS = [Retryable, Rejected, Ambiguous, HaltTrading]


def failure_of(error: BotCoreError) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught, as_failures():
        raise error
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_the_reaction_that_an_error_asks_for_comes_back(kind: type[BotCoreError]) -> None:
    failure = failure_of(kind(ErrorCode.VENUE_UNAVAILABLE, "away", retry_after_s=5))
    assert failure.non_retryable == (kind in {Rejected, HaltTrading})
    error = as_error(failure)
    assert type(error) is kind
    assert (error.code, error.detail) == (ErrorCode.VENUE_UNAVAILABLE, "away")
    assert error.extensions == {"retry_after_s": 5}


@pytest.mark.parametrize(("asked_s", "wait_s"), [(0.2, SECOND_RETRY_S), (1, 2), (7, 7)])
def test_retry_after_lengthens_a_wait_and_never_shortens_it(asked_s: float, wait_s: float) -> None:
    failure = failure_of(Retryable(ErrorCode.VENUE_UNAVAILABLE, "", retry_after_s=asked_s))
    assert failure.next_retry_delay is not None
    assert failure.next_retry_delay.total_seconds() == wait_s


def test_without_retry_after_the_policy_decides() -> None:
    assert failure_of(Retryable(ErrorCode.VENUE_UNAVAILABLE, "")).next_retry_delay is None


def test_an_ordinary_activitys_error_is_unwrapped() -> None:
    wrapped = ActivityError(
        "Activity task failed",
        scheduled_event_id=5,
        started_event_id=6,
        identity="",
        activity_type="place_order",
        activity_id="1",
        retry_state=None,
    )
    wrapped.__cause__ = failure_of(Rejected(ErrorCode.INVALID_ORDER, "no"))
    assert type(as_error(wrapped)) is Rejected


@pytest.mark.parametrize("fault", [ApplicationError("?", type="KeyError"), TimeoutError("late")])
def test_what_is_not_ours_says_nothing_of_what_was_done(fault: BaseException) -> None:
    error = as_error(fault)
    assert type(error) is Ambiguous
    assert error.code is ErrorCode.SERVICE_UNAVAILABLE


def test_other_errors_pass_through() -> None:
    with pytest.raises(KeyError), as_failures():
        raise KeyError
