"""The throttle's rules, and their counters in this process's memory."""

import time
from dataclasses import dataclass

# Beyond this many the oldest counters are forgotten: memory stays bounded under attack.
MAX_COUNTERS = 50_000
KNOWN_TTL_S = 30 * 24 * 3_600


@dataclass(frozen=True, slots=True)
class ThrottleLimits:
    """How many sign-ins may fail within a window of `window_s`.

    The limits over a whole account and over a whole address hold only where that address
    has never signed in to that account: neither guesses from elsewhere nor a neighbour
    behind the same address can lock its owner out.
    """

    window_s: int
    per_account_and_address: int
    per_address: int
    per_account: int
    registrations_per_address: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in: digests that tell neither the account nor the address."""

    account: str
    address: str

    @property
    def pair_key(self) -> str:
        """Counts failures on this account from this address."""
        return f"throttle:pair:{self.account}:{self.address}"

    @property
    def address_key(self) -> str:
        """Counts failures from this address on accounts that do not know it."""
        return f"throttle:address:{self.address}"

    @property
    def account_key(self) -> str:
        """Counts failures on this account from addresses that it does not know."""
        return f"throttle:account:{self.account}"

    @property
    def known_key(self) -> str:
        """Exists while this account knows this address."""
        return f"throttle:known:{self.account}:{self.address}"


def registration_key(address: str) -> str:
    """Name the counter of people who registered from an address."""
    return f"throttle:registrations:{address}"


class LocalThrottle:
    """Counts in memory: what is left when Redis is away."""

    def __init__(self, limits: ThrottleLimits) -> None:
        self._limits = limits
        self._counters: dict[str, tuple[int, float]] = {}

    def attempt(self, attempt: Attempt) -> int:
        """Count one try as failed; return 0, or the seconds to wait where it is refused."""
        limits = self._limits
        bounds = {attempt.pair_key: limits.per_account_and_address}
        if self._count(attempt.known_key) == 0:
            bounds[attempt.address_key] = limits.per_address
            bounds[attempt.account_key] = limits.per_account
        wait_s = max(self._wait_s(key, bound) for key, bound in bounds.items())
        if wait_s == 0:
            for key in bounds:
                self._add(key, 1)
        return wait_s

    def succeeded(self, attempt: Attempt) -> None:
        """Take back what `attempt` counted, and remember the address for the account."""
        self._counters.pop(attempt.pair_key, None)
        if self._count(attempt.known_key) == 0:
            self._add(attempt.address_key, -1)
            self._add(attempt.account_key, -1)
        self.remember(attempt)

    def remember(self, attempt: Attempt) -> None:
        """Let an account know an address: somebody has registered from it."""
        self._counters.pop(attempt.known_key, None)
        self._add(attempt.known_key, 1, KNOWN_TTL_S)

    def registration(self, address: str) -> int:
        """Count a registration; return 0, or the seconds to wait where it is refused."""
        key = registration_key(address)
        wait_s = self._wait_s(key, self._limits.registrations_per_address)
        if wait_s == 0:
            self._add(key, 1)
        return wait_s

    def _count(self, key: str) -> int:
        count, until = self._counters.get(key, (0, 0.0))
        return count if until > time.monotonic() else 0

    def _wait_s(self, key: str, bound: int) -> int:
        if self._count(key) < bound:
            return 0
        return max(1, int(self._counters[key][1] - time.monotonic()))

    def _add(self, key: str, change: int, ttl_s: int | None = None) -> None:
        now = time.monotonic()
        count, until = self._counters.get(key, (0, 0.0))
        if until <= now:
            count, until = 0, now + (ttl_s or self._limits.window_s)
            self._counters.pop(key, None)
        if key not in self._counters and len(self._counters) >= MAX_COUNTERS:
            del self._counters[next(iter(self._counters))]
        self._counters[key] = (max(0, count + change), until)
