"""Notifications as the interface writes them."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from adapters.mongo_notification_settings import StoredSettings, zone_of
from api.schemas import AnswerModel, Moment, Page, RequestModel
from domain.notification_events import DEFAULT_EVENTS, EVENTS
from domain.notification_times import LEAST_DIGEST_MINUTES, MINUTES_A_DAY
from domain.notifications import TargetKind
from workers.notification_desk import MAX_TARGETS, TargetWish
from workers.notification_targets import MAX_URL_CHARACTERS

MAX_NAME_CHARACTERS: Final = 100
DEFAULT_PER_MINUTE: Final = 30
MAX_PER_MINUTE: Final = 10_000
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME_CHARACTERS),
]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]
Zone = Annotated[str, Field(min_length=1, max_length=64, examples=["Europe/Vienna"])]
Kind = Literal["webhook", "email", "telegram", "discord", "apprise"]
EventName = Literal[EVENTS]  # type: ignore[valid-type]  # one list of them, in domain
EventNames = Annotated[list[EventName], Field(max_length=len(EVENTS))]
TargetId = Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]


def _known_zone(name: str) -> str:
    zone_of(name)
    return name


class QuietHoursModel(RequestModel):
    """From when to when nothing is sent; it is sent in one message afterwards."""

    starts: Annotated[Clock, Field(alias="from")]
    ends: Annotated[Clock, Field(alias="to")]
    timezone: Zone

    _zone = field_validator("timezone")(_known_zone)

    @model_validator(mode="after")
    def _different(self) -> "QuietHoursModel":
        if self.starts == self.ends:
            raise ValueError("quiet hours end when they begin")
        return self

    def document(self) -> dict[str, Any]:
        """Return what is stored."""
        return {"from": self.starts, "to": self.ends, "timezone": self.timezone}


class DigestModel(RequestModel):
    """Everything in one message: every so many minutes, or once a day."""

    every_minutes: Annotated[int, Field(ge=LEAST_DIGEST_MINUTES, le=MINUTES_A_DAY)] | None = None
    daily_at: Clock | None = None
    timezone: Zone = "UTC"

    _zone = field_validator("timezone")(_known_zone)

    @model_validator(mode="after")
    def _one(self) -> "DigestModel":
        if (self.every_minutes is None) == (self.daily_at is None):
            raise ValueError("give one of every_minutes and daily_at")
        return self


class TargetModel(RequestModel):
    """A target; one with a `target_id` keeps its address and secret where no `url` is given."""

    target_id: TargetId | None = None
    name: Name
    kind: Kind
    url: Annotated[str, Field(min_length=1, max_length=MAX_URL_CHARACTERS)] | None = None
    enabled: bool = True
    events: EventNames | None = None
    max_per_minute: Annotated[int, Field(ge=1, le=MAX_PER_MINUTE)] = DEFAULT_PER_MINUTE
    rotate_secret: bool = False

    def wish(self) -> TargetWish:
        """Return it as the desk knows it."""
        return TargetWish(
            name=self.name,
            kind=TargetKind(self.kind),
            target_id=self.target_id,
            url=self.url,
            enabled=self.enabled,
            events=None if self.events is None else tuple(dict.fromkeys(self.events)),
            max_per_minute=self.max_per_minute,
            rotate_secret=self.rotate_secret,
        )


class SettingsChanges(RequestModel):
    """What is left out stays as it is; null turns quiet hours or the digest off."""

    targets: Annotated[list[TargetModel], Field(max_length=MAX_TARGETS)] | None = None
    events: EventNames | None = None
    quiet_hours: QuietHoursModel | None = None
    digest: DigestModel | None = None

    def changes(self) -> dict[str, Any]:
        """Return what is stored of it, the targets left out."""
        changes: dict[str, Any] = {}
        if self.events is not None:
            changes["events"] = list(dict.fromkeys(self.events))
        if "quiet_hours" in self.model_fields_set:
            changes["quiet_hours"] = self.quiet_hours and self.quiet_hours.document()
        if "digest" in self.model_fields_set:
            changes["digest"] = self.digest and self.digest.model_dump()
        return changes


class TargetAnswer(AnswerModel):
    """A target; `address` is what may be shown of it, `secret` is told once."""

    target_id: str
    name: str
    kind: Kind
    address: str
    enabled: bool
    disabled_reason: str | None
    events: list[str] | None
    max_per_minute: int
    created_at: Moment
    secret: str | None = None


class SettingsAnswer(AnswerModel):
    """A user's settings, and the events there are."""

    targets: list[TargetAnswer]
    events: list[str]
    quiet_hours: dict[str, str] | None
    digest: dict[str, Any] | None
    available_events: list[str]
    default_events: list[str]


class NotificationAnswer(AnswerModel):
    """One notification; `read_at` is null until it is marked."""

    notification_id: str
    event: str
    title: str
    body: str
    path: str
    data: dict[str, Any]
    happened_at: Moment
    created_at: Moment
    read_at: Moment | None


class NotificationPage(Page[NotificationAnswer]):
    """A part of the list; `unread` counts all of it, up to 1,000."""

    unread: int


class DeliveryAnswer(AnswerModel):
    """What became of one notification, or digest, on its way to one target."""

    delivery_id: str
    target_id: str
    notification_id: str | None
    state: str
    attempts: int
    detail: str
    due_at: Moment
    created_at: Moment
    finished_at: Moment | None


class TestAnswer(AnswerModel):
    """The delivery to look for."""

    delivery_id: str


def settings_view(settings: StoredSettings, secrets: dict[str, str]) -> dict[str, Any]:
    """Return settings as their user may see them, with secrets that were made just now."""
    names = TargetAnswer.model_fields.keys() - {"secret"}
    targets = [
        {**{name: each[name] for name in names}, "secret": secrets.get(each["target_id"])}
        for each in settings.targets
    ]
    return {
        "targets": targets,
        "events": list(settings.events),
        "quiet_hours": settings.quiet_hours,
        "digest": settings.digest,
        "available_events": list(EVENTS),
        "default_events": list(DEFAULT_EVENTS),
    }
