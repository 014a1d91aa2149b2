"""A circuit breaker: what fails again and again is left alone for a while."""

from typing import Protocol

from domain.timing import CIRCUIT_OPEN_MAX_S, CIRCUIT_OPEN_S


class Circuit(Protocol):
    """Opens after so many failures in a row; then one try at a time tells whether it may close.

    Every process that asks the same model shares one.
    """

    async def wait_s(self) -> float:
        """Return 0 where a try may be made, else for how long not.

        The try that an open circuit allows keeps others waiting until its outcome is known, or
        as long as another failure would.

        Raises:
            Retryable: Nobody knows how the model did lately.
        """

    async def succeeded(self) -> None:
        """Close; never fails."""

    async def failed(self, retry_after_s: float = 0.0) -> None:
        """Count a failure; where that opens the circuit, for `pause_s`. Never fails."""


def pause_s(retry_after_s: float) -> float:
    """Return for how long a failing model is left alone: as it asks, within our own bounds."""
    return min(max(CIRCUIT_OPEN_S, retry_after_s), CIRCUIT_OPEN_MAX_S)
