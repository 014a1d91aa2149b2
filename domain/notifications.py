"""Notifications: who is told what, through which of their targets, and when."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from domain.event_messages import Event
from domain.notification_events import (
    DEFAULT_EVENTS,
    SECURITY_EVENTS,
    TARGET_DISABLED,
    TARGETS_CHANGED,
    TEST,
    event_name,
    is_urgent,
    recipients,
)
from domain.notification_texts import Text, changed_text, disabled_text, sample_text, text_of
from domain.notification_times import Digest, EveryMinutes, QuietHours, next_digest, release_at
from domain.timing import (
    FIRST_RETRY_S,
    MAX_ATTEMPTS,
    NOTIFICATION_RETRY_AFTER_MAX_S,
    RETRY_BACKOFF,
)

_NAMESPACE: Final = uuid.UUID("0f5b8c0e-6f2b-5d37-9d56-0d6ab1c6a1c4")
# What is over a rate limit is told together at the next of these, where no digest is set.
_OVERFLOW: Final = EveryMinutes(5)
# A target that so many deliveries have failed at, each tried three times, is not there any more.
FAILURES_IN_A_ROW: Final = 50


class TargetKind(StrEnum):
    """How a target is spoken to."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    TELEGRAM = "telegram"
    DISCORD = "discord"
    APPRISE = "apprise"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a user wants to hear of things; its address and secret are sealed elsewhere.

    Attributes:
        target_id: of the target, for as long as it is kept.
        kind: how it is spoken to.
        enabled: whether anything is sent there.
        events: which of the user's events go there; None for all of them.
        max_per_minute: more than this in a minute goes into a digest.
    """

    target_id: str
    kind: TargetKind
    enabled: bool
    events: frozenset[str] | None
    max_per_minute: int


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a user wants to hear of, and when."""

    events: frozenset[str] = frozenset(DEFAULT_EVENTS)
    targets: tuple[Target, ...] = ()
    quiet_hours: QuietHours | None = None
    digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """One thing that one user is told; `notification_id` follows from what and whom."""

    notification_id: str
    user_id: str
    event: str
    text: Text
    happened_at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """One notification on its way to one target; held until `due_at`, then told in a digest."""

    delivery_id: str
    notification_id: str
    user_id: str
    target_id: str
    is_held: bool
    due_at: datetime


def notification_id_of(message_id: str, user_id: str) -> str:
    """Return the id of what one user is told of one event: the same whenever it is planned."""
    return str(uuid.uuid5(_NAMESPACE, f"{message_id}\x00{user_id}"))


def notifications_of(event: Event) -> list[Notification]:
    """Return what an event tells each of its users."""
    text = text_of(event.message)
    return [
        Notification(
            notification_id_of(event.message_id, user_id),
            user_id,
            event_name(event),
            text,
            event.timestamp,
            # Who else asked for an analysis is nobody's business.
            {k: v for k, v in event.data.items() if k != "user_ids"} | {"user_id": user_id},
        )
        for user_id in recipients(event)
    ]


def sample_notification(request_id: str, user_id: str, now: datetime) -> Notification:
    """Return what a user sends themselves; one a request."""
    identity = notification_id_of(request_id, user_id)
    return Notification(identity, user_id, TEST, sample_text(), now, {"user_id": user_id})


def changed_notification(version: int, user_id: str, now: datetime) -> Notification:
    """Return what a user is told of new targets; one for each version of their settings."""
    identity = notification_id_of(f"targets-changed:{version}", user_id)
    return Notification(
        identity, user_id, TARGETS_CHANGED, changed_text(), now, {"user_id": user_id}
    )


def disabled_notification(
    delivery_id: str, user_id: str, target: tuple[str, str], why: str, now: datetime
) -> Notification:
    """Return what a user is told of a target that was disabled.

    Args:
        delivery_id: the delivery that was the reason.
        user_id: whose target it is.
        target: its id and its name.
        why: what the target did.
        now: the time.
    """
    target_id, name = target
    identity = notification_id_of(f"disabled:{delivery_id}", user_id)
    details = {"user_id": user_id, "target_id": target_id}
    return Notification(identity, user_id, TARGET_DISABLED, disabled_text(name, why), now, details)


