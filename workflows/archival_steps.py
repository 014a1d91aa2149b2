"""How archival and restore workflows make their steps, and what a step that failed becomes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ActivityError

from activities.failures import as_error
from domain import timing
from domain.archival.messages import Progress, Reason, Refusal, Stage

DATA_TYPE = SearchAttributeKey.for_keyword("DataType")
# Before the plan is known.
FIRST_HEARTBEAT_S = 60.0

_STEP_TIMEOUT = timedelta(seconds=timing.ARCHIVAL_STEP_TIMEOUT_S)
# The steps end their attempts themselves, since a worker's death is none of theirs.
_STEP = RetryPolicy(
    initial_interval=timedelta(seconds=timing.FIRST_RETRY_S),
    backoff_coefficient=timing.RETRY_BACKOFF,
    maximum_interval=timedelta(seconds=timing.ARCHIVAL_RETRY_MAX_S),
)
# A restore waits for hours; an outage of its stores is no reason to begin anew.
_PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=timing.FIRST_RETRY_S),
    backoff_coefficient=timing.RETRY_BACKOFF,
    maximum_interval=timedelta(seconds=timing.RESTORE_RETRY_MAX_S),
)


async def step(activity: Any, *arguments: Any, summary: str, heartbeat_s: float) -> Any:
    """Make a step of a run.

    Raises:
        ActivityError: It failed for good.
    """
    return await _make(activity, arguments, summary, heartbeat_s, _STEP)


async def patient_step(activity: Any, *arguments: Any, summary: str, heartbeat_s: float) -> Any:
    """Make a step as often as it takes.

    Raises:
        ActivityError: It failed for good.
    """
    return await _make(activity, arguments, summary, heartbeat_s, _PATIENT)


async def _make(
    activity: Any, arguments: tuple[Any, ...], summary: str, heartbeat_s: float, policy: RetryPolicy
) -> Any:
    return await workflow.execute_activity(
        activity,
        args=arguments,
        start_to_close_timeout=_STEP_TIMEOUT,
        heartbeat_timeout=timedelta(seconds=heartbeat_s),
        retry_policy=policy,
        summary=summary,
    )


def refusal_of(failure: ActivityError, stage: Stage, documents: int, what: str) -> Refusal:
    """Return what is told of a step that failed."""
    error = as_error(failure)
    told = error.extensions.get("reason")
    reason = Reason(told) if told in set(Reason) else Reason.UNAVAILABLE
    detail = error.detail if told is not None else str(failure.cause or failure)
    return Refusal(stage, reason, documents, f"{what}: {detail}")


def merged(refusals: tuple[Refusal, ...], further: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Return refusals with further ones, those of one kind counted together."""
    found = {(each.stage, each.reason, each.detail): each for each in refusals}
    for each in further:
        key = (each.stage, each.reason, each.detail)
        before = found[key].documents if key in found else 0
        found[key] = replace(each, documents=before + each.documents)
    return tuple(found.values())


def describe(progress: Progress, refusals: tuple[Refusal, ...]) -> str:
    """Return what an operator reads first, in Markdown."""
    done = f"{progress.documents:,} of {progress.total:,} records"
    lines = [f"**{progress.stage}**: {done}, {progress.documents_per_s:,.0f}/s"]
    if progress.cursor:
        lines.append(f"at `{progress.cursor}`")
    lines.extend(
        f"left in place, {each.documents:,} records: **{each.reason}**, {each.detail}"
        for each in refusals
    )
    return "  \n".join(lines)
