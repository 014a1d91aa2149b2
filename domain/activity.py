"""What people did at the edge: the record that an audit reads, and the archive keeps."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

MAX_USER_AGENT_CHARACTERS = 256


class ActivityKind(StrEnum):
    """What somebody did, or what was tried in their name."""

    REGISTERED = "registered"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    TOKEN_REUSED = "token_reused"  # noqa: S105 - the name of a kind
    SIGNED_OUT = "signed_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the same
    VENUE_CREDENTIALS_CHANGED = "venue_credentials_changed"
    RISK_LIMITS_CHANGED = "risk_limits_changed"
    TRADING_STATE_CHANGED = "trading_state_changed"
    TRADING_HALTED = "trading_halted"
    NOTIFICATION_SETTINGS_CHANGED = "notification_settings_changed"
    ORDER_ASKED = "order_asked"
    CANCEL_ASKED = "cancel_asked"
    PAPER_ORDER_ASKED = "paper_order_asked"
    PAPER_CANCEL_ASKED = "paper_cancel_asked"
    ANALYSIS_ASKED = "analysis_asked"
    ARCHIVE_ASKED = "archive_asked"
    RESTORE_ASKED = "restore_asked"
    LEGAL_HOLD_SET = "legal_hold_set"
    LEGAL_HOLD_RELEASED = "legal_hold_released"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from; its `request_id` finds it in the logs."""

    address: str = "unknown"
    user_agent: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that somebody did; `details` never hold a secret."""

    activity_id: str
    kind: ActivityKind
    user_id: str
    at: datetime
    origin: Origin
    details: dict[str, Any] = field(default_factory=dict)


def printable_user_agent(header: bytes) -> str:
    """Return what a client calls itself, short and without what could forge a log line."""
    text = header[: MAX_USER_AGENT_CHARACTERS * 4].decode("utf-8", "replace")
    return "".join(each for each in text if each.isprintable())[:MAX_USER_AGENT_CHARACTERS]


def activity_record(activity: Activity) -> dict[str, Any]:
    """Return the stored form; the archive counts its age from `timestamp`."""
    return {
        "activity_id": activity.activity_id,
        "kind": str(activity.kind),
        "user_id": activity.user_id,
        "timestamp": activity.at,
        "address": activity.origin.address,
        "user_agent": activity.origin.user_agent,
        "request_id": activity.origin.request_id,
        "details": activity.details,
    }
