"""How a workflow makes a step: fast where all is well, visible where it is not.

A step's first attempt is a local activity, which costs no round trip to the server. When it
fails, the later attempts are ordinary activities, so that an operator sees them waiting, with
their attempt and the last error.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.exceptions import TimeoutError as StepTimeoutError

from activities.failures import as_error
from domain import timing
from domain.errors import HaltTrading, Rejected

# How a step fails: an ordinary activity's error arrives wrapped, a local one's as it was raised.
STEP_FAILURES = (ActivityError, ApplicationError, StepTimeoutError)

_ONCE = RetryPolicy(maximum_attempts=1)
_STEP_TIMEOUT = timedelta(seconds=timing.STEP_TIMEOUT_S)

# All attempts.
_DOCUMENT = RetryPolicy(
    initial_interval=timedelta(seconds=timing.FIRST_RETRY_S),
    backoff_coefficient=timing.RETRY_BACKOFF,
    maximum_attempts=timing.MAX_ATTEMPTS,
)
# The attempts after the first: the document's second wait lies between them.
_DOCUMENT_REST = RetryPolicy(
    initial_interval=timedelta(seconds=timing.SECOND_RETRY_S),
    backoff_coefficient=timing.RETRY_BACKOFF,
    maximum_attempts=timing.MAX_ATTEMPTS - 1,
)
# What the later attempts may take together; a Retry-After that leads beyond it ends them.
_DOCUMENT_REST_TIMEOUT = timedelta(
    seconds=(timing.MAX_ATTEMPTS - 1) * timing.STEP_TIMEOUT_S + timing.LONGEST_RETRY_AFTER_S
)
# As often as it takes: from the first attempt on, or from the second.
_PERSISTENT = RetryPolicy(
    initial_interval=timedelta(seconds=timing.FIRST_RETRY_S),
    backoff_coefficient=timing.RETRY_BACKOFF,
    maximum_interval=timedelta(seconds=timing.PERSISTENT_RETRY_MAX_S),
)
_PERSISTENT_REST = RetryPolicy(
    initial_interval=timedelta(seconds=timing.SECOND_RETRY_S),
    backoff_coefficient=timing.RETRY_BACKOFF,
    maximum_interval=timedelta(seconds=timing.PERSISTENT_RETRY_MAX_S),
)
_SECOND_WAIT = "wait before the second attempt"
# Workflows that began before it did not wait before their second attempt.
_WAITED_FOR = "the-second-attempt-is-waited-for"


async def once(step: Any, *arguments: Any, summary: str) -> Any:
    """Make one attempt as a local activity.

    Raises:
        STEP_FAILURES: It failed.
    """
    return await workflow.execute_local_activity(
        step,
        args=arguments,
        schedule_to_close_timeout=_STEP_TIMEOUT,
        retry_policy=_ONCE,
        summary=summary,
    )


async def by_document(step: Any, *arguments: Any, summary: str) -> Any:
    """Make a step with the document's policy: try, 1 s, try, 2 s, try, then fail.

    A longer Retry-After takes the place of a wait; one that is too long ends the attempts.

    Raises:
        STEP_FAILURES: The last attempt failed, or one failed for good.
    """
    try:
        return await once(step, *arguments, summary=summary)
    except STEP_FAILURES as failure:
        error = as_error(failure)
        if isinstance(error, (Rejected, HaltTrading)):
            raise
        wait_s = max(timing.FIRST_RETRY_S, error.extensions.get("retry_after_s", 0))
        if wait_s > timing.LONGEST_RETRY_AFTER_S:
            raise
    await workflow.sleep(wait_s, summary=_SECOND_WAIT)
    return await _ordinary(step, arguments, _DOCUMENT_REST, summary, _DOCUMENT_REST_TIMEOUT)


async def persistently(step: Any, *arguments: Any, summary: str) -> Any:
    """Make a step: try, 1 s, try, 2 s, try, and so on, as often as it takes.

    Raises:
        ActivityError: It failed for good.
    """
    try:
        return await once(step, *arguments, summary=summary)
    except STEP_FAILURES:
        return await go_on(step, *arguments, summary=summary)


async def go_on(step: Any, *arguments: Any, summary: str) -> Any:
    """Make the attempts after the first, which has failed, as `persistently` makes them.

    Raises:
        ActivityError: It failed for good.
    """
    policy = _PERSISTENT
    if workflow.patched(_WAITED_FOR):
        await workflow.sleep(timing.FIRST_RETRY_S, summary=_SECOND_WAIT)
        policy = _PERSISTENT_REST
    return await _ordinary(step, arguments, policy, summary)


async def until_done(step: Any, *arguments: Any, summary: str) -> Any:
    """Make a step as often as it takes, in view of the operators.

    Raises:
        ActivityError: It failed for good.
    """
    return await _ordinary(step, arguments, _PERSISTENT, summary)


async def paid_for(step: Any, *arguments: Any, summary: str, try_s: float, within_s: float) -> Any:
    """Make a step that costs money with the document's policy, and on the record at once.

    A local activity's result is lost with its worker before the workflow task is completed; an
    ordinary one's is in the history as soon as it is there, and is never paid for twice.

    Args:
        step: The activity.
        arguments: What it takes.
        summary: What operators read.
        try_s: How long one attempt may take.
        within_s: How long all of them may take; a Retry-After beyond it ends them.

    Raises:
        ActivityError: The last attempt failed, or one failed for good.
    """
    return await workflow.execute_activity(
        step,
        args=arguments,
        schedule_to_close_timeout=timedelta(seconds=within_s),
        start_to_close_timeout=timedelta(seconds=min(try_s, within_s)),
        retry_policy=_DOCUMENT,
        summary=summary,
    )


async def _ordinary(
    step: Any,
    arguments: Sequence[Any],
    policy: RetryPolicy,
    summary: str,
    within: timedelta | None = None,
) -> Any:
    return await workflow.execute_activity(
        step,
        args=arguments,
        schedule_to_close_timeout=within,
        start_to_close_timeout=_STEP_TIMEOUT,
        retry_policy=policy,
        summary=summary,
    )
