"""Archives, restores and legal holds as the interface writes them."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from api.schemas import AnswerModel, Moment, Number, RequestModel
from domain.archival.manifests import ManifestState
from domain.archival.messages import ArchivalRequest, RestoreRequest
from domain.archival.tiers import DataType

MAX_REASON_CHARACTERS = 500
MAX_USER_ID_CHARACTERS = 64

# `RequestModel` is strict, and would want an enum's member where JSON has its text.
DataTypeText = Annotated[DataType, Field(strict=False)]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REASON_CHARACTERS),
]
UserId = Annotated[str, Field(min_length=1, max_length=MAX_USER_ID_CHARACTERS)]


class ColdRangeAnswer(AnswerModel):
    """When records in cold storage were made, both times included, and which files have them.

    A file may hold many people's records; of a large one it is not known whether it has the
    caller's.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    since: Moment = Field(alias="from")
    until: Moment = Field(alias="to")
    manifest_ids: list[str]


class FileContentsAnswer(AnswerModel):
    """What was counted while a file was written; see docs/archive.md."""

    document_count: int
    size_bytes: int
    sha256: str
    sums: dict[str, Number]
    unrepresented: dict[str, int]
    first_id: str
    last_id: str
    ids_sha256: str
    first_time: Moment
    last_time: Moment


class ManifestAnswer(AnswerModel):
    """One file of cold storage and how far its proof has come."""

    manifest_id: str
    data_type: DataType
    month: str
    part: int
    state: ManifestState
    bucket: str
    key: str
    storage_class: str
    schema_version: int
    contents: FileContentsAnswer | None
    left_count: int
    refusal: str | None
    created_at: Moment
    updated_at: Moment
    verified_at: Moment | None
    removed_at: Moment | None
    expired_at: Moment | None


class RunRequest(RequestModel):
    """Archive what is old enough; with `dry_run` only report what would be done."""

    data_type: DataTypeText
    dry_run: bool = False

    def asked(self) -> ArchivalRequest:
        """Return what the workflow is asked."""
        return ArchivalRequest(self.data_type, dry_run=self.dry_run)


class RestoreBody(RequestModel):
    """Bring back the records made from `from` (included) to `to` (not included)."""

    data_type: DataTypeText
    since: Moment = Field(alias="from")
    until: Moment = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> "RestoreBody":
        if self.since >= self.until:
            raise ValueError("`from` must be before `to`")
        return self

    def asked(self) -> RestoreRequest:
        """Return what the workflow is asked."""
        return RestoreRequest(self.data_type, self.since, self.until)


class WorkflowAnswer(AnswerModel):
    """The workflow at work; `already_running` tells that somebody had asked before."""

    workflow_id: str
    already_running: bool


class HoldRequest(RequestModel):
    """Records that must neither be deleted nor go to cold storage; what is left out is all."""

    data_type: DataTypeText | None = None
    user_id: UserId | None = None
    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = Field(default=None, alias="to")
    reason: Reason

    @model_validator(mode="after")
    def _in_order(self) -> "HoldRequest":
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("`from` must be before `to`")
        return self


class HoldAnswer(AnswerModel):
    """A legal hold; null restricts nothing."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    hold_id: str
    data_type: DataType | None
    user_id: str | None
    since: Moment | None = Field(alias="from")
    until: Moment | None = Field(alias="to")
    reason: str
    created_at: Moment


class RestoredRecord(AnswerModel):
    """A restored record, with the members that it had when it was archived."""

    model_config = ConfigDict(frozen=True, extra="allow")

    __pydantic_extra__: dict[str, Any]
