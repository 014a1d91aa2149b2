"""Our errors as Temporal's and back: the reaction that they ask for survives the history."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio.exceptions import ActivityError, ApplicationError

from domain.errors import Ambiguous, BotCoreError, ErrorCode, HaltTrading, Rejected, Retryable
from domain.timing import SECOND_RETRY_S

_KINDS: dict[str, type[BotCoreError]] = {
    kind.__name__: kind for kind in (Retryable, Rejected, Ambiguous, HaltTrading)
}


@contextmanager
def as_failures() -> Iterator[None]:
    """Let our errors leave an activity as ApplicationErrors; wrap every activity in it.

    Rejected and HaltTrading are final; the others may be tried again, after the venue's
    Retry-After where it gave one and it is longer than the document's wait.
    """
    try:
        yield
    except BotCoreError as error:
        wait = error.extensions.get("retry_after_s")
        raise ApplicationError(
            error.detail,
            str(error.code),
            error.extensions,
            type=type(error).__name__,
            non_retryable=isinstance(error, (Rejected, HaltTrading)),
            next_retry_delay=None if wait is None else timedelta(seconds=max(wait, SECOND_RETRY_S)),
        ) from error


def as_error(failure: BaseException) -> BotCoreError:
    """Return our error of a failed activity.

    What is not ours, a time-out above all, says nothing of what was done before it.
    """
    cause = failure.cause if isinstance(failure, ActivityError) else failure
    if isinstance(cause, ApplicationError) and is_ours(cause):
        extensions = cause.details[1] if len(cause.details) > 1 else {}
        return _KINDS[str(cause.type)](ErrorCode(cause.details[0]), cause.message, **extensions)
    return Ambiguous(ErrorCode.SERVICE_UNAVAILABLE, "a step did not come to its end")


def is_ours(failure: BaseException) -> bool:
    """Tell whether a failure carries one of our errors, and not one of Temporal's own."""
    return (
        isinstance(failure, ApplicationError) and failure.type in _KINDS and bool(failure.details)
    )
