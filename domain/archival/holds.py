"""Legal holds: what must not be deleted, nor leave for cold storage, until they are lifted."""

from dataclasses import dataclass
from datetime import datetime

from domain.archival.tiers import DataType


@dataclass(frozen=True, slots=True)
class LegalHold:
    """A hold on records; each attribute that is None restricts nothing.

    A record that is held still goes from hot to archive, where it can be read as before. It
    does not go to cold storage and is not deleted; nor is a file that may contain it.

    Attributes:
        hold_id: Its id.
        data_type: Of this kind only.
        user_id: Of this user only; records without a user are then not held.
        since: Made then or later.
        until: Made before then.
        reason: Why, for people.
        created_at: Since when it holds.
    """

    hold_id: str
    data_type: DataType | None
    user_id: str | None
    since: datetime | None
    until: datetime | None
    reason: str
    created_at: datetime

    def concerns(self, data_type: DataType) -> bool:
        """Tell whether records of this kind may be held."""
        return self.data_type is None or self.data_type is data_type

    def overlaps(self, first: datetime, last: datetime) -> bool:
        """Tell whether a record made from `first` to `last`, both included, may be held."""
        return (self.since is None or last >= self.since) and (
            self.until is None or first < self.until
        )