def is_quieter(before: Preferences, after: Preferences) -> bool:
    """Whether a change of settings keeps anything from a target that is still there.

    That is what an intruder would change, too: a target is off, or is told of fewer events.
    """
    then = {each.target_id: each for each in before.targets if each.enabled}
    now = {each.target_id: each for each in after.targets}
    return any(
        not now[each].enabled or _chosen(then[each], before) - _chosen(now[each], after)
        for each in then.keys() & now.keys()
    )


def _chosen(target: Target, preferences: Preferences) -> frozenset[str]:
    return preferences.events if target.events is None else preferences.events & target.events


def is_listed(preferences: Preferences, name: str) -> bool:
    """Whether an event is shown in the user's list; what concerns their safety always is."""
    return name in preferences.events or name in SECURITY_EVENTS


def planned(
    preferences: Preferences, notification: Notification, now: datetime
) -> list[PlannedDelivery]:
    """Return what goes out of a notification, to whom, and when.

    What concerns their safety reaches every enabled target, whatever was chosen: whoever has
    got into an account must not be able to keep it from its owner.
    """
    name = notification.event
    is_alarm = name in SECURITY_EVENTS
    if not is_alarm and name not in preferences.events:
        return []
    release = None
    if not is_urgent(name):
        release = release_at(preferences.quiet_hours, preferences.digest, now)
    return [
        planned_to(target.target_id, notification, release, now)
        for target in preferences.targets
        if target.enabled and (is_alarm or target.events is None or name in target.events)
    ]


def planned_to(
    target_id: str, notification: Notification, release: datetime | None, now: datetime
) -> PlannedDelivery:
    """Return the delivery of a notification to one target, at once or when it is released."""
    return PlannedDelivery(
        f"{notification.notification_id}:{target_id}",
        notification.notification_id,
        notification.user_id,
        target_id,
        is_held=release is not None,
        due_at=release or now,
    )


def overflow_until(preferences: Preferences, now: datetime) -> datetime:
    """Return when that is told which was too much for a target's rate limit."""
    release = release_at(preferences.quiet_hours, preferences.digest or _OVERFLOW, now)
    return release or next_digest(_OVERFLOW, now)


class Reaction(StrEnum):
    """What a target did with a delivery."""

    ACCEPTED = "ACCEPTED"
    # Worth another attempt: it was away, or busy.
    PASSING = "PASSING"
    # The same request will never be accepted.
    REFUSED = "REFUSED"
    # Nothing will be accepted there again.
    GONE = "GONE"


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt went; `detail` is for its user and holds no secret."""

    reaction: Reaction
    detail: str = ""
    retry_after_s: float = 0.0


def gives_up(attempt: Attempt, failures: int) -> bool:
    """Whether a target is disabled after a delivery has failed.

    Args:
        attempt: its last attempt.
        failures: how many deliveries have failed in a row, this one included.
    """
    return attempt.reaction is Reaction.GONE or failures >= FAILURES_IN_A_ROW


def next_attempt_at(attempt: Attempt, attempts: int, now: datetime) -> datetime | None:
    """Return when a delivery is attempted again, or None where it is not.

    The document's policy: three attempts, 1 s and 2 s between them, longer where the target
    asks for it.

    Args:
        attempt: the one that was made last.
        attempts: how many were made, that one included.
        now: when it ended.
    """
    if attempt.reaction is not Reaction.PASSING or attempts >= MAX_ATTEMPTS:
        return None
    asked_s = min(attempt.retry_after_s, NOTIFICATION_RETRY_AFTER_MAX_S)
    return now + timedelta(seconds=max(FIRST_RETRY_S * RETRY_BACKOFF ** (attempts - 1), asked_s))


def digest_text(titles: Iterable[str], count: int) -> tuple[str, str]:
    """Return title and body of a digest of `count` notifications, of which some are named."""
    lines = list(titles)
    if count > len(lines):
        lines.append(f"and {count - len(lines)} more")
    return f"{count} notifications" if count != 1 else "1 notification", "\n".join(lines)


def admitted(waiting: Iterable[str], busy: Mapping[str, int], each: int) -> Collection[int]:
    """Return which of the waiting may begin, by their places, so that nobody takes all.

    Args:
        waiting: whose each waiting delivery is, in their order.
        busy: how many each user has under way.
        each: how many a user may have.
    """
    counts = dict(busy)
    begun = []
    for place, user_id in enumerate(waiting):
        if counts.get(user_id, 0) < each:
            counts[user_id] = counts.get(user_id, 0) + 1
            begun.append(place)
    return begun
