"""A circuit breaker: what fails again and again is left alone for a while."""

from domain.timing import CIRCUIT_FAILURES, CIRCUIT_OPEN_S


class CircuitBreaker:
    """Opens after so many failures in a row; then one try at a time tells whether it may close.

    Pure but for its own state; times are seconds of any clock that only rises.
    """

    def __init__(self, failures: int = CIRCUIT_FAILURES, open_s: float = CIRCUIT_OPEN_S) -> None:
        self._allowed = failures
        self._open_s = open_s
        self._failures = 0
        self._open_until_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """Return 0 where a try may be made, else for how long not.

        The try that an open circuit allows keeps others waiting until its outcome is known, or
        as long as another failure would.
        """
        if self._failures < self._allowed:
            return 0.0
        if now_s < self._open_until_s:
            return self._open_until_s - now_s
        self._open_until_s = now_s + self._open_s
        return 0.0

    def succeeded(self) -> None:
        """Close."""
        self._failures = 0

    def failed(self, now_s: float, retry_after_s: float = 0.0) -> None:
        """Count a failure; one that asks for a longer pause than ours gets it, once open."""
        self._failures += 1
        if self._failures >= self._allowed:
            self._open_until_s = now_s + max(self._open_s, retry_after_s)
