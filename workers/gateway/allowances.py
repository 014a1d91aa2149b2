"""How much one connection, one user and one address may hold and say.

Users and addresses are counted within one gateway process: with several processes behind a
balancer, each allows as much again.
"""

from collections.abc import Hashable
from dataclasses import dataclass

BURST_S = 2.0


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What may not be exceeded.

    Messages are a token bucket: those of two seconds at once, refilled by `messages_per_s`.
    """

    connections: int
    channels: int
    messages_per_s: float

    @property
    def message_burst(self) -> float:
        """How many messages may come at once."""
        return self.messages_per_s * BURST_S


class Allowance:
    """What one party uses of its ceiling."""

    __slots__ = ("_bucket", "_bucket_s", "_ceiling", "channels", "connections")

    def __init__(self, ceiling: Ceiling, now_s: float) -> None:
        self._ceiling = ceiling
        self._bucket = ceiling.message_burst
        self._bucket_s = now_s
        self.connections = 0
        self.channels = 0

    def may_connect(self) -> bool:
        """Tell whether one more connection fits."""
        return self.connections < self._ceiling.connections

    def may_hold(self, more_channels: int) -> bool:
        """Tell whether so many more channels fit."""
        return self.channels + more_channels <= self._ceiling.channels

    def take_message(self, now_s: float) -> bool:
        """Count one message; False where it is one too many."""
        self._refill(now_s)
        if self._bucket < 1:
            return False
        self._bucket -= 1
        return True

    def is_forgotten(self, now_s: float) -> bool:
        """Tell whether a new allowance would be the same as this one."""
        self._refill(now_s)
        is_full = self._bucket >= self._ceiling.message_burst
        return is_full and not self.connections and not self.channels

    def _refill(self, now_s: float) -> None:
        refill = (now_s - self._bucket_s) * self._ceiling.messages_per_s
        self._bucket = min(self._ceiling.message_burst, self._bucket + refill)
        self._bucket_s = now_s


class Allowances:
    """The allowance of each party of one kind.

    A party that has left keeps its allowance until its bucket is full again, so that coming
    back does not refill it.
    """

    def __init__(self, ceiling: Ceiling) -> None:
        self._ceiling = ceiling
        self._by_party: dict[Hashable, Allowance] = {}

    def __len__(self) -> int:
        return len(self._by_party)

    def of(self, party: Hashable, now_s: float) -> Allowance:
        """Return the allowance that all connections of a party share."""
        allowance = self._by_party.get(party)
        if allowance is None:
            allowance = self._by_party[party] = Allowance(self._ceiling, now_s)
        return allowance

    def forget(self, now_s: float) -> None:
        """Drop those that nobody uses and that hold nothing back; call it now and then."""
        gone = [party for party, held in self._by_party.items() if held.is_forgotten(now_s)]
        for party in gone:
            del self._by_party[party]
