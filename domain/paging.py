"""Where a page of a list ended."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PagePosition:
    """The last item that a client has seen, in a list ordered by time and then id.

    `moment` has milliseconds, as the store keeps them; `identifier` breaks ties.
    """

    moment: datetime
    identifier: str
